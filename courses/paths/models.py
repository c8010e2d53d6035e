"""A path, its courses in order, and who follows it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, ref
from trainhub.organisations.models import Organisation


class LearningPath(Versioned, Base):
    """Several courses that lead somewhere. In an ordered path a course opens after the required ones before it: as advice on the page."""

    __tablename__ = "learning_path"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    pinyin: Mapped[str] = mapped_column(sa.String(400), default="")
    summary: Mapped[str] = mapped_column(sa.String(500), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    description_html: Mapped[str] = mapped_column(sa.Text, default="")
    owner_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    is_ordered: Mapped[bool] = mapped_column(default=True)
    is_published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    owner: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.CheckConstraint("length(title) > 0", name="title_not_empty"),)


class PathCourse(Base):
    """A course of a path."""

    __tablename__ = "learning_path_course"

    id: Mapped[Key]
    path_id: Mapped[int] = mapped_column(ref("learning_path.id"))
    course_id: Mapped[int] = mapped_column(ref("course.id"), index=True)
    position: Mapped[int]
    is_required: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (sa.UniqueConstraint("path_id", "course_id"),)


class PathMember(Base):
    """A person who follows a path, once."""

    __tablename__ = "learning_path_member"

    id: Mapped[Key]
    path_id: Mapped[int] = mapped_column(ref("learning_path.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    joined_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("path_id", "person_id"),)
