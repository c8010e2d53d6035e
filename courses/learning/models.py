"""Enrolments and invitations, the append-only log of what learners did, the progress derived from it, and their notes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.catalogue.models import Run
from courses.learning.types import EnrolmentState, EventKind
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import Person


class Enrolment(Versioned, Base):
    """A person in a run, once. The waiting list is ordered by `asked_at`, then id. A withdrawn one may ask again.

    `last_active_at` is the instant of the last entry in the log. `missed` of a completed one: what it had no score in, and what
    it was graded by (`types.Missed`).
    """

    __tablename__ = "enrolment"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    state: Mapped[EnrolmentState] = mapped_column(enum_column(EnrolmentState))
    asked_at: Mapped[datetime]
    enrolled_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    completed_on: Mapped[date | None]
    score_x10: Mapped[int | None]
    missed: Mapped[dict[str, Any] | None]
    progress_x1000: Mapped[int] = mapped_column(default=0)
    last_active_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    note: Mapped[str] = mapped_column(sa.String(400), default="")

    run: Mapped[Run] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("run_id", "person_id"),
        sa.CheckConstraint("(state = 'completed') = (completed_on IS NOT NULL)", name="completed_has_day"),
        sa.CheckConstraint("progress_x1000 BETWEEN 0 AND 1000", name="progress_range"),
        sa.Index("ix_enrolment_queue", "run_id", "state", "asked_at", "id"),
    )


class RunInvitation(Base):
    """A person who may join a run by invitation, up to and including `expires_on`; a run with approval takes them at once."""

    __tablename__ = "run_invitation"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    invited_by_id: Mapped[int | None]
    invited_at: Mapped[datetime]
    expires_on: Mapped[date | None]

    __table_args__ = (sa.UniqueConstraint("run_id", "person_id"),)


class InviteLink(Base):
    """An address that invites whoever opens it: until a day, for so many persons, until it is withdrawn."""

    __tablename__ = "run_invite_link"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), index=True)
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_on: Mapped[date]
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[int | None]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)", name="uses_within_max"),)


class LearningEvent(Base):
    """What a learner did, in order. Never changed: progress can be computed again from it with the same result."""

    __tablename__ = "learning_event"

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"))
    block_id: Mapped[int] = mapped_column(ref("course_block.id"), index=True)
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_learning_event_order", "enrolment_id", "block_id", "id"),)


class BlockProgress(Base):
    """How far a learner is with a block: derived from the log. `position_x10`: where a video goes on, in tenths of a second."""

    __tablename__ = "block_progress"

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"))
    block_id: Mapped[int] = mapped_column(ref("course_block.id"), index=True)
    is_done: Mapped[bool] = mapped_column(default=False)
    share_x1000: Mapped[int] = mapped_column(default=0)
    position_x10: Mapped[int] = mapped_column(default=0)
    score_x10: Mapped[int | None]
    waits_for_grade: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "block_id"),
        sa.CheckConstraint("share_x1000 BETWEEN 0 AND 1000", name="share_range"),
    )


class Note(Base):
    """What a learner writes for himself about a unit; `at_seconds` is the place in the video of `block_id`."""

    __tablename__ = "learner_note"

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"))
    unit_id: Mapped[int] = mapped_column(ref("course_unit.id"), index=True)
    block_id: Mapped[int | None] = mapped_column(ref("course_block.id"), index=True)
    at_seconds: Mapped[int | None]
    body: Mapped[str] = mapped_column(sa.Text)
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_learner_note_order", "enrolment_id", "unit_id", "id"),)


class MarkSource(Base):
    """A run whose mark is the total of its gradebook, handed down by the feature above; runs without a row average their blocks.

    `is_shown`: learners see it before they complete.
    """

    __tablename__ = "run_mark_source"

    run_id: Mapped[int] = mapped_column(ref("course_run.id"), primary_key=True, autoincrement=False)
    since_at: Mapped[datetime]
    is_shown: Mapped[bool] = mapped_column(default=True)


class EnrolmentMark(Base):
    """The total of a learner as the gradebook handed it down. `is_due`: something happened since; nothing completes on an old total.

    `settled`: what a person decided of single blocks, {block: score, or None where the learner is excused}; None where nothing was.
    `is_written`: a person excused the learner in the gradebook or wrote over a result.
    `changed_at`: when the book, or what the course asks, was changed last; None in rows of before that was kept.
    """

    __tablename__ = "enrolment_mark"

    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"), primary_key=True, autoincrement=False)
    score_x10: Mapped[int | None]
    is_due: Mapped[bool] = mapped_column(default=True, index=True)
    settled: Mapped[dict[str, Any] | None]
    is_written: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    changed_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_range"),)
