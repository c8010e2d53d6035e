"""Answers of graded attempts, for statistics and regrades."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from courses.assessment.models import Attempt, AttemptAnswer, QuestionVersion
from courses.assessment.types import AttemptState
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


def answers_to_regrade(question_id: int, current_no: int) -> list[AttemptAnswer]:
    """Handed-in answers to other versions of a question than the current one and not yet graded by it, with attempt and person."""
    current = select(QuestionVersion.id).where(QuestionVersion.question_id == question_id, QuestionVersion.number == current_no).scalar_subquery()
    statement = (
        select(AttemptAnswer)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptAnswer.version_id)
        .where(
            QuestionVersion.question_id == question_id,
            Attempt.state != AttemptState.IN_PROGRESS,
            AttemptAnswer.version_id != current,
            sa.or_(AttemptAnswer.graded_version_id.is_(None), AttemptAnswer.graded_version_id != current),
        )
        .options(joinedload(AttemptAnswer.version), joinedload(AttemptAnswer.attempt).options(joinedload(Attempt.person), joinedload(Attempt.block)))
        .order_by(AttemptAnswer.id)
    )
    return list(session().scalars(statement))
