"""Questions of a course's bank with their versions, the items of a quiz, attempts and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.assessment.types import AttemptState, QuestionKind
from courses.catalogue.models import Block, Course
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import Person


class Question(Versioned, Base):
    """A question of a course's bank; what it asks is in its versions. `current_no` is the version new attempts get."""

    __tablename__ = "question"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("course.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[QuestionKind] = mapped_column(enum_column(QuestionKind))
    category: Mapped[str] = mapped_column(sa.String(80), default="")
    current_no: Mapped[int] = mapped_column(default=1)
    is_archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("course_id", "key"),)


class QuestionVersion(Base):
    """What a question asked from a day on; never changed, so that an old attempt stays explainable.

    `data`: options [{key, body, html, is_correct, feedback}], answers [{text, is_correct, feedback}], tolerance,
    is_case_sensitive, origin (what a format said).
    """

    __tablename__ = "question_version"

    id: Mapped[Key]
    question_id: Mapped[int] = mapped_column(ref("question.id"))
    number: Mapped[int]
    stem: Mapped[str] = mapped_column(sa.Text)
    stem_html: Mapped[str] = mapped_column(sa.Text)
    explanation: Mapped[str] = mapped_column(sa.Text, default="")
    explanation_html: Mapped[str] = mapped_column(sa.Text, default="")
    data: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int | None]

    question: Mapped[Question] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("question_id", "number"),)


class QuizItem(Base):
    """A question of the bank in a quiz, with its points in tenths (0: a survey question, nothing is right or wrong)."""

    __tablename__ = "quiz_item"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"))
    question_id: Mapped[int] = mapped_column(ref("question.id"), index=True)
    position: Mapped[int]
    points_x10: Mapped[int] = mapped_column(default=10)

    question: Mapped[Question] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("block_id", "question_id"),
        sa.CheckConstraint("points_x10 >= 0", name="points_not_negative"),
    )


class Attempt(Base):
    """One attempt of a person at a quiz. At most one is in progress. `score_x10` is out of 1000 (100 marks)."""

    __tablename__ = "attempt"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    number: Mapped[int]
    state: Mapped[AttemptState] = mapped_column(enum_column(AttemptState), default=AttemptState.IN_PROGRESS)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    graded_at: Mapped[datetime | None]
    score_x10: Mapped[int | None]

    block: Mapped[Block] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)
    answers: Mapped[list[AttemptAnswer]] = relationship(lazy="raise", viewonly=True, order_by="AttemptAnswer.position")

    __table_args__ = (
        sa.UniqueConstraint("block_id", "person_id", "number"),
        sa.Index(
            "uq_attempt_in_progress",
            "block_id",
            "person_id",
            unique=True,
            sqlite_where=sa.text("state = 'in_progress'"),
            postgresql_where=sa.text("state = 'in_progress'"),
        ),
        sa.CheckConstraint("(state = 'in_progress') = (submitted_at IS NULL)", name="submitted_has_instant"),
        sa.CheckConstraint("(state = 'graded') = (score_x10 IS NOT NULL)", name="graded_has_score"),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_range"),
    )


class AttemptAnswer(Base):
    """One question of an attempt, in the version it was asked, with the answer as saved last."""

    __tablename__ = "attempt_answer"

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ref("attempt.id"))
    version_id: Mapped[int] = mapped_column(ref("question_version.id"), index=True)
    position: Mapped[int]
    points_x10: Mapped[int]
    response: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime | None]
    share_x1000: Mapped[int | None]
    feedback: Mapped[str] = mapped_column(sa.Text, default="")
    graded_by_id: Mapped[int | None]

    version: Mapped[QuestionVersion] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "position"),
        sa.CheckConstraint("share_x1000 BETWEEN 0 AND 1000", name="share_range"),
    )
