"""Attempts, their answers, and the grading work they make."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent, Question, QuestionVersion
from courses.assessment.types import AttemptRow, AttemptState
from courses.catalogue.models import Block, Run
from trainhub.kernel.access import Identity
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.people import queries as people
from trainhub.people.models import Person, Student

AT_ONCE = 500
"""Attempts that one statement reads."""


def hold(attempt_id: int) -> None:
    """Whoever saves, hands in or grades an attempt waits for whoever is at it: read it after this."""
    session().execute(select(Attempt.id).where(Attempt.id == attempt_id).with_for_update(key_share=True))


def attempt_by_id(attempt_id: int) -> Attempt | None:
    """An attempt with its block, person, answers and what they answered."""
    return next(iter(attempts_by_id([attempt_id])), None)


def attempts_by_id(attempt_ids: Collection[int]) -> list[Attempt]:
    """Attempts by their id, each as `attempt_by_id` gives it."""
    ids = sorted(set(attempt_ids))
    return [row for start in range(0, len(ids), AT_ONCE) for row in _whole(ids[start : start + AT_ONCE])]


def _whole(attempt_ids: Sequence[int]) -> Sequence[Attempt]:
    statement = (
        select(Attempt)
        .where(Attempt.id.in_(attempt_ids))
        .order_by(Attempt.id)
        .options(
            joinedload(Attempt.block),
            joinedload(Attempt.person),
            selectinload(Attempt.answers).options(
                joinedload(AttemptAnswer.version).joinedload(QuestionVersion.question), joinedload(AttemptAnswer.graded_version)
            ),
        )
        .execution_options(populate_existing=True)
    )
    return session().scalars(statement).all()


def attempts_of(block_id: int, person_id: int) -> list[Attempt]:
    """The attempts of a human at a quiz in order."""
    statement = select(Attempt).where(Attempt.block_id == block_id, people.of_human(Attempt.person_id, person_id))
    return list(session().scalars(statement.order_by(Attempt.number, Attempt.id)))


def graded_scores(block_id: int, person_id: int) -> list[int]:
    """The scores of a human's graded attempts in order."""
    mine = people.of_human(Attempt.person_id, person_id)
    statement = select(Attempt.score_x10).where(Attempt.block_id == block_id, mine, Attempt.state == AttemptState.GRADED)
    return [score for score in session().scalars(statement.order_by(Attempt.number)) if score is not None]


def wrong_passwords(block_id: int, by: Identity, since: datetime) -> int:
    """How often somebody has typed a wrong password at a quiz since an instant."""
    typed = (AuditEvent.did == "courses.quiz.password_wrong", AuditEvent.on_kind == "course_block", AuditEvent.on_id == str(block_id))
    statement = select(func.count()).select_from(AuditEvent).where(*typed, AuditEvent.account_id == by.account_id, AuditEvent.at > since)
    return session().scalar(statement) or 0


def attempt_in_progress(block_id: int, person_id: int) -> Attempt | None:
    """The attempt a human has open."""
    mine = people.of_human(Attempt.person_id, person_id)
    statement = select(Attempt).where(Attempt.block_id == block_id, mine, Attempt.state == AttemptState.IN_PROGRESS)
    return session().scalar(statement.order_by(Attempt.id).limit(1))


def in_progress_among(attempt_ids: Iterable[int]) -> set[int]:
    """Which of some attempts are open."""
    ids = sorted(set(attempt_ids))[-AT_ONCE:]
    return set(session().scalars(select(Attempt.id).where(Attempt.id.in_(ids), Attempt.state == AttemptState.IN_PROGRESS))) if ids else set()


def attempts_of_block(block_id: int) -> sa.Select[Any]:
    """All attempts at a quiz with the learner's name and how often the page was left, the latest first."""
    left = select(func.count()).where(AttemptEvent.attempt_id == Attempt.id, AttemptEvent.kind == "left").scalar_subquery()
    taken = select(func.count()).where(AttemptEvent.attempt_id == Attempt.id, AttemptEvent.kind == "taken_over").scalar_subquery()
    statement: Any = (
        select(
            Attempt.id,
            Person.name,
            Attempt.number,
            Attempt.state,
            Attempt.started_at,
            Attempt.submitted_at,
            Attempt.score_x10,
            left.label("left"),
            taken.label("taken"),
        )
        .join(Person, Person.id == Attempt.person_id)
        .where(Attempt.block_id == block_id)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
    )
    return statement  # type: ignore[no-any-return]


def running_attempts(block_id: int, *, person_id: int | None = None, cohort_id: int | None = None) -> list[Attempt]:
    """The attempts at a quiz that are in progress: of a human, of the students of a cohort, or all."""
    statement = select(Attempt).where(Attempt.block_id == block_id, Attempt.state == AttemptState.IN_PROGRESS)
    if person_id is not None:
        statement = statement.where(people.of_human(Attempt.person_id, person_id))
    if cohort_id is not None:
        one = aliased(Person)
        students = select(func.coalesce(one.merged_into_id, one.id)).join(Student, Student.person_id == one.id).where(Student.cohort_id == cohort_id)
        statement = statement.join(Person, Person.id == Attempt.person_id).where(func.coalesce(Person.merged_into_id, Person.id).in_(students))
    return list(session().scalars(statement.order_by(Attempt.id)))


