"""Which course counts as which course of a training plan, and what students apply for."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.catalogue.models import Course
from courses.curriculum.models import CurriculumCourse
from courses.learning.models import Enrolment
from courses.recognition.types import ClaimState, Evidence
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.kernel.files import StoredFile
from trainhub.people.models import Student


class CreditMapping(Base):
    """An online course that counts as a course of a plan (which is of one version of a programme), with at most so many credits."""

    __tablename__ = "credit_mapping"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("course.id"), index=True)
    target_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), index=True)
    credits_x10: Mapped[int]
    least_score_x10: Mapped[int] = mapped_column(default=600)
    since: Mapped[date]
    until: Mapped[date | None]
    document: Mapped[str] = mapped_column(sa.String(200), default="")

    course: Mapped[Course] = relationship(lazy="raise", viewonly=True)
    target: Mapped[CurriculumCourse] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("course_id", "target_id", "since"),
        sa.CheckConstraint("credits_x10 > 0", name="credits_positive"),
        sa.CheckConstraint("least_score_x10 BETWEEN 0 AND 1000", name="score_range"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
    )


class CreditClaim(Versioned, Base):
    """A student's application. Approved at most once per course of the plan; evidence is in use at most once."""

    __tablename__ = "credit_claim"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"))
    target_id: Mapped[int] = mapped_column(ref("curriculum_course.id"), index=True)
    mapping_id: Mapped[int | None] = mapped_column(ref("credit_mapping.id"), index=True)
    evidence: Mapped[Evidence] = mapped_column(enum_column(Evidence))
    evidence_key: Mapped[str] = mapped_column(sa.String(160))
    enrolment_id: Mapped[int | None] = mapped_column(ref("enrolment.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    provider: Mapped[str] = mapped_column(sa.String(200), default="")
    number: Mapped[str] = mapped_column(sa.String(100), default="")
    completed_on: Mapped[date]
    score_x10: Mapped[int | None]
    statement: Mapped[str] = mapped_column(sa.String(1000), default="")
    asked_x10: Mapped[int]
    credits_x10: Mapped[int | None]
    state: Mapped[ClaimState] = mapped_column(enum_column(ClaimState), default=ClaimState.SUBMITTED, index=True)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_on: Mapped[date | None]
    decided_by: Mapped[str] = mapped_column(sa.String(120), default="")
    decided_by_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    appeal: Mapped[str] = mapped_column(sa.String(1000), default="")
    appealed_at: Mapped[datetime | None]
    appeal_reason: Mapped[str] = mapped_column(sa.String(1000), default="")

    student: Mapped[Student] = relationship(lazy="raise", viewonly=True)
    target: Mapped[CurriculumCourse] = relationship(lazy="raise", viewonly=True)
    enrolment: Mapped[Enrolment | None] = relationship(lazy="raise", viewonly=True)
    file: Mapped[StoredFile | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.Index(
            "uq_credit_claim_course",
            "student_id",
            "target_id",
            unique=True,
            sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"),
            postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"),
        ),
        sa.Index(
            "uq_credit_claim_evidence",
            "student_id",
            "evidence_key",
            unique=True,
            sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"),
            postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"),
        ),
        sa.CheckConstraint("(state = 'approved') = (credits_x10 IS NOT NULL)", name="approved_has_credits"),
        sa.CheckConstraint("asked_x10 > 0 AND (credits_x10 IS NULL OR credits_x10 > 0)", name="credits_positive"),
        sa.CheckConstraint("(evidence = 'run') = (enrolment_id IS NOT NULL)", name="run_has_enrolment"),
        sa.CheckConstraint("(evidence = 'certificate') = (file_id IS NOT NULL)", name="certificate_has_file"),
    )
