"""Pages of the supplementary report as a file: ask for it, see how far it is, fetch it, or hand it in to an application."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, redirect, render_template, url_for

from trainhub.kernel import clock, sending
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Job, JobState
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.store import forms, queries
from trainhub.oversight.evaluation.store.models import ReportDrawing
from trainhub.oversight.evaluation.store.operations import drawing
from trainhub.oversight.evaluation.store.types import PaperForm
from trainhub.oversight.evaluation.views import blueprint, load, on_programme
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import papers
from trainhub.oversight.evaluation.workflow.types import DocumentKind
from trainhub.oversight.evaluation.workflow.views import load_case, on_case, programme_of
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


def _ask(programme: Programme, form: PaperForm, application_id: int | None) -> Any:
    with transaction():
        key = drawing.ask(programme=programme, form=form, application_id=application_id, by=who(), today=clock.today(), now=clock.now()).id
    return redirect(url_for("evaluation.report_drawing", key=key), 303)


@blueprint.post("/<code>/report/drawings")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def ask_report(programme: Programme) -> Any:
    """Ask for the report as it stands today, as DOCX or PDF."""
    form = forms.DrawForm()
    if not form.validate_on_submit():
        raise Refused(_("只能生成 docx 或 pdf。"), field="form")
    return _ask(programme, form.form.data, None)


@blueprint.post("/applications/<int:key>/supplementary")
@guard(Can.ACT_PROGRAMME, load=load_case, subject=on_case)
def adopt_report(row: Application) -> Any:
    """Let the report of today be drawn and handed in."""
    papers.demand_open(row, DocumentKind.SUPPLEMENTARY_REPORT, clock.today())
    return _ask(programme_of(row), PaperForm.DOCX, row.id)


def load_drawing(key: int) -> ReportDrawing:
    """The drawing of an address."""
    row = queries.drawing(key)
    if row is None:
        raise NotFound(_("没有这份补充报告。"))
    return row


def on_drawing(row: ReportDrawing) -> Any:
    """What a drawing is judged on: its application, else its programme. The experts of a visit read neither: what they read is the document that
    holds, not the drafts that it superseded."""
    if row.application_id is not None:
        return replace(on_case(load_case(row.application_id)), visitors=frozenset())
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return replace(on_programme(programme), visitors=frozenset())


def _job(row: ReportDrawing) -> dict[str, Any]:
    job = session().get(Job, row.job_id) if row.job_id is not None else None
    if row.made_at is not None:
        is_handed_in = row.application_id is not None
        return {"state": "succeeded", "percent": 100, "text": _("已作为补充报告提交。") if is_handed_in else _("可以下载。")}
    if drawing.has_failed(row) or job is None:
        reason = job.shown_message if job is not None else ""
        return {"state": "failed", "percent": 0, "text": reason or _("没有完成，请重新生成。")}
    if job.state is JobState.QUEUED:
        return {"state": "queued", "percent": 0, "text": _("已排队，即将开始。")}
    words = (_("正在汇集各节的数据和表格。"), _("正在排版。"), _("正在保存。"))
    return {"state": "running", "percent": round(100 * job.done_count / drawing.STEPS), "text": words[min(job.done_count, len(words) - 1)]}


def _context(row: ReportDrawing) -> dict[str, Any]:
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return {"row": row, "programme": programme, "job": _job(row)}


@blueprint.get("/drawings/<int:key>")
@guard(Can.VIEW, load=load_drawing, subject=on_drawing)
def report_drawing(row: ReportDrawing) -> Any:
    """How far a report is, then the button that fetches it."""
    return render_template("trainhub/evaluation/drawing.html", **_context(row))


@blueprint.get("/drawings/<int:key>/state")
@guard(Can.VIEW, load=load_drawing, subject=on_drawing)
def drawing_state(row: ReportDrawing) -> Any:
    """The bar alone, asked for again and again."""
    return Response(render_template("trainhub/evaluation/_drawing.html", **_context(row)))


@blueprint.get("/drawings/<int:key>/file")
@guard(Can.VIEW, load=load_drawing, subject=on_drawing)
def drawing_file(row: ReportDrawing) -> Any:
    """The report."""
    if row.file_id is None:
        raise NotFound(_("补充报告还在生成，请稍后再下载。"))
    return sending.send(session().get_one(StoredFile, row.file_id), as_download=True)
