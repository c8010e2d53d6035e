"""Threads of a run's forum and of its discussion blocks, with posts, their history, reports and followers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, ref
from trainhub.kernel.files import StoredFile
from trainhub.people.models import Person


class Thread(Base):
    """A thread; its first post says what it is about. Without `block_id` it belongs to the forum of the whole run.

    `posts` counts the posts that were not removed, `last_at` is the instant of the latest; both are kept by one UPDATE.
    """

    __tablename__ = "discussion_thread"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    block_id: Mapped[int | None] = mapped_column(ref("course_block.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    is_question: Mapped[bool] = mapped_column(default=False)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    is_locked: Mapped[bool] = mapped_column(default=False)
    accepted_post_id: Mapped[int | None]
    posts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    last_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_discussion_thread_list", "run_id", "is_pinned", "last_at", "id"),)


class Post(Versioned, Base):
    """One contribution. A removed one keeps its row, for the staff and for what was counted.

    Long after the end of the run it loses its signature (`person_id` NULL, own.retention.forum_post_months).
    """

    __tablename__ = "discussion_post"

    id: Mapped[Key]
    thread_id: Mapped[int] = mapped_column(ref("discussion_thread.id"))
    person_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True)
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    is_staff: Mapped[bool] = mapped_column(default=False)
    posted_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    remove_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.Index("ix_discussion_post_order", "thread_id", "posted_at", "id"),)


class PostRevision(Base):
    """What a post said before it was changed."""

    __tablename__ = "discussion_revision"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ref("discussion_post.id"), index=True)
    body_html: Mapped[str] = mapped_column(sa.Text)
    replaced_at: Mapped[datetime]
    replaced_by_id: Mapped[int | None]


class PostImage(Base):
    """A picture of a post, in order."""

    __tablename__ = "discussion_image"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ref("discussion_post.id"), index=True)
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))

    file: Mapped[StoredFile] = relationship(lazy="raise", viewonly=True)


class PostMention(Base):
    """Whom a post mentions; told once."""

    __tablename__ = "discussion_mention"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ref("discussion_post.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)

    __table_args__ = (sa.UniqueConstraint("post_id", "person_id"),)


class PostReport(Base):
    """A person reports a post, once; the staff decides over all reports of a post together."""

    __tablename__ = "discussion_report"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ref("discussion_post.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(400))
    reported_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    is_upheld: Mapped[bool | None]

    __table_args__ = (sa.UniqueConstraint("post_id", "person_id"),)


class ThreadFollow(Base):
    """Who is told of new answers in a thread; `told_at` is up to when they were told."""

    __tablename__ = "discussion_thread_follow"

    id: Mapped[Key]
    thread_id: Mapped[int] = mapped_column(ref("discussion_thread.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    told_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("thread_id", "person_id"),)


class ForumFollow(Base):
    """Who is told of new threads of a run."""

    __tablename__ = "discussion_forum_follow"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    told_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("run_id", "person_id"),)
