"""An office lets the facts of today count for a criterion of an application; the verdict as a document."""

from __future__ import annotations

from typing import Any

from flask import Response

from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.downloads import named
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.papers import docx, pdf
from trainhub.kernel.papers.blocks import DOCX, PDF
from trainhub.kernel.web import done
from trainhub.oversight.evaluation.documents import verdict
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.views import blueprint
from trainhub.oversight.evaluation.workflow import forms, queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import reopening
from trainhub.oversight.evaluation.workflow.views import ACTS, HERE, load_case, on_case, on_pair, programme_of


@blueprint.post("/applications/<int:key>/reopen")
@guard(Can.CASE_VIEW, load=load_case, subject=on_case)
def reopen_criterion(row: Application) -> Any:
    """Reopen a computed criterion with a reason: which office may, the state says."""
    office = reopening.WHO.get(row.state)
    if office is None:
        raise reopening.BadReopening(_("现在不能重新核查要点。"))
    demand(who(), ACTS[office], on_case(row))
    form = forms.ReopenForm()
    if not form.validate_on_submit():
        raise Refused("".join(str(text) for errors in form.errors.values() for text in errors))
    with transaction():
        if once(form.submission_key.data or ""):
            reopening.reopen(
                application=row,
                criterion=form.criterion.data or "",
                reason=form.reason.data or "",
                by=who(),
                today=clock.today(),
                now=clock.now(),
            )
    return done(_("已重新核查要点 %(code)s。", code=form.criterion.data), HERE, key=row.id)


@blueprint.get("/applications/<int:key>/verdict.<form>")
@guard(Can.CASE_VIEW, load=lambda key, form: (load_case(key), form), subject=on_pair)
def draw_verdict(pair: tuple[Application, str]) -> Any:
    """The verdict with what it rests on, as DOCX or PDF."""
    row, form = pair
    if not queries.offices_of(who()):  # whoever concluded it reads it afterwards, too
        demand(who(), Can.VIEW, on_case(row))
    if form not in ("docx", "pdf"):
        raise NotFound(_("只能导出为 docx 或 pdf。"))
    if row.verdict is None:
        raise NotFound(_("还没有评价结论。"))
    programme = programme_of(row)
    content = verdict.content(row, programme)
    data, media = (docx.draw(content), DOCX) if form == "docx" else (pdf.draw(content), PDF)
    return named(Response(data, mimetype=media), f"评价结论-{programme.code}.{form}")
