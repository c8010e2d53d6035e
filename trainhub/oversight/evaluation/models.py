"""What evaluation keeps of its own: judgements of persons, decisions with their frozen findings, and the registers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, enum_column, ref
from trainhub.oversight.evaluation.register_types import (
    ActivityKind,
    BudgetPurpose,
    BudgetSource,
    CentreRole,
    ExchangeKind,
    IncentiveKind,
    OutputKind,
    ParticipationArea,
    PolicyTopic,
    ProgrammeMode,
    Quality,
)
from trainhub.oversight.evaluation.types import JudgementResult, MarkSource, Outcome, Verdict


class ExpertJudgement(Base):
    """What one person judged about one criterion on a day. Append-only: a later one replaces, the earlier stays readable."""

    __tablename__ = "expert_judgement"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"))
    criterion: Mapped[str] = mapped_column(sa.String(6))
    result: Mapped[JudgementResult] = mapped_column(enum_column(JudgementResult))
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    judged_on: Mapped[date]
    judged_by_id: Mapped[int | None]
    judged_by: Mapped[str] = mapped_column(sa.String(200))
    judged_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_expert_judgement_latest", "programme_id", "criterion", "judged_on"),)


class QualityRemark(Base):
    """The qualitative conclusion 特色 or 优秀 with its text (PETOE-P16, 002:649); `quality` None takes it back. Append-only."""

    __tablename__ = "quality_remark"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    quality: Mapped[Quality | None] = mapped_column(enum_column(Quality))
    text: Mapped[str] = mapped_column(sa.Text)
    remarked_on: Mapped[date]
    remarked_by: Mapped[str] = mapped_column(sa.String(200))
    remarked_at: Mapped[datetime]


class EvaluationDecision(Base):
    """How an application ended. The findings are frozen: a later amendment never rewrites what was decided.

    One programme may be decided on twice a day, say concluded and, applied for again, not accepted: each is a row of its own.
    """

    __tablename__ = "evaluation_decision"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"))
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome))
    decided_on: Mapped[date]
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    special_result: Mapped[str] = mapped_column(sa.String(20), default="")
    findings: Mapped[list[Any]]
    accredited_until: Mapped[date | None]
    """Until when the accreditation was valid on which a verdict rests."""
    university: Mapped[str] = mapped_column(sa.String(200), default="")
    """What university and programme were called; empty of what was decided before that was kept."""
    programme: Mapped[str] = mapped_column(sa.String(120), default="")
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_evaluation_decision_programme_id_decided_on", "programme_id", "decided_on"),)


class ItemMarkSource(Base):
    """Whose grade speaks for an item of the enterprise training plan, where somebody chose another than the usual one."""

    __tablename__ = "item_mark_source"

    item_id: Mapped[int] = mapped_column(ref("plan_item.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[MarkSource] = mapped_column(enum_column(MarkSource))


class Participation(Base):
    """An industry expert's part in standard, curriculum or placement plan (PETOE-1.4, 2.7, 6.5; M1.4, M2.5)."""

    __tablename__ = "industry_participation"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    area: Mapped[ParticipationArea] = mapped_column(enum_column(ParticipationArea))
    expert: Mapped[str] = mapped_column(sa.String(120))
    enterprise: Mapped[str] = mapped_column(sa.String(200))
    held_on: Mapped[date]
    contribution: Mapped[str] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.String(300), default="")


class PolicyDocument(Base):
    """A policy the university issued for the 卓越计划 (PETOE-4.1, 10.1; M4.2, M10.2)."""

    __tablename__ = "policy_document"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    topic: Mapped[PolicyTopic] = mapped_column(enum_column(PolicyTopic))
    title: Mapped[str] = mapped_column(sa.String(200))
    issued_no: Mapped[str] = mapped_column(sa.String(80), default="")
    issued_on: Mapped[date]


class BudgetLine(Base):
    """Money of a year for one of the eight purposes, by source (PETOE-10.3, 10.4)."""

    __tablename__ = "budget_line"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    year: Mapped[int]
    purpose: Mapped[BudgetPurpose] = mapped_column(enum_column(BudgetPurpose))
    source: Mapped[BudgetSource] = mapped_column(enum_column(BudgetSource))
    planned_fen: Mapped[int]
    spent_fen: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.UniqueConstraint("programme_id", "year", "purpose", "source"),
        sa.CheckConstraint("planned_fen >= 0 AND spent_fen >= 0", name="amounts_not_negative"),
    )


class BudgetNeed(Base):
    """What a year of the 卓越计划 costs for one of the eight purposes, as the programme reckons it (PETOE-10.4, 002:627)."""

    __tablename__ = "budget_need"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    year: Mapped[int]
    purpose: Mapped[BudgetPurpose] = mapped_column(enum_column(BudgetPurpose))
    need_fen: Mapped[int]
    basis: Mapped[str] = mapped_column(sa.String(300), default="")

    __table_args__ = (
        sa.UniqueConstraint("programme_id", "year", "purpose"),
        sa.CheckConstraint("need_fen >= 0", name="need_not_negative"),
    )


