"""What accompanies the work: windows and extensions, comments, rubrics, reviews, defences, third grades, looking again, links."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.capstones.types import Decision, LinkPurpose, ReasonKind, ReviewKind, Verdict, WindowStage
from enterprises.mentors.models import ProvenLink
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class StageWindow(Versioned, Base):
    """From which to which day (both included, to 24:00) a cohort may do something."""

    __tablename__ = "capstone_window"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"))
    stage: Mapped[WindowStage] = mapped_column(enum_column(WindowStage))
    opens_on: Mapped[date]
    closes_on: Mapped[date]

    __table_args__ = (
        sa.UniqueConstraint("cohort_id", "stage"),
        sa.CheckConstraint("closes_on >= opens_on", name="closes_after_opening"),
    )


class StageExtension(Base):
    """More time for one student at one stage, with its reason; never taken away, a longer one follows."""

    __tablename__ = "capstone_extension"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    stage: Mapped[WindowStage] = mapped_column(enum_column(WindowStage))
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(400))
    granted_by_id: Mapped[int | None]
    granted_at: Mapped[datetime]


class PaperComment(Base):
    """What somebody wrote on one version of a paper."""

    __tablename__ = "capstone_paper_comment"

    id: Mapped[Key]
    paper_id: Mapped[int] = mapped_column(ref("capstone_paper.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]


class Rubric(Base):
    """What is graded under a version of a programme, with which weights, and which indicator points it serves.

    `items`: [{code, label, hint, weight, points: [number of the indicator point]}]; `weights`: per cent of school, enterprise,
    review and defence. An edition that was adopted is never changed: a new edition follows.
    """

    __tablename__ = "capstone_rubric"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ref("programme_version.id"))
    edition: Mapped[int]
    items: Mapped[list[Any]]
    weights: Mapped[dict[str, Any]]
    adopted_by_id: Mapped[int | None]
    adopted_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("version_id", "edition"),)


class Review(Base):
    """A reviewer's reading of a thesis (评阅)."""

    __tablename__ = "capstone_review"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    kind: Mapped[ReviewKind] = mapped_column(enum_column(ReviewKind))
    due_on: Mapped[date]
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    score_x10: Mapped[int | None]
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    """The form or the marked copy that was signed with it."""
    signed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_capstone_review_open",
            "capstone_id",
            "person_id",
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        ),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_in_range"),
    )


class DefenceGroup(Versioned, Base):
    """A panel in a room on a day (答辩组). Minutes are counted from midnight of Shanghai's clock."""

    __tablename__ = "defence_group"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    room: Mapped[str] = mapped_column(sa.String(100))
    on: Mapped[date] = mapped_column("on_day")
    starts_minute: Mapped[int]
    minutes_each: Mapped[int] = mapped_column(default=30)
    secretary_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    published_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("starts_minute BETWEEN 0 AND 1439", name="starts_within_the_day"),
        sa.CheckConstraint("minutes_each BETWEEN 5 AND 180", name="minutes_sensible"),
    )


class DefenceMember(Base):
    """A person of the panel; exactly one is the chair."""

    __tablename__ = "defence_member"

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ref("defence_group.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    is_chair: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.UniqueConstraint("group_id", "person_id"),)


class DefenceSlot(Base):
    """One student's place in the timetable, and the secretary's record of it."""

    __tablename__ = "defence_slot"

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ref("defence_group.id"), index=True)
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    starts_minute: Mapped[int]
    questions: Mapped[str] = mapped_column(sa.Text, default="")
    scores: Mapped[dict[str, Any]]
    """Tenths of a point by the id of the panel's person."""
    score_x10: Mapped[int | None]
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    """The signed record on paper, or the score sheets, scanned."""
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("group_id", "starts_minute"),
        sa.Index(
            "uq_defence_slot_open",
            "capstone_id",
            unique=True,
            sqlite_where=sa.text("recorded_at IS NULL"),
            postgresql_where=sa.text("recorded_at IS NULL"),
        ),
    )


class ThirdGrade(Base):
    """The grade of a third person when the two sides lie too far apart."""

    __tablename__ = "capstone_third_grade"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    rubric: Mapped[dict[str, Any] | None]
    score_x10: Mapped[int | None]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    signed_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_in_range"),)


class Reconsideration(Base):
    """A result that is looked at again: moderation before publication, an appeal of the student after it."""

    __tablename__ = "capstone_reconsideration"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    kind: Mapped[ReasonKind] = mapped_column(enum_column(ReasonKind))
    reason: Mapped[str] = mapped_column(sa.Text)
    before_x10: Mapped[int]
    opened_by_id: Mapped[int | None]
    opened_at: Mapped[datetime]
    decision: Mapped[Decision | None] = mapped_column(enum_column(Decision))
    after_x10: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_capstone_reconsideration_open",
            "capstone_id",
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        ),
        sa.CheckConstraint("after_x10 BETWEEN 0 AND 1000", name="score_in_range"),
    )

    @property
    def is_acceptance(self) -> bool:
        """Whether the student accepted the result instead of appealing: a conclusion has its reason, this has none."""
        return self.kind is ReasonKind.APPEAL and self.decided_at is not None and not self.note


class MentorLink(ProvenLink, Base):
    """A one-time address for a supervisor without an account. Only the hash of the secret is kept."""

    __tablename__ = "capstone_link"

    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose))
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime]
    made_by_id: Mapped[int | None]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
