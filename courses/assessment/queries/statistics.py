"""Answers of graded attempts, for statistics and regrades."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from courses.assessment.models import Attempt, AttemptAnswer, QuestionVersion
from courses.assessment.types import AttemptState
from courses.catalogue.models import Block
from trainhub.kernel.db import session


def graded_answers(block_id: int, *, is_first_only: bool = False) -> list[tuple[int, int, int, int, int | None, dict[str, Any], int]]:
    """Of every graded attempt at a quiz: (attempt, score, question, points, share, response, version)."""
    statement = (
        select(
            Attempt.id,
            Attempt.score_x10,
            QuestionVersion.question_id,
            AttemptAnswer.points_x10,
            AttemptAnswer.share_x1000,
            AttemptAnswer.response,
            AttemptAnswer.version_id,
        )
        .join(AttemptAnswer, AttemptAnswer.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == AttemptAnswer.version_id)
        .where(Attempt.block_id == block_id, Attempt.state == AttemptState.GRADED)
        .order_by(Attempt.id, AttemptAnswer.position)
    )
    if is_first_only:
        statement = statement.where(Attempt.number == 1)
    return [tuple(row) for row in session().execute(statement)]


def answers_to_regrade(
    question_id: int, current_no: int, run_id: int | None = None, answer_ids: Collection[int] | None = None, limit: int | None = None
) -> list[AttemptAnswer]:
    """Handed-in answers to other versions of a question than the current one and not yet graded by it, with attempt and person (of one run), in the
    order they were begun; at most `limit`.

    An answer that was erased when its time was over is not among them: nobody can say any more what it is worth by another key.
    """
    statement = (
        _to_regrade(select(AttemptAnswer), question_id, current_no, run_id)
        .options(joinedload(AttemptAnswer.version), joinedload(AttemptAnswer.attempt).options(joinedload(Attempt.person), joinedload(Attempt.block)))
        .order_by(AttemptAnswer.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    if answer_ids is not None:
        statement = statement.where(AttemptAnswer.id.in_(answer_ids))
    return list(session().scalars(statement))


def count_to_regrade(question_id: int, current_no: int) -> dict[int, int]:
    """How many answers `answers_to_regrade` reads, by run."""
    counts: Any = select(Block.run_id, sa.func.count())
    statement = _to_regrade(counts, question_id, current_no, None)
    return {key: count for key, count in session().execute(statement.join(Block, Block.id == Attempt.block_id).group_by(Block.run_id))}


def ids_to_regrade(question_id: int, current_no: int, run_id: int) -> list[int]:
    """The answers that `answers_to_regrade` reads, by their id."""
    return list(session().scalars(_to_regrade(select(AttemptAnswer.id), question_id, current_no, run_id).order_by(AttemptAnswer.id)))


def hold_to_regrade(answer_ids: Collection[int]) -> None:
    """Wait for whoever is at the attempts of some answers, always in the same order: read them after this."""
    wanted = select(AttemptAnswer.attempt_id).where(AttemptAnswer.id.in_(answer_ids))
    session().execute(select(Attempt.id).where(Attempt.id.in_(wanted)).order_by(Attempt.id).with_for_update(key_share=True))


def _to_regrade(statement: sa.Select[Any], question_id: int, current_no: int, run_id: int | None) -> sa.Select[Any]:
    current = select(QuestionVersion.id).where(QuestionVersion.question_id == question_id, QuestionVersion.number == current_no).scalar_subquery()
    statement = (
        statement.select_from(AttemptAnswer)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptAnswer.version_id)
        .where(
            QuestionVersion.question_id == question_id,
            Attempt.state != AttemptState.IN_PROGRESS,
            AttemptAnswer.version_id != current,
            sa.or_(AttemptAnswer.graded_version_id.is_(None), AttemptAnswer.graded_version_id != current),
            AttemptAnswer.response["erased"].as_string().is_(None),
            # erased before answers were marked: empty, and yet worth something
            sa.or_(
                AttemptAnswer.saved_at.is_not(None),
                sa.func.coalesce(AttemptAnswer.share_x1000, 0) == 0,
                sa.cast(AttemptAnswer.response, sa.Text) != "{}",
            ),
        )
    )
    return statement if run_id is None else statement.join(Block, Block.id == Attempt.block_id).where(Block.run_id == run_id)
