"""Every select on questions, quiz items and attempts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from courses.assessment.models import Attempt, AttemptAnswer, Question, QuestionVersion, QuizItem
from courses.assessment.types import Asked, AttemptRow, AttemptState, Expected, Option
from courses.catalogue.models import Block, Run
from trainhub.kernel.db import session
from trainhub.people import queries as people
from trainhub.people.models import Person


def asked_of(version: QuestionVersion, kind: Any) -> Asked:
    """A stored version as grading sees it."""
    data = version.data
    return Asked(
        kind=kind,
        options=tuple(Option(o["key"], o.get("html", ""), bool(o.get("is_correct")), o.get("feedback_html", "")) for o in data.get("options", [])),
        answers=tuple(Expected(a["text"], bool(a.get("is_correct", True)), a.get("feedback_html", "")) for a in data.get("answers", [])),
        tolerance=str(data.get("tolerance", "")),
        is_case_sensitive=bool(data.get("is_case_sensitive", False)),
    )


def question_by_id(question_id: int) -> Question | None:
    """A question of any bank."""
    return session().get(Question, question_id)


def current_version(question: Question) -> QuestionVersion:
    """What the question asks now."""
    return (
        session()
        .scalars(select(QuestionVersion).where(QuestionVersion.question_id == question.id, QuestionVersion.number == question.current_no))
        .one()
    )


def current_versions(question_ids: Iterable[int]) -> dict[int, QuestionVersion]:
    """What questions ask now, by question, each with its question."""
    statement = (
        select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.id.in_(list(question_ids)), QuestionVersion.number == Question.current_no)
        .options(joinedload(QuestionVersion.question))
    )
    return {row.question_id: row for row in session().scalars(statement)}


def items_of(block_id: int) -> list[QuizItem]:
    """The items of a quiz in order, with their questions."""
    statement = select(QuizItem).where(QuizItem.block_id == block_id).options(joinedload(QuizItem.question)).order_by(QuizItem.position, QuizItem.id)
    return list(session().scalars(statement))


def items_of_blocks(block_ids: Iterable[int]) -> list[QuizItem]:
    """The items of several quizzes in order."""
    statement = select(QuizItem).where(QuizItem.block_id.in_(list(block_ids))).order_by(QuizItem.block_id, QuizItem.position, QuizItem.id)
    return list(session().scalars(statement))


def item_counts(block_ids: Iterable[int]) -> dict[int, int]:
    """How many questions each quiz has."""
    statement = select(QuizItem.block_id, func.count()).where(QuizItem.block_id.in_(list(block_ids))).group_by(QuizItem.block_id)
    return {row[0]: row[1] for row in session().execute(statement)}


def item_by_id(item_id: int) -> QuizItem | None:
    """One item with its question."""
    return session().scalar(select(QuizItem).where(QuizItem.id == item_id).options(joinedload(QuizItem.question)))


def bank(course_id: int, limit: int = 500) -> list[QuestionVersion]:
    """The questions of a course that are in use, with what they ask now."""
    statement = (
        select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course_id, ~Question.is_archived, QuestionVersion.number == Question.current_no)
        .options(joinedload(QuestionVersion.question))
        .order_by(Question.category, Question.id)
        .limit(limit)
    )
    return list(session().scalars(statement))


def attempt_by_id(attempt_id: int) -> Attempt | None:
    """An attempt with its block, person, answers and what they answered."""
    statement = (
        select(Attempt)
        .where(Attempt.id == attempt_id)
        .options(
            joinedload(Attempt.block),
            joinedload(Attempt.person),
            selectinload(Attempt.answers).joinedload(AttemptAnswer.version).joinedload(QuestionVersion.question),
        )
        .execution_options(populate_existing=True)
    )
    return session().scalar(statement)


def attempts_of(block_id: int, person_id: int) -> list[Attempt]:
    """The attempts of a human at a quiz in order."""
    statement = select(Attempt).where(Attempt.block_id == block_id, people.of_human(Attempt.person_id, person_id))
    return list(session().scalars(statement.order_by(Attempt.number, Attempt.id)))


def attempt_in_progress(block_id: int, person_id: int) -> Attempt | None:
    """The attempt a human has open."""
    statement = select(Attempt).where(
        Attempt.block_id == block_id, people.of_human(Attempt.person_id, person_id), Attempt.state == AttemptState.IN_PROGRESS
    )
    return session().scalar(statement.order_by(Attempt.id).limit(1))


def to_grade(run_id: int) -> sa.Select[Any]:
    """Attempts of a run that wait for a person, the oldest first; see `as_attempt_row`."""
    statement: Any = (
        select(Attempt.id, Attempt.block_id, Block.title, Person.name, Attempt.number, Attempt.submitted_at, Attempt.state, Attempt.score_x10)
        .join(Block, Block.id == Attempt.block_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(Block.run_id == run_id, Attempt.state == AttemptState.SUBMITTED)
        .order_by(Attempt.submitted_at, Attempt.id)
    )
    return statement  # type: ignore[no-any-return]


def as_attempt_row(row: Any) -> AttemptRow:
    """A row of `to_grade`."""
    return AttemptRow(*row)


def to_grade_count(run_ids: Iterable[int]) -> dict[int, int]:
    """How many attempts wait for a person, by run."""
    statement = (
        select(Block.run_id, func.count())
        .join(Attempt, Attempt.block_id == Block.id)
        .where(Block.run_id.in_(list(run_ids)), Attempt.state == AttemptState.SUBMITTED)
        .group_by(Block.run_id)
    )
    return {row[0]: row[1] for row in session().execute(statement)}


def overdue(now: Any, limit: int = 200) -> list[int]:
    """Attempts whose time is over and that nobody handed in."""
    statement = select(Attempt.id).where(Attempt.state == AttemptState.IN_PROGRESS, Attempt.due_at < now).order_by(Attempt.due_at, Attempt.id)
    return list(session().scalars(statement.limit(limit)))


def kept_answers(ended_before: date) -> sa.Select[int]:
    """Answers of graded attempts of runs that ended before a day, of persons without a legal hold, that are still there."""
    return (
        select(AttemptAnswer.id)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(Block, Block.id == Attempt.block_id)
        .join(Run, Run.id == Block.run_id)
        .where(
            Attempt.state == AttemptState.GRADED,
            Run.ends_on < ended_before,
            or_(AttemptAnswer.saved_at.is_not(None), AttemptAnswer.feedback != ""),
            people.is_free(Attempt.person_id),
        )
    )
