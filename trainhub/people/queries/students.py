"""Selects on students and their spans in the 卓越计划 (requirements.md 9, 1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, or_, select

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import rules
from trainhub.people.models import Person, PetoeChange, PetoeSpan, Student, Suspension, Teacher
from trainhub.people.permissions import VIEWERS
from trainhub.people.queries.former import finds_student
from trainhub.people.types import (
    StudentFilter,
    StudentRow,
    StudentState,
)
from trainhub.programmes.models import Cohort, Programme


@dataclass(frozen=True, slots=True)
class Studying:
    """A student's state and days, as they are or were."""

    cohort_id: int
    state: StudentState
    enrolled_on: date
    left_on: date | None


PART = 500


def studying_at(moment: datetime) -> list[tuple[Student, Studying]]:
    """The students whose state, days or cohort were changed since a moment, each with what they were then.

    Who left is often entered weeks later with the day on which they left: what was known at the moment is told by what was changed since.
    """
    then = audit.replaced_since(
        moment,
        did=("people.student.changed", "people.student.moved", "people.student.move_undone"),
        keys=("cohort_id", "state", "enrolled_on", "left_on"),
    )
    ids, found = sorted(then), []
    for begins in range(0, len(ids), PART):
        for row in session().scalars(select(Student).where(Student.id.in_(ids[begins : begins + PART]), Student.created_at <= moment)):
            was = then[row.id]
            enrolled, left = was.get("enrolled_on", row.enrolled_on), was.get("left_on", row.left_on)
            told = Studying(
                cohort_id=was.get("cohort_id", row.cohort_id),
                state=StudentState(was.get("state", row.state)),
                enrolled_on=date.fromisoformat(enrolled) if isinstance(enrolled, str) else enrolled,
                left_on=date.fromisoformat(left) if isinstance(left, str) else left,
            )
            found.append((row, told))
    return found


def student(student_id: int) -> Student | None:
    """A student by id."""
    return session().get(Student, student_id)


def students_by_id(student_ids: Iterable[int]) -> dict[int, Student]:
    """Several students by id."""
    return {row.id: row for row in session().scalars(select(Student).where(Student.id.in_(set(student_ids))))}


def students_of_person(person_id: int) -> list[Student]:
    """Where a person studies or studied, the latest first."""
    statement = select(Student).where(Student.person_id == person_id).order_by(Student.enrolled_on.desc(), Student.id.desc())
    return list(session().scalars(statement))


def studies_of(person_ids: Iterable[int]) -> list[Student]:
    """Every study of several persons, for imports; asked in portions."""
    ids = sorted(set(person_ids))
    parts = (ids[start : start + 500] for start in range(0, len(ids), 500))
    return [row for part in parts for row in session().scalars(select(Student).where(Student.person_id.in_(part)))]


def student_of_person(person_id: int) -> Student | None:
    """The studies of a person that go on, else the latest."""
    found = students_of_person(person_id)
    return next((row for row in found if row.state in (StudentState.ENROLLED, StudentState.SUSPENDED)), found[0] if found else None)


def has_student_number(value: str) -> bool:
    """Whether somebody studies, or studied, under this number at some university, in capitals or not, with its dashes or without."""
    spellings = {one for text in (value, value.upper(), value.lower()) for one in rules.school_number_spellings(text)}
    return session().scalar(_NUMBERED, {"spellings": sorted(spellings)}) is not None


_SPELLINGS: BindParameter[list[str]] = bindparam("spellings", expanding=True)
_NUMBERED = select(Student.id).where(Student.student_no.in_(_SPELLINGS)).limit(1)
"""Made once: asked for each user name."""


def students_by_no(keys: Iterable[tuple[int, str]], *, is_exact: bool = False) -> dict[tuple[int, str], Student]:
    """Students by (university, number) as they were asked for, for imports; asked in portions.

    However a number is typed; where nobody has it as it stands, also who was stored without its dashes, unless `is_exact`.
    """
    wanted, found = list(dict.fromkeys(keys)), dict[tuple[int, str], Student]()
    spellings = {key: rules.school_number_spellings(key[1])[: 1 if is_exact else None] for key in wanted}
    numbers = sorted({one for of_key in spellings.values() for one in of_key})
    for start in range(0, len(numbers), 400):
        rows = session().scalars(select(Student).where(Student.student_no.in_(numbers[start : start + 400])))
        found.update({(row.university_id, row.student_no): row for row in rows})
    held = {key: next((found[key[0], one] for one in spellings[key] if (key[0], one) in found), None) for key in wanted}
    return {key: row for key, row in held.items() if row is not None}


