"""What the placements that stand are worth to a plan, in weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, and_, not_, or_, select

from enterprises.bases import queries as bases
from enterprises.placements import rules
from enterprises.placements.models import DayEntry, Placement, Term
from enterprises.placements.queries.absent import absences_of_students, is_away, is_insured
from enterprises.placements.queries.progress import BACK, FAR
from enterprises.placements.types import DayState, PlacementState
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.ledger.holidays import queries as holidays
from trainhub.ledger.rules import iso_week
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book


@dataclass(frozen=True, slots=True)
class Worth:
    """What placements add to what is credited outside of their weeks."""

    ahead_x10: dict[int, int]
    """By placement tenths of a week"""
    weeks: dict[int, set[str]]
    """By placement that goes on or is to come its ISO weeks: what is credited in them is a part of `ahead_x10`"""


def worth_of(placed: Collection[Placement], *, today: date, terms: Mapping[int, Term]) -> Worth:
    """Each week once. `terms`: those that are planned, by id.

    To come: the weeks of the term, or of a placement that began inside it its own. Going on: the same less the workdays that were
    neither confirmed nor wait, and less leave; the days of this week, and those that are due within own.placement.log_due_days, may
    still be logged: else a plan would be outdated by everybody who logs last week's days. Over, or at a base
    that moved onto a campus: only what is credited or waits. Finished: what is credited. What waits adds to a week what the week
    still takes.
    """
    per_week = book().at("own.weeks.days_per_week", on=today).number
    open_from = rules.monday_of(today - timedelta(days=book().at("own.placement.log_due_days", on=today).number))
    standing = [row for row in placed if row.state is not PlacementState.FINISHED]
    campus = bases.on_campus({row.base_id for row in standing if row.base_id is not None})
    begun = {row.id for row in standing if row.starts_on <= today}
    students = {row.student_id for row in standing if row.id in begun}
    logged, waiting = _logged(students, open_from), _waiting(students)
    away, suspended = absences_of_students(students), people.suspensions_of_many(sorted(students))
    calendar = holidays.calendar_of([today - BACK, today])
    ahead: dict[int, int] = dict.fromkeys((row.id for row in placed), 0)
    weeks: dict[int, set[str]] = {}
    ended: list[Placement] = []

    def days(spans: list[tuple[date, date]]) -> int:
        return sum(rules.workdays_between(*span, per_week=per_week, calendar=calendar) for span in spans)

    for row in standing:
        if row.ends_on < today or row.base_id in campus:
            ended.append(row)
            continue
        whole, lost = _whole(row, terms.get(row.term_id)), 0
        if row.id in begun:
            rest = [(max(open_from, row.starts_on), row.ends_on)]
            gone = [*away.get(row.id, ()), *((one.since, one.until or FAR) for one in suspended[row.student_id])]
            past = [(row.starts_on, open_from - rules.ONE_DAY)] if row.starts_on < open_from else []
            lost = rules.unlogged(past, logged.get(row.id, ()), per_week=per_week, calendar=calendar)
            lost += days(rest) - days(rules.without(rest, gone))
        ahead[row.id] = max(0, whole - lost * 10 // per_week)
        day = row.starts_on
        found = weeks[row.id] = {iso_week(row.ends_on)}
        while day <= row.ends_on:
            found.add(iso_week(day))
            day += timedelta(days=7)
    known = ledger.dates_of_many({row.student_id for row in ended if row.id in waiting})
    counted: dict[int, set[str]] = {}
    for row in standing:
        counted.setdefault(row.student_id, set()).update(weeks.get(row.id, ()))
    for row in ended:
        mine, new = known.get(row.student_id, []), [day for day in waiting.get(row.id, ()) if iso_week(day) not in counted[row.student_id]]
        if new:
            before = _credited(row.student_id, mine)
            mine += new  # what one fills of a week takes nothing more of the next
            ahead[row.id] = (_credited(row.student_id, mine) - before) * 10 // per_week
    return Worth(ahead, weeks)


def _credited(student_id: int, days: list[date]) -> int:
    return ledger.weeks_from({student_id: days})[student_id].credited_days


def _whole(row: Placement, term: Term | None) -> int:
    """Tenths of a week of all of a placement."""
    own = rules.weeks_between(row.starts_on, row.ends_on)
    if term is None:
        return own * 10
    return (term.weeks if row.starts_on <= term.starts_on and term.ends_on <= row.ends_on else min(term.weeks, own)) * 10


def _logged(students: Collection[int], before: date) -> dict[int, list[date]]:
    """By placement the days before a day that are confirmed, or wait and are insured: others nobody may confirm."""
    counts = or_(DayEntry.state == DayState.APPROVED, and_(DayEntry.state == DayState.PENDING, is_insured()))
    statement = select(DayEntry.placement_id, DayEntry.on).join(Placement, Placement.id == DayEntry.placement_id)
    statement = statement.where(DayEntry.student_id.in_(list(students)), counts, DayEntry.on < before)
    return _by_placement(statement)


def _waiting(students: Collection[int]) -> dict[int, list[date]]:
    """By placement the days that wait for a mentor and that a mentor may confirm."""
    statement = (
        select(DayEntry.placement_id, DayEntry.on)
        .join(Student, Student.id == DayEntry.student_id)
        .join(Placement, Placement.id == DayEntry.placement_id)
        .where(DayEntry.student_id.in_(list(students)), DayEntry.state == DayState.PENDING, not_(is_away()), is_insured())
    )
    return _by_placement(statement)


def _by_placement(statement: Select[int, date]) -> dict[int, list[date]]:
    found: dict[int, list[date]] = {}
    for placement_id, day in session().execute(statement):
        found.setdefault(placement_id, []).append(day)
    return found
