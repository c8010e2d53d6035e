"""Selects on who may confirm a guidance: the other party of it, or who stands for a supervisor who left."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, func, or_, select

from enterprises.capstones.machine import MACHINE
from enterprises.capstones.models import Capstone, GuidanceEntry, Supervision
from enterprises.capstones.queries.office import Term, was_in_office
from enterprises.capstones.types import Action, SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.kernel.db import session
from trainhub.people.models import Student, Teacher
from trainhub.people.queries import of_human, rows_of_humans


@dataclass(frozen=True, slots=True)
class Confirmers:
    """Who may confirm a guidance, by every person row of theirs; `is_left`: its supervisor is in office no more, so a head may too, with a reason."""

    persons: frozenset[int]
    is_left: bool
    counts: bool
    """Whether it is of a day on which its supervisor held that side and was in office (`in_term`): what counts for nobody is confirmed by nobody."""

    def has(self, person_id: int | None) -> bool:
        """Whether somebody confirms it: a party to it, of a day that counts."""
        return self.counts and person_id in self.persons

    @property
    def is_for_heads(self) -> bool:
        """Whether a head confirms it with a reason."""
        return self.counts and self.is_left


@dataclass(frozen=True, slots=True)
class _Asked:
    entry: GuidanceEntry
    enterprise_id: int
    student: int
    counts: bool
    stays: bool
    """Whether the supervisor it names is in office today."""


def confirmers_of(capstone_id: int, today: date) -> dict[int, Confirmers]:
    """{guidance: who may confirm it} of one capstone on a day, confirmed ones too."""
    return _confirmers(_asked(today, GuidanceEntry.capstone_id == capstone_id))


def confirmers_of_entry(entry_id: int, today: date) -> Confirmers:
    """Who may confirm one guidance on a day."""
    return _confirmers(_found(session().execute(_of_entry(), {"today": today, "entry_id": entry_id})))[entry_id]


def waiting_for(person_id: int, today: date) -> list[GuidanceEntry]:
    """The guidances of capstones somebody supervises that wait for this person on a day; six queries however many there are."""
    mine = select(Supervision.capstone_id).where(Supervision.person_id == person_id, Supervision.until.is_(None))
    asked = _asked(
        today,
        GuidanceEntry.capstone_id.in_(mine),
        GuidanceEntry.confirmed_at.is_(None),
        Capstone.state.in_(MACHINE[Action.GUIDE].states),
        Capstone.archived_at.is_(None),
    )
    found = _confirmers(asked)
    return [one.entry for one in asked if found[one.entry.id].has(person_id)]


def waiting_since_left(capstone_id: int, role: SupervisorRole, today: date) -> list[GuidanceEntry]:
    """The guidances of a side that name a supervisor who left and that nobody has confirmed."""
    asked = _asked(today, GuidanceEntry.capstone_id == capstone_id, GuidanceEntry.role == role, GuidanceEntry.confirmed_at.is_(None))
    found = _confirmers(asked)
    return [one.entry for one in asked if found[one.entry.id].is_for_heads]


@cache
def in_term() -> ColumnElement[bool]:
    """SQL: guidances of a day on which the person whose they are supervised this capstone on that side and was in office; earlier and later ones count
    for nobody. What the archive found stands: a term that is corrected years later changes no figure that was handed in."""
    return func.coalesce(GuidanceEntry.counted, in_term_now())


@cache
def in_term_now() -> ColumnElement[bool]:
    """SQL: the same as the registers say today, whatever an archive kept."""
    term = select(Supervision.id).where(
        Supervision.capstone_id == GuidanceEntry.capstone_id,
        Supervision.role == GuidanceEntry.role,
        Supervision.person_id == GuidanceEntry.person_id,
        Supervision.since <= GuidanceEntry.on,
        or_(Supervision.until.is_(None), Supervision.until >= GuidanceEntry.on),
    )
    return and_(term.correlate(GuidanceEntry).exists(), was_in_office())


def supervised_on(row: Capstone, role: SupervisorRole, person_id: int, on: date) -> bool:
    """Whether a human supervised a capstone on one side on a day, now or in a term before."""
    terms = select(Supervision.since, Supervision.until).where(
        Supervision.capstone_id == row.id, Supervision.role == role, of_human(Supervision.person_id, person_id)
    )
    return any(Term(since, until).holds(on) for since, until in session().execute(terms))


def _asked(today: date, *clauses: object) -> list[_Asked]:
    return _found(session().execute(_select(today).where(*clauses)))  # type: ignore[arg-type]


def _select(today: date | ColumnElement[date]) -> Select[GuidanceEntry, int, int, bool, bool]:
    return (
        select(GuidanceEntry, Capstone.enterprise_id, Student.person_id, in_term(), was_in_office(today))
        .join(Capstone, Capstone.id == GuidanceEntry.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .order_by(GuidanceEntry.id)
    )


@cache
def _of_entry() -> Select[GuidanceEntry, int, int, bool, bool]:
    """One guidance, asked whenever one is logged and confirmed: made once, for any day."""
    return _select(bindparam("today", type_=Date)).where(GuidanceEntry.id == bindparam("entry_id"))


def _found(rows: Iterable[Any]) -> list[_Asked]:
    return [_Asked(one, enterprise, student, bool(counts), bool(stays)) for one, enterprise, student, counts, stays in rows]


def _confirmers(asked: Collection[_Asked]) -> dict[int, Confirmers]:
    """The rule: the student confirms what a supervisor wrote; what the student wrote confirms the supervisor it names.

    When that one has left, whoever supervises on that side now stands for it, as far as both are of the same house (a mentor of another
    enterprise cannot say what happened in the one before), and a head with a reason: also when nobody else was named and the one who is has no
    account, whose links end with the term.
    """
    held = {
        (capstone_id, role): person_id
        for capstone_id, role, person_id in session().execute(
            select(Supervision.capstone_id, Supervision.role, Supervision.person_id).where(
                Supervision.capstone_id.in_({one.entry.capstone_id for one in asked}), Supervision.until.is_(None)
            )
        )
    }
    named = [key for one in asked for key in (one.entry.person_id, one.entry.logged_by_person_id, one.student) if key is not None]
    rows = rows_of_humans([*named, *held.values()])
    at = _mentors_at({one.entry.person_id for one in asked if one.entry.role is SupervisorRole.ENTERPRISE})
    found = {}
    for one in asked:
        entry = one.entry
        if entry.logged_by_person_id not in rows[one.student]:
            found[entry.id] = Confirmers(rows[one.student], is_left=False, counts=one.counts)
            continue
        holder = held.get((entry.capstone_id, entry.role))
        is_other = holder not in rows[entry.person_id]
        is_left = is_other or not one.stays
        vouches = not is_other or entry.role is SupervisorRole.SCHOOL or _was_mentor(at.get((entry.person_id, one.enterprise_id), []), entry.on)
        persons = rows[holder] if holder is not None and vouches else frozenset()
        found[entry.id] = Confirmers(persons - rows[one.student], is_left, one.counts)
    return found


def is_mentor_at(enterprise_id: int, person_id: int, on: date) -> bool:
    """Whether a human is a mentor of an enterprise on a day."""
    terms = select(Mentor.since, Mentor.until).where(of_human(Mentor.person_id, person_id), Mentor.enterprise_id == enterprise_id)
    return any(Term(since, until).holds(on) for since, until in session().execute(terms))


def is_in_office(row: Capstone, role: SupervisorRole, person_id: int, on: date) -> bool:
    """Whether a human is a teacher of the student's university, or a mentor of the capstone's enterprise, on a day."""
    if role is SupervisorRole.ENTERPRISE:
        return is_mentor_at(row.enterprise_id, person_id, on)
    university = select(Student.university_id).where(Student.id == row.student_id).scalar_subquery()
    terms = select(Teacher.since, Teacher.until).where(of_human(Teacher.person_id, person_id), Teacher.university_id == university)
    return any(Term(since, until).holds(on) for since, until in session().execute(terms))


def _mentors_at(person_ids: Collection[int]) -> dict[tuple[int, int], list[Mentor]]:
    found: dict[tuple[int, int], list[Mentor]] = {}
    for mentor in session().scalars(select(Mentor).where(Mentor.person_id.in_(person_ids))) if person_ids else ():
        found.setdefault((mentor.person_id, mentor.enterprise_id), []).append(mentor)
    return found


def _was_mentor(terms: Collection[Mentor], on: date) -> bool:
    return any(Term(one.since, one.until).holds(on) for one in terms)
