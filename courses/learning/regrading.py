"""Grading the attempts of a run again by a corrected question: few at once, many by a job in pieces; and what follows from a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from courses.assessment import queries as assessment
from courses.assessment.models import Attempt, Question
from courses.assessment.operations import grading
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import operations, queries
from courses.permissions import Can
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, say

TASK = "courses.regrade"
AT_ONCE = 100
"""More answers than this are graded again by a job, so many to a transaction."""


def follow(*, attempt: Attempt, run_id: int, by: Identity, now: datetime) -> None:
    """Progress and notice follow from a mark. Also of a removed quiz, whose column keeps its marks; only nobody is told of it."""
    enrolment = queries.enrolment_of(run_id, attempt.person_id)
    if enrolment is None:
        return
    operations.note_attempt(enrolment=enrolment, attempt=attempt, by=by, now=now)
    if catalogue.block_by_id(attempt.block_id) is not None:
        operations.tell_graded(enrolment=enrolment, attempt=attempt, now=now)


def ask(*, question: Question, run: Run, by: Identity, now: datetime) -> int | None:
    """Grade a run again by the question as it is now (see `grading.regrade`): how many scores changed, or None where a job does it."""
    demand(by, Can.RUN_GRADE, catalogue.subject_of_run(run))
    if len(assessment.ids_to_regrade(question.id, question.current_no, run.id)) <= AT_ONCE:
        return _some(question, run, by, now)
    key = f"{TASK}:{question.id}:{question.current_no}:{run.id}"
    jobs.ask_anew(TASK, by=by, title=say(N_("重新评分")), unique_key=key, question_id=question.id, number=question.current_no, run_id=run.id)
    return None


def _some(question: Question, run: Run, by: Identity, now: datetime, answer_ids: Sequence[int] | None = None) -> int:
    changed = grading.regrade(question=question, run=run, by=by, now=now, answer_ids=answer_ids)
    # Learner by learner in the order of their seats, as everybody does who marks several: two who go through the same ones queue up.
    seats = {row.id: seat.id if (seat := queries.enrolment_of(row.block.run_id, row.person_id)) is not None else 0 for row in changed}
    for row in sorted(changed, key=lambda row: (seats[row.id], row.id)):
        follow(attempt=row, run_id=row.block.run_id, by=by, now=now)
    return len(changed)


def regrade(running: jobs.Running) -> Mapping[str, Any]:
    """The job. Run twice it goes on with what is not graded by this version yet; a question that was changed again meanwhile ends it."""
    if running.asked_by_id is None:
        raise Refused(_("不知道由谁重新评分，没有改动。请由课程教师重新确认。"))
    by = identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    question_id, number, run_id = (int(running.args[name]) for name in ("question_id", "number", "run_id"))
    ids, changed = assessment.ids_to_regrade(question_id, number, run_id), 0
    for start in range(0, len(ids), AT_ONCE):
        session().rollback()
        with transaction():
            question, run = assessment.question_by_id(question_id), catalogue.run_by_id(run_id)
            if question is None or run is None or question.current_no != number:
                raise Refused(_("题目又改过，其余作答没有重新评分。请重新预览后再确认。"))
            changed += _some(question, run, by, clock.now(), ids[start : start + AT_ONCE])
        running.progress(min(start + AT_ONCE, len(ids)), len(ids))
    return {"changed": changed}
