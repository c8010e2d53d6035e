"""What of a goal's figures somebody reads to the person: all, or their own units and organisations and the rest rounded.

Who may not list the persons behind a figure must not read them off it: a course of two, a base of one. The rest is rounded down
as open data is (`rules.coarse`, own.reports.small_cell_min).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from trainhub.kernel.access import Identity
from trainhub.oversight.goals import queries, reporting, rules
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.permissions import VIEWERS
from trainhub.oversight.goals.types import Forecast, Progress
from trainhub.policy.book import book


@dataclass(frozen=True, slots=True)
class Sight:
    """`units` and `organisations` are read as they are, everything else in steps of `step` persons."""

    step: int
    units: frozenset[str]
    organisations: frozenset[int]

    def count(self, number: int) -> int:
        """A count of others."""
        return rules.coarse(number, self.step)

    def counts(self, numbers: Mapping[Any, int], own: Collection[Any] = ()) -> dict[Any, int]:
        """Counts by something of which `own` is read as it is."""
        return {key: number if key in own else self.count(number) for key, number in numbers.items()}


def sight_of(identity: Identity, on: date) -> Sight | None:
    """None: who may list every person reads every figure."""
    units = queries.own_regions(identity)
    if units is None:
        return None
    return Sight(book().at("own.reports.small_cell_min", on=on).number, units, identity.organisation_ids(*VIEWERS))


def seen(progress: Progress, sight: Sight) -> Progress:
    """The figures of all units, or of one that is not one's own. The days stay: they are for the forecast and are not shown."""
    return replace(
        progress,
        persons=sight.count(progress.persons),
        enrolments=sight.count(progress.enrolments),
        by_prefecture=sight.counts(progress.by_prefecture, sight.units),
        by_category=sight.counts(progress.by_category),
        by_month=sight.counts(progress.by_month),
        by_base=sight.counts(progress.by_base, sight.organisations),
        enrolments_by_prefecture=sight.counts(progress.enrolments_by_prefecture, sight.units),
        enrolments_by_base=sight.counts(progress.enrolments_by_base, sight.organisations),
    )


def seen_forecast(found: Forecast | None, sight: Sight) -> Forecast | None:
    """A forecast rests on each person too."""
    return found and replace(found, on_deadline=sight.count(found.on_deadline))


def report_for(goal: Goal, sight: Sight | None, *, on: date) -> dict[str, Any]:
    """The report of a day as somebody may read it, its forecast made from what they may read: one made from every person and rounded
    afterwards moves by several steps for each."""
    return seen_report(reporting.report(goal, on=on, step=sight.step if sight else None), sight)


def seen_report(found: Mapping[str, Any], sight: Sight | None) -> dict[str, Any]:
    """The report of a day (see `reporting.report`), or one that was kept, as somebody may read it."""
    if sight is None:
        return dict(found)
    own_codes = set(queries.codes_of(sight.organisations).values())
    persons, forecast = sight.count(found["persons"]), found["forecast"]
    shown: dict[str, Any] = dict(found) | {
        "persons": persons,
        "enrolments": sight.count(found["enrolments"]),
        "share": round(persons / found["target"], 6),
        "by_prefecture": sight.counts(found["by_prefecture"], sight.units),
        "by_category": sight.counts(found["by_category"]),
        "by_month": {month: count for month, count in sight.counts(found["by_month"]).items() if count},
        "by_base": {code: count for code, count in sight.counts(found["by_base"], own_codes).items() if count},
    }
    shown["forecast"] = {key: sight.count(value) if isinstance(value, int) else value for key, value in forecast.items()}
    return shown


def reader(sight: Sight | None) -> Callable[[int], int]:
    """How single counts of a page are read."""
    return (lambda number: number) if sight is None else sight.count
