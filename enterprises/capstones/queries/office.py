"""SQL: whose term at the university or the enterprise stands on a day, and whose ends before the capstone does.

A supervision says that somebody was named; a term says that the person is there to supervise. Only both together are a supervisor in office (8.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from enterprises.capstones.machine import MACHINE
from enterprises.capstones.models import Capstone, CapstoneGrade, GuidanceEntry, Supervision
from enterprises.capstones.types import Action, SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.identity import queries as identity
from trainhub.identity.models import Account
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import StudentState

# Made once: a new alias copies every column of its table, which at each call cost more than the question itself.
TEACHER, PUPIL, MENTOR, HERE, ENROLLED = aliased(Teacher), aliased(Student), aliased(Mentor), aliased(Mentor), aliased(Student)
OF_SCHOOL, OF_FIRM = aliased(Capstone), aliased(Capstone)


def goes_on(term: Any, day: Any) -> ColumnElement[bool]:
    """SQL: a term that has not ended before a day."""
    return or_(term.until.is_(None), term.until >= day)


def stands(term: Any, day: Any) -> ColumnElement[bool]:
    """SQL: a term (`since`, `until`) that a day lies in."""
    return and_(term.since <= day, goes_on(term, day))


def no_student(column: Any) -> ColumnElement[bool]:
    """SQL: not (by this row) an enrolled student."""
    return ~select(ENROLLED.id).where(ENROLLED.person_id == column, ENROLLED.state == StudentState.ENROLLED).exists()


def has_in_office(role: SupervisorRole, on: date) -> ColumnElement[bool]:
    """SQL: capstones with a supervisor of a side who is in office on a day."""
    held = select(Supervision.id).where(Supervision.capstone_id == Capstone.id, Supervision.role == role, Supervision.until.is_(None))
    if role is SupervisorRole.ENTERPRISE:
        at_house = (MENTOR.person_id == Supervision.person_id) & (MENTOR.enterprise_id == Capstone.enterprise_id) & stands(MENTOR, on)
        return held.join(MENTOR, at_house).correlate(Capstone).exists()
    return (
        held.join(PUPIL, PUPIL.id == Capstone.student_id)
        .join(TEACHER, (TEACHER.person_id == Supervision.person_id) & (TEACHER.university_id == PUPIL.university_id) & stands(TEACHER, on))
        .correlate(Capstone)
        .exists()
    )


def wants_supervisor(role: SupervisorRole) -> ColumnElement[bool]:
    """SQL: capstones that still need a supervisor of a side: where somebody may be named (`operations.against_another`), and the side has not signed its
    grade. After that whoever leaves has done what there was to do (`facts` judges the day of the grade), and nobody could be named instead."""
    signed = select(CapstoneGrade.id).where(CapstoneGrade.capstone_id == Capstone.id, CapstoneGrade.role == role, CapstoneGrade.replaced_at.is_(None))
    return and_(Capstone.state.in_(MACHINE[Action.SUPERVISE].states), ~signed.correlate(Capstone).exists())


def lacks_supervisor(on: date) -> ColumnElement[bool]:
    """SQL: capstones that need a supervisor of the school or of the enterprise and have none who is in office on a day."""
    return or_(*(and_(wants_supervisor(role), ~has_in_office(role, on)) for role in SupervisorRole))


@lru_cache(maxsize=16)
def was_in_office(on: date | ColumnElement[date] | None = None) -> ColumnElement[bool]:
    """SQL: guidances of a day (or any, with the person in office on the day `on`) on which the person whose they are was in office: a teacher of the
    student's university, or a mentor of the capstone's enterprise (who has never been one there: of the enterprise before a change of topic).

    Only the end of the term is asked: who is hired anew begins later in the register, and what was logged in the term before counts.
    """
    day = GuidanceEntry.on if on is None else on
    school = (
        select(TEACHER.id)
        .join(OF_SCHOOL, OF_SCHOOL.id == GuidanceEntry.capstone_id)
        .join(PUPIL, (PUPIL.id == OF_SCHOOL.student_id) & (PUPIL.university_id == TEACHER.university_id))
        .where(TEACHER.person_id == GuidanceEntry.person_id, goes_on(TEACHER, day))
    )
    known_here = select(HERE.id).where(HERE.person_id == GuidanceEntry.person_id, HERE.enterprise_id == OF_FIRM.enterprise_id)
    firm = (
        select(MENTOR.id)
        .join(OF_FIRM, OF_FIRM.id == GuidanceEntry.capstone_id)
        .where(
            MENTOR.person_id == GuidanceEntry.person_id,
            goes_on(MENTOR, day),
            or_(MENTOR.enterprise_id == OF_FIRM.enterprise_id, ~known_here.correlate(GuidanceEntry, OF_FIRM).exists()),
        )
    )
    return or_(
        and_(GuidanceEntry.role == SupervisorRole.SCHOOL, school.correlate(GuidanceEntry).exists()),
        and_(GuidanceEntry.role == SupervisorRole.ENTERPRISE, firm.correlate(GuidanceEntry).exists()),
    )


@dataclass(frozen=True, slots=True)
class Term:
    """From and to, both included; `until` None: open."""

    since: date
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.since <= day and self.lasts(day)

    def lasts(self, day: date) -> bool:
        """Whether it has not ended before a day: who is hired anew begins later in the register."""
        return self.until is None or self.until >= day


def terms_of(person_ids: Collection[int]) -> dict[tuple[int, tuple[str, int]], list[Term]]:
    """By person and house, ("school", university) or ("enterprise", enterprise): the terms as teacher or mentor. Two queries."""
    found = defaultdict[tuple[int, tuple[str, int]], list[Term]](list)
    wanted = sorted(person_ids)
    for house, term, at in (("school", Teacher, Teacher.university_id), ("enterprise", Mentor, Mentor.enterprise_id)):
        for person_id, key, since, until in session().execute(select(term.person_id, at, term.since, term.until).where(term.person_id.in_(wanted))):
            found[person_id, (house, key)].append(Term(since, until))
    return found


def people_of_enterprise(enterprise_id: int, on: date) -> frozenset[int]:
    """Every person row of the humans who belong to an enterprise on a day: its mentors, and who coordinates it."""
    mentors = select(Mentor.person_id).where(Mentor.enterprise_id == enterprise_id, stands(Mentor, on))
    accounts = identity.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=on, organisation_id=enterprise_id)
    holders = select(Account.person_id).where(Account.id.in_(accounts), Account.person_id.is_not(None))
    named = {key for key in session().scalars(sa.union(mentors, holders)) if key is not None}
    return frozenset(row for rows in people.rows_of_humans(named).values() for row in rows)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A capstone that goes on and a supervisor whose term ends before it does; `until` None: there is no term at all."""

    capstone_id: int
    role: SupervisorRole
    person_id: int
    name: str
    student: str
    programme_id: int
    university_id: int
    enterprise_id: int
    until: date | None
    term_id: int | None
    """The teacher's or mentor's row of the person in that house."""


