"""Judgements on placements: the training plan, eligibility, the checklist before a start, logged days, progress. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from enterprises.placements.types import (
    AgreementParty,
    DayProblem,
    Light,
    Miss,
    PlacementState,
    PlanLine,
    PreferenceProblem,
)
from trainhub.policy.findings import Finding, decided, no_data
from trainhub.policy.types import Parameter

ONE_DAY = timedelta(days=1)
Span = tuple[date, date]
"""The first and the last day, both included."""


# -- the enterprise training plan ---------------------------------------------------------------------------------------
def judge_plan_weeks(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """The items of the enterprise plan sum to at least 32 weeks (PETOE-7.1, 002:549). Weeks in tenths: 31.5 is not 32."""
    if not items:
        return no_data("7.1", parameter.clause, parameter=parameter, details=("no_items",))
    total = sum(item.weeks_x10 for item in items)
    return decided("7.1", total >= parameter.number * 10, found=weeks_text(total), parameter=parameter)


def judge_plan_place(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item takes place at an enterprise (PETOE-7.3, 002:553); `details` name those that do not."""
    if not items:
        return no_data("7.3", parameter.clause, parameter=parameter, details=("no_items",))
    elsewhere = tuple(item.title for item in items if not item.is_at_enterprise)
    found = f"{len(items) - len(elsewhere)}/{len(items)}"
    return decided("7.3", not elsewhere, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=elsewhere)


def judge_plan_mentors(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item has an enterprise mentor who teaches and grades (PETOE-6.8, 002:523)."""
    if not items:
        return no_data("6.8", parameter.clause, parameter=parameter, details=("no_items",))
    lacking = tuple(item.title for item in items if not item.has_enterprise_mentor)
    found = f"{len(items) - len(lacking)}/{len(items)}"
    return decided("6.8", not lacking, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=lacking)


def judge_plan_assessment(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item says how it is assessed (PETOE-6.9, 002:525)."""
    if not items:
        return no_data("6.9", parameter.clause, parameter=parameter, details=("no_items",))
    lacking = tuple(item.title for item in items if not item.assessment.strip())
    found = f"{len(items) - len(lacking)}/{len(items)}"
    return decided("6.9", not lacking, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=lacking)


def judge_plan_signatures(sides: Iterable[str], *, parameter: Parameter) -> Finding:
    """Both sides signed the plan (PETOE-6.3, 002:511)."""
    signed = set(sides)
    lacking = tuple(side for side in parameter.items if side not in signed)
    count = len(parameter.items)
    return decided("6.3", not lacking, found=f"{count - len(lacking)}/{count}", required=f"{count}/{count}", parameter=parameter, details=lacking)


def weeks_text(weeks_x10: int) -> str:
    """Tenths of a week as people write them: 320 is "32", 315 is "31.5"."""
    whole, tenth = divmod(weeks_x10, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


# -- choosing -----------------------------------------------------------------------------------------------------------
def accepts(majors: Collection[str], major: str) -> bool:
    """Whether a position accepts a major; no majors named: any."""
    return not majors or major in majors


def is_open(opens_on: date, closes_on: date, today: date) -> bool:
    """Whether preferences may be saved: until 23:59:59 of the last day, in the calendar of Shanghai."""
    return opens_on <= today <= closes_on


def check_preferences(positions: Sequence[int], *, eligible: Collection[int], most: int) -> PreferenceProblem | None:
    """What is wrong with a ranked list (best first), or None."""
    if len(positions) > most:
        return PreferenceProblem.TOO_MANY
    if len(set(positions)) != len(positions):
        return PreferenceProblem.TWICE
    if any(position not in eligible for position in positions):
        return PreferenceProblem.NOT_ELIGIBLE
    return None


def differences(
    plans: Sequence[tuple[Sequence[Sequence[Any]], Sequence[Sequence[Any]]]],
) -> list[tuple[int, list[tuple[list[tuple[int, int]], bool]]]]:
    """Students who fare otherwise in some plan than in the first: by student, for each plan (term, position) and whether
    the target is reached. A plan is (assignments, students below the target), rows that begin with the student's id."""
    ways: dict[int, list[list[tuple[int, int]]]] = {}
    short = [{row[0] for row in unplaced} for _assignments, unplaced in plans]
    for place, (assignments, unplaced) in enumerate(plans):
        for student, term, position, *_rest in assignments:
            ways.setdefault(student, [[] for _plan in plans])[place].append((term, position))
        for row in unplaced:
            ways.setdefault(row[0], [[] for _plan in plans])
    found = []
    for student, lists in sorted(ways.items()):
        told = [(sorted(one), student not in short[place]) for place, one in enumerate(lists)]
        if any(one != told[0] for one in told[1:]):
            found.append((student, told))
    return found


def spans_overlap(one: tuple[date, date], other: tuple[date, date]) -> bool:
    """Whether two spans, both ends included, share a day."""
    return one[0] <= other[1] and other[0] <= one[1]


def weeks_between(starts_on: date, ends_on: date) -> int:
    """Whole weeks of a term."""
    return ((ends_on - starts_on).days + 1) // 7 or 1


# -- before the start ---------------------------------------------------------------------------------------------------
def parties_needed(*, is_minor: bool) -> tuple[AgreementParty, ...]:
    """Who signs: three parties, and the guardian of a minor (cn.voc.guardian_consent_under)."""
    three = (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT)
    return (*three, AgreementParty.GUARDIAN) if is_minor else three


def is_minor(birth_on: date | None, on: date, under: int) -> bool:
    """Whether a person is below the age on a day; an unknown birth date is taken as of age."""
    if birth_on is None:
        return False
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day)) < under


