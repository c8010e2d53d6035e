"""Pages of goals: the list, the dashboard, the persons behind a figure, reports given out, a summary for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import NOTHING, Subject, guard, public, who
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.frames import found
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import asked_key
from trainhub.kernel.sheets.types import Column
from trainhub.ledger.labels import CATEGORIES
from trainhub.ledger.types import Category
from trainhub.oversight.goals import dashboards, queries, reporting
from trainhub.oversight.goals.labels import unit_of
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.permissions import VIEWERS, Can
from trainhub.oversight.goals.sights import reader, sight_of
from trainhub.oversight.goals.types import CountingRule, GoalState
from trainhub.policy.book import book

blueprint = Blueprint("goals", __name__, url_prefix="/goals")
FIGURES = (Column("group", "分组"), Column("code", "代码"), Column("name", "名称"), Column("persons", "人数"), Column("enrolments", "人次"))
PEOPLE = (
    Column("name", "姓名"),
    Column("id_mask", "证件号码"),
    Column("category", "类别"),
    Column("county", "县区"),
    Column("base", "培训机构"),
    Column("course", "课程"),
    Column("on", "首次计入日期"),
    Column("late", "备注"),
    Column("identified_on", "身份核实日期"),
)


@blueprint.app_template_filter("goal_unit")
def goal_unit(goal: Goal) -> str:
    """What a goal counts, in the reader's language."""
    return unit_of(goal)


def load(code: str) -> Goal:
    """The goal of an address."""
    return found(queries.by_code(code), _("没有代码为 %(code)s 的目标。", code=code[:40]))


def nothing(_goal: Goal) -> Subject:
    """Goals are judged by role alone; the persons behind them are narrowed by the list itself."""
    return NOTHING


def _region(goal: Goal) -> str:
    asked = request.args.get("region", "")
    return asked if asked and asked in dict(queries.regions_of(goal)) else ""


def computed_only(goal: Goal) -> Goal:
    """A goal that is counted from the ledger; for others there are no records to look at."""
    if goal.counting_rule is not CountingRule.DISTINCT_PERSONS:
        raise NotFound(_("目标 %(code)s 不按培训记录计数，没有统计页面。", code=goal.code))
    return goal


@blueprint.get("/")
@guard(Can.VIEW)
def index() -> Any:
    """Every goal with where it stands."""
    today = clock.today()
    rows, count = [], reader(sight_of(who(), today))
    for goal in queries.listing():
        if goal.counting_rule is CountingRule.DISTINCT_PERSONS:
            reached: int | None = count(queries.kept_totals(goal)[1])
        else:
            reached = reporting.reported(goal, on=today)
        rows.append({"goal": goal, "persons": reached, "is_open": goal.state is GoalState.OPEN, "is_over": goal.deadline < today})
    return render_template("trainhub/goals/index.html", rows=rows, can=Can)


def _board(goal: Goal, link: Callable[[str], str] | None = None, most_courses: int | None = dashboards.COURSES_SHOWN) -> dashboards.Dashboard:
    """The dashboard as the reader may read it."""
    today = clock.today()
    sight = sight_of(who(), today)
    return dashboards.dashboard(goal, on=today, region=_region(goal), link=link, sight=sight, most_courses=most_courses)


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=nothing)
def show(goal: Goal) -> Any:
    """The dashboard."""
    if goal.counting_rule is not CountingRule.DISTINCT_PERSONS:
        return redirect(url_for("goals.reported", code=goal.code), 302)
    board = _board(goal, link=lambda code: url_for("goals.show", code=goal.code, region=code))
    own, own_bases = queries.own_regions(who()), who().organisation_ids(*VIEWERS)
    return render_template("trainhub/goals/show.html", board=board, goal=goal, baseline=_baseline(goal), own=own, own_bases=own_bases, can=Can)


def _baseline(goal: Goal) -> str:
    """Whom the goal of the ten measures met when they came out, as the press reading tells it (FJ-QA1, 000:1100); empty for other goals."""
    if not goal.clause.startswith("FJ-16c"):
        return ""
    shops, trade, creation, everybody = (
        book().versions(key)[-1] for key in ("fj.online_shops", "fj.ecommerce_workers", "fj.creative_workers", "fj.internet_workers")
    )
    return _(
        "措施发布时全省约有互联网从业人员 %(a)s 人，其中电商 %(b)s 人、数字文创 %(c)s 人，另有网店 %(d)s 家（%(e)s）；目标数相当于从业人员的 %(f)s。",
        a=f"{everybody.number:,}",
        b=f"{trade.number:,}",
        c=f"{creation.number:,}",
        d=f"{shops.number:,}",
        e=everybody.clause.cite,
        f=f"{goal.target * 100 // everybody.number}%",
    )


