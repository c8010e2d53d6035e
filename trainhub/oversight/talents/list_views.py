"""Pages of pass lists and of the catalogue of talent urgently needed."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.forms import given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.oversight.talents import forms, labels, operations, queries
from trainhub.oversight.talents.models import ExamPass, ShortageItem
from trainhub.oversight.talents.permissions import Can
from trainhub.oversight.talents.types import ExamKind
from trainhub.oversight.talents.views import blueprint as blueprint
from trainhub.programmes.reference import key_fields

# -- pass lists ---------------------------------------------------------------------------------------------------------
PASSES = (
    Column("name", "姓名"),
    Column("id_mask", "证件号码"),
    Column("exam", "考试"),
    Column("subject", "资格"),
    Column("level", "级别"),
    Column("certificate_no", "证书编号"),
    Column("passed_on", "合格日期"),
)


def _passes() -> Any:
    exam = next((one for one in ExamKind if one.value == request.args.get("exam")), None)
    return queries.passes(text=request.args.get("q", "").strip()[:100], exam=exam, year=request.args.get("year", type=a_year))


@blueprint.get("/exams")
@guard(Can.EXAM_LIST)
def exams() -> Any:
    """Who passed."""
    number, size = paging.wanted()
    asked = {key: value for key, value in request.args.to_dict().items() if key not in ("page", "size")}
    page = paging.paginate(_passes(), number=number, size=size)
    return render_template("trainhub/talents/exams.html", page=page, labels=labels, can=Can, asked=asked)


@blueprint.get("/exams.<form>")
@guard(Can.EXAM_LIST)
def exams_export(form: str) -> Any:
    """The list as a file, narrowed as the page is, with masked numbers."""
    lines = downloads.no_more_than(session().scalars(_passes().where(ExamPass.withdrawn_at.is_(None)).limit(downloads.MOST_ROWS + 1)).all())
    rows = [(p.name, p.id_mask, str(labels.EXAMS[p.exam]), p.subject, str(labels.LEVELS[p.level]), p.certificate_no, p.passed_on) for p in lines]
    return downloads.table(rows, PASSES, name=_("考试合格人员"), form=form, codes=("certificate_no",))


@blueprint.post("/exams/<int:pass_id>/withdraw")
@guard(Can.EXAM_IMPORT)
def withdraw_pass(pass_id: int) -> Any:
    """Take a wrong line back."""
    with transaction():
        line = found(queries.exam_pass(pass_id), _("没有这条合格记录。"))
        operations.withdraw_pass(line=line, reason=request.form.get("reason", ""), by=who(), now=clock.now())
    return done(_("已撤销，记录保留；更正后的名单可以重新导入。"), "talents.exams")


# -- shortage -----------------------------------------------------------------------------------------------------------
def _shortage_page(form: forms.ShortageForm | None, status: int = 200) -> Any:
    years = queries.catalogue_years()
    year = request.args.get("year", type=a_year) or (years[0] if years else clock.today().year)
    page = render_template(
        "trainhub/talents/shortage.html",
        items=queries.catalogue(year),
        year=year,
        years=years,
        form=form,
        labels=labels,
        fields=dict(key_fields()),
        may_edit=may(who(), Can.SHORTAGE_EDIT),
    )
    return page, status


def _shortage_form() -> forms.ShortageForm:
    form = forms.ShortageForm(year=clock.today().year)
    form.key_field_no.choices = [(0, "—"), *[(number, f"{number} {name}") for number, name in key_fields()]]
    return form


@blueprint.get("/shortage")
@guard(Can.SHORTAGE_VIEW)
def shortage() -> Any:
    """The catalogue of a year."""
    return _shortage_page(_shortage_form() if may(who(), Can.SHORTAGE_EDIT) else None)


SHORTAGE = (
    Column("code", "代码"),
    Column("post", "岗位"),
    Column("field", "重点领域"),
    Column("urgency", "紧缺程度"),
    Column("wanted", "需求人数"),
    Column("requirement", "要求"),
    Column("source", "依据"),
)


@blueprint.get("/shortage/<int:year>.<form>")
@guard(Can.SHORTAGE_VIEW)
def shortage_export(year: int, form: str) -> Any:
    """The catalogue as a file."""
    names = dict(key_fields())
    rows = [
        (i.code, i.post, names.get(i.key_field_no or 0), str(labels.URGENCIES[i.urgency]), i.wanted, i.requirement, i.source)
        for i in queries.catalogue(min(year, 9999))
    ]
    return downloads.table(rows, SHORTAGE, name=_("%(year)s 年急需紧缺人才目录", year=year), form=form, codes=("code",))


@blueprint.post("/shortage")
@guard(Can.SHORTAGE_EDIT)
def add_shortage() -> Any:
    """Put a post into the catalogue."""
    form = _shortage_form()
    return submit(
        form,
        lambda: operations.list_shortage(
            year=given(form.year.data),
            code=form.code.data or "",
            post=form.post.data or "",
            urgency=form.urgency.data,
            wanted=given(form.wanted.data),
            key_field_no=form.key_field_no.data or None,
            requirement=form.requirement.data or "",
            source=form.source.data or "",
            by=who(),
            now=clock.now(),
        ),
        again=lambda status: _shortage_page(form, status),
        then=lambda _given: done(_("已列入目录。"), "talents.shortage", year=form.year.data),
    )


def _load_item(item_id: int) -> ShortageItem:
    return found(queries.shortage(item_id), _("目录中没有这个岗位。"))


@blueprint.post("/shortage/<int:item_id>/withdraw")
@guard(Can.SHORTAGE_EDIT)
def withdraw_shortage(item_id: int) -> Any:
    """Take a post out."""
    with transaction():
        year = operations.withdraw_shortage(item=_load_item(item_id), by=who()).year
    return done(_("已移出目录。"), "talents.shortage", year=year)
