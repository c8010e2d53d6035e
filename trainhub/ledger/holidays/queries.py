"""The days that were entered, and what they mean for weeks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import extract, or_, select
from sqlalchemy.orm import aliased

from trainhub.identity.models import Account
from trainhub.kernel.db import session
from trainhub.ledger.models import HolidayDay
from trainhub.ledger.types import HolidayKind
from trainhub.people.models import Student
from trainhub.policy.book import book
from trainhub.policy.calendar import WorkCalendar
from trainhub.programmes.models import Programme
from trainhub.programmes.types import DegreeLevel

RULES: Mapping[bool, str] = {False: "own.weeks.holiday_rule", True: "own.weeks.holiday_rule_vocational"}
"""The switch by whether the programme is vocational."""
CHUNK = 900


def standing(days: Collection[date]) -> dict[date, HolidayDay]:
    """What stands of the days between the first and the last of those given."""
    if not days:
        return {}
    rows = session().scalars(select(HolidayDay).where(HolidayDay.day.between(min(days), max(days)), HolidayDay.closed_at.is_(None)))
    return {row.day: row for row in rows}


def calendar_of(days: Collection[date]) -> WorkCalendar:
    """The working calendar of the whole ISO weeks from the first of the days to the last."""
    if not days:
        return WorkCalendar()
    first, last = min(days), max(days)
    rows = standing((first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())))
    return WorkCalendar(*(frozenset(day for day, row in rows.items() if row.kind is kind) for kind in (HolidayKind.OFF, HolidayKind.ON)))


def is_switched_on(*, is_vocational: bool, on: date) -> bool:
    """Whether a week that holidays shorten counts as full for programmes of the kind."""
    return book().at(RULES[is_vocational], on=on).flag


def may_have_counted(on: date) -> bool:
    """Whether any switch was on at any time up to a day: else no holiday ever did anything to a number."""
    return any(version.flag and version.since <= on for key in RULES.values() for version in book().versions(key))


def counted(working: Mapping[str, frozenset[date]], *, is_vocational: bool) -> dict[str, frozenset[date]]:
    """Of shortened weeks those that count as full when all their working days were worked: each by the switch of its own Monday, so
    that a rule that comes or goes leaves every week before it as it was."""
    found = {}
    for week, days in working.items():
        year, number = week.split("-W")
        switch = book().find(RULES[is_vocational], on=date.fromisocalendar(int(year), int(number), 1))
        if switch is not None and switch.flag:
            found[week] = days
    return found


def full_weeks(calendar: WorkCalendar, *, is_vocational: bool) -> dict[str, frozenset[date]]:
    """Every shortened week of a calendar that counts as full once its working days are worked, by ISO week with those days."""
    return counted(calendar.worked_in_weeks(calendar.off), is_vocational=is_vocational)


def shortened(days: Collection[date], *, is_vocational: bool) -> dict[str, frozenset[date]]:
    """By ISO week of the days which days are worked in it, where holidays make them fewer and the switch was on for the week."""
    if not days or not may_have_counted(max(days)):
        return {}
    return counted(calendar_of(days).worked_in_weeks(days), is_vocational=is_vocational)


def shortened_of(days: Mapping[int, Collection[date]]) -> dict[int, dict[str, frozenset[date]]]:
    """The same by student, each by the switch of the kind of programme; no query while no switch was ever on, else two for 900 students."""
    every = [day for some in days.values() for day in some]
    if not every or not may_have_counted(max(every)):
        return {}
    calendar, vocational = calendar_of(every), _vocational(days)
    found = {key: counted(calendar.worked_in_weeks(some), is_vocational=key in vocational) for key, some in days.items() if some}
    return {key: weeks for key, weeks in found.items() if weeks}


def _vocational(student_ids: Iterable[int]) -> set[int]:
    wanted, found = sorted(student_ids), set[int]()
    for start in range(0, len(wanted), CHUNK):
        found |= set(
            session().scalars(
                select(Student.id)
                .join(Programme, Programme.id == Student.programme_id)
                .where(Student.id.in_(wanted[start : start + CHUNK]), Programme.degree_level == DegreeLevel.VOCATIONAL)
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class HolidaySpan:
    """Days of one entry that follow each other."""

    first: date
    last: date
    kind: HolidayKind
    name: str
    document: str


def spans_of(rows: Iterable[HolidayDay]) -> tuple[HolidaySpan, ...]:
    """Days in order put together where one follows the other and says the same."""
    found: list[HolidaySpan] = []
    for row in rows:
        before = found[-1] if found else None
        if before is not None and (before.last + timedelta(days=1), before.kind, before.name, before.document) == (
            row.day,
            row.kind,
            row.name,
            row.document,
        ):
            found[-1] = replace(before, last=row.day)
        else:
            found.append(HolidaySpan(row.day, row.day, row.kind, row.name, row.document))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class HolidayWeek:
    """A week that holidays shorten, for whoever asks why it counts as it does."""

    working: int
    spans: tuple[HolidaySpan, ...]
    is_counted: bool
    """Whether the switch of the programme's kind lets it count as full"""


def explained(student_id: int, days: Collection[date]) -> dict[str, HolidayWeek]:
    """By ISO week of a student's days the holidays in it, whether or not the switch lets them count."""
    if not days:
        return {}
    working, full = calendar_of(days).worked_in_weeks(days), shortened_of({student_id: days}).get(student_id, {})
    first, last = min(days), max(days)
    rows = standing((first - timedelta(days=6), last + timedelta(days=6)))
    by_week: dict[str, list[HolidayDay]] = {}
    for day in sorted(rows):
        year, number, _weekday = day.isocalendar()
        if rows[day].kind is HolidayKind.ON or day.weekday() < 5:
            by_week.setdefault(f"{year:04d}-W{number:02d}", []).append(rows[day])
    return {week: HolidayWeek(len(worked), spans_of(by_week.get(week, ())), week in full) for week, worked in working.items()}


def years() -> list[int]:
    """The years of which something stands, the latest first."""
    year = extract("year", HolidayDay.day)
    return [int(one) for one in session().scalars(select(year).where(HolidayDay.closed_at.is_(None)).group_by(year).order_by(year.desc()))]


def listing(year: int | None = None, *, with_closed: bool = True) -> list[Any]:
    """The days with who entered and who closed them, in order of day; those that stand before those closed."""
    entered, closed = aliased(Account), aliased(Account)
    statement = (
        select(HolidayDay, entered.display_name.label("entered_by"), closed.display_name.label("closed_by"))
        .outerjoin(entered, entered.id == HolidayDay.entered_by_id)
        .outerjoin(closed, closed.id == HolidayDay.closed_by_id)
        .order_by(HolidayDay.day, HolidayDay.closed_at.is_not(None), HolidayDay.id)
    )
    if year is not None:
        statement = statement.where(HolidayDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    if not with_closed:
        statement = statement.where(HolidayDay.closed_at.is_(None))
    return list(session().execute(statement))


def changed_since(instant: datetime) -> list[date]:
    """The days that were entered or withdrawn since an instant."""
    statement = select(HolidayDay.day).where(or_(HolidayDay.entered_at >= instant, HolidayDay.closed_at >= instant))
    return sorted(set(session().scalars(statement)))


def by_ids(ids: Collection[int]) -> list[HolidayDay]:
    """Days by id, in order of day."""
    return list(session().scalars(select(HolidayDay).where(HolidayDay.id.in_(list(ids)[:CHUNK])).order_by(HolidayDay.day)))