def endless_attempts(block_ids: Collection[int]) -> list[Attempt]:
    """The attempts at some quizzes that are in progress and were begun without an end."""
    statement = select(Attempt).where(Attempt.block_id.in_(block_ids), Attempt.state == AttemptState.IN_PROGRESS, Attempt.due_at.is_(None))
    return list(session().scalars(statement.order_by(Attempt.id)))


def graded_of_run(run_id: int, person_ids: Collection[int]) -> list[tuple[Block, int, int, int]]:
    """(quiz, person, attempt, score) of graded attempts at the quizzes of a run, also removed ones, in the order of the attempts."""
    statement = (
        select(Block, Attempt.person_id, Attempt.id, Attempt.score_x10)
        .join(Attempt, Attempt.block_id == Block.id)
        .where(Block.run_id == run_id, Attempt.person_id.in_(person_ids), Attempt.state == AttemptState.GRADED)
        .order_by(Attempt.number)
    )
    return [(block, person_id, key, score or 0) for block, person_id, key, score in session().execute(statement)]


def is_taken_now(block_id: int, since: datetime) -> bool:
    """Whether anybody has an attempt at a quiz in progress that has no end, or whose time ends after an instant."""
    is_open = or_(Attempt.due_at.is_(None), Attempt.due_at > since)
    statement = select(Attempt.id).where(Attempt.block_id == block_id, Attempt.state == AttemptState.IN_PROGRESS, is_open)
    return session().scalar(statement.limit(1)) is not None


def events_of(attempt_id: int) -> list[AttemptEvent]:
    """What happened around an attempt, in order."""
    return list(session().scalars(select(AttemptEvent).where(AttemptEvent.attempt_id == attempt_id).order_by(AttemptEvent.id)))


def file_of_attempt(attempt: Attempt, file_id: int) -> StoredFile | None:
    """A file that an answer of this attempt names."""
    named = {int(one["id"]) for answer in attempt.answers for one in answer.response.get("files", [])}
    return session().get(StoredFile, file_id) if file_id in named else None


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


def to_grade_by_question(run_id: int) -> list[tuple[int, str, int, str, int, int]]:
    """Grading work by question: (block, quiz, question, stem, answers that wait, answers a person has graded)."""
    waits = func.sum(sa.case((AttemptAnswer.share_x1000.is_(None), 1), else_=0))
    graded = func.sum(sa.case((AttemptAnswer.graded_by_id.is_not(None), 1), else_=0))
    statement = (
        select(Block.id, Block.title, Question.id, func.min(QuestionVersion.stem_html), waits, graded)
        .join(Attempt, Attempt.block_id == Block.id)
        .join(AttemptAnswer, AttemptAnswer.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptAnswer.version_id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Block.run_id == run_id, Attempt.state != AttemptState.IN_PROGRESS)
        .group_by(Block.id, Block.title, Question.id)
        .having(sa.or_(waits > 0, graded > 0))
        .order_by(waits.desc(), Block.id, Question.id)
    )
    return [(b, t, q, s, int(w or 0), int(g or 0)) for b, t, q, s, w, g in session().execute(statement)]


def waiting_answers(block_id: int, question_id: int, *, is_all: bool = False) -> sa.Select[AttemptAnswer]:
    """The answers to one question across learners that wait for a person (or all that were handed in), the oldest first."""
    statement: Any = (
        select(AttemptAnswer)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptAnswer.version_id)
        .where(Attempt.block_id == block_id, QuestionVersion.question_id == question_id, Attempt.state != AttemptState.IN_PROGRESS)
        .options(joinedload(AttemptAnswer.version).joinedload(QuestionVersion.question), joinedload(AttemptAnswer.graded_version))
        .order_by(Attempt.submitted_at, AttemptAnswer.id)
    )
    if not is_all:
        statement = statement.where(AttemptAnswer.share_x1000.is_(None))
    return statement  # type: ignore[no-any-return]


def answer_by_id(answer_id: int) -> AttemptAnswer | None:
    """One answer."""
    return session().get(AttemptAnswer, answer_id)


def names_of_attempts(attempt_ids: Iterable[int]) -> dict[int, str]:
    """Who made attempts."""
    statement = select(Attempt.id, Person.name).join(Person, Person.id == Attempt.person_id).where(Attempt.id.in_(list(attempt_ids)))
    return {row[0]: row[1] for row in session().execute(statement)}


def running_of_run(run_id: int) -> list[Attempt]:
    """The attempts in progress of a run."""
    mine = select(Block.id).where(Block.run_id == run_id)
    return list(session().scalars(select(Attempt).where(Attempt.block_id.in_(mine), Attempt.state == AttemptState.IN_PROGRESS).order_by(Attempt.id)))


def overdue(now: datetime, *, limit: int, after: tuple[datetime, int] | None = None) -> list[tuple[datetime, int]]:
    """Attempts whose time was over at an instant and that nobody handed in, (when, id) in this order; those that come after one of them."""
    statement = select(Attempt.due_at, Attempt.id).where(Attempt.state == AttemptState.IN_PROGRESS, Attempt.due_at < now)
    if after is not None:
        due_at, key = after
        statement = statement.where(or_(Attempt.due_at > due_at, and_(Attempt.due_at == due_at, Attempt.id > key)))
    return [(due_at, key) for due_at, key in session().execute(statement.order_by(Attempt.due_at, Attempt.id).limit(limit)) if due_at is not None]


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
