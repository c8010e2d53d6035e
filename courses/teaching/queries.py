"""Every select on offerings, tasks, secondments and appointments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, inspect, or_, select

from courses.curriculum.models import CurriculumCourse
from courses.teaching.models import Offering, OfferingTaker, PartTimeAppointment, PartTimeAppraisal, Secondment, TeachingTask
from courses.teaching.types import OfferingRow
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import StudentState, TeacherKind
from trainhub.programmes.models import Cohort


def offering(offering_id: int) -> Offering | None:
    """An offering by id."""
    return session().get(Offering, offering_id)


def is_there(model: type[TeachingTask | Secondment | Offering], key: int) -> bool:
    """Whether a row that was read before a lock was taken is still there."""
    return session().scalar(select(model.id).where(model.id == key)) is not None


def key_of(row: TeachingTask | Secondment | Offering) -> int:
    """The id of a row that may be gone by now."""
    state: Any = inspect(row)
    return int(state.identity[0])


def offering_of(course_id: int, cohort_id: int) -> Offering | None:
    """The offering of a course for a cohort."""
    return session().scalar(select(Offering).where(Offering.course_id == course_id, Offering.cohort_id == cohort_id))


def takers_of(offering_id: int) -> list[OfferingTaker]:
    """Who is on the list of an offering."""
    return list(session().scalars(select(OfferingTaker).where(OfferingTaker.offering_id == offering_id).order_by(OfferingTaker.student_id)))


def takers_listed(courses: Select[int], until: datetime) -> Select[int, int]:
    """(course, student) of everybody who was on the list of an offering of some courses by a moment, as a select.

    The list is that of a cohort: who went to another one, or withdrew, is asked nothing by it any more.
    """
    statement = (
        select(Offering.course_id, OfferingTaker.student_id)
        .join(OfferingTaker, OfferingTaker.offering_id == Offering.id)
        .join(Student, and_(Student.id == OfferingTaker.student_id, Student.cohort_id == Offering.cohort_id))
    )
    return statement.where(Offering.course_id.in_(courses), OfferingTaker.listed_at <= until, Student.state != StudentState.WITHDRAWN)


def listed_students(course_id: int, until: datetime) -> set[int]:
    """Those of one course."""
    mine = select(CurriculumCourse.id).where(CurriculumCourse.id == course_id)
    return {student_id for _course, student_id in session().execute(takers_listed(mine, until))}


def former_takers(offering_id: int) -> list[tuple[int, str, str]]:
    """(id, name, number) of who is on the list of an offering and no longer in its cohort, or withdrew, by number."""
    statement = (
        select(Student.id, Person.name, Student.student_no)
        .join(OfferingTaker, OfferingTaker.student_id == Student.id)
        .join(Offering, Offering.id == OfferingTaker.offering_id)
        .join(Person, Person.id == Student.person_id)
        .where(Offering.id == offering_id, or_(Student.cohort_id != Offering.cohort_id, Student.state == StudentState.WITHDRAWN))
    )
    return [(key, name, number) for key, name, number in session().execute(statement.order_by(Student.student_no, Student.id))]


def takers_by_offering(offering_ids: Iterable[int]) -> dict[int, int]:
    """By offering: how many of its cohort are on its list."""
    statement = (
        select(OfferingTaker.offering_id, func.count())
        .join(Offering, Offering.id == OfferingTaker.offering_id)
        .join(Student, and_(Student.id == OfferingTaker.student_id, Student.cohort_id == Offering.cohort_id))
        .where(OfferingTaker.offering_id.in_(list(offering_ids)), Student.state != StudentState.WITHDRAWN)
    )
    return {key: int(number) for key, number in session().execute(statement.group_by(OfferingTaker.offering_id))}


def years_offered(course_id: int) -> list[int]:
    """The years of the cohorts to which a course of a plan is offered."""
    statement = select(Cohort.year).join(Offering, Offering.cohort_id == Cohort.id).where(Offering.course_id == course_id)
    return list(session().scalars(statement.order_by(Cohort.year)))


def offerings_of_cohorts(cohort_ids: Iterable[int]) -> list[OfferingRow]:
    """The offerings of cohorts with course and lead lecturer, by cohort, first teaching day and code: one query."""
    statement = (
        select(
            Offering.id,
            Offering.course_id,
            CurriculumCourse.code,
            CurriculumCourse.name,
            CurriculumCourse.category,
            CurriculumCourse.importance,
            Offering.cohort_id,
            Cohort.year,
            Offering.first_teaching_on,
            Offering.closed_on,
            Offering.lead_teacher_id,
            Person.name,
            Teacher.person_id,
            Offering.is_designated,
            Offering.waiver,
            Offering.relevance,
            Offering.version,
            CurriculumCourse.is_optional,
        )
        .join(CurriculumCourse, CurriculumCourse.id == Offering.course_id)
        .join(Cohort, Cohort.id == Offering.cohort_id)
        .outerjoin(Teacher, Teacher.id == Offering.lead_teacher_id)
        .outerjoin(Person, Person.id == Teacher.person_id)
        .where(Offering.cohort_id.in_(list(cohort_ids)))
        .order_by(Cohort.year, Offering.first_teaching_on, CurriculumCourse.code, Offering.id)
    )
    return [OfferingRow(*tuple(row)) for row in session().execute(statement)]


def task(teacher_id: int, academic_year: int, semester: int, title: str) -> TeachingTask | None:
    """A task of a teacher by what it is."""
    return session().scalar(
        select(TeachingTask).where(
            TeachingTask.teacher_id == teacher_id,
            TeachingTask.academic_year == academic_year,
            TeachingTask.semester == semester,
            TeachingTask.title == title,
        )
    )


def task_by_id(task_id: int) -> TeachingTask | None:
    """A task by id."""
    return session().get(TeachingTask, task_id)


def tasks_of_offering(offering_id: int) -> list[TeachingTask]:
    """The tasks that are of an offering, by title."""
    return list(session().scalars(select(TeachingTask).where(TeachingTask.offering_id == offering_id).order_by(TeachingTask.title, TeachingTask.id)))


def tasks_of_teachers(teacher_ids: Iterable[int]) -> list[TeachingTask]:
    """The tasks of teachers, the earliest first."""
    statement = select(TeachingTask).where(TeachingTask.teacher_id.in_(list(teacher_ids))).order_by(TeachingTask.starts_on, TeachingTask.id)
    return list(session().scalars(statement))


def secondment(secondment_id: int) -> Secondment | None:
    """A secondment by id."""
    return session().get(Secondment, secondment_id)


def secondments_of_teachers(teacher_ids: Iterable[int]) -> list[Secondment]:
    """The secondments of teachers in the order they were entered."""
    return list(session().scalars(select(Secondment).where(Secondment.teacher_id.in_(list(teacher_ids))).order_by(Secondment.id)))


def appointment(appointment_id: int) -> PartTimeAppointment | None:
    """An appointment by id."""
    return session().get(PartTimeAppointment, appointment_id)


def appointments_of_teachers(teacher_ids: Iterable[int]) -> list[PartTimeAppointment]:
    """The appointments of teachers, the earliest first."""
    statement = select(PartTimeAppointment).where(PartTimeAppointment.teacher_id.in_(list(teacher_ids)))
    return list(session().scalars(statement.order_by(PartTimeAppointment.since, PartTimeAppointment.id)))


def files_of_teachers(teacher_ids: Iterable[int], on: date) -> list[tuple[PartTimeAppointment, date | None]]:
    """(appointment, when it was appraised last by a day), the earliest appointment first: one query."""
    last = (
        select(func.max(PartTimeAppraisal.appraised_on))
        .where(PartTimeAppraisal.appointment_id == PartTimeAppointment.id, PartTimeAppraisal.appraised_on <= on)
        .scalar_subquery()
    )
    statement = select(PartTimeAppointment, last).where(PartTimeAppointment.teacher_id.in_(list(teacher_ids)))
    return [(row, day) for row, day in session().execute(statement.order_by(PartTimeAppointment.since, PartTimeAppointment.id))]


def appraisals_of_teachers(teacher_ids: Iterable[int]) -> list[tuple[int, PartTimeAppraisal]]:
    """(teacher, appraisal), the earliest first."""
    statement = (
        select(PartTimeAppointment.teacher_id, PartTimeAppraisal)
        .join(PartTimeAppraisal, PartTimeAppraisal.appointment_id == PartTimeAppointment.id)
        .where(PartTimeAppointment.teacher_id.in_(list(teacher_ids)))
        .order_by(PartTimeAppraisal.appraised_on, PartTimeAppraisal.id)
    )
    return [(teacher_id, row) for teacher_id, row in session().execute(statement)]


def appraisal(appointment_id: int, appraised_on: date) -> PartTimeAppraisal | None:
    """The appraisal of a day."""
    return session().scalar(
        select(PartTimeAppraisal).where(PartTimeAppraisal.appointment_id == appointment_id, PartTimeAppraisal.appraised_on == appraised_on)
    )


def staff_of_programme(programme_id: int, on: date) -> list[tuple[Teacher, Person]]:
    """The teachers of a programme on a day with their persons, by staff number: one query."""
    statement = (
        select(Teacher, Person)
        .join(Person, Person.id == Teacher.person_id)
        .where(Teacher.programme_id == programme_id, Teacher.since <= on, or_(Teacher.until.is_(None), Teacher.until >= on))
        .order_by(Teacher.staff_no, Teacher.id)
    )
    return [(teacher, person) for teacher, person in session().execute(statement)]


def staff_choices(programme_id: int, on: date, kind: TeacherKind | None = None) -> list[tuple[int, str]]:
    """(teacher id, "name (number)") of a programme for forms."""
    rows = staff_of_programme(programme_id, on)
    return [(t.id, f"{p.name}（{t.staff_no}）") for t, p in rows if kind is None or t.kind is kind]
