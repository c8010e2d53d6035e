"""Who holds a seat in a run: enrolments, persons, numbers; never more of them than is asked for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from courses.catalogue.models import RunGroupMember
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people.models import Person, Student


def seated_ids(run_id: int) -> list[int]:
    """The enrolments that hold a seat."""
    return list(session().scalars(select(Enrolment.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED)).order_by(Enrolment.id)))


def seated_persons(run_id: int) -> list[int]:
    """The persons who hold a seat, by their id."""
    return list(
        session().scalars(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED)).order_by(Enrolment.person_id))
    )


def seated_among(run_id: int, person_ids: Collection[int]) -> set[int]:
    """Those of some persons who hold a seat."""
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    return set(session().scalars(statement.where(Enrolment.person_id.in_(list(person_ids)))))


def seated_of_cohort(run_id: int, cohort_id: int) -> list[int]:
    """The students of a cohort who hold a seat, by their id."""
    students = select(Student.person_id).where(Student.cohort_id == cohort_id)
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), Enrolment.person_id.in_(students))
    return list(session().scalars(statement.order_by(Enrolment.person_id)))


def count_seats(run_id: int) -> int:
    """How many persons hold a seat."""
    return session().scalar(select(func.count()).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))) or 0


def seated_outside(group_id: int, run_id: int, text: str = "", limit: int = 200) -> list[Person]:
    """Persons who hold a seat and are not in a group of the run, by name; whose name or pinyin holds `text`, `limit` at most."""
    inside = select(RunGroupMember.person_id).where(RunGroupMember.group_id == group_id)
    statement = select(Person).join(Enrolment, Enrolment.person_id == Person.id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    statement = statement.where(Person.id.not_in(inside))
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    return list(session().scalars(statement.order_by(Person.pinyin, Person.id).limit(limit)))