def student_in(clause: ColumnElement[bool], student_no: str) -> Student | None:
    """The one student among some with a number, however it is typed; None when there is none or several have it."""
    for spelling in rules.school_number_spellings(student_no):
        found = list(session().scalars(select(Student).where(clause, Student.student_no == spelling).limit(2)))
        if found:
            return found[0] if len(found) == 1 else None
    return None


def enrolments_of(person_ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """Student numbers by (person, programme), for imports; asked in portions."""
    ids, found = list(dict.fromkeys(person_ids)), dict[tuple[int, int], str]()
    for start in range(0, len(ids), 500):
        statement = select(Student.person_id, Student.programme_id, Student.student_no).where(Student.person_id.in_(ids[start : start + 500]))
        found.update({(person_id, programme_id): number for person_id, programme_id, number in session().execute(statement)})
    return found


def spans_of(student_ids: Iterable[int]) -> dict[int, list[PetoeSpan]]:
    """Spans in the 卓越计划 by student, each list in order."""
    found: dict[int, list[PetoeSpan]] = {key: [] for key in student_ids}
    ids = list(found)
    for start in range(0, len(ids), 500):
        statement = select(PetoeSpan).where(PetoeSpan.student_id.in_(ids[start : start + 500])).order_by(PetoeSpan.since, PetoeSpan.id)
        for span in session().scalars(statement):
            found[span.student_id].append(span)
    return found


def petoe_changes_of(student_ids: Iterable[int]) -> dict[int, list[PetoeChange]]:
    """Why spans in the 卓越计划 ended, were changed or taken away, by student, oldest first. One query a portion."""
    found: dict[int, list[PetoeChange]] = {key: [] for key in student_ids}
    ids = list(found)
    for start in range(0, len(ids), 500):
        statement = select(PetoeChange).where(PetoeChange.student_id.in_(ids[start : start + 500])).order_by(PetoeChange.id)
        for row in session().scalars(statement):
            found[row.student_id].append(row)
    return found


def taken_out_of(cohort_ids: Collection[int]) -> ColumnElement[bool]:
    """SQL: whether somebody of the 卓越计划 was taken out of one of the cohorts by the correction of a place."""
    return Student.id.in_(select(PetoeChange.student_id).where(PetoeChange.cohort_id.in_(cohort_ids)))


def petoe_changes(of_students: ColumnElement[bool]) -> dict[int, list[PetoeChange]]:
    """The same for the students that a condition names; only who has any. One query."""
    found: dict[int, list[PetoeChange]] = {}
    statement = select(PetoeChange).join(Student, Student.id == PetoeChange.student_id).where(of_students)
    for row in session().scalars(statement.order_by(PetoeChange.id)):
        found.setdefault(row.student_id, []).append(row)
    return found


def suspensions_of(student_id: int) -> list[Suspension]:
    """When a student was suspended, in order."""
    return suspensions_of_many([student_id])[student_id]


_SUSPENSIONS = select(Suspension).where(Suspension.student_id.in_(sa.bindparam("students", expanding=True))).order_by(Suspension.since, Suspension.id)
"""Made once: asked of every day that is logged."""


def suspensions_of_many(student_ids: Iterable[int]) -> dict[int, list[Suspension]]:
    """When students were suspended, each list in order."""
    found: dict[int, list[Suspension]] = {key: [] for key in student_ids}
    ids = list(found)
    for some in portions(ids, 500):
        for row in session().scalars(_SUSPENSIONS, {"students": some}):
            found[row.student_id].append(row)
    return found


def petoe_on(on: date, student_id: Any = None) -> ColumnElement[bool]:
    """SQL: whether a student belongs to the 卓越计划 on a day."""
    column = Student.id if student_id is None else student_id
    return (
        select(PetoeSpan.id)
        .where(PetoeSpan.student_id == column, PetoeSpan.since <= on, or_(PetoeSpan.until.is_(None), PetoeSpan.until >= on))
        .exists()
    )


def petoe_of_cohort(on: date) -> ColumnElement[bool]:
    """SQL: whether a student counts as one of the 卓越计划 in the tables of a cohort: on the day, or until graduation when that was before."""
    until_the_end = (
        select(PetoeSpan.id)
        .where(
            PetoeSpan.student_id == Student.id,
            PetoeSpan.since <= on,
            PetoeSpan.until >= Student.left_on,
            Student.left_on <= on,
            Student.state == StudentState.GRADUATED,
        )
        .exists()
    )
    return or_(petoe_on(on), until_the_end)


def has_graduated(on: date) -> ColumnElement[bool]:
    """SQL: whether a student has graduated by a day; one whose last day nobody entered has."""
    return and_(Student.state == StudentState.GRADUATED, or_(Student.left_on.is_(None), Student.left_on <= on))


def counts_in_cohort(on: date) -> ColumnElement[bool]:
    """SQL: whether a student counts in a cohort: everybody who is there on the day or has graduated, nobody who dropped out before."""
    return or_(Student.left_on.is_(None), Student.left_on >= on, Student.state == StudentState.GRADUATED)


def is_petoe(student: Student, on: date) -> bool:
    """Whether a student belongs to the 卓越计划 on a day (requirements.md 9, 1: the status is dated)."""
    return bool(session().scalar(select(func.count()).where(Student.id == student.id, petoe_on(on))))


def petoe_student_ids(programme_id: int, on: date) -> list[int]:
    """The students of a programme who belong to the 卓越计划 on a day."""
    return list(session().scalars(select(Student.id).where(Student.programme_id == programme_id, petoe_on(on)).order_by(Student.id)))


def students_of_programme(
    programme_id: int, *, cohort_id: int | None = None, states: Iterable[StudentState] | None = None, limit: int | None = None
) -> list[Student]:
    """The students of a programme (or one cohort of it) in the order of their numbers, the first so many; default: whatever their state."""
    return list(session().scalars(_of_programme(select(Student), programme_id, cohort_id, states).limit(limit)))


def person_ids_of_programme(programme_id: int, *, cohort_id: int | None = None, states: Iterable[StudentState] | None = None) -> list[int]:
    """The persons of `students_of_programme`, in the same order, without reading anything else of them."""
    return list(session().scalars(_of_programme(select(Student.person_id), programme_id, cohort_id, states)))


def _of_programme(statement: Select[Any], programme_id: int, cohort_id: int | None, states: Iterable[StudentState] | None) -> Select[Any]:
    statement = statement.where(Student.programme_id == programme_id)
    if cohort_id is not None:
        statement = statement.where(Student.cohort_id == cohort_id)
    if states is not None:
        statement = statement.where(Student.state.in_(list(states)))
    return statement.order_by(Student.student_no, Student.id)


def subject_of_student(student: Student) -> Subject:
    """The university (with its region), the programme, the person."""
    university = organisations.by_id(student.university_id)
    path = organisations.region_path(university.region_code if university else None)
    return Subject.of(
        organisations=(student.university_id, university.parent_id if university else None),
        programmes=(student.programme_id,),
        regions=path.codes,
        persons=(student.person_id,),
    )


def students_visible_to(identity: Identity) -> ColumnElement[bool]:
    """Students inside the reader's scope, and the reader's own studies."""
    here = organisations.region_of(Student.university_id)
    return organisations.scope(
        identity,
        VIEWERS,
        organisations=(Student.university_id,),
        programmes=(Student.programme_id,),
        region=here,
        persons=(Student.person_id,),
    )


STUDENT_SORTS: dict[str, tuple[Any, ...]] = {
    "no": (Student.student_no,),
    "name": (Person.pinyin, Person.name),
    "programme": (Programme.pinyin, Student.student_no),
    "cohort": (Cohort.year, Student.student_no),
    "state": (Student.state, Student.student_no),
}


def _student_clauses(identity: Identity, wanted: StudentFilter, on: date) -> list[ColumnElement[bool]]:
    clauses = [students_visible_to(identity)]
    for column, value in (
        (Student.university_id, wanted.university_id),
        (Student.programme_id, wanted.programme_id),
        (Student.cohort_id, wanted.cohort_id),
        (Cohort.year, wanted.cohort_year),
        (Student.state, wanted.state),
    ):
        if value is not None:
            clauses.append(column == value)
    if wanted.is_petoe is not None:
        clauses.append(petoe_on(on) if wanted.is_petoe else ~petoe_on(on))
    if wanted.text:
        clauses.append(finds_student(wanted.text, Student.class_name))
    return clauses


def students_listing(identity: Identity, wanted: StudentFilter, *, on: date, sort: str = "no") -> organisations.Statement:
    """The rows of the list, see `as_student_row`."""
    statement = (
        select(
            Student.id,
            Student.person_id,
            Student.student_no,
            Person.name,
            Student.programme_id,
            Programme.name,
            Organisation.name,
            Cohort.year,
            Student.class_name,
            Student.state,
            petoe_on(on),
        )
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Organisation, Organisation.id == Student.university_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(and_(*_student_clauses(identity, wanted, on)))
    )
    return organisations.ordered(statement, sort, STUDENT_SORTS, Student.id)


def as_student_row(row: Any) -> StudentRow:
    """A row of `students_listing`."""
    return StudentRow(*[*row[:-1], bool(row[-1])])


def students_for_export(identity: Identity, wanted: StudentFilter, *, on: date, sort: str = "") -> list[tuple[Student, Person, str, str, int]]:
    """(student, person, university code, programme code, cohort year) for the file that import reads: as the list is sorted, else by code and number."""
    statement: organisations.Statement = (
        select(Student, Person, Organisation.code, Programme.code, Cohort.year)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Organisation, Organisation.id == Student.university_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(and_(*_student_clauses(identity, wanted, on)))
    )
    statement = organisations.ordered_or(statement, sort, STUDENT_SORTS, Organisation.code, Student.student_no, unique=Student.id)
    return [tuple(row) for row in session().execute(statement)]


ACTIVE = (StudentState.ENROLLED, StudentState.SUSPENDED)


def counts_by_programme(on: date, programme_ids: Iterable[int] | None = None) -> dict[int, tuple[int, int]]:
    """(students, of them in the 卓越计划 on a day) by programme; enrolled and suspended students count."""
    petoe = func.sum(sa.case((petoe_on(on), 1), else_=0))
    statement = select(Student.programme_id, func.count(), petoe).where(Student.state.in_(ACTIVE)).group_by(Student.programme_id)
    if programme_ids is not None:
        statement = statement.where(Student.programme_id.in_(list(programme_ids)))
    return {key: (int(total), int(members or 0)) for key, total, members in session().execute(statement)}


def counts_by_cohort(programme_id: int, on: date) -> dict[int, tuple[int, int]]:
    """(students, of them in the 卓越计划 on a day) by cohort, whatever their state but withdrawn."""
    petoe = func.sum(sa.case((petoe_on(on), 1), else_=0))
    statement = (
        select(Student.cohort_id, func.count(), petoe)
        .where(Student.programme_id == programme_id, Student.state != StudentState.WITHDRAWN)
        .group_by(Student.cohort_id)
    )
    return {key: (int(total), int(members or 0)) for key, total, members in session().execute(statement)}


def programmes_with_counts(on: date) -> list[dict[str, Any]]:
    """Every programme in the order of its code, as `trainhub programmes list --json` promises."""
    counts = counts_by_programme(on)
    statement = select(Programme.id, Programme.code, Programme.name, Organisation.name).join(Organisation, Organisation.id == Programme.university_id)
    rows = sorted(session().execute(statement).all(), key=lambda row: row[1])
    return [
        {"code": code, "name": name, "university": university, "students": counts.get(key, (0, 0))[0], "petoe_students": counts.get(key, (0, 0))[1]}
        for key, code, name, university in rows
    ]


def counts_at(organisation_id: int) -> tuple[int, int, int]:
    """(programmes, active students, teachers) of a school."""
    current = session()
    return (
        current.scalar(select(func.count(Programme.id)).where(Programme.university_id == organisation_id)) or 0,
        current.scalar(select(func.count(Student.id)).where(Student.university_id == organisation_id, Student.state.in_(ACTIVE))) or 0,
        current.scalar(select(func.count(Teacher.id)).where(Teacher.university_id == organisation_id)) or 0,
    )
