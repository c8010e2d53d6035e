"""Places that students found themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from enterprises.permissions import SCHOOL
from enterprises.placements.models import SelfFound, Term
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme


def self_found(row_id: int) -> SelfFound | None:
    """One by id."""
    return session().get(SelfFound, row_id)


def self_found_of(student_id: int) -> list[SelfFound]:
    """A student's own, the latest first."""
    return list(session().scalars(select(SelfFound).where(SelfFound.student_id == student_id).order_by(SelfFound.id.desc())))


def self_found_listing(identity: Identity) -> Any:
    """Those of the reader's programmes with student and term, those that wait first."""
    statement: Any = (
        select(SelfFound, Person.name.label("student"), Student.student_no, Programme.name.label("programme"), Term.title.label("term"))
        .join(Student, Student.id == SelfFound.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Term, Term.id == SelfFound.term_id)
        .where(organisations.scope(identity, SCHOOL, organisations=(Student.university_id,), programmes=(Student.programme_id,)))
    )
    return statement.order_by(SelfFound.state != "submitted", SelfFound.created_at.desc(), SelfFound.id.desc())


def subject_of_self_found(row: SelfFound) -> Subject:
    """The student with school and programme."""
    return people.subject_of_student(session().get_one(Student, row.student_id))


def same_enterprises(row: SelfFound) -> list[int]:
    """Verified enterprises whose code or name is the one the student wrote."""
    statement = select(Organisation.id).where(
        Organisation.kind == OrganisationKind.ENTERPRISE,
        Organisation.state == OrganisationState.VERIFIED,
        (Organisation.name == row.enterprise_name) | (Organisation.uscc == (row.enterprise_code or "-")),
    )
    return list(session().scalars(statement.order_by(Organisation.id)))
