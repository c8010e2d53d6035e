"""The report of a goal as of a day, straight from the ledger: exact at every moment, whatever is kept for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from trainhub.ledger.rosters.queries import Extent
from trainhub.ledger.types import Category
from trainhub.oversight.goals import queries, rules
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import CountingRule, Forecast
from trainhub.policy.book import book


def window_months(on: date) -> int:
    """How many months the forecast looks back (own.goal.forecast_months)."""
    return book().at("own.goal.forecast_months", on=on).number


def forecast_of(goal: Goal, by_day: Mapping[date, int], *, on: date) -> Forecast:
    """The forecast of a goal from its persons by day."""
    return rules.forecast(
        by_day,
        target=goal.target,
        starts_on=goal.starts_on,
        deadline=goal.deadline,
        on=on,
        window_months=window_months(max(on, goal.starts_on)),
    )


def band_of(goal: Goal, by_day: Mapping[date, int], forecast: Forecast, *, on: date) -> tuple[int, int] | None:
    """The 80 % band around the forecast at the deadline."""
    if on < goal.starts_on:
        return None
    return rules.band(by_day, forecast.on_deadline, starts_on=goal.starts_on, deadline=goal.deadline, on=on, window_months=window_months(on))


def report(goal: Goal, *, on: date, known_at: datetime | None = None, step: int | None = None) -> dict[str, Any]:
    """What `trainhub goals report` prints (contract); `known_at`: from the records as they stood at that moment (the goal is read as it is given, see
    `queries.goal_at`); `step`: the forecast for who
    reads counts rounded to it. Of a goal that is reported: `report_of_figures`."""
    if goal.counting_rule is CountingRule.REPORTED:
        return report_of_figures(goal, on=on, known_at=known_at)
    progress = queries.progress(goal, queries.counted(goal, until=on, known_at=known_at))
    by_day = progress.by_day if step is None else rules.coarse_days(progress.by_day, step)
    forecast = forecast_of(goal, by_day, on=on)
    band = band_of(goal, by_day, forecast, on=on)
    codes = queries.codes_of(progress.by_base)
    return {
        "goal": goal.code,
        "target": goal.target,
        "deadline": goal.deadline.isoformat(),
        "on": on.isoformat(),
        "persons": progress.persons,
        "enrolments": progress.enrolments,
        "share": round(progress.persons / goal.target, 6),
        "by_prefecture": dict(progress.by_prefecture),
        "by_category": dict(progress.by_category),
        "by_month": {month: persons for month, persons in progress.by_month.items() if persons},
        "by_base": dict(sorted((codes[base], persons) for base, persons in progress.by_base.items() if persons)),
        "forecast": {
            "on_deadline": forecast.on_deadline,
            "reaches_on": forecast.reaches_on.isoformat() if forecast.reaches_on else None,
            "low": band[0] if band else None,
            "high": band[1] if band else None,
        },
    }


def report_of_figures(goal: Goal, *, on: date, known_at: datetime | None = None) -> dict[str, Any]:
    """Where a reported goal stood on a day: each unit's latest figure (value, as of when, on what it rests), their sum, and what of it counts
    towards the target."""
    figures = queries.figures_of(goal.id, min(on, goal.deadline), known_at)
    reached = rules.towards({code: row.value for code, row in figures.items()}, city_bounds(goal, on=on))
    return {
        "goal": goal.code,
        "counting_rule": goal.counting_rule.value,
        "target": goal.target,
        "deadline": goal.deadline.isoformat(),
        "on": on.isoformat(),
        "reported": sum(row.value for row in figures.values()),
        "towards": reached,
        "share": round(reached / goal.target, 6),
        "figures": {code: {"value": row.value, "on": row.on.isoformat(), "evidence": row.evidence} for code, row in sorted(figures.items())},
    }


def city_bounds(goal: Goal, *, on: date) -> tuple[int, int] | None:
    """(least, most) of what each city is to reach of a reported goal (own.goal.city_bounds), as it holds on a day up to the deadline."""
    day = min(on, goal.deadline)
    lines = {code: keys for code, *keys in (line.split() for line in book().at("own.goal.city_bounds", on=day).items)}
    if goal.code not in lines:
        return None
    least, most = (book().at(key, on=day).number for key in lines[goal.code])
    return least, most


def reported(goal: Goal, *, on: date) -> int | None:
    """What the latest reported figures up to the deadline bring towards the target; None before the first."""
    figures = queries.figures_of(goal.id, goal.deadline)
    return rules.towards({code: row.value for code, row in figures.items()}, city_bounds(goal, on=on)) if figures else None


def extent_of(goal: Goal) -> Extent:
    """The records that a goal counts, for an export."""
    return Extent(goal.starts_on, goal.deadline, (goal.region_code,), tuple(Category(name) for name in goal.categories), only_counted=True)
