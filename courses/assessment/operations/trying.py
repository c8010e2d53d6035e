"""An attempt at a whole quiz that is written nowhere: who teaches sees draws, order, time, pages and review before learners do.

What a learner's attempt keeps travels with the page (the seed, the instant it began, the answers), so that a trial takes no seat and
stands in no list, figure, statistic or log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from courses.assessment import rules
from courses.assessment.answering import cleaned
from courses.assessment.models import Attempt, AttemptAnswer
from courses.assessment.operations.attempts import drawn, laid_out, mark_answers
from courses.assessment.types import Allowance, AttemptState, QuizSettings
from courses.catalogue.models import Block


def begin(block: Block, seed: str, started_at: datetime) -> Attempt:
    """An attempt that no session knows, as the quiz stands now: by the same seed it asks the same in the same order.

    Neither opening hours nor password nor number of attempts are asked; its time limit counts from `started_at`. Raises NoAttempt
    where the quiz asks nothing.
    """
    settings = QuizSettings.of(block.settings)
    seed = f"trial:{block.id}:{seed}"
    made = Attempt(
        number=1,
        state=AttemptState.IN_PROGRESS,
        started_at=started_at,
        due_at=rules.due_at(replace(settings, closes_at=None), Allowance(), started_at),
    )
    made.block = block
    made.answers = []
    for position, points_x10, version, shown in laid_out(drawn(block, settings, seed), settings, seed):
        answer = AttemptAnswer(position=position, points_x10=points_x10, response={}, shown=shown, feedback="")
        answer.version = version
        made.answers.append(answer)
    return made


def answer(attempt: Attempt, responses: Mapping[int, Mapping[str, Any]]) -> None:
    """Put answers, by position, into a trial. Raises BadAnswer where one is too long."""
    for row in attempt.answers:
        if row.position in responses:
            row.response = cleaned(row.version.question.kind, row.version.data, responses[row.position], {}, row.position)


def hand_in(attempt: Attempt, responses: Mapping[int, Mapping[str, Any]], now: datetime) -> None:
    """Mark a trial as an attempt is marked; what a person would grade waits."""
    answer(attempt, responses)
    mark_answers(attempt, QuizSettings.of(attempt.block.settings))
    attempt.submitted_at = now
    attempt.score_x10 = rules.score_x10([(row.points_x10, row.share_x1000) for row in attempt.answers])
    attempt.state = AttemptState.SUBMITTED if attempt.score_x10 is None else AttemptState.GRADED
