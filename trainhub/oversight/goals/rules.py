"""Figures of a goal from what was counted: sums, the straight line, the forecast. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from trainhub.oversight.goals.types import Counted, Forecast, Progress, Share


def summed(counted: Iterable[Counted], *, prefectures: Sequence[str], categories: Sequence[str]) -> Progress:
    """Add up single facts, see `put_together`."""
    facts = list(counted)
    by_day: Counter[date] = Counter()
    for one in facts:
        by_day[one.on] += one.persons
    shares = (Share(one.prefecture, one.organisation_id, one.category, one.persons, one.enrolments) for one in facts)
    return put_together(by_day, shares, prefectures=prefectures, categories=categories)


def put_together(by_day: Mapping[date, int], shares: Iterable[Share], *, prefectures: Sequence[str], categories: Sequence[str]) -> Progress:
    """The figures of a goal from its days and its shares; every prefecture and category is there, also with 0.

    平潭 350128 stands beside the nine cities and is not in 350100.
    """
    by_prefecture: Counter[str] = Counter(dict.fromkeys(prefectures, 0))
    by_category: Counter[str] = Counter(dict.fromkeys(categories, 0))
    enrolled_prefecture: Counter[str] = Counter(dict.fromkeys(prefectures, 0))
    by_base: Counter[int] = Counter()
    enrolled_base: Counter[int] = Counter()
    enrolments = 0
    for one in shares:
        by_prefecture[one.prefecture] += one.persons
        by_category[one.category] += one.persons
        by_base[one.organisation_id] += one.persons
        enrolled_prefecture[one.prefecture] += one.enrolments
        enrolled_base[one.organisation_id] += one.enrolments
        enrolments += one.enrolments
    days = {day: by_day[day] for day in sorted(by_day) if by_day[day]}
    return Progress(
        persons=sum(days.values()),
        enrolments=enrolments,
        by_prefecture=dict(by_prefecture),
        by_category=dict(by_category),
        by_month=months(days),
        by_base=dict(by_base),
        enrolments_by_prefecture=dict(enrolled_prefecture),
        enrolments_by_base=dict(enrolled_base),
        by_day=days,
    )


def is_code(text: str) -> bool:
    """Whether a text can name a goal in addresses, files and commands."""
    return re.fullmatch(r"[a-z0-9](?:-?[a-z0-9])*", text) is not None and len(text) <= 40


def coarse(count: int, step: int) -> int:
    """A count of persons as everybody may read it: rounded down to a multiple of `step` (own.reports.small_cell_min).

    A group below `step` reads 0, and neither a sum less its parts nor yesterday's figure beside today's tells of one person: what
    is left of each rounding is unknown, and a figure moves only by whole steps.
    """
    return count // step * step


def coarse_days(by_day: Mapping[date, int], step: int) -> dict[date, int]:
    """Counts by day of which every sum from the first day on is what anybody may read of that day (`coarse`): what is drawn from them tells nothing
    that those sums do not tell."""
    shown, so_far = {}, 0
    for day, count in sorted(by_day.items()):
        if moved := coarse(so_far + count, step) - coarse(so_far, step):
            shown[day] = moved
        so_far += count
    return shown


def published(progress: Progress, step: int) -> Progress:
    """The figures as everybody may read them; days and bases are left out."""

    def each(counts: Mapping[str, int]) -> dict[str, int]:
        return {key: coarse(count, step) for key, count in counts.items()}

    return Progress(
        persons=coarse(progress.persons, step),
        enrolments=coarse(progress.enrolments, step),
        by_prefecture=each(progress.by_prefecture),
        by_category=each(progress.by_category),
        by_month=each(progress.by_month),
        by_base={},
        enrolments_by_prefecture=each(progress.enrolments_by_prefecture),
        enrolments_by_base={},
        by_day={},
    )


def months(by_day: Mapping[date, int]) -> dict[str, int]:
    """Persons first counted by month ("2016-03"), every month from the first to the last."""
    if not by_day:
        return {}
    found: Counter[str] = Counter()
    for day, persons in by_day.items():
        found[f"{day:%Y-%m}"] += persons
    first, last = min(by_day), max(by_day)
    return {month: found[month] for month in month_names(first, last)}


def month_names(first: date, last: date) -> list[str]:
    """The months from one day to another, both included."""
    indices = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{index // 12:04d}-{index % 12 + 1:02d}" for index in indices]


def end_of_month(month: str) -> date:
    """The last day of a month ("2016-02" is 2016-02-29)."""
    year, number = int(month[:4]), int(month[5:7])
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def days_of_months(since: str, month: str) -> tuple[date, date] | None:
    """The days from one month to another, both included; of a month alone its own days. None: nothing is asked for."""
    if not since and not month:
        return None
    return date.fromisoformat((since or month) + "-01"), end_of_month(month) if month else date.max


@dataclass(frozen=True, slots=True)
class DaysOfPage:
    """The days that hold the rows of a page, and how many rows of the first of them belong to pages before."""

    first: date
    last: date
    skip: int


def days_of_page(counts: Sequence[tuple[date, int]], start: int, size: int) -> DaysOfPage | None:
    """Which days hold the rows `start` to `start + size` of a list in the order of `counts` (day, rows); None when there are none."""
    before, first, skip = 0, None, 0
    for day, count in counts:
        if first is None and before + count > start:
            first, skip = day, start - before
        before += count
        if first is not None and before >= start + size:
            return DaysOfPage(first, day, skip)
    return None if first is None else DaysOfPage(first, counts[-1][0], skip)


def months_before(day: date, months_back: int) -> date:
    """The day after the same day `months_back` months ago: the first day of a window of that many months that ends on `day`."""
    index = day.year * 12 + day.month - 1 - months_back
    year, month = divmod(index, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last)) + timedelta(days=1)


def planned(target: int, starts_on: date, deadline: date, on: date) -> int:
    """What the straight line from nothing on the eve of the first day to the target on the deadline asks for, rounded down."""
    if on < starts_on:
        return 0
    whole = (deadline - starts_on).days + 1
    return target * min((on - starts_on).days + 1, whole) // whole


def towards(values: Mapping[str, int], bounds: tuple[int, int] | None) -> int:
    """What reported figures bring towards the target, by reporting unit. With bounds for each city what one has above the least does
    not stand for another that has none, and 平潭, which is no city, brings nothing."""
    if bounds is None:
        return sum(values.values())
    return sum(min(value, bounds[0]) for code, value in values.items() if is_city(code))


def is_city(code: str) -> bool:
    """Whether a reporting unit is one of the cities (设区市); 平潭综合实验区 reports apart and is none."""
    return code.endswith("00")


T80 = (1.8856, 1.6377, 1.5332, 1.4759, 1.4398, 1.4149, 1.3968, 1.3830, 1.3722, 1.3634)
"""Eight of ten values of Student's t lie within so many: of 2, 3, … 11 degrees of freedom (windows of 3 to 12 months)."""
MONTH_DAYS = 365.25 / 12


