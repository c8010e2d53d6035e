"""Selects on the registers."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import select

from courses.curriculum.models import CurriculumCourse
from trainhub.kernel.db import Base, session
from trainhub.oversight.evaluation.models import (
    AppraisalScheme,
    BudgetLine,
    Equivalence,
    ExchangeRecord,
    Incentive,
    IntlActivity,
    IntlProgramme,
    Participation,
    PolicyDocument,
    QualityReview,
    TeacherOutput,
    TeachingCase,
)
from trainhub.oversight.evaluation.register_types import BudgetPurpose, BudgetSource, ExchangeKind
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher

Row = TypeVar("Row", bound=Base)


def same(row: Row) -> Row | None:
    """A stored row that says the same as a new one."""
    model = type(row)
    columns = [(key, column) for key, column in row.__mapper__.c.items() if not column.primary_key]
    found = [getattr(model, key).is_(None) if getattr(row, key) is None else getattr(model, key) == getattr(row, key) for key, _column in columns]
    return session().scalar(select(model).where(*found).limit(1))


def budget_line(programme_id: int, year: int, purpose: BudgetPurpose, source: BudgetSource) -> BudgetLine | None:
    """The budget line of a year, a purpose and a source."""
    return session().scalar(
        select(BudgetLine).where(
            BudgetLine.programme_id == programme_id, BudgetLine.year == year, BudgetLine.purpose == purpose, BudgetLine.source == source
        )
    )


def exchange_on(student_id: int, kind: ExchangeKind, on: date) -> ExchangeRecord | None:
    """The record of a student, a form and a day: there is one."""
    row = ExchangeRecord
    return session().scalar(select(row).where(row.student_id == student_id, row.kind == kind, row.took_place_on == on))


def participations(programme_id: int) -> list[Participation]:
    """The latest first."""
    statement = select(Participation).where(Participation.programme_id == programme_id)
    return list(session().scalars(statement.order_by(Participation.held_on.desc(), Participation.id.desc())))


def policy_documents(programme_id: int) -> list[PolicyDocument]:
    """The latest first."""
    statement = select(PolicyDocument).where(PolicyDocument.programme_id == programme_id)
    return list(session().scalars(statement.order_by(PolicyDocument.issued_on.desc(), PolicyDocument.id.desc())))


def budget_lines(programme_id: int) -> list[BudgetLine]:
    """The latest year first."""
    statement = select(BudgetLine).where(BudgetLine.programme_id == programme_id)
    return list(session().scalars(statement.order_by(BudgetLine.year.desc(), BudgetLine.purpose, BudgetLine.source)))


def incentives(programme_id: int) -> list[tuple[Incentive, str | None]]:
    """(incentive, teacher's name), the latest first."""
    statement = (
        select(Incentive, Person.name)
        .outerjoin(Teacher, Teacher.id == Incentive.teacher_id)
        .outerjoin(Person, Person.id == Teacher.person_id)
        .where(Incentive.programme_id == programme_id)
        .order_by(Incentive.granted_on.desc(), Incentive.id.desc())
    )
    return [(row, name) for row, name in session().execute(statement)]


def exchanges(programme_id: int, *, on: date | None = None) -> list[tuple[ExchangeRecord, str, str]]:
    """(record, student's name, number), the latest first: of who is in the programme now, or was on a day."""
    statement = (
        select(ExchangeRecord, Person.name, Student.student_no)
        .join(Student, Student.id == ExchangeRecord.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(Student.programme_id == programme_id if on is None else people.in_programme(programme_id, on))
        .order_by(ExchangeRecord.took_place_on.desc(), ExchangeRecord.id.desc())
    )
    return [(row, name, number) for row, name, number in session().execute(statement)]


def intl_programmes(programme_id: int) -> list[IntlProgramme]:
    """The latest first."""
    statement = select(IntlProgramme).where(IntlProgramme.programme_id == programme_id)
    return list(session().scalars(statement.order_by(IntlProgramme.since.desc(), IntlProgramme.id.desc())))


def equivalences(programme_id: int) -> list[tuple[Equivalence, str]]:
    """(comparison, our course), the latest first."""
    statement = (
        select(Equivalence, CurriculumCourse.name)
        .join(CurriculumCourse, CurriculumCourse.id == Equivalence.course_id)
        .where(Equivalence.programme_id == programme_id)
        .order_by(Equivalence.compared_on.desc(), Equivalence.id.desc())
    )
    return [(row, name) for row, name in session().execute(statement)]


def activities(programme_id: int) -> list[IntlActivity]:
    """Forms of internationalisation, the latest first."""
    statement = select(IntlActivity).where(IntlActivity.programme_id == programme_id)
    return list(session().scalars(statement.order_by(IntlActivity.took_place_on.desc(), IntlActivity.id.desc())))


def naming_course(course_id: int) -> tuple[bool, bool]:
    """Whether an equivalence, and whether a case from practice, names a course of a plan."""
    equivalence, case = (
        session().scalar(select(one.id).where(one.course_id == course_id).limit(1)) is not None for one in (Equivalence, TeachingCase)
    )
    return equivalence, case


def cases(programme_id: int) -> list[tuple[TeachingCase, str]]:
    """(case, course), by course and title."""
    statement = (
        select(TeachingCase, CurriculumCourse.name)
        .join(CurriculumCourse, CurriculumCourse.id == TeachingCase.course_id)
        .where(TeachingCase.programme_id == programme_id)
        .order_by(CurriculumCourse.term, CurriculumCourse.code, TeachingCase.title)
    )
    return [(row, name) for row, name in session().execute(statement)]


def outputs(programme_id: int) -> list[tuple[TeacherOutput, str]]:
    """(output, teacher's name), the latest first."""
    statement = (
        select(TeacherOutput, Person.name)
        .join(Teacher, Teacher.id == TeacherOutput.teacher_id)
        .join(Person, Person.id == Teacher.person_id)
        .where(TeacherOutput.programme_id == programme_id)
        .order_by(TeacherOutput.published_on.desc(), TeacherOutput.id.desc())
    )
    return [(row, name) for row, name in session().execute(statement)]


def schemes(programme_id: int) -> list[AppraisalScheme]:
    """Rules of appraisal, the latest first."""
    statement = select(AppraisalScheme).where(AppraisalScheme.programme_id == programme_id)
    return list(session().scalars(statement.order_by(AppraisalScheme.since.desc(), AppraisalScheme.id.desc())))


def reviews(programme_id: int) -> list[QualityReview]:
    """Rounds of quality assurance, the latest first."""
    statement = select(QualityReview).where(QualityReview.programme_id == programme_id)
    return list(session().scalars(statement.order_by(QualityReview.held_on.desc(), QualityReview.id.desc())))


def review_on(programme_id: int, held_on: date) -> QualityReview | None:
    """The round of a day."""
    return session().scalar(select(QualityReview).where(QualityReview.programme_id == programme_id, QualityReview.held_on == held_on))


def entry(model: type[Row], key: int) -> Row | None:
    """A row of a register by id."""
    return session().get(model, key)


def programme_of(row: Any) -> int | None:
    """The programme a row of a register belongs to."""
    if isinstance(row, ExchangeRecord):
        return session().scalar(select(Student.programme_id).where(Student.id == row.student_id))
    return int(row.programme_id)


def student_choices(programme_id: int, on: date) -> list[tuple[int, str]]:
    """(id, "name (number)") of the students of the day, for forms."""
    statement = (
        select(Student.id, Person.name, Student.student_no)
        .join(Person, Person.id == Student.person_id)
        .where(people.in_programme(programme_id, on), sa.or_(Student.left_on.is_(None), Student.left_on >= on))
        .order_by(Student.student_no, Student.id)
    )
    return [(key, f"{name}（{number}）") for key, name, number in session().execute(statement)]


def course_choices(version_id: int) -> list[tuple[int, str]]:
    """(id, "code name") of the courses of a plan, for forms."""
    statement = (
        select(CurriculumCourse.id, CurriculumCourse.code, CurriculumCourse.name)
        .where(CurriculumCourse.version_id == version_id)
        .order_by(CurriculumCourse.code)
    )
    return [(key, f"{code} {name}") for key, code, name in session().execute(statement)]
