"""The end of a placement: the mentor's mark, and what is pushed down once it is over and graded."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from enterprises.mentors import queries as mentors
from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import (
    BadPlacement,
    WrongState,
    demand_free,
    demand_host,
    demand_other,
    demand_signer,
    hold,
    parameter,
    tell,
)
from enterprises.placements.operations.certifying import REASON, correct_certificate, has_brought, has_ended, issue_certificate
from enterprises.placements.operations.counting import record_training, settle_trainings
from enterprises.placements.types import PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.ledger import operations as ledger
from trainhub.ledger import training_queries
from trainhub.ledger.types import Source

LAST_DAYS = timedelta(days=7)
"""How long before its end a placement may be graded."""


def may_be_graded(placement: Placement) -> bool:
    """Whether the mentor may grade: while it runs (from the last week on), and once when it ended before its time without a mark. A mark that
    stands behind a milestone stays, also when the placement was opened again."""
    if placement.mentor_score_x10 is None:
        return placement.state is PlacementState.STARTED or has_ended(placement)
    return placement.state is PlacementState.STARTED and not has_brought(placement)


def still_due(placement: Placement, today: date) -> int:
    """How many working days nobody logged that the student may still log in time (own.placement.log_due_days after the last day); 0 afterwards."""
    due = timedelta(days=parameter("own.placement.log_due_days", today).number)
    return queries.unlogged_days(placement) if today <= placement.ends_on + due else 0


def grade_placement(
    *, placement: Placement, score_x10: int, comment: str, today: date, by: Identity, now: datetime, version: int | None = None
) -> Placement:
    """The mentor's grade (0 to 100, in tenths) with a comment, from the last week on. May be changed until the end.

    One that ended early, or was withdrawn while it ran, is graded afterwards, once: then milestone and certificate follow.
    """
    hold(placement)
    check_version(placement, version)
    if not may_be_graded(placement):
        raise WrongState(_("实习进行中才能评定成绩；提前结束的，只能补评一次。"))
    demand_signer(placement, by=by)
    demand_host(placement, by=by, today=today)
    guide = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if guide is not None:
        demand_free(guide, placement, today=today)
    if not 0 <= score_x10 <= 1000:
        raise BadPlacement(_("成绩应在 0 至 100 之间。"), field="score")
    if placement.state is PlacementState.STARTED and placement.ends_on - today > LAST_DAYS:
        raise WrongState(_("实习最后一周（%(day)s 前 7 天）起才能评定成绩。", day=placement.ends_on))
    placement.mentor_score_x10, placement.mentor_comment, placement.graded_on = score_x10, comment.strip(), today
    session().flush()
    audit.record(by=by, did="placements.placement.graded", on=placement, data={"score_x10": score_x10})
    if has_ended(placement):
        conclude(placement=placement, today=today, by=by, now=now)
    return placement


def conclude(*, placement: Placement, today: date, by: Identity, now: datetime) -> bool:
    """Push down what a placement that is over and graded brought: the milestone, the training at an internet enterprise (see
    `record_training`), the certificate of the weeks credited (see `issue_certificate`). Whether training was recorded."""
    if placement.mentor_score_x10 is None:
        return False
    student = queries.student(placement.student_id)
    title = queries.title_of(placement.id)
    ledger.reach_milestone(
        person_id=student.person_id,
        source=Source.PLACEMENT,
        key=f"placement:{placement.id}",
        title=title,
        reached_on=today,
        organisation_id=placement.enterprise_id,
        programme_id=student.programme_id,
        score_x10=placement.mentor_score_x10,
        by=by,
        now=now,
    )
    before = training_queries.last_of(person_id=student.person_id, source=Source.PLACEMENT, source_id=placement.id)
    if before is not None:  # opened again and ended anew: one training, with the hours of its days now
        settle_trainings(placements=[placement], reason=REASON, today=today, by=by, now=now)
    counted = before is None and record_training(placement=placement, person_id=student.person_id, title=title, today=today, by=by, now=now)
    if issue_certificate(placement=placement, by=by, today=today, now=now) is None:
        correct_certificate(placement=placement, by=by, today=today, now=now)  # one of an earlier end that no day is left for
    return counted


def finish_placement(*, placement: Placement, today: date, by: Identity, now: datetime, by_host: bool = False) -> Placement:
    """End a placement: its last day is over (days are logged until then, and no new ones afterwards), the mentor graded, no day waits.
    Repeating changes nothing.

    `by_host`: the enterprise alone ends it once nothing is unlogged, or the days are due no more: what is not logged by then is lost, and that
    is not the enterprise's to decide; nor does the student end it who speaks for either side. What it brought is pushed down (see `conclude`).
    """
    demand_other(placement, by=by)
    hold(placement)
    if placement.state is PlacementState.FINISHED:
        return placement
    if placement.state is not PlacementState.STARTED:
        raise WrongState(_("只有进行中的实习可以结束。"))
    if today <= placement.ends_on:
        raise WrongState(_("实习到 %(day)s 为止，次日起才能登记结束。提前结束请使用“提前结束”，并写明理由。", day=placement.ends_on))
    if placement.mentor_score_x10 is None:
        raise WrongState(_("企业指导教师还没有评定成绩。"))
    if by_host and (unlogged := still_due(placement, today)):
        raise WrongState(_("还有 %(n)d 个工作日没有登记，学生仍可在期限内补登。到期以后再结束，或由学校结束。", n=unlogged), code="days_due")
    waiting = queries.pending_count(placement.id)
    if waiting:
        raise WrongState(_("还有 %(days)d 天待指导教师确认，处理完才能结束。", days=waiting))
    placement.state, placement.finished_on = PlacementState.FINISHED, today
    session().flush()
    counted = conclude(placement=placement, today=today, by=by, now=now)
    audit.record(by=by, did="placements.placement.finished", on=placement, data={"on": today, "counted": counted})
    tell(
        [queries.person_of_student(placement.student_id)],
        kind="placements.finished",
        message=N_("实习“%(title)s”已结束，成绩已记录。"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:finished:{now.isoformat()}",
        now=now,
        title=queries.title_of(placement.id),
    )
    return placement