class CentreMentor(Base):
    """Somebody in the team that guides at a practice centre, with first and last day (PETOE-6.4, 002:513)."""

    __tablename__ = "centre_mentor"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    role: Mapped[CentreRole] = mapped_column(enum_column(CentreRole))
    unit: Mapped[str] = mapped_column(sa.String(200))
    post: Mapped[str] = mapped_column(sa.String(100), default="")
    since: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (
        sa.UniqueConstraint("programme_id", "base_id", "name", "role", "since"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
    )


class Incentive(Base):
    """An incentive a teacher received (PETOE-10.5)."""

    __tablename__ = "teacher_incentive"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    teacher_id: Mapped[int | None] = mapped_column(ref("teacher.id"))
    kind: Mapped[IncentiveKind] = mapped_column(enum_column(IncentiveKind))
    title: Mapped[str] = mapped_column(sa.String(200))
    granted_on: Mapped[date]


class ExchangeRecord(Base):
    """A student's part in international exchange (PETOE-9.6)."""

    __tablename__ = "exchange_record"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    kind: Mapped[ExchangeKind] = mapped_column(enum_column(ExchangeKind))
    partner: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(3))
    took_place_on: Mapped[date]

    __table_args__ = (sa.UniqueConstraint("student_id", "kind", "took_place_on"),)


class IntlProgramme(Base):
    """A joint programme with a school abroad (PETOE-9.4; M9.3)."""

    __tablename__ = "intl_programme"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    mode: Mapped[ProgrammeMode] = mapped_column(enum_column(ProgrammeMode))
    partner: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(3))
    agreement_no: Mapped[str] = mapped_column(sa.String(80), default="")
    recognises_credits: Mapped[bool] = mapped_column(default=False)
    """承认学分, 互认学分 (002:591)."""
    since: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),)


class Equivalence(Base):
    """A course and its substantially equivalent course at a school abroad (PETOE-9.2)."""

    __tablename__ = "course_equivalence"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"))
    university: Mapped[str] = mapped_column(sa.String(200))
    country: Mapped[str] = mapped_column(sa.String(3))
    course: Mapped[str] = mapped_column(sa.String(200))
    evidence: Mapped[str] = mapped_column(sa.String(400), default="")
    compared_on: Mapped[date]


class IntlActivity(Base):
    """A form of internationalisation that a person judges (PETOE-9.3, 9.5, 9.7, 9.9; M9.4)."""

    __tablename__ = "intl_activity"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    kind: Mapped[ActivityKind] = mapped_column(enum_column(ActivityKind))
    title: Mapped[str] = mapped_column(sa.String(200))
    partner: Mapped[str] = mapped_column(sa.String(200), default="")
    country: Mapped[str] = mapped_column(sa.String(3), default="")
    took_place_on: Mapped[date]
    description: Mapped[str] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.String(300), default="")


class TeachingCase(Base):
    """A problem, case or project from practice that a course is organised around (PETOE-3.3, 002:415)."""

    __tablename__ = "teaching_case"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    course_id: Mapped[int] = mapped_column(ref("curriculum_course.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    enterprise: Mapped[str] = mapped_column(sa.String(200))
    source: Mapped[str] = mapped_column(sa.Text, default="")
    taken_up_on: Mapped[date]


class TeacherOutput(Base):
    """What a teacher brought forth on research-based learning (PETOE-3.5, 002:419)."""

    __tablename__ = "teacher_output"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    teacher_id: Mapped[int] = mapped_column(ref("teacher.id"))
    kind: Mapped[OutputKind] = mapped_column(enum_column(OutputKind))
    title: Mapped[str] = mapped_column(sa.String(300))
    published_on: Mapped[date]


class AppraisalScheme(Base):
    """The rule by which full-time teachers are appraised, with the weight of each of the five dimensions (PETOE-4.4, 002:451), per cent."""

    __tablename__ = "appraisal_scheme"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    issued_no: Mapped[str] = mapped_column(sa.String(80), default="")
    since: Mapped[date]
    weights: Mapped[dict[str, Any]]


class QualityReview(Base):
    """A round of quality assurance of the cooperation: who took part from each side, what was found, what was done (PETOE-6.7, 002:521)."""

    __tablename__ = "quality_review"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    held_on: Mapped[date]
    school_members: Mapped[int]
    enterprise_members: Mapped[int]
    findings: Mapped[str] = mapped_column(sa.Text)
    actions: Mapped[str] = mapped_column(sa.Text, default="")
    closed_on: Mapped[date | None]

    __table_args__ = (
        sa.CheckConstraint("school_members >= 0 AND enterprise_members >= 0", name="members_not_negative"),
        sa.CheckConstraint("closed_on IS NULL OR closed_on >= held_on", name="closed_after_held"),
    )
