"""Every student's way to the 32 weeks: the list with lights, and its exports."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.permissions import Can
from enterprises.placements import labels, queries
from enterprises.placements.types import Light
from enterprises.placements.views.shared import blueprint
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sheets.types import Column
from trainhub.policy.book import book

COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("cohort", "年级"),
    Column("credited_days", "已计入天数"),
    Column("credited_weeks", "已计入周数"),
    Column("to_come", "尚可计入天数"),
    Column("uninsured", "待投保天数"),
    Column("still_open", "仍可安排天数"),
    Column("status", "状态"),
    Column("projected_on", "预计达到"),
    Column("possible_on", "最早可能达到"),
    Column("why", "可能达不到的原因"),
)


def _statement() -> Any:
    year = request.args.get("cohort", type=a_year)
    return queries.progress_rows(who(), on=clock.today(), text=request.args.get("q", "")[:100], cohort_year=year)


def _lights() -> frozenset[Light]:
    """The lights that are asked for: one, or all of those for whom a placement has to be found; empty means any."""
    asked = request.args.get("light", "")
    if asked == labels.TO_PLACE:
        return labels.LIGHTS_TO_PLACE
    return frozenset({Light(asked)}) if asked in set(Light) else frozenset()


@blueprint.get("/progress")
@guard(Can.WEEKS_LIST)
def progress() -> Any:
    """The list."""
    today, (number, size) = clock.today(), paging.wanted()
    lights, sort = _lights(), request.args.get("sort", "")
    if not lights and sort.removeprefix("-") not in queries.PROGRESS_SORTS:
        page = paging.paginate(_statement(), number=number, size=size, scalars=False)
        found = queries.progress_of(page.items, on=today)
    else:
        page = paging.slice_of(queries.whole_progress(_statement(), on=today, lights=lights, sort=sort), number=number, size=size)
        found = list(page.items)
    return render_template(
        "enterprises/placements/progress.html",
        page=page,
        rows=found,
        required=book().at("own.weeks.days_required", on=today).number,
        weeks=book().at("petoe.enterprise_weeks", on=today),
        yellow=book().at("own.warning.weeks_yellow", on=today).number,
        labels=labels,
        asked=request.args.to_dict(),
    )


@blueprint.get("/progress.<form>")
@guard(Can.WEEKS_LIST)
def export_progress(form: str) -> Any:
    """The whole list as a file."""
    today = clock.today()
    found = queries.whole_progress(_statement(), on=today, lights=_lights(), sort=request.args.get("sort", ""))
    per_week = book().at("own.weeks.days_per_week", on=today).number
    rows = (
        (
            one.student_no,
            one.name,
            one.programme,
            one.cohort_year,
            one.credited_days,
            one.credited_days / per_week,
            one.to_come,
            one.uninsured,
            one.still_open - one.uninsured,
            str(labels.LIGHTS[one.light]),
            one.projected_on,
            one.possible_on,
            labels.miss_words(one.why),
        )
        for one in found
    )
    return downloads.table(rows, COLUMNS, name=_("企业学习周数"), form=form, codes=["student_no"])
