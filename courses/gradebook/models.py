"""The gradebook of a run, its categories and columns, what people wrote into cells, and the history of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from courses.gradebook.types import GradeKind
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class Gradebook(Versioned, Base):
    """How a run is marked. `scale` as `Scale.as_data`; a locked book takes no change and no new result; `shows_total`: learners see their total."""

    __tablename__ = "gradebook"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), unique=True)
    scale: Mapped[dict[str, Any]]
    missing_is_zero: Mapped[bool] = mapped_column(default=True)
    shows_total: Mapped[bool] = mapped_column(default=True)
    locked_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class GradeCategory(Base):
    """A part of the total with its weight."""

    __tablename__ = "grade_category"

    id: Mapped[Key]
    book_id: Mapped[int] = mapped_column(ref("gradebook.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    weight_x10: Mapped[int] = mapped_column(default=1000)
    drop_lowest: Mapped[int] = mapped_column(default=0)
    is_extra: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("book_id", "name"),
        sa.CheckConstraint("weight_x10 > 0 AND drop_lowest >= 0", name="weight_positive"),
    )


class GradeColumn(Base):
    """A column: of a graded block of the run, or filled by hand. A removed one keeps its grades and their history."""

    __tablename__ = "grade_column"

    id: Mapped[Key]
    book_id: Mapped[int] = mapped_column(ref("gradebook.id"), index=True)
    category_id: Mapped[int] = mapped_column(ref("grade_category.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    block_id: Mapped[int | None] = mapped_column(ref("course_block.id"), index=True)
    max_x10: Mapped[int] = mapped_column(default=1000)
    weight_x10: Mapped[int] = mapped_column(default=10)
    is_extra: Mapped[bool] = mapped_column(default=False)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    is_locked: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("book_id", "block_id"),
        sa.CheckConstraint("max_x10 > 0 AND weight_x10 >= 0", name="max_positive"),
    )


class Grade(Versioned, Base):
    """What a person wrote into a cell; without a row the cell shows what the block gives. Points are out of the column's."""

    __tablename__ = "grade"

    id: Mapped[Key]
    column_id: Mapped[int] = mapped_column(ref("grade_column.id"))
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"), index=True)
    kind: Mapped[GradeKind | None] = mapped_column(enum_column(GradeKind))
    points_x10: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    by_id: Mapped[int | None]
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("column_id", "enrolment_id"),
        sa.CheckConstraint("points_x10 >= 0", name="points_not_negative"),
        sa.CheckConstraint("(kind IN ('manual', 'override')) = (points_x10 IS NOT NULL) OR kind IS NULL", name="points_with_kind"),
    )


class KeptScore(Base):
    """What a block had given a learner when its column, or the whole book, was locked: it counts until that is unlocked."""

    __tablename__ = "grade_kept_score"

    column_id: Mapped[int] = mapped_column(ref("grade_column.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"), primary_key=True, index=True)
    score_x10: Mapped[int]


class GradeChange(Base):
    """The history of cells: only added to. The latest id of a learner is the version of their line."""

    __tablename__ = "grade_change"

    id: Mapped[Key]
    column_id: Mapped[int] = mapped_column(ref("grade_column.id"))
    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"))
    before: Mapped[str] = mapped_column(sa.String(40))
    after: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[GradeKind | None] = mapped_column(enum_column(GradeKind, name="gradechangekind"))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    by_id: Mapped[int | None]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_grade_change_line", "enrolment_id", "id"),)


class GradeFeed(Base):
    """The grades of a run that go into an assessment item of a training plan: a column, or the total where none is named (PETOE-2.5).

    What was taken is kept by the plan; `taken_at` says when the grades were last compared with it.
    """

    __tablename__ = "grade_feed"

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ref("course_assessment_item.id", ondelete="CASCADE"))
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), index=True)
    column_id: Mapped[int | None] = mapped_column(ref("grade_column.id"), index=True)
    made_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    students: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.UniqueConstraint("item_id", "run_id"),)
