"""Offerings with their lead lecturers, teaching tasks, secondments of teachers, part-time appointments with training and appraisal."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from courses.teaching.types import AppraisalResult, SecondmentState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class Offering(Versioned, Base):
    """A course taught to a cohort. `is_designated`: one of the six of requirement 5 (002:271).

    `closed_on`: the day its conclusions were complete. `waiver`: the written reason why the lead lecturer may have more than
    two designated courses (requirements.md 8.1, 1).
    """

    __tablename__ = "course_offering"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"))
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"), index=True)
    academic_year: Mapped[int]
    semester: Mapped[int]
    first_teaching_on: Mapped[date]
    closed_on: Mapped[date | None]
    lead_teacher_id: Mapped[int | None] = mapped_column(ref("teacher.id"), index=True)
    is_designated: Mapped[bool] = mapped_column(default=False)
    waiver: Mapped[str] = mapped_column(sa.String(400), default="")
    relevance: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("course_id", "cohort_id"),
        sa.CheckConstraint("semester IN (1, 2, 3)", name="semester_1_to_3"),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= first_teaching_on", name="closed_after_first"),
    )


class OfferingTaker(Base):
    """A student on the list of an optional course: who takes it is asked for a conclusion before the first mark is there (PETOE-2.5, 002:389)."""

    __tablename__ = "offering_taker"

    offering_id: Mapped[int] = mapped_column(ref("course_offering.id"), primary_key=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), primary_key=True, index=True)
    listed_at: Mapped[datetime]


class TeachingTask(Base):
    """What a teacher is told to teach in a semester (教学任务书, M4.7), in hours."""

    __tablename__ = "teaching_task"

    id: Mapped[Key]
    teacher_id: Mapped[int] = mapped_column(ref("teacher.id"), index=True)
    offering_id: Mapped[int | None] = mapped_column(ref("course_offering.id"), index=True)
    academic_year: Mapped[int]
    semester: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(160))
    hours_x10: Mapped[int]
    starts_on: Mapped[date]
    issued_no: Mapped[str] = mapped_column(sa.String(60), default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("teacher_id", "academic_year", "semester", "title"),
        sa.CheckConstraint("hours_x10 > 0", name="hours_positive"),
    )


class Secondment(Versioned, Base):
    """A teacher's plan to work at an engineering post of an enterprise, or why none is needed (PETOE-4.2, 002:445).

    A finished one counts as enterprise work only when it is also entered and verified as employment (requirements.md 8.2, 22).
    """

    __tablename__ = "secondment"

    id: Mapped[Key]
    teacher_id: Mapped[int] = mapped_column(ref("teacher.id"), index=True)
    state: Mapped[SecondmentState] = mapped_column(enum_column(SecondmentState), default=SecondmentState.PLANNED)
    enterprise_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    enterprise_name: Mapped[str] = mapped_column(sa.String(200), default="")
    post: Mapped[str] = mapped_column(sa.String(100), default="")
    planned_since: Mapped[date | None]
    planned_until: Mapped[date | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    is_full_time: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    report: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("planned_until IS NULL OR planned_until >= planned_since", name="planned_in_order"),
        sa.CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="ended_after_start"),
    )


class PartTimeAppointment(Versioned, Base):
    """The file of a part-time teacher: appointment, duties, training before the job (PETOE-4.7, 002:457; M4.6)."""

    __tablename__ = "part_time_appointment"

    id: Mapped[Key]
    teacher_id: Mapped[int] = mapped_column(ref("teacher.id"), index=True)
    letter_no: Mapped[str] = mapped_column(sa.String(60), default="")
    since: Mapped[date]
    until: Mapped[date | None]
    duties: Mapped[str] = mapped_column(sa.Text, default="")
    training_hours: Mapped[int] = mapped_column(default=0)
    training_passed_on: Mapped[date | None]
    created_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"), sa.UniqueConstraint("teacher_id", "since"))


class PartTimeAppraisal(Base):
    """A periodic appraisal under an appointment."""

    __tablename__ = "part_time_appraisal"

    id: Mapped[Key]
    appointment_id: Mapped[int] = mapped_column(ref("part_time_appointment.id"))
    appraised_on: Mapped[date]
    result: Mapped[AppraisalResult] = mapped_column(enum_column(AppraisalResult))
    remark: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (sa.UniqueConstraint("appointment_id", "appraised_on"),)