def judge_agreement(signed: Collection[AgreementParty], *, parameter: Parameter) -> Finding:
    """School, enterprise and student have signed before the start (PETOE-6.2, 002:509; CN-UG, CN-VOC)."""
    needed = parties_needed(is_minor=False)
    lacking = tuple(party.value for party in needed if party not in signed)
    return decided("start.agreement", not lacking, found=f"{3 - len(lacking)}/3", required="3/3", parameter=parameter, details=lacking)


def judge_guardian(signed: Collection[AgreementParty], *, parameter: Parameter) -> Finding:
    """The guardian of a minor has consented (CN-VOC); asked only for minors."""
    has = AgreementParty.GUARDIAN in signed
    return decided("start.guardian", has, found=int(has), required=1, parameter=parameter)


def judge_insurance(insured: tuple[date | None, date | None], span: tuple[date, date], *, parameter: Parameter) -> Finding:
    """The insurance covers the whole period, first and last day included (CN-UG, CN-VOC)."""
    since, until = insured
    required = f"{span[0].isoformat()} – {span[1].isoformat()}"
    covers = since is not None and until is not None and since <= span[0] and span[1] <= until
    found = f"{since.isoformat() if since else '—'} – {until.isoformat() if until else '—'}"
    return decided("start.insurance", covers, found=found, required=required, parameter=parameter)


def judge_safety(trained_on: date | None, starts_on: date, *, parameter: Parameter) -> Finding:
    """Safety training lies not after the first day (PETOE-6.2, 002:509「保证了师生安全」)."""
    met = trained_on is not None and trained_on <= starts_on
    return decided("start.safety", met, found=trained_on or "—", required=f"≤ {starts_on.isoformat()}", parameter=parameter)


def judge_mentor(has_mentor: bool, *, parameter: Parameter) -> Finding:
    """Nobody starts without a mentor (PETOE-6.8, 002:523)."""
    return decided("start.mentor", has_mentor, found=int(has_mentor), parameter=parameter)


def is_first_year(entered_on: date, on: date) -> bool:
    """Whether a day lies in the first year of studies."""
    return on < date(entered_on.year + 1, entered_on.month, min(entered_on.day, 28))


def judge_inspection(is_inspected: bool, *, parameter: Parameter) -> Finding:
    """The unit was inspected on the spot before students come (CN-UG, CN-VOC)."""
    return decided("start.inspection", is_inspected, found=int(is_inspected), required=1, parameter=parameter)


def judge_venue(texts: Iterable[str], words: Mapping[str, Sequence[str]], *, parameter: Parameter) -> Finding:
    """No bar, nightclub, karaoke, bath house or internet café (CN-VOC, CN-UG), judged by the words of name and description."""
    whole = " ".join(texts).upper()
    hits = tuple(word for venue in parameter.items for word in words.get(venue, ()) if word.upper() in whole)
    return decided("offer.venue", not hits, found="、".join(hits) or "—", required="—", parameter=parameter, details=hits)


