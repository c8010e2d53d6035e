"""During a placement: spans of days, logged days, progress. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt

from enterprises.placements.types import DayProblem, Ground, Light, Miss, PlacementState

ONE_DAY = timedelta(days=1)
Span = tuple[date, date]
"""The first and the last day, both included."""


# -- days ---------------------------------------------------------------------------------------------------------------
def day_problem(
    day: date,
    *,
    span: tuple[date, date],
    state: PlacementState,
    today: date,
    away: Iterable[Span] = (),
    ground: Ground | None = None,
    is_returned: bool = False,
) -> DayProblem | None:
    """Why a day cannot be logged, or None: the placement has started, the day lies inside it, it has come, the student was
    not away with leave, and nothing of `ground_problem` stands against it. `is_returned`: it was logged before and was sent back
    or corrected, which may be put right after the end too; of a placement that was withdrawn only what had been confirmed."""
    is_over = state in (PlacementState.FINISHED, PlacementState.WITHDRAWN)
    if state is not PlacementState.STARTED and not (is_returned and is_over):
        return DayProblem.NOT_STARTED
    if not span[0] <= day <= span[1]:
        return DayProblem.OUTSIDE
    if day > today:
        return DayProblem.FUTURE
    if any(since <= day <= until for since, until in away):
        return DayProblem.ABSENT
    return ground_problem(day, ground) if ground is not None else None


def ground_problem(day: date, ground: Ground) -> DayProblem | None:
    """Why a day of a running placement earns nothing, whenever the start was registered, or None: agreement and safety training
    were there, the insurance covers it, the base was not on campus, and the student had not left the school (PETOE-6.2, 7.3; CN-UG, CN-VOC)."""
    if ground.left_on is not None and day > ground.left_on:
        return DayProblem.LEFT
    if any(since <= day and (until is None or day <= until) for since, until in ground.suspended):
        return DayProblem.SUSPENDED
    since, until = ground.insured
    if ground.counts_from is not None and day < ground.counts_from:
        return DayProblem.NO_PAPERS
    if (since is not None and day < since) or (until is not None and day > until):
        return DayProblem.UNINSURED
    return DayProblem.ON_CAMPUS if ground.is_on_campus(day) else None


EARTH_M = 6_371_000


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> int:
    """Metres between two places given in degrees (latitude, longitude), on a sphere: good to half a percent."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, place)) for place in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_M * asin(min(1.0, sqrt(half))))


def week_of(day: date) -> tuple[date, ...]:
    """Monday to Sunday of the ISO week of a day."""
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=n) for n in range(7))


def uncounted_days(days: Iterable[tuple[date, int]], *, days_per_week: int) -> dict[tuple[date, int], str]:
    """Which (day, row id) of a student's confirmed days earn nothing, and why: a second enterprise on one day
    ("same_day"), or beyond the days a week counts ("week_full"). In order of day, then row (PETOE-7.2)."""
    seen: set[date] = set()
    used: dict[tuple[int, int], int] = {}
    reasons: dict[tuple[date, int], str] = {}
    for day, key in sorted(days):
        week = day.isocalendar()[:2]
        if day in seen:
            reasons[day, key] = "same_day"
        elif used.get(week, 0) >= days_per_week:
            reasons[day, key] = "week_full"
            seen.add(day)
        else:
            used[week] = used.get(week, 0) + 1
            seen.add(day)
    return reasons


# -- progress -----------------------------------------------------------------------------------------------------------
def light(credited: int, to_come: int, still_open: int, lag: int, *, required: int, per_week: int, yellow: int) -> Light:
    """Whether a student will have the weeks (PETOE-7.2, RESEARCH-4.3). All but the last in days.

    `credited` is what counts already, `to_come` what placements held can still bring, `still_open` what the time until the
    cohort's end can bring beside them (see `open_spans`), `lag` the days of running placements that went by unlogged or
    rejected. Done: enough is credited. Green: credited and placed days suffice. Yellow: time that can still be placed
    would do, or `yellow` weeks went by without a day. Red: not even all the time that is left would do. Not planned:
    nothing credited and nothing placed, but within reach.
    """
    placed = credited + to_come
    if credited >= required:
        return Light.DONE
    if placed + still_open < required:
        return Light.RED
    if placed == 0:
        return Light.NOT_PLANNED
    return Light.YELLOW if placed < required or lag >= yellow * per_week else Light.GREEN


def misses(
    light: Light, credited: int, to_come: int, still_open: int, lag: int, waiting: int, *, required: int, uninsured: int = 0
) -> tuple[tuple[Miss, int], ...]:
    """Why a student may miss the weeks, what weighs most first: days that no time is left for, days not placed yet, days of running placements that the
    insurance does not cover yet (`uninsured`, a part of `still_open`: placed, so that they need no other place), days of running placements that
    nobody logged, days that wait for a mentor."""
    if light is Light.DONE:
        return ()
    found = []
    if light is Light.RED:
        found.append((Miss.TOO_LATE, required - credited - to_come - still_open))
    elif credited + to_come + uninsured < required:
        found.append((Miss.UNPLACED, required - credited - to_come - uninsured))
    if uninsured:
        found.append((Miss.UNINSURED, uninsured))
    if lag:
        found.append((Miss.UNLOGGED, lag))
    if waiting and light is not Light.GREEN:
        found.append((Miss.WAITING, waiting))
    return tuple(found)


def open_spans(terms: Sequence[Span], *, on: date, end: date) -> list[Span]:
    """The spans from `on` to the cohort's `end` in which a student can still be placed: what is left of the terms, and
    the time after the last planned term, for which the school can still plan one."""
    left = sorted((max(on, first), min(last, end)) for first, last in terms if last >= on and first <= end)
    beyond = max((last for _first, last in terms), default=on - ONE_DAY) + ONE_DAY
    left.append((max(on, beyond), end))
    return [(first, last) for first, last in left if first <= last]


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The spans less the days of those taken; both ends of a span are included."""
    rest = list(spans)
    for since, until in taken:
        rest = [
            piece
            for first, last in rest
            for piece in ((first, min(last, since - ONE_DAY)), (max(first, until + ONE_DAY), last))
            if piece[0] <= piece[1]
        ]
    return rest
