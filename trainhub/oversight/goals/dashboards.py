"""What the page of a goal shows, from the kept facts: every figure with its text, ready for the charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from typing import Any

from trainhub.kernel.i18n import _, language
from trainhub.ledger.labels import CATEGORIES
from trainhub.ledger.types import Category
from trainhub.oversight.goals import plots, queries, reporting, rules
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.goals.sights import Sight, reader, seen, seen_forecast
from trainhub.oversight.goals.types import Forecast, Progress
from trainhub.policy.book import book

SHORT = {"350128": "平潭"}
BASES_SHOWN = 15
COURSES_SHOWN = 20
"""How many courses stand on the page itself: every title of a roster or placement is one, so that they grow with use; all are on a list of their own."""


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
    years: list[tuple[str, list[int]]]
    courses: list[tuple[str, int, int]]
    courses_in_all: int
    warning: int | None
    band: tuple[int, int] | None
    late: int
    waiting: int
    """Completions that do not count yet because nobody has looked at their persons."""
    placeless: int
    """Completions of the province that count in no unit, because neither the learner nor the organisation has a county."""
    light: str
    everywhere: tuple[int, int]
    """Persons and enrolments of all units together, read by the same rule as the head: where counts are rounded, each is for itself."""
    step: int | None = None
    """Counts of others are rounded down to a multiple of it; None: every figure is as it is."""

    def plot(self, name: str) -> str:
        """One of the plots (`PLOTS`) as SVG that stands alone."""
        match name:
            case "map":
                return plots.fujian(self.tiles, _("各地人数"))
            case "months":
                return plots.bars(self.months, self.month_values, _("各月新增人数，数值见下表"))
            case "course":
                return plots.course(self.months, self.cumulative, self.cumulative_planned, _("累计人数与匀速进度，数值见下表"))
            case "categories":
                return plots.lines([(one["name"], one["persons"]) for one in self.categories], _("各类别人数"))
            case _:
                return plots.years(self.years, _("年度比较，数值见下表"))

    @property
    def share(self) -> float | None:
        """Persons of the target."""
        return self.progress.persons / self.target if self.target else None

    @property
    def ahead(self) -> int | None:
        """Persons more (or less) than the straight line asks for."""
        return None if self.planned is None else self.progress.persons - self.planned


PLOTS = ("map", "months", "course", "years", "categories")


def _light(done: int, planned: int | None, on: date) -> str:
    """ok, wait (yellow) or bad (red): persons as a share of the straight line against own.warning.goal_*_percent."""
    if not planned:
        return "mute"
    yellow, red = (book().at(f"own.warning.goal_{name}_percent", on=on).number for name in ("yellow", "red"))
    return "bad" if done * 100 < red * planned else "wait" if done * 100 < yellow * planned else "ok"


def _planned(goal: Goal, target: int | None, months: Sequence[str], last: date) -> list[int]:
    """What the straight line asks for at the end of each month, and in the last one on the last day that is counted: the persons beside it are of that day."""
    ends = (min(rules.end_of_month(month), last) for month in months)
    return [rules.planned(target, goal.starts_on, goal.deadline, day) for day in ends] if target else []


def dashboard(
    goal: Goal,
    *,
    on: date,
    region: str = "",
    link: Callable[[str], str] | None = None,
    sight: Sight | None = None,
    most_courses: int | None = COURSES_SHOWN,
) -> Dashboard:
    """The page of a goal; with a reporting unit only its figures, the map always with all of them. `link` gives a unit's address,
    `sight` what is read to the person; `most_courses`: how many of them are read (None: all)."""
    names = dict(queries.regions_of(goal))
    targets = queries.targets_of(goal.id)
    whole = queries.kept_progress(goal, prefectures=list(names))
    mine = queries.kept_progress(goal, prefectures=list(names), region=region) if region else whole
    target = targets.get(region) if region else goal.target
    last = min(on, goal.deadline)
    others = of_others(sight, region)
    by_day = mine.by_day if others is None else rules.coarse_days(mine.by_day, others.step)
    forecast = None
    if target:
        forecast = rules.forecast(
            by_day,
            target=target,
            starts_on=goal.starts_on,
            deadline=goal.deadline,
            on=on,
            window_months=reporting.window_months(max(on, goal.starts_on)),
        )
    planned = rules.planned(target, goal.starts_on, goal.deadline, on) if target else None
    band = None
    if forecast is not None and on >= goal.starts_on:
        window = reporting.window_months(on)
        band = rules.band(by_day, forecast.on_deadline, starts_on=goal.starts_on, deadline=goal.deadline, on=on, window_months=window)
    months = rules.month_names(goal.starts_on, max(goal.starts_on, last))
    light = _light(mine.persons, planned, max(on, goal.starts_on))
    cumulative, years = list(accumulate(mine.by_month.get(month, 0) for month in months)), _years(mine.by_month)
    count = reader(others)
    if sight is not None:
        whole = seen(whole, sight)
    if others is not None:
        mine, forecast = seen(mine, others), seen_forecast(forecast, others)
        band = band and (count(band[0]), count(band[1]))
    base_names = queries.names_of(mine.by_base)
    top = sorted(mine.by_base.items(), key=lambda item: (-item[1], base_names.get(item[0], "")))
    courses, in_all = queries.top_courses(goal, region, step=others.step if others else 1, most=most_courses)
    return Dashboard(
        goal=goal,
        on=on,
        region=region,
        region_name=names.get(region, ""),
        target=target,
        progress=mine,
        planned=planned,
        forecast=forecast,
        window=reporting.window_months(max(on, goal.starts_on)),
        tiles=_tiles(whole.by_prefecture, names, targets, region, link),
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
        cumulative=[count(number) for number in cumulative],
        cumulative_planned=_planned(goal, target, months, last),
        years=[(year, [count(number) for number in values]) for year, values in years],
        courses=[(course, count(persons), count(enrolments)) for course, persons, enrolments in courses],
        courses_in_all=in_all,
        band=band,
        late=count(queries.late_persons(goal, region)),
        waiting=count(sum(n for unit, n in (goal.waiting_by_unit or {}).items() if unit != queries.PROVINCE and region in ("", unit))),
        placeless=0 if region else count((goal.waiting_by_unit or {}).get(queries.PROVINCE, 0)),
        light=light,
        everywhere=(whole.persons, whole.enrolments),
        step=sight.step if sight else None,
        warning=sum(targets.values()) if targets and sum(targets.values()) != goal.target else None,
    )


def of_others(sight: Sight | None, region: str) -> Sight | None:
    """How counts of a unit (of all together) are read; one's own unit is read as it is."""
    return None if region and sight and region in sight.units else sight


