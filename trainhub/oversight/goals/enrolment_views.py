"""Enrolments (人次) behind a figure of a goal: the list and its file; and its courses."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.ledger.labels import CATEGORIES
from trainhub.ledger.types import Category
from trainhub.oversight.goals import dashboards, queries
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.permissions import Can
from trainhub.oversight.goals.sights import reader, sight_of
from trainhub.oversight.goals.views import blueprint as blueprint
from trainhub.oversight.goals.views import computed_only, load, nothing, wanted

ENROLMENTS = (
    Column("name", "姓名"),
    Column("id_mask", "证件号码"),
    Column("category", "类别"),
    Column("county", "县区"),
    Column("base", "培训机构"),
    Column("course", "课程"),
    Column("on", "结业日期"),
    Column("first", "计入人数"),
    Column("late", "备注"),
)


COURSES = (Column("course", "课程"), Column("persons", "人数"), Column("enrolments", "人次"))


@blueprint.get("/<code>/enrolments")
@guard(Can.DRILL, load=load, subject=nothing)
def enrolments(goal: Goal) -> Any:
    """Every completion that makes a figure of enrolments, masked."""
    number, size = paging.wanted()
    page = queries.enrolments_page(computed_only(goal), who(), number=number, size=size, **wanted(goal))
    return render_template(
        "trainhub/goals/enrolments.html",
        goal=goal,
        page=page,
        is_unsorted=queries.is_unsorted(request.args.get("sort", ""), page.total, page.is_more),
        regions=queries.regions_of(goal),
        categories=CATEGORIES,
        asked={key: value for key, value in request.args.to_dict().items() if key != "page"},
    )


@blueprint.get("/<code>/enrolments.<form>")
@guard(Can.DRILL)
def enrolments_export(code: str, form: str) -> Any:
    """The same list as a file, masked."""
    goal = computed_only(load(code))
    statement = queries.enrolments(goal, who(), **wanted(goal)).limit(downloads.MOST_ROWS + 1)
    rows = (
        (
            r.name,
            r.id_mask,
            str(CATEGORIES[Category(r.category)]),
            r.county,
            r.base,
            r.course,
            r.on,
            _("是") if r.is_first else "",
            _("补录") if r.is_late else "",
        )
        for r in downloads.no_more_than(session().execute(statement).all())
    )
    return downloads.table(rows, ENROLMENTS, name=_("%(goal)s 人次", goal=goal.name), form=form, codes=("id_mask",))


def _courses(goal: Goal, region: str) -> tuple[Any, Any]:
    """How the reader reads counts of a reporting unit, and the courses that are asked for."""
    others = dashboards.of_others(sight_of(who(), clock.today()), region)
    text, sort = request.args.get("q", "").strip()[:100], request.args.get("sort", "")
    return others, queries.course_listing(goal, region, step=others.step if others else 1, text=text, sort=sort)


@blueprint.get("/<code>/courses")
@guard(Can.VIEW, load=load, subject=nothing)
def courses(goal: Goal) -> Any:
    """Every course of a goal with its persons and enrolments, of one reporting unit or of all; counts are read as on the dashboard."""
    region = wanted(computed_only(goal))["region"]
    others, statement = _courses(goal, region)
    number, size = paging.wanted()
    own = queries.own_regions(who())
    return render_template(
        "trainhub/goals/courses.html",
        goal=goal,
        page=paging.paginate(statement, number=number, size=size, scalars=False),
        count=reader(others),
        step=others.step if others else None,
        region=region,
        regions=queries.regions_of(goal),
        whole=own is None or region in own,
        asked={key: value for key, value in request.args.to_dict().items() if key != "page"},
    )


@blueprint.get("/<code>/courses.<form>")
@guard(Can.VIEW)
def courses_export(code: str, form: str) -> Any:
    """The courses as they are searched and sorted, as a file; counts are read as on the page."""
    goal = computed_only(load(code))
    others, statement = _courses(goal, wanted(goal)["region"])
    count = reader(others)
    rows = ((course, count(persons), count(enrolments)) for course, persons, enrolments in downloads.no_more_than(session().execute(statement).all()))
    return downloads.table(rows, COURSES, name=_("%(goal)s 课程", goal=goal.name), form=form)
