"""Pages of the courses of training organisations: since when each is taught."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session
from trainhub.kernel.forms import given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.ledger import forms, operations, queries
from trainhub.ledger.permissions import Can
from trainhub.ledger.rosters import queries as rosters
from trainhub.ledger.views import blueprint as blueprint
from trainhub.organisations import queries as organisations


def _form() -> forms.CourseForm:
    form = forms.CourseForm()
    form.organisation.choices = [(code, f"{name}（{code}）") for code, name in queries.importable(who())]
    return form


def _courses() -> organisations.Statement:
    return rosters.courses_listing(queries.may_import_for(who()), request.args.get("q", "").strip()[:60], request.args.get("sort", ""))


def _page(form: forms.CourseForm, status: int = 200) -> Any:
    number, size = paging.wanted()
    page = paging.paginate(_courses(), number=number, size=size, scalars=False)
    return render_template("trainhub/ledger/courses.html", page=page, form=form), status


@blueprint.get("/courses")
@guard(Can.IMPORT)
def courses() -> Any:
    """The courses of the organisations the reader imports rosters for."""
    return _page(_form())


COURSES = (Column("title", "课程"), Column("code", "机构代码"), Column("base", "培训机构"), Column("since", "开设日期"))


@blueprint.get("/courses.<form>")
@guard(Can.IMPORT)
def export_courses(form: str) -> Any:
    """The courses as they are filtered and sorted, as a file."""
    rows = ((row.title, code, name, row.since) for row, code, name in session().execute(_courses()))
    return downloads.table(rows, COURSES, name=_("培训课程"), form=form, codes=["code"])


@blueprint.post("/courses")
@guard(Can.IMPORT)
def register_course() -> Any:
    """Register a course, or change since when it is taught; the choices of the form are the reader's organisations."""
    form = _form()
    return submit(
        form,
        lambda: operations.register_course(
            organisation_id=found(organisations.by_code(form.organisation.data), _("没有这个机构。")).id,
            title=form.title.data or "",
            since=given(form.since.data),
            by=who(),
            today=clock.today(),
            now=clock.now(),
        ),
        again=lambda status: _page(form, status),
        then=lambda _given: done(_("课程已登记，导入花名册时会按开设日期核对。"), "ledger.courses"),
    )
