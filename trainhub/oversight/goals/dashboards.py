"""What the page of a goal shows, from the kept facts: every figure with its text, ready for the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from trainhub.ledger.labels import CATEGORIES
from trainhub.ledger.types import Category
from trainhub.oversight.goals import queries, reporting, rules
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.types import Forecast, Progress

SHORT = {"350128": "平潭"}
BASES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One goal as of a day, in one reporting unit or in all."""

    goal: Goal
    on: date
    region: str
    region_name: str
    target: int | None
    progress: Progress
    planned: int | None
    forecast: Forecast | None
    window: int
    tiles: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    bases: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    months: list[str]
    month_values: list[int]
    cumulative: list[int]
    cumulative_planned: list[int]
    years: list[tuple[str, int]]
    warning: int | None

    @property
    def line(self) -> str:
        """The persons so far at the end of each month, as points of a drawing."""
        return _line(self.cumulative, self.top)

    @property
    def planned_line(self) -> str:
        """The straight line at the end of each month, as points of the same drawing."""
        return _line(self.cumulative_planned, self.top)

    @property
    def top(self) -> int:
        """The upper edge of the drawing."""
        return max([*self.cumulative, *self.cumulative_planned, 1])

    @property
    def share(self) -> float | None:
        """Persons of the target."""
        return self.progress.persons / self.target if self.target else None

    @property
    def ahead(self) -> int | None:
        """Persons more (or less) than the straight line asks for."""
        return None if self.planned is None else self.progress.persons - self.planned


def dashboard(goal: Goal, *, on: date, region: str = "") -> Dashboard:
    """The page of a goal; with a reporting unit only its figures, the map always with all of them."""
    names = dict(queries.regions_of(goal))
    targets = queries.targets_of(goal.id)
    whole = queries.kept_progress(goal, prefectures=list(names))
    mine = queries.kept_progress(goal, prefectures=list(names), region=region) if region else whole
    target = targets.get(region) if region else goal.target
    last = min(on, goal.deadline)
    base_names = queries.names_of(mine.by_base)
    top = sorted(mine.by_base.items(), key=lambda item: (-item[1], base_names.get(item[0], "")))
    forecast = None
    if target:
        forecast = rules.forecast(
            mine.by_day,
            target=target,
            starts_on=goal.starts_on,
            deadline=goal.deadline,
            on=on,
            window_months=reporting.window_months(max(on, goal.starts_on)),
        )
    months = rules.month_names(goal.starts_on, max(goal.starts_on, last))
    return Dashboard(
        goal=goal,
        on=on,
        region=region,
        region_name=names.get(region, ""),
        target=target,
        progress=mine,
        planned=rules.planned(target, goal.starts_on, goal.deadline, on) if target else None,
        forecast=forecast,
        window=reporting.window_months(max(on, goal.starts_on)),
        tiles=_tiles(whole.by_prefecture, names, targets),
        regions=[
            {
                "code": code,
                "name": name,
                "persons": whole.by_prefecture[code],
                "enrolments": whole.enrolments_by_prefecture[code],
                "target": targets.get(code),
            }
            for code, name in names.items()
        ],
        bases=[
            {"id": base, "name": base_names.get(base, ""), "persons": persons, "enrolments": mine.enrolments_by_base.get(base, 0)}
            for base, persons in top[:BASES_SHOWN]
        ],
        categories=[{"code": code, "name": str(CATEGORIES[Category(code)]), "persons": persons} for code, persons in mine.by_category.items()],
        months=months,
        month_values=[mine.by_month.get(month, 0) for month in months],
        cumulative=list(accumulate(mine.by_month.get(month, 0) for month in months)),
        cumulative_planned=[rules.planned(target, goal.starts_on, goal.deadline, rules.end_of_month(month)) for month in months] if target else [],
        years=_years(mine.by_month),
        warning=sum(targets.values()) if targets and sum(targets.values()) != goal.target else None,
    )


def _tiles(by_prefecture: Mapping[str, int], names: Mapping[str, str], targets: Mapping[str, int]) -> list[dict[str, Any]]:
    """Tiles of the schematic map; the shade is the share of the unit's target, else where it lies between least and most."""
    least, most = min(by_prefecture.values(), default=0), max(by_prefecture.values(), default=0)
    tiles = []
    for code, name in names.items():
        persons = by_prefecture[code]
        if targets.get(code):
            level = min(5, persons * 5 // targets[code])
        else:
            level = 0 if not persons else 1 + (persons - least) * 4 // max(1, most - least)
        tiles.append({"code": code, "short": SHORT.get(code, name.removesuffix("市")), "persons": persons, "level": min(5, level)})
    return tiles


def _line(values: list[int], top: int) -> str:
    """Points of a line in a field of 600 x 170 whose upper edge is `top`."""
    step = 600 / max(1, len(values) - 1)
    return " ".join(f"{index * step:.1f},{190 - value * 170 / (top or 1):.1f}" for index, value in enumerate(values))


def _years(by_month: Mapping[str, int]) -> list[tuple[str, int]]:
    years: dict[str, int] = {}
    for month, persons in by_month.items():
        years[month[:4]] = years.get(month[:4], 0) + persons
    return sorted(years.items())
