"""Questions of a course's bank with their versions, the items and draws of a quiz, attempts, their answers and what happened."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.assessment.types import AttemptEventKind, AttemptState, Difficulty, QuestionKind
from courses.catalogue.models import Block, Course
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort


class Question(Versioned, Base):
    """A question of a course's bank; what it asks is in its versions. `current_no` is the version new attempts get.

    `category` is a path in the tree of the bank, its steps separated by "/". `name` is for its authors, learners never see it.
    """

    __tablename__ = "question"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("course.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[QuestionKind] = mapped_column(enum_column(QuestionKind))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    category: Mapped[str] = mapped_column(sa.String(200), default="")
    difficulty: Mapped[Difficulty] = mapped_column(enum_column(Difficulty), default=Difficulty.MEDIUM)
    current_no: Mapped[int] = mapped_column(default=1)
    is_archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship(lazy="raise", viewonly=True)
    tags: Mapped[list[QuestionTag]] = relationship(lazy="raise", viewonly=True, order_by="QuestionTag.tag")

    __table_args__ = (sa.UniqueConstraint("course_id", "key"),)


class QuestionTag(Base):
    """A word under which a question is found and drawn."""

    __tablename__ = "question_tag"

    id: Mapped[Key]
    question_id: Mapped[int] = mapped_column(ref("question.id"))
    tag: Mapped[str] = mapped_column(sa.String(40), index=True)

    __table_args__ = (sa.UniqueConstraint("question_id", "tag"),)


class QuestionVersion(Base):
    """What a question asked from a day on; never changed, so that an old attempt stays explainable.

    `data`: options [{key, body, html, is_correct, share_x1000, feedback}] (of an ordering question: its items in the right order),
    answers [{text, is_correct, share_x1000, feedback}], tolerance, is_case_sensitive, blanks [{key, kind, answers, tolerance}],
    pairs [{key, body, html, answer}], units [{name, factor}], unit_share_x1000, variables [{name, low, high, decimals}],
    expression, is_all_or_nothing, penalty_x1000, rubric, max_files, origin (what a format said).
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


class QuizDraw(Base):
    """Questions that a quiz draws for each attempt: `count` of those that lie under `category`, carry `tag`, are of `difficulty`."""

    __tablename__ = "quiz_draw"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"), index=True)
    position: Mapped[int]
    count: Mapped[int] = mapped_column(default=1)
    category: Mapped[str] = mapped_column(sa.String(200), default="")
    tag: Mapped[str] = mapped_column(sa.String(40), default="")
    difficulty: Mapped[Difficulty | None] = mapped_column(enum_column(Difficulty))
    points_x10: Mapped[int] = mapped_column(default=10)

    __table_args__ = (
        sa.CheckConstraint("count BETWEEN 1 AND 200", name="count_range"),
        sa.CheckConstraint("points_x10 >= 0", name="points_not_negative"),
    )


class QuizAllowance(Base):
    """Extra time, extra attempts or other hours at a quiz, for one person or for the students of one cohort; with its reason."""

    __tablename__ = "quiz_allowance"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"))
    person_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ref("cohort.id"), index=True)
    extra_minutes: Mapped[int] = mapped_column(default=0)
    extra_attempts: Mapped[int] = mapped_column(default=0)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    given_by_id: Mapped[int | None]
    given_at: Mapped[datetime]

    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)
    cohort: Mapped[Cohort | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("block_id", "person_id"),
        sa.UniqueConstraint("block_id", "cohort_id"),
        sa.CheckConstraint("(person_id IS NULL) <> (cohort_id IS NULL)", name="one_holder"),
        sa.CheckConstraint("extra_minutes BETWEEN 0 AND 10080", name="extra_minutes_range"),
        sa.CheckConstraint("extra_attempts BETWEEN 0 AND 100", name="extra_attempts_range"),
    )


class Attempt(Base):
    """One attempt of a person at a quiz. At most one is in progress. `score_x10` is out of 1000 (100 marks).

    `token` names the one window that may write where a quiz allows one session at a time. `reached` is the question a learner has
    come to where there is no way back.
    """

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
    token: Mapped[str] = mapped_column(sa.String(64), default="")
    reached: Mapped[int] = mapped_column(default=1)

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
    """One question of an attempt, in the version it was asked, with the answer as saved last.

    `shown`: what chance decided for this attempt (see `rules.drawing.shown`). `graded_version_id`: the later version whose key a
    regrade applied; empty while the asked version counts. `points_x100`: what a person gave, in hundredths of a point, as typed;
    `share_x1000` beside it is rounded.
    """

    __tablename__ = "attempt_answer"

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ref("attempt.id"))
    version_id: Mapped[int] = mapped_column(ref("question_version.id"), index=True)
    position: Mapped[int]
    points_x10: Mapped[int]
    response: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime | None]
    share_x1000: Mapped[int | None]
    points_x100: Mapped[int | None]
    feedback: Mapped[str] = mapped_column(sa.Text, default="")
    graded_by_id: Mapped[int | None]
    shown: Mapped[dict[str, Any]] = mapped_column(default=dict)
    graded_version_id: Mapped[int | None] = mapped_column(ref("question_version.id"), index=True)

    attempt: Mapped[Attempt] = relationship(lazy="raise", viewonly=True)
    version: Mapped[QuestionVersion] = relationship(lazy="raise", viewonly=True, foreign_keys=[version_id])
    graded_version: Mapped[QuestionVersion | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[graded_version_id])

    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "position"),
        sa.CheckConstraint("share_x1000 BETWEEN -1000 AND 1000", name="share_range"),
    )

    @property
    def standing(self) -> str:
        """The mark that stands and, behind a colon, the digest of the words, as a page of grading sends them back: "" where there is none.

        Marks that differ at all differ here.
        """
        words = hashlib.sha256(self.feedback.encode()).hexdigest()[:16] if self.feedback else ""
        if self.share_x1000 is None:
            return f":{words}"
        return f"{self.share_x1000}:{words}" if self.points_x100 is None else f"{self.share_x1000}/{self.points_x100}:{words}"


class AttemptEvent(Base):
    """What happened around an attempt: taken over by another window, left and come back, an answer replaced. Never changed."""

    __tablename__ = "attempt_event"

    id: Mapped[Key]
    attempt_id: Mapped[int] = mapped_column(ref("attempt.id"))
    kind: Mapped[AttemptEventKind] = mapped_column(enum_column(AttemptEventKind))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (sa.Index("ix_attempt_event_order", "attempt_id", "id"),)
