"""Selects on teachers and on the work of persons in enterprises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.models import Employment, Person, Teacher
from trainhub.people.permissions import VIEWERS
from trainhub.people.queries.former import had_staff_no
from trainhub.people.types import (
    TeacherFilter,
    TeacherRow,
    WorkSpan,
)
from trainhub.programmes.models import Programme


def teacher(teacher_id: int) -> Teacher | None:
    """A teacher by id."""
    return session().get(Teacher, teacher_id)


def teachers_of_person(person_id: int) -> list[Teacher]:
    """Where a person teaches or taught, the latest first."""
    return list(session().scalars(select(Teacher).where(Teacher.person_id == person_id).order_by(Teacher.since.desc(), Teacher.id.desc())))


def posts_of(person_ids: Iterable[int]) -> list[Teacher]:
    """Every post of several persons as teachers, for imports; asked in portions."""
    ids = sorted(set(person_ids))
    parts = (ids[start : start + 500] for start in range(0, len(ids), 500))
    return [row for part in parts for row in session().scalars(select(Teacher).where(Teacher.person_id.in_(part)))]


def teacher_by_no(university_id: int, staff_no: str) -> Teacher | None:
    """A teacher of a university by number."""
    return session().scalar(select(Teacher).where(Teacher.university_id == university_id, Teacher.staff_no == staff_no))


def teachers_by_no(university_ids: Iterable[int]) -> dict[tuple[int, str], Teacher]:
    """Teachers of universities by (university, number), for imports."""
    statement = select(Teacher).where(Teacher.university_id.in_(list(university_ids)))
    return {(row.university_id, row.staff_no): row for row in session().scalars(statement)}


def teachers_of_programme(programme_id: int, on: date) -> list[Teacher]:
    """Who teaches in a programme on a day."""
    statement = (
        select(Teacher)
        .where(Teacher.programme_id == programme_id, Teacher.since <= on, or_(Teacher.until.is_(None), Teacher.until >= on))
        .order_by(Teacher.staff_no, Teacher.id)
    )
    return list(session().scalars(statement))


def teacher_choices(university_id: int, on: date) -> list[tuple[int, str]]:
    """(teacher id, "name (number)") for forms."""
    statement = (
        select(Teacher.id, Person.name, Teacher.staff_no)
        .join(Person, Person.id == Teacher.person_id)
        .where(Teacher.university_id == university_id, Teacher.since <= on, or_(Teacher.until.is_(None), Teacher.until >= on))
        .order_by(Person.pinyin, Teacher.id)
    )
    return [(key, f"{name}（{number}）") for key, name, number in session().execute(statement)]


def subject_of_teacher(teacher: Teacher) -> Subject:
    """The university (with its region), the programme if any, the person."""
    university = organisations.by_id(teacher.university_id)
    path = organisations.region_path(university.region_code if university else None)
    return Subject.of(
        organisations=(teacher.university_id, university.parent_id if university else None),
        programmes=(teacher.programme_id,),
        regions=path.codes,
        persons=(teacher.person_id,),
    )


def teachers_visible_to(identity: Identity) -> ColumnElement[bool]:
    """Teachers inside the reader's scope, and the reader's own rows."""
    here = organisations.region_of(Teacher.university_id)
    return organisations.scope(
        identity,
        VIEWERS,
        organisations=(Teacher.university_id,),
        programmes=(Teacher.programme_id,),
        region=here,
        persons=(Teacher.person_id,),
    )


TEACHER_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Person.pinyin, Person.name),
    "no": (Teacher.staff_no,),
    "university": (Organisation.pinyin, Teacher.staff_no),
    "kind": (Teacher.kind, Person.pinyin),
}


def _teacher_clauses(identity: Identity, wanted: TeacherFilter) -> list[ColumnElement[bool]]:
    clauses = [teachers_visible_to(identity)]
    for column, value in (
        (Teacher.university_id, wanted.university_id),
        (Teacher.programme_id, wanted.programme_id),
        (Teacher.kind, wanted.kind),
    ):
        if value is not None:
            clauses.append(column == value)
    if wanted.text:
        named = organisations.matches(wanted.text, Person.name, Person.pinyin, Teacher.staff_no, Teacher.discipline)
        clauses.append(or_(named, had_staff_no(wanted.text)))
    return clauses


def teachers_listing(identity: Identity, wanted: TeacherFilter, sort: str = "name") -> organisations.Statement:
    """The rows of the list, see `as_teacher_row`."""
    statement = (
        select(
            Teacher.id,
            Teacher.person_id,
            Teacher.staff_no,
            Person.name,
            Organisation.name,
            Programme.name,
            Teacher.kind,
            Teacher.title,
            Teacher.discipline,
            Teacher.until,
        )
        .join(Person, Person.id == Teacher.person_id)
        .join(Organisation, Organisation.id == Teacher.university_id)
        .outerjoin(Programme, Programme.id == Teacher.programme_id)
        .where(and_(*_teacher_clauses(identity, wanted)))
    )
    return organisations.ordered(statement, sort, TEACHER_SORTS, Teacher.id)


def as_teacher_row(row: Any) -> TeacherRow:
    """A row of `teachers_listing`."""
    return TeacherRow(*row)


def teachers_for_export(identity: Identity, wanted: TeacherFilter, sort: str = "") -> list[tuple[Teacher, Person, str, str | None]]:
    """(teacher, person, university code, programme code) for the file that import reads: as the list is sorted, else by code and number."""
    statement: organisations.Statement = (
        select(Teacher, Person, Organisation.code, Programme.code)
        .join(Person, Person.id == Teacher.person_id)
        .join(Organisation, Organisation.id == Teacher.university_id)
        .outerjoin(Programme, Programme.id == Teacher.programme_id)
        .where(and_(*_teacher_clauses(identity, wanted)))
    )
    statement = organisations.ordered_or(statement, sort, TEACHER_SORTS, Organisation.code, Teacher.staff_no, unique=Teacher.id)
    return [tuple(row) for row in session().execute(statement)]


def employment(employment_id: int) -> Employment | None:
    """A span of work by id."""
    return session().get(Employment, employment_id)


def evidence_of(row: Employment) -> StoredFile | None:
    """The file by which a span of work was verified."""
    return session().get(StoredFile, row.evidence_file_id) if row.evidence_file_id is not None else None


def employment_of(person_id: int) -> list[Employment]:
    """The spans of work of a person, the earliest first."""
    return list(session().scalars(select(Employment).where(Employment.person_id == person_id).order_by(Employment.since, Employment.id)))


def enterprise_spans_of(person_ids: Iterable[int], *, only_verified: bool = True) -> dict[int, list[WorkSpan]]:
    """Spans of full-time work in enterprises by person, as the evaluation counts them; by default only those somebody verified (M5.3)."""
    found: dict[int, list[WorkSpan]] = {key: [] for key in person_ids}
    statement = (
        select(Employment.person_id, Employment.since, Employment.until)
        .where(Employment.person_id.in_(list(found)), Employment.is_enterprise.is_(True), Employment.is_full_time.is_(True))
        .order_by(Employment.since, Employment.id)
    )
    if only_verified:
        statement = statement.where(Employment.verified_at.is_not(None))
    for key, since, until in session().execute(statement):
        found[key].append(WorkSpan(since, until))
    return found
