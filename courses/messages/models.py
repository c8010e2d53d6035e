"""Announcements of a run, and conversations between one learner and the staff of a run."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, ref
from trainhub.people.models import Person


class Announcement(Versioned, Base):
    """What the staff tells all learners of a run at an instant. `published_at` is when they were told."""

    __tablename__ = "run_announcement"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    publish_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None]
    told: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.Index("ix_run_announcement_due", "published_at", "publish_at"),)


class Conversation(Base):
    """A thread of messages between one learner and the staff of a run; each side remembers up to when it has read."""

    __tablename__ = "run_conversation"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    subject: Mapped[str] = mapped_column(sa.String(200))
    messages: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    last_by_staff: Mapped[bool]
    learner_read_at: Mapped[datetime | None]
    staff_read_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.Index("ix_run_conversation_staff", "run_id", "last_at", "id"),
        sa.Index("ix_run_conversation_learner", "person_id", "last_at", "id"),
    )


class Message(Base):
    """One message of a conversation; never changed."""

    __tablename__ = "run_message"

    id: Mapped[Key]
    conversation_id: Mapped[int] = mapped_column(ref("run_conversation.id"))
    sender_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    is_staff: Mapped[bool]
    body: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime]

    sender: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.Index("ix_run_message_order", "conversation_id", "id"),)
