"""The courses of a training plan, their objectives, how they are assessed, and what each student attained."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from courses.curriculum.types import AssessmentKind, CourseCategory, Importance, Language
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class CurriculumCourse(Versioned, Base):
    """A course of a programme version in a term of study (1 to 12). `revised_on`: the last revision of its syllabus (PETOE-2.6).

    `is_optional`: 选修, a student may do without it; 2.5 asks for conclusions about those who took it (002:389).
    """

    __tablename__ = "curriculum_course"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ref("programme_version.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(160))
    category: Mapped[CourseCategory] = mapped_column(enum_column(CourseCategory))
    importance: Mapped[Importance] = mapped_column(enum_column(Importance), default=Importance.ORDINARY)
    is_optional: Mapped[bool] = mapped_column(default=False)
    hours: Mapped[int]
    credits_x10: Mapped[int]
    term: Mapped[int]
    delivery_modes: Mapped[list[str]]
    research_methods: Mapped[list[str]]
    language: Mapped[Language] = mapped_column(enum_column(Language), default=Language.CHINESE)
    revised_on: Mapped[date | None]

    __table_args__ = (
        sa.UniqueConstraint("version_id", "code"),
        sa.CheckConstraint("hours > 0", name="hours_positive"),
        sa.CheckConstraint("credits_x10 >= 0", name="credits_not_negative"),
        sa.CheckConstraint("term BETWEEN 1 AND 12", name="term_in_range"),
    )


class CoursePremise(Base):
    """A course of a plan that has to be taken before another of the same plan, or beside it in the same term (M2.2, 002:399)."""

    __tablename__ = "curriculum_prerequisite"

    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), primary_key=True)
    required_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), primary_key=True, index=True)

    __table_args__ = (sa.CheckConstraint("course_id <> required_id", name="not_itself"),)


class CourseObjective(Base):
    """A teaching objective (教学目标): what an indicator point becomes in a course (PETOE-2.2, 002:383)."""

    __tablename__ = "course_objective"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), index=True)
    number: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("course_id", "number"),)


class AssessmentItem(Base):
    """One part of the assessment of a course; the weights of a course sum to 100 (PETOE-2.5, 002:389)."""

    __tablename__ = "course_assessment_item"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), index=True)
    kind: Mapped[AssessmentKind] = mapped_column(enum_column(AssessmentKind))
    title: Mapped[str] = mapped_column(sa.String(120), default="")
    weight_percent: Mapped[int]

    __table_args__ = (sa.CheckConstraint("weight_percent BETWEEN 1 AND 100", name="weight_in_range"),)


class ItemObjective(Base):
    """How much an assessment item says about an objective: the parts of an objective need not sum to 100 (PETOE-2.5, 002:389)."""

    __tablename__ = "assessment_objective"

    item_id: Mapped[int] = mapped_column(ref("course_assessment_item.id"), primary_key=True)
    objective_id: Mapped[int] = mapped_column(ref("course_objective.id"), primary_key=True, index=True)
    share: Mapped[int]

    __table_args__ = (sa.CheckConstraint("share BETWEEN 1 AND 100", name="share_in_range"),)


class ItemScore(Base):
    """The mark of one student in one assessment item, in tenths: what attainment is computed from. A second entry replaces the first."""

    __tablename__ = "assessment_score"

    item_id: Mapped[int] = mapped_column(ref("course_assessment_item.id"), primary_key=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), primary_key=True, index=True)
    score_x10: Mapped[int]
    recorded_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_in_range"),)


class CourseResult(Base):
    """Whether one student attained one objective of a course; a second entry replaces the first and is audited."""

    __tablename__ = "course_result"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"))
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"))
    objective_id: Mapped[int] = mapped_column(ref("course_objective.id"), index=True)
    score_x10: Mapped[int]
    is_attained: Mapped[bool]
    concluded_on: Mapped[date]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("student_id", "objective_id"),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_in_range"),
        sa.Index("ix_course_result_course", "course_id", "student_id"),
    )
