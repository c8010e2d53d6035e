"""Selects on where students were before, and on numbers that holds no more: what is asked of a day asks here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.clock import local
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.people import rules
from trainhub.people.models import FormerSchoolNumber, FormerStudy, Person, Student, Teacher
from trainhub.people.study_models import UndoneMove
from trainhub.people.types import StudyPlace

PORTION = 500
_STUDIES_BEFORE = (
    select(FormerStudy).where(FormerStudy.student_id.in_(bindparam("students", expanding=True))).order_by(FormerStudy.since, FormerStudy.id)
)
PAST = aliased(FormerStudy)
"""By a name of its own, so that these conditions stand in questions about `FormerStudy`, too."""


@lru_cache(maxsize=64)
def in_programme(programme_id: int, on: date) -> ColumnElement[bool]:
    """SQL: whether a student is in a programme on a day, in whichever cohort; between leaving and coming back in none. Says nothing of the days before
    they enrolled and after they left: `Student.enrolled_on` and `left_on` do. A page of readiness asks it ten times: it is built once."""
    return or_(
        and_(Student.programme_id == programme_id, ~moved_after(on)),
        Student.id.in_(select(PAST.student_id).where(PAST.programme_id == programme_id, PAST.since <= on, PAST.until >= on)),
    )


def in_cohort(cohort_id: int, on: date) -> ColumnElement[bool]:
    """SQL: whether a student is in a cohort on a day, as `in_programme`."""
    return or_(
        and_(Student.cohort_id == cohort_id, ~moved_after(on)),
        Student.id.in_(select(PAST.student_id).where(PAST.cohort_id == cohort_id, PAST.since <= on, PAST.until >= on)),
    )


def moved_after(on: date) -> ColumnElement[bool]:
    """SQL: whether where the student is now began after a day by a change."""
    return select(PAST.id).where(PAST.student_id == Student.id, PAST.next_since > on).exists()


def cohort_on(on: date) -> Any:
    """SQL: the cohort of a student on a day on which `in_programme` is true."""
    was = select(func.max(PAST.cohort_id)).where(PAST.student_id == Student.id, PAST.since <= on, PAST.until >= on)
    return func.coalesce(was.scalar_subquery(), Student.cohort_id)


def in_programme_since(programme_id: int, on: date) -> Any:
    """SQL: since when a student who is in a programme on a day came there from another one; another cohort of it, or a return, ends no stay."""
    elsewhere = (PAST.student_id == Student.id, PAST.next_since <= on, PAST.programme_id != programme_id)
    return func.coalesce(select(func.max(PAST.next_since)).where(*elsewhere).scalar_subquery(), Student.enrolled_on)


def former_studies_of(student_ids: Iterable[int]) -> dict[int, list[FormerStudy]]:
    """Where students were before, by student, each list in order."""
    found: dict[int, list[FormerStudy]] = {key: [] for key in student_ids}
    ids = list(found)
    for some in portions(ids, PORTION):
        for row in session().scalars(_STUDIES_BEFORE, {"students": some}):
            found[row.student_id].append(row)
    return found


def undone_moves_of(student_id: int) -> list[UndoneMove]:
    """The changes of study of a student that were taken back, the latest first."""
    return list(session().scalars(select(UndoneMove).where(UndoneMove.student_id == student_id).order_by(UndoneMove.id.desc())))


def was_in_programme(programme_id: int, on: date) -> ColumnElement[bool]:
    """SQL: whether a student was in a programme before a day and went elsewhere, or is back."""
    return Student.id.in_(select(FormerStudy.student_id).where(FormerStudy.programme_id == programme_id, FormerStudy.until < on))


def students_who_left(programme_id: int) -> list[Student]:
    """Who was in a programme and is in another one now, in the order of numbers."""
    was = select(FormerStudy.student_id).where(FormerStudy.programme_id == programme_id)
    statement = select(Student).where(Student.id.in_(was), Student.programme_id != programme_id)
    return list(session().scalars(statement.order_by(Student.student_no, Student.id)))


def study_on(student: Student, on: date) -> StudyPlace | None:
    """Where a student is on a day; None between leaving and coming back."""
    formers = former_studies_of([student.id])[student.id]
    if all(row.next_since <= on for row in formers):
        return StudyPlace(student.programme_id, student.cohort_id)
    return next((StudyPlace(row.programme_id, row.cohort_id) for row in formers if row.since <= on <= row.until), None)


@dataclass(frozen=True, slots=True)
class Renumbered:
    """Whose number a number was, the one they have now, and the day on which that was written down."""

    id: int
    person_id: int
    number: str
    written_on: date


def students_by_former_no(keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[Renumbered]]:
    """By (university, number) as it was asked for: the students who had it, the latest first; asked in portions."""
    return _renumbered(keys, Student, FormerSchoolNumber.student_id, Student.student_no)


def teachers_by_former_no(keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[Renumbered]]:
    """By (university, number): the teachers who had it, the latest first."""
    return _renumbered(keys, Teacher, FormerSchoolNumber.teacher_id, Teacher.staff_no)


def _renumbered(keys: Iterable[tuple[int, str]], model: type[Student | Teacher], column: Any, number: Any) -> dict[tuple[int, str], list[Renumbered]]:
    spelled: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for university_id, asked in keys:
        for one in rules.school_number_spellings(asked):
            spelled.setdefault((university_id, one), []).append((university_id, asked))
    wanted, found = sorted({one for _university, one in spelled}), dict[tuple[int, str], list[Renumbered]]()
    for some in portions(wanted, PORTION):
        statement = (
            select(FormerSchoolNumber, model.id, model.person_id, number)
            .join(model, model.id == column)
            .where(FormerSchoolNumber.number.in_(some))
            .order_by(FormerSchoolNumber.id.desc())
        )
        for row, key, person_id, now in session().execute(statement):
            for asked_key in spelled.get((row.university_id, row.number), ()):
                found.setdefault(asked_key, []).append(Renumbered(key, person_id, now, local(row.written_at).date()))
    return found


def numbers_now(numbers: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """By a number as it is typed: who had it before, by name, with the student or staff number they have now. A file with the name beside is told which."""
    spelled: dict[str, list[str]] = {}
    for typed in numbers:
        for one in rules.school_number_spellings(typed):
            spelled.setdefault(one, []).append(typed)
    wanted, found = sorted(spelled), dict[str, list[tuple[str, str]]]()
    for model, column, number in (
        (Student, FormerSchoolNumber.student_id, Student.student_no),
        (Teacher, FormerSchoolNumber.teacher_id, Teacher.staff_no),
    ):
        for some in portions(wanted, PORTION):
            statement = (
                select(FormerSchoolNumber.number, Person.name, number).join(model, model.id == column).join(Person, Person.id == model.person_id)
            )
            for before, name, now in session().execute(statement.where(FormerSchoolNumber.number.in_(some))):
                for typed in spelled[before]:
                    found.setdefault(typed, []).append((name, now))
    return found


def finds_student(text: str, *columns: Any) -> ColumnElement[bool]:
    """SQL: whether a list that joins students and persons finds a row by name, by number, by one they had before, or by further columns."""
    return or_(organisations.matches(text, Person.name, Person.pinyin, Student.student_no, *columns), had_student_no(text))


def had_student_no(text: str) -> ColumnElement[bool]:
    """SQL: whether a student had this number, as it is typed, before it was corrected or a new one was given: who looks for it finds them."""
    return Student.id.in_(_who_had(FormerSchoolNumber.student_id, text))


def had_staff_no(text: str) -> ColumnElement[bool]:
    """SQL: whether a teacher had this number before."""
    return Teacher.id.in_(_who_had(FormerSchoolNumber.teacher_id, text))


def _who_had(column: Any, text: str) -> Any:
    return select(column).where(FormerSchoolNumber.number.in_(rules.school_number_spellings(text)), column.is_not(None))


def students_who_had(text: str) -> dict[int, str]:
    """The students who had a number before, with it as it was stored: what a list says of those it found by it."""
    return _had(FormerSchoolNumber.student_id, text)


def teachers_who_had(text: str) -> dict[int, str]:
    """The teachers who had a number before, with it."""
    return _had(FormerSchoolNumber.teacher_id, text)


def _had(column: Any, text: str) -> dict[int, str]:
    if not text:
        return {}
    statement = select(column, FormerSchoolNumber.number).where(
        FormerSchoolNumber.number.in_(rules.school_number_spellings(text)), column.is_not(None)
    )
    return {key: number for key, number in session().execute(statement)}


def former_numbers_of(*, student_id: int | None = None, teacher_id: int | None = None) -> list[FormerSchoolNumber]:
    """The numbers that a student or a teacher had before, the latest first."""
    of = FormerSchoolNumber.student_id == student_id if student_id is not None else FormerSchoolNumber.teacher_id == teacher_id
    return list(session().scalars(select(FormerSchoolNumber).where(of).order_by(FormerSchoolNumber.id.desc())))