def leaving(on: date, *, person_ids: Collection[int] | None = None) -> list[Leaving]:
    """Who supervises a capstone that still needs it and is not in office until its last day (one that is over: until today), of everybody or of some; by
    programme, person and student. One query a side."""
    found = []
    last = sa.case((Capstone.ends_on > on, Capstone.ends_on), else_=on)
    for role in SupervisorRole:
        term: Any = Teacher if role is SupervisorRole.SCHOOL else Mentor
        house = Teacher.university_id == Student.university_id if term is Teacher else Mentor.enterprise_id == Capstone.enterprise_id
        mine = and_(term.person_id == Supervision.person_id, house)
        guide = aliased(Person)
        of = (Student.programme_id, Student.university_id, Capstone.enterprise_id)
        statement = (
            select(Capstone.id, Supervision.person_id, guide.name, Person.name, *of, func.max(term.until), func.max(term.id))
            .select_from(Supervision)
            .join(Capstone, Capstone.id == Supervision.capstone_id)
            .join(Student, Student.id == Capstone.student_id)
            .join(Person, Person.id == Student.person_id)
            .join(guide, guide.id == Supervision.person_id)
            .outerjoin(term, mine)
            .where(Supervision.role == role, Supervision.until.is_(None), wants_supervisor(role), Student.state != StudentState.WITHDRAWN)
            .group_by(Capstone.id, Supervision.person_id, guide.name, Student.student_no, Person.name, *of)
            .having(func.count().filter(stands(term, last)) == 0)
            .order_by(Student.programme_id, Supervision.person_id, Student.student_no, Capstone.id)
        )
        if person_ids is not None:
            statement = statement.where(Supervision.person_id.in_(list(person_ids)))
        found += [Leaving(key, role, *rest) for key, *rest in session().execute(statement)]
    return found
