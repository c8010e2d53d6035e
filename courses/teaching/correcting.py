"""Wrong entries are taken back: what they said and why they went stays in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from courses.teaching import queries
from courses.teaching.models import Secondment, TeachingTask
from courses.teaching.operations import BadSecondment, BadTask
from courses.teaching.types import SecondmentState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import lock, session
from trainhub.kernel.i18n import _
from trainhub.people.models import Teacher


def take_back_task(*, task: TeachingTask, reason: str, by: Identity, now: datetime) -> None:
    """Take a teaching task back that was given by mistake. Raises BadTask without a reason."""
    if not reason.strip():
        raise BadTask(_("请写明删除的理由。"), field="reason")
    _remove(task, reason, by)


def take_back_secondment(*, secondment: Secondment, reason: str, by: Identity, now: datetime) -> None:
    """Take a plan back that nobody has begun, or the reason why none is needed. Raises BadSecondment."""
    if not reason.strip():
        raise BadSecondment(_("请写明删除的理由。"), field="reason")
    if secondment.state not in (SecondmentState.PLANNED, SecondmentState.EXEMPT):
        raise BadSecondment(_("已经开始的企业工作不能删除。"))
    _remove(secondment, reason, by)


def _remove(row: TeachingTask | Secondment, reason: str, by: Identity) -> None:
    state: Any = sa.inspect(row)
    (key,) = state.identity
    lock(Teacher, row.teacher_id)
    if not queries.is_there(type(row), key):
        return  # somebody else took it back meanwhile
    said = {column.name: getattr(row, key) for key, column in row.__mapper__.c.items()}
    audit.record(by=by, did="courses.teaching.removed", on=row, data={"row": said, "reason": reason.strip()})
    session().delete(row)
    session().flush()