def judge_hours(hours: int, *, parameter: Parameter) -> Finding:
    """At most eight hours a day (CN-VOC)."""
    return decided("offer.hours", hours <= parameter.number, found=hours, parameter=parameter)


def judge_night(is_night_shift: bool, *, parameter: Parameter) -> Finding:
    """No night shifts (CN-VOC)."""
    return decided("offer.night", not is_night_shift, found=int(is_night_shift), required=0, parameter=parameter)


def judge_share(code: str, seats: int, staff: int | None, *, parameter: Parameter) -> Finding:
    """Students of a term as a share of the staff of the unit (10 %) or of the post (20 %) (CN-VOC); staff not known: no data."""
    if not staff:
        return no_data(code, parameter.clause, parameter=parameter, details=("no_staff",))
    return decided(code, seats * 100 <= staff * parameter.number, found=f"{seats * 100 / staff:.1f}", parameter=parameter)


# -- days ---------------------------------------------------------------------------------------------------------------
def day_problem(day: date, *, span: tuple[date, date], state: PlacementState, today: date, away: Iterable[Span] = ()) -> DayProblem | None:
    """Why a day cannot be logged, or None: the placement has started, the day lies inside it, it has come, and the student
    was not away with leave."""
    if state is not PlacementState.STARTED:
        return DayProblem.NOT_STARTED
    if not span[0] <= day <= span[1]:
        return DayProblem.OUTSIDE
    if day > today:
        return DayProblem.FUTURE
    if any(since <= day <= until for since, until in away):
        return DayProblem.ABSENT
    return None


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


def reached_on(credited: int, spans: Iterable[Span], *, required: int, per_week: int) -> date | None:
    """The day on which the required days are reached when every creditable day of the spans counts; None: they do not suffice.

    Already reached is the day before the first span would begin, which means nothing: callers ask only for those below.
    """
    left = required - credited
    for since, until in sorted(spans):
        gained = workdays_between(since, until, per_week=per_week)
        if gained < left:
            left -= gained
            continue
        low, high = since, until
        while low < high:  # the first day by which so many days are gained
            middle = low + (high - low) // 2
            if workdays_between(since, middle, per_week=per_week) >= left:
                high = middle
            else:
                low = middle + ONE_DAY
        return low
    return None


def misses(light: Light, credited: int, to_come: int, still_open: int, lag: int, waiting: int, *, required: int) -> tuple[tuple[Miss, int], ...]:
    """Why a student may miss the weeks, what weighs most first: days that no time is left for, days not placed yet, days of
    running placements that nobody logged, days that wait for a mentor."""
    if light is Light.DONE:
        return ()
    found = []
    if light is Light.RED:
        found.append((Miss.TOO_LATE, required - credited - to_come - still_open))
    elif credited + to_come < required:
        found.append((Miss.UNPLACED, required - credited - to_come))
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


def workdays_between(since: date, until: date, *, per_week: int) -> int:
    """Days that can still be credited from `since` to `until`, both included: at most `per_week` of each ISO week, Mondays first."""
    if until < since:
        return 0

    def before(day: date) -> int:
        weeks, weekday = divmod(day.toordinal() - 1, 7)  # 1 January of year 1 is a Monday
        return weeks * per_week + min(weekday, per_week)

    return before(until + ONE_DAY) - before(since)


# -- drawing ------------------------------------------------------------------------------------------------------------
def scale(since: date, until: date, *, left: float, right: float) -> Callable[[date], float]:
    """Days of a span (both ends included) as places between left and right; days outside stand at the edges."""
    days = (until - since).days + 1

    def at(day: date) -> float:
        return round(left + (right - left) * min(max((day - since).days, 0), days) / days, 1)

    return at


def months_of(since: date, until: date) -> list[date]:
    """The first days of the months of a span."""
    found, day = [], since.replace(day=1)
    while day <= until:
        if day >= since:
            found.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found


def city_of(county_code: str | None) -> str:
    """The reporting unit of a county's code: its prefecture, 平潭 (350128) by itself; empty: not known."""
    if not county_code:
        return ""
    return county_code if county_code == "350128" else f"{county_code[:4]}00"


def shade(value: int, most: int) -> int:
    """One of six shades, 0 for nothing and 5 for the most."""
    return 0 if value <= 0 or most <= 0 else min(5, 1 + value * 4 // most)
