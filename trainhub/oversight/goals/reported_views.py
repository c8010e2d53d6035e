"""Pages of a goal that is reported, not counted: the latest figure of each unit, all that were reported, and the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import render_template

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import given
from trainhub.kernel.frames import submit
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.ledger.permissions import SEES_ALL
from trainhub.oversight.goals import forms, operations, queries, reporting, rules
from trainhub.oversight.goals.models import Goal, GoalFigure
from trainhub.oversight.goals.permissions import Can
from trainhub.oversight.goals.types import CountingRule
from trainhub.oversight.goals.views import blueprint as blueprint
from trainhub.oversight.goals.views import load, nothing

FIGURES = (
    Column("region", "地区"),
    Column("on", "截至"),
    Column("value", "累计数"),
    Column("evidence", "依据"),
    Column("reported_at", "上报时间"),
    Column("by", "上报人"),
    Column("late", "备注"),
)


def _reported_page(goal: Goal, form: forms.FigureForm | None, status: int = 200) -> Any:
    figures, today = queries.figures_of(goal.id, goal.deadline), clock.today()
    regions, targets = queries.regions_of(goal), queries.targets_of(goal.id)
    number, size = paging.wanted()
    history = paging.paginate(queries.figures_listing(goal.id), number=number, size=size)
    bounds = reporting.city_bounds(goal, on=today)
    rows = [
        {
            "name": name,
            "figure": figures.get(code),
            "target": targets.get(code),
            "is_outside": bounds is not None and rules.is_city(code) and code in figures and not bounds[0] <= figures[code].value <= bounds[1],
        }
        for code, name in regions
    ]
    page = render_template(
        "trainhub/goals/reported.html",
        goal=goal,
        rows=rows,
        total=sum(f.value for f in figures.values()),
        towards=reporting.reported(goal, on=today) or 0,
        bounds=bounds,
        history=history,
        told=_told(goal, history.items),
        names=dict(regions),
        form=form,
        can=Can,
    )
    return page, status


def _told(goal: Goal, rows: Sequence[GoalFigure]) -> list[queries.Reported]:
    """Figures with who reported each: departments read every name, a city those of its own figures, others none."""
    told = queries.as_reported(rows, queries.closings_of(goal.id, only_standing=True))
    own = who().region_codes(Role.PREFECTURE_OPERATOR)
    return told if who().everywhere(*SEES_ALL) else [one if one.region_code in own else replace(one, who="") for one in told]


def _figure_form(goal: Goal) -> forms.FigureForm | None:
    if not may(who(), Can.REPORT):
        return None
    form = forms.FigureForm(on=min(clock.today(), goal.deadline))
    own = who().region_codes(Role.PREFECTURE_OPERATOR)
    everywhere = who().everywhere(Role.DEPT_HR, Role.DEPT_EDU, Role.DEPT_ST, Role.SYSTEM_ADMIN)
    form.region.choices = [(code, name) for code, name in queries.regions_of(goal) if everywhere or code in own]
    return form


def _is_reported(goal: Goal) -> Goal:
    if goal.counting_rule is not CountingRule.REPORTED:
        raise NotFound(_("这个目标按培训记录计数，不用上报。"))
    return goal


@blueprint.get("/<code>/reported")
@guard(Can.VIEW, load=load, subject=nothing)
def reported(goal: Goal) -> Any:
    """A goal that is reported: the latest figure of each unit."""
    return _reported_page(_is_reported(goal), _figure_form(goal))


@blueprint.get("/<code>/reported.<form>")
@guard(Can.VIEW)
def reported_export(code: str, form: str) -> Any:
    """Every figure that was reported as a file."""
    goal = _is_reported(load(code))
    names = dict(queries.regions_of(goal))
    rows = (
        (names.get(r.region_code, r.region_code), r.on, r.value, r.evidence, clock.local(r.reported_at), r.who, _("补录") if r.is_late else "")
        for r in _told(goal, session().scalars(queries.figures_listing(goal.id)).all())
    )
    return downloads.table(rows, FIGURES, name=_("%(goal)s 上报数字", goal=goal.name), form=form)


@blueprint.post("/<code>/reported")
@guard(Can.REPORT, load=load, subject=nothing)
def report_figure(goal: Goal) -> Any:
    """Report a figure."""
    form, code = _figure_form(_is_reported(goal)), goal.code
    assert form is not None
    return submit(
        form,
        lambda: operations.report_figure(
            goal=load(code),
            region_code=form.region.data,
            on=given(form.on.data),
            value=given(form.value.data),
            evidence=form.evidence.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
        ),
        again=lambda status: _reported_page(load(code), form, status),
        then=lambda _given: done(_("数字已上报，以前的数字仍保留。"), "goals.reported", code=code),
    )
