"""Answers go when their time is over (own.retention.exam_answer_months); marks stay."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update

from courses.assessment import queries
from courses.assessment.models import AttemptAnswer
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import last_day


def forget_answers(*, today: date) -> int:
    """Erase what was answered, and said about it, in graded attempts of runs that ended long ago; how many answers. An erased answer says so: it is no empty one."""
    statement = update(AttemptAnswer).where(AttemptAnswer.id.in_(queries.kept_answers(last_day("exam_answer", today=today))))
    statement = statement.values(response={"erased": today.isoformat()}, feedback="", saved_at=None)
    count: int = session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
    if count:
        audit.record(by=SYSTEM, did="courses.attempt.erased", on=("retention", "*"), data={"count": count})
    return count