def band(by_day: Mapping[date, int], middle: int, *, starts_on: date, deadline: date, on: date, window_months: int) -> tuple[int, int] | None:
    """The 80 % band of the forecast at the deadline; None with fewer than three whole months to look at, or after the deadline.

    The n months of the forecast's window are taken as independent: s is the sample standard deviation of what each of them
    brought, m the months left; the band is middle ± t s √(m + m²/n), never below what is already reached, rounded outwards.
    m stands for the chance of the months to come, m²/n for the pace itself being known from n months only; t is Student's with
    n - 1 degrees of freedom, because s comes from the same months (above twelve months that of twelve, a little too wide).
    """
    if on >= deadline:
        return None
    edges = [months_before(on, back) for back in range(window_months, -1, -1)]
    months = [(first, last) for first, last in pairwise(edges) if first >= starts_on]
    if len(months) < 3:
        return None
    counts = [sum(count for day, count in by_day.items() if first <= day < last) for first, last in months]
    mean = sum(counts) / len(counts)
    spread = math.sqrt(sum((count - mean) ** 2 for count in counts) / (len(counts) - 1))
    left = (deadline - on).days / MONTH_DAYS
    width = T80[min(len(counts) - 3, len(T80) - 1)] * spread * math.sqrt(left + left * left / len(counts))
    reached = sum(count for day, count in by_day.items() if day <= on)
    return max(reached, math.floor(middle - width)), math.ceil(middle + width)


def late_marks(completed_on: date, known_at: datetime, closings: Sequence[tuple[date, datetime]]) -> bool:
    """Whether a record came in after a period that holds its day was closed: (last day, closed at) of the standing closings. `known_at`: when it was
    recorded, or, where no roster named its person by number, the later of that and of when the person was identified."""
    return any(completed_on <= until and known_at > closed_at for until, closed_at in closings)


def forecast(by_day: Mapping[date, int], *, target: int, starts_on: date, deadline: date, on: date, window_months: int) -> Forecast:
    """The forecast of a goal as of a day, by linear extrapolation of the latest window.

    The pace is the persons first counted in the last `window_months` months (own.goal.forecast_months; less when the goal is
    younger) divided by the days of that window. `on_deadline` = persons now + pace x days left, rounded down; after the
    deadline it is what was reached. `reaches_on`: the day on which the target was reached when it was; else the first day
    on which the line reaches it, which may lie after the deadline; None without any pace, or once the deadline is past.
    """
    last = min(on, deadline)
    days = {day: count for day, count in sorted(by_day.items()) if day <= last}
    persons = sum(days.values())
    reached, running = None, 0
    for day, count in days.items():
        running += count
        if running >= target:
            reached = day
            break
    if on < starts_on:
        return Forecast(0, None, 0.0, None)
    since = max(starts_on, months_before(last, window_months))
    length = (last - since).days + 1
    recent = sum(count for day, count in days.items() if day >= since)
    if on >= deadline:
        return Forecast(persons, reached, recent / length, since)
    on_deadline = persons + recent * (deadline - on).days // length
    if reached is None and recent:
        ahead = math.ceil((target - persons) * length / recent)
        reached = on + timedelta(days=ahead) if ahead < 366 * 200 else None
    return Forecast(on_deadline, reached, recent / length, since)
