"""The school standard of a plan: where it was issued, which industry standard it answers, clause by clause (PETOE-1, 1.2; 002:257, 002:362)."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from courses.standards import operations, queries
from courses.standards.models import IndustryStandard
from trainhub.kernel import clock
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import CodeText, Form, LongText, Text, once
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import keys_of
from trainhub.kernel.web import done
from trainhub.oversight.evaluation.matrix_views import shown_in, version_of
from trainhub.oversight.evaluation.operations import grids
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme, ProgrammeVersion


def _maybe(text: object) -> int | None:
    return int(str(text)) if text not in (None, "", "None") else None


class StandardForm(Form):
    """The document of the school standard."""

    title = Text(_l("学校标准名称"), [InputRequired(_l("请填写学校标准的名称。")), Length(max=200)])
    issued_no = Text(_l("文号"), [Optional(), Length(max=80)])
    issued_on = DateField(_l("印发日期"), [Optional()])
    positioning = LongText(
        _l("办学定位与特色"), [Optional(), Length(max=5000)], description=_l("学校标准怎样体现办学定位、服务面向、优势和特色（002:363）。")
    )
    industry_standard_id = SelectField(_l("行业标准"), coerce=_maybe, choices=[], validators=[Optional()])


class IndustryForm(Form):
    """An industry standard with its clauses, one a line."""

    code = CodeText(_l("标准编号"), [InputRequired(_l("请填写行业标准的编号和名称。")), Length(max=40)])
    title = Text(_l("标准名称"), [InputRequired(_l("请填写行业标准的编号和名称。")), Length(max=200)])
    issuer = Text(_l("发布单位"), [Optional(), Length(max=160)])
    clauses = LongText(
        _l("条款"),
        [InputRequired(_l("请至少填写一条。")), Length(max=20000)],
        description=_l("每行一条：编号、空格、内容，例如“3.1 能够读懂工艺文件”。"),
    )


def _version(programme: Programme) -> ProgrammeVersion:
    version = version_of(programme)
    if version is None:
        raise Refused(_("还没有培养方案，请先新建。"))
    return version


@blueprint.route("/<code>/standard", methods=["GET", "POST"])
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def standard(programme: Programme) -> Any:
    """The school standard with the clauses of its industry standard; two forms (`what` says which was sent)."""
    version = _version(programme)
    row = queries.school_standard(version.id)
    sent = request.form.get("what", "") if request.method == "POST" else ""
    if request.method == "POST":
        demand(who(), Can.EDIT_REGISTER, on_programme(programme))
    form = StandardForm(request.form if sent == "school" else None, obj=row, prefix="s-")
    form.industry_standard_id.choices = [
        SelectChoice("", "—"),
        *(SelectChoice(one.id, f"{one.code} {one.title}") for one in queries.industry_standards()),
    ]
    industry = IndustryForm(request.form if sent == "industry" else None, prefix="i-")
    chosen: Any = {"school": form, "industry": industry}.get(sent)
    if chosen is not None and chosen.validate():
        try:
            with transaction():
                if once(chosen.submission_key.data or ""):
                    _save(version, sent, chosen)
            return done(_("已保存。"), "evaluation.standard", code=programme.code, version=version.id)
        except Refused as refused:
            chosen.refuse(refused)
    standard_id = row.industry_standard_id if row is not None else None
    body = page(
        "standard",
        programme,
        "coverage",
        version=version,
        row=row,
        form=form,
        industry=industry,
        standard=session().get(IndustryStandard, standard_id) if standard_id is not None else None,
        clauses=queries.clauses_of(standard_id) if standard_id is not None else [],
        mapped=queries.industry_map(version.id),
        requirements=programmes.requirements_of(version.id),
        may_edit=may(who(), Can.EDIT_REGISTER, on_programme(programme)),
    )
    return body, 422 if chosen is not None else 200


def _save(version: ProgrammeVersion, sent: str, form: Any) -> None:
    by: dict[str, Any] = {"by": who(), "now": clock.now()}
    if sent == "school":
        key = form.industry_standard_id.data
        operations.name_school_standard(
            version=version,
            title=form.title.data or "",
            issued_no=form.issued_no.data or "",
            issued_on=form.issued_on.data,
            positioning=form.positioning.data or "",
            industry_standard=session().get(IndustryStandard, key) if key is not None else None,
            opened_at=form.version.data,
            **by,
        )
        return
    clauses = []
    for line in (form.clauses.data or "").split("\n"):
        number, _blank, text = line.strip().partition(" ")
        if number and text.strip():
            clauses.append((number[:12], text.strip()))
    if not clauses:
        raise Refused(_("请按“编号 内容”的格式每行填写一条。"), field="clauses")
    operations.keep_industry_standard(code=form.code.data or "", title=form.title.data or "", issuer=form.issuer.data or "", clauses=clauses, **by)


@blueprint.post("/<code>/standard/map")
@guard(Can.EDIT_REGISTER, load=load, subject=on_programme)
def map_clauses(programme: Programme) -> Any:
    """Save which requirements answer which clauses of the industry standard."""
    version = _version(programme)
    row = queries.school_standard(version.id)
    if row is None or row.industry_standard_id is None:
        raise Refused(_("请先为学校标准选择行业标准。"))
    sent: dict[int, tuple[set[int], set[int] | None]] = {}
    for clause in queries.clauses_of(row.industry_standard_id):
        wanted = set(keys_of(request.form.getlist(f"c-{clause.id}")))
        opened = shown_in(f"was-{clause.id}", {str(key) for key in wanted})
        sent[clause.id] = (wanted, None if opened is None else set(keys_of(opened)))
    with transaction():
        changed = grids.set_clauses(version=version, sent=sent, by=who(), now=clock.now())
    return done(_("已保存，改动 %(n)s 处。", n=changed), "evaluation.standard", code=programme.code, version=version.id)
