"""Pages of a capstone: the student's time line, the supervisors' desk, guidance, papers, grades."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import labels, queries
from enterprises.capstones.machine import MACHINE
from enterprises.capstones.models import Capstone
from enterprises.capstones.queries.impartiality import with_exceptions
from enterprises.capstones.queries.work import reports_to_check
from enterprises.capstones.types import LIVE, Action, CapstoneState
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._page import page
from enterprises.capstones.views._support import load
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.people import queries as people

COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("topic", "题目"),
    Column("enterprise", "企业"),
    Column("school_supervisor", "校内导师"),
    Column("enterprise_supervisor", "企业指导教师"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("score", "总评"),
    Column("status", "状态"),
)

MOST_LINKS = 30
"""How many cohorts and enterprises the list offers beside itself; the others are on pages of their own."""


def _statement() -> Any:
    asked, cohort = request.args.get("state", ""), request.args.get("cohort", type=whole)
    return queries.listing(
        who(),
        text=_asked(),
        state=next((s for s in CapstoneState if s.value == asked), None),
        programme_id=request.args.get("programme", type=whole),
        cohort_id=cohort,
        counted_on=clock.today() if cohort is not None else None,  # the figures of a cohort lead here
        only_live=asked == "live",
        only_alone=asked == "alone",
        only_appealed=asked == "appealed",
        on=clock.today(),
        among=with_exceptions(clock.today(), cohort) if asked == "barred" else None,
        sort=request.args.get("sort", ""),
    )


@blueprint.get("/export.<form>")
@guard(Can.CAPSTONE_LIST)
def export_list(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = (
        (
            r.student_no, r.student, r.programme, r.topic, r.enterprise, r.school_supervisor, r.enterprise_supervisor, r.starts_on, r.ends_on,
            None if r.score_x10 is None else r.score_x10 / 10, str(labels.CAPSTONE_STATES[r.state]),
        )
        for r in (queries.as_row(row) for row in session().execute(_statement()))
    )  # fmt: skip
    return downloads.table(rows, COLUMNS, name=_("毕业设计"), form=form, codes=["student_no"])


@blueprint.get("/")
@guard(Can.CAPSTONE_LIST)
def index() -> Any:
    """The list of capstones inside the reader's scope."""
    number, size = paging.wanted()
    found = paging.paginate(_statement(), number=number, size=size, scalars=False)
    found.items[:] = [queries.as_row(row) for row in found.items]  # type: ignore[index]
    cohorts, enterprises = (session().execute(statement.limit(MOST_LINKS + 1)).all() for statement in (queries.cohorts(who()), queries.desks(who())))
    return render_template(
        "enterprises/capstones/index.html", page=found, labels=labels, cohorts=cohorts, enterprises=enterprises, most_links=MOST_LINKS
    )


def _asked() -> str:
    return request.args.get("q", "").strip()[:100]


@blueprint.get("/cohorts")
@guard(Can.CAPSTONE_LIST)
def cohorts() -> Any:
    """Every cohort whose answers to 8.1 to 8.4 the reader may see."""
    number, size = paging.wanted()
    page = paging.paginate(queries.cohorts(who(), _asked()), number=number, size=size, scalars=False)
    page.items[:] = [(name, place, year, url_for("capstones.cohort", code=code, year=year)) for code, place, name, year in page.items]  # type: ignore[index]
    return render_template("enterprises/capstones/places.html", page=page, kind="cohorts")


@blueprint.get("/enterprises")
@guard(Can.CAPSTONE_LIST)
def enterprises() -> Any:
    """Every enterprise whose desk is open to the reader."""
    number, size = paging.wanted()
    page = paging.paginate(queries.desks(who(), _asked()), number=number, size=size, scalars=False)
    page.items[:] = [(name, "", None, url_for("capstones.enterprise", code=code)) for code, name in page.items]  # type: ignore[index]
    return render_template("enterprises/capstones/places.html", page=page, kind="enterprises")


@blueprint.get("/mine")
@guard(Can.CAPSTONE_OWN)
def mine() -> Any:
    """The student's own capstone, or how to get one."""
    student = people.student_of_person(who().person_id or 0)
    row = queries.capstone_of_student(student.id) if student else None
    if row is None:
        return render_template("enterprises/capstones/none.html")
    return page(row)


@blueprint.get("/supervised")
@guard(Can.CAPSTONE_SUPERVISED)
def supervised() -> Any:
    """The capstones one supervises, with what waits; `show` narrows to those that the figures of the first page count."""
    person_id = who().person_id or 0
    to_grade, to_confirm = queries.open_work(person_id, clock.today())
    rows, show = queries.supervised_by(person_id), request.args.get("show", "")
    graded = queries.graded_by(person_id)
    unchecked = reports_to_check(person_id) if show == "report" else frozenset[int]()
    shown = {
        "going": [one for one in rows if one[0].state in LIVE],
        "submitted": [one for one in rows if one[0].state is CapstoneState.SUBMITTED],
        "grade": [one for one in rows if one[0].state is CapstoneState.SUBMITTED and one[0].id not in graded],
        "report": [one for one in rows if one[0].id in unchecked],
    }
    return render_template(
        "enterprises/capstones/supervised.html",
        page=paging.slice_wanted(shown.get(show, rows)),
        everybody=len(rows),
        is_narrowed=show in shown,
        labels=labels,
        to_grade=to_grade,
        to_confirm=to_confirm,
        graded=graded,
        submitted=CapstoneState.SUBMITTED,
        guided=MACHINE[Action.GUIDE].states,
    )


@blueprint.get("/<int:capstone_id>")
@guard(Can.CAPSTONE_VIEW, load=load, subject=queries.subject_of)
def show(row: Capstone) -> Any:
    """One capstone."""
    return page(row)