def public(goal: Goal, *, on: date) -> tuple[Dashboard, int]:
    """The page for everybody, every count of persons rounded down to a multiple (the second value) that tells of nobody."""
    board, step = dashboard(goal, on=on, most_courses=0), book().at("own.reports.small_cell_min", on=on).number
    figures = rules.published(board.progress, step)
    names = dict(queries.regions_of(goal))
    shown = replace(
        board,
        progress=figures,
        tiles=_tiles(figures.by_prefecture, names, queries.targets_of(goal.id), "", None),
        regions=[],
        bases=[],
        courses=[],
        years=[],
        month_values=[figures.by_month.get(month, 0) for month in board.months],
        cumulative=[rules.coarse(count, step) for count in board.cumulative],
    )
    return shown, step


def _tiles(
    by_prefecture: Mapping[str, int], names: Mapping[str, str], targets: Mapping[str, int], chosen: str, link: Callable[[str], str] | None
) -> list[dict[str, Any]]:
    """Tiles of the schematic map; the shade is the share of the unit's target, else where it lies between least and most."""
    least, most = min(by_prefecture.values(), default=0), max(by_prefecture.values(), default=0)
    tiles = []
    for code, name in names.items():
        persons = by_prefecture[code]
        if targets.get(code):
            level = min(5, persons * 5 // targets[code])
        else:
            level = 0 if not persons else 1 + (persons - least) * 4 // max(1, most - least)
        short = name if language() == "en" else SHORT.get(code, name.removesuffix("市"))
        url = link(code) if link else None
        tiles.append({"code": code, "short": short, "persons": persons, "level": min(5, level), "url": url, "is_chosen": code == chosen})
    return tiles


def _years(by_month: Mapping[str, int]) -> list[tuple[str, list[int]]]:
    """Persons so far in each year at the end of each month, up to the last month that is known."""
    years: dict[str, list[int]] = {}
    for month, persons in sorted(by_month.items()):
        year, number = month[:4], int(month[5:7])
        so_far = years.setdefault(year, [])
        so_far += [so_far[-1] if so_far else 0] * (number - 1 - len(so_far))
        so_far.append((so_far[-1] if so_far else 0) + persons)
    return sorted(years.items())
