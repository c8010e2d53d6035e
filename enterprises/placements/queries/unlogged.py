"""What was not logged: of a placement that is over, of everybody's last week."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from enterprises.bases import queries as bases
from enterprises.placements import rules
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.queries.absent import absences_of_students
from enterprises.placements.queries.daily import absences_of, ground_of
from enterprises.placements.types import DayState, PlacementState
from trainhub.kernel.db import session
from trainhub.ledger.holidays import queries as holidays
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book


def unlogged_days(placement: Placement) -> int:
    """How many working days of a placement that is over nobody logged (or logged anew after they were sent back): of a week no more than
    count, and none that could not be logged, as leave, a suspension, days before the papers or outside the insurance."""
    per_week = book().at("own.weeks.days_per_week", on=placement.ends_on).number
    span = (placement.starts_on, placement.ends_on)
    away, ground, calendar = absences_of(placement.id), ground_of(placement), holidays.calendar_of(span)
    statement = select(DayEntry.on).where(DayEntry.placement_id == placement.id, DayEntry.state != DayState.REJECTED)
    logged = Counter(day.isocalendar()[:2] for day in session().scalars(statement))
    asked: Counter[tuple[int, int]] = Counter()
    for day in (date.fromordinal(n) for n in range(span[0].toordinal(), span[1].toordinal() + 1)):
        problem = rules.day_problem(day, span=span, state=PlacementState.STARTED, today=day, away=away, ground=ground)
        if calendar.is_worked(day) and problem is None:
            asked[day.isocalendar()[:2]] += 1
    return sum(max(0, min(count, per_week) - logged[week]) for week, count in asked.items())


@dataclass(frozen=True, slots=True)
class Gap:
    """A placement in a week of which working days were not logged: how many, and how many were."""

    person_id: int
    placement_id: int
    lacking: int
    logged: int


UNDECIDED = timedelta(days=7)
"""So long before a week a request for leave may have begun, or been made, that nobody has decided: of an older one somebody has to hear again."""


def gaps_of_week(monday: date, *, placement_id: int | None = None, until: date = date.max) -> list[Gap]:
    """The placements (or the one) that run, with the working days of an ISO week that their student neither logged, nor was away on, nor asked leave for
    (nobody has decided it yet: they did what they are asked; a request excuses the week it begins, or is made, in and the next): also of the first and the last week, inside the placement and its insurance, after its papers; not of a base on campus, a suspension, or after the student left. Days after `until` have not come. A fixed number of questions."""
    sunday = monday + timedelta(days=6)
    first = func.coalesce(Placement.counts_from, Placement.starts_on)
    statement = (
        select(Placement, Student.person_id, Student.left_on)
        .join(Student, Student.id == Placement.student_id)
        .where(
            Placement.state == PlacementState.STARTED,
            first <= sunday,
            Placement.ends_on >= monday,
            ~bases.standing_on_campus(Placement.base_id).exists(),
            *([] if placement_id is None else [Placement.id == placement_id]),
        )
        .order_by(Placement.id)
    )
    rows = session().execute(statement).all()
    students = {row.Placement.student_id for row in rows}
    away, suspended = absences_of_students(students, asked_since=monday - UNDECIDED), people.suspensions_of_many(sorted(students))
    entered = select(DayEntry.placement_id, DayEntry.on).where(
        DayEntry.on >= monday, DayEntry.on <= min(sunday, until), DayEntry.state != DayState.REJECTED
    )
    logged: dict[int, set[date]] = {}
    for placement_id, day in session().execute(entered):
        logged.setdefault(placement_id, set()).add(day)
    week = [monday + timedelta(days=n) for n in range(7)]
    calendar, per_week = holidays.calendar_of(week), book().at("own.weeks.days_per_week", on=monday).number
    found = []
    for placement, person_id, left_on in rows:
        gone = [*away.get(placement.id, ()), *((one.since, one.until or date.max) for one in suspended[placement.student_id])]
        last = min(placement.ends_on, left_on or date.max, placement.insured_until or date.max, until)
        since = max(placement.starts_on, placement.counts_from or date.min, placement.insured_from or date.min)
        asked = [day for day in week if since <= day <= last and calendar.is_worked(day) and not any(begin <= day <= until for begin, until in gone)]
        here = logged.get(placement.id, set())
        lacking = min(len(asked), per_week) - len(here)
        if lacking > 0:
            found.append(Gap(person_id, placement.id, lacking, len(here)))
    return found