@blueprint.get("/<code>/plots/<name>.svg")
@guard(Can.VIEW)
def plot(code: str, name: str) -> Any:
    """A plot of the dashboard as a file."""
    goal = computed_only(load(code))
    if name not in dashboards.PLOTS:
        raise NotFound(_("没有这张图。"))
    board = _board(goal, most_courses=0)
    return downloads.named(Response(board.plot(name), mimetype="image/svg+xml"), f"{goal.name}-{name}.svg")


@blueprint.get("/<code>/summary")
@public
def summary(code: str) -> Any:
    """The same in short for everybody: only sums of whole units, rounded so that they tell of nobody."""
    goal = computed_only(load(code))
    board, step = dashboards.public(goal, on=clock.today())
    return render_template("trainhub/goals/summary.html", board=board, goal=goal, step=step)


@blueprint.get("/<code>/figures.<form>")
@guard(Can.VIEW)
def figures(code: str, form: str) -> Any:
    """The figures of the dashboard as a table."""
    goal = computed_only(load(code))
    board = _board(goal, most_courses=None)
    rows: list[tuple[Any, ...]] = [(_("合计"), goal.code, goal.name, board.progress.persons, board.progress.enrolments)]
    rows += [(_("地区"), r["code"], r["name"], r["persons"], r["enrolments"]) for r in board.regions]
    rows += [(_("类别"), c["code"], c["name"], c["persons"], None) for c in board.categories]
    codes = queries.codes_of(board.progress.by_base)
    names = queries.names_of(board.progress.by_base)
    rows += [(_("培训机构"), codes[b], names[b], n, board.progress.enrolments_by_base[b]) for b, n in sorted(board.progress.by_base.items())]
    rows += [(_("课程"), None, course, persons, enrolments) for course, persons, enrolments in board.courses]
    rows += [(_("月份"), month, month, n, None) for month, n in zip(board.months, board.month_values, strict=True)]
    rows += [(_("累计"), month, month, n, None) for month, n in zip(board.months, board.cumulative, strict=True)]
    if board.cumulative_planned:
        rows += [(_("匀速进度"), month, month, n, None) for month, n in zip(board.months, board.cumulative_planned, strict=True)]
    rows += [(_("年度累计"), year, f"{year}-{n:02d}", persons, None) for year, values in board.years for n, persons in enumerate(values, start=1)]
    return downloads.table(rows, FIGURES, name=goal.name, form=form, codes=("code",))


def wanted(goal: Goal) -> dict[str, Any]:
    """What the address asks of the records behind a figure."""
    category = request.args.get("category", "")
    return {
        "region": _region(goal),
        "base_id": asked_key(request.args.get("base", "")),
        "category": category if category in {c.value for c in Category} else "",
        "sort": request.args.get("sort", ""),
        "course": request.args.get("course", "")[:200],
        "late": request.args.get("late") == "1",
        "since": _month("since"),
        "month": _month("month"),
    }


def _month(name: str) -> str:
    month = request.args.get(name, "")
    return month if re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month) else ""


@blueprint.get("/<code>/people")
@guard(Can.DRILL, load=load, subject=nothing)
def people(goal: Goal) -> Any:
    """The persons who make a figure, masked, each with the record by which they count."""
    number, size = paging.wanted()
    page = queries.people_page(computed_only(goal), who(), number=number, size=size, **wanted(goal))
    return render_template(
        "trainhub/goals/people.html",
        goal=goal,
        page=page,
        is_unsorted=queries.is_unsorted(request.args.get("sort", ""), page.total, page.is_more),
        regions=queries.regions_of(goal),
        categories=CATEGORIES,
        asked={key: value for key, value in request.args.to_dict().items() if key != "page"},
    )


def known_on(moment: datetime | None) -> date | None:
    """The day on which somebody was identified; nobody's but a roster's word: none."""
    return local(moment).date() if moment is not None else None


@blueprint.get("/<code>/people.<form>")
@guard(Can.DRILL)
def people_export(code: str, form: str) -> Any:
    """The same list as a file, masked."""
    goal = computed_only(load(code))
    people = downloads.no_more_than(session().execute(queries.drill(goal, who(), **wanted(goal)).limit(downloads.MOST_ROWS + 1)).all())
    rows = (
        (
            r.name,
            r.id_mask,
            str(CATEGORIES[Category(r.category)]),
            r.county,
            r.base,
            r.course,
            r.on,
            _("补录") if r.is_late else "",
            known_on(r.identified_at),
        )
        for r in people
    )
    return downloads.table(rows, PEOPLE, name=_("%(goal)s 人员", goal=goal.name), form=form, codes=("id_mask",))
