"""What a change of study had changed is put back, and that it was: nothing of it is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.models import FormerStudy, PetoeSpan, Student
from trainhub.people.operations.errors import BadStudent
from trainhub.people.operations.planning import note_taken_out
from trainhub.people.study_models import UndoneMove
from trainhub.people.types import StudentState

ONE = timedelta(days=1)
AWAY = (StudentState.WITHDRAWN, StudentState.SUSPENDED)


def restore(student: Student, last: FormerStudy, spans: Sequence[PetoeSpan], reason: str, by: Identity, now: datetime) -> dict[str, list[Any]]:
    """The state and the 卓越计划 before the last change; the place is for the caller. The change and why it is undone stay to be read, and of the
    cohort it had brought the student to that somebody of the 卓越计划 is taken out of it (PETOE-7.2). Raises BadStudent."""
    told: dict[str, list[Any]] = {}
    rests = queries.suspensions_of(student.id)
    if last.ended_as in AWAY:
        if student.state is not StudentState.ENROLLED or any(row.since >= last.next_since for row in rests):
            raise BadStudent(_("这次返校之后又登记了休学或离校，不能撤销；请先更正学籍状态。"), field="moved_on")
        told["state"] = [student.state, last.ended_as]
        student.state = last.ended_as
        ended = next((row for row in rests if row.until == last.next_since - ONE), None)
        if last.ended_as is StudentState.WITHDRAWN:
            told["left_on"] = [None, last.until]
            student.left_on = last.until
            if ended is not None and ended.since == last.until + ONE:
                session().delete(ended)
        elif ended is not None:
            ended.until = None
    span = next((one for one in spans if last.ended_plan and one.until == last.next_since - ONE), None)
    if span is not None:
        if rules.overlaps(span.since, last.plan_until, [(one.since, one.until) for one in spans if one is not span]):
            raise BadStudent(_("异动之后又登记了卓越计划的起止，不能撤销；请先在学生页面更正卓越计划。"), field="moved_on")
        span.until = last.plan_until
        audit.record(by=by, did="people.student.petoe_changed", on=student, data={"since": span.since, "until": span.until})
    mine = [one for one in spans if one is not span and (one.until is None or one.until >= last.next_since)]
    if mine:
        note_taken_out(student, mine[-1], reason, by, now)
    session().add(
        UndoneMove(
            student_id=student.id,
            programme_id=student.programme_id,
            cohort_id=student.cohort_id,
            since=last.next_since,
            moved_reason=last.reason,
            moved_by_id=last.written_by_id,
            moved_at=last.written_at,
            reason=reason,
            undone_by_id=by.account_id,
            undone_at=now,
        )
    )
    student.class_name = last.class_name
    session().delete(last)
    session().flush()
    return told
