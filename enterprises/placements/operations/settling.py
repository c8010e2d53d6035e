"""What was entered beside the days, once it is there: entered again, settled, closed, called off, shown to the enterprise."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from enterprises.placements import queries, rules
from enterprises.placements.models import Placement, PlacementEvent
from enterprises.placements.operations._support import BadPlacement, WrongState, hold, tell
from enterprises.placements.operations.leave import AWAY, set_aside
from enterprises.placements.types import DayState, EventKind, EventState, PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _


class Said(NamedTuple):
    """What is entered, as it is stored; `is_settled`: nothing is left to do."""

    kind: EventKind
    since: date
    until: date
    text: str
    outcome: str
    is_open_ended: bool
    is_settled: bool


def answered(known: PlacementEvent, said: Said, *, placement: Placement, by: Identity, now: datetime) -> PlacementEvent | None:
    """The known record where the same is entered again: nothing that was typed is dropped by it. None: it has nothing to do with what is entered.

    Leave that was refused or taken back stands in nobody's way. An open visit or incident that is entered again as settled is closed with what was found.
    Raises BadPlacement for leave beside other leave, and for an outcome that the known record does not hold.
    """
    if known.state is EventState.WITHDRAWN or (known.kind in AWAY and known.state is EventState.REFUSED):
        return None
    is_same = (known.kind, known.since, known.until, known.text, known.is_open_ended) == (*said[:4], said.is_open_ended)
    if said.kind in AWAY:
        if is_same and (known.state is EventState.APPROVED or not said.is_settled):
            return known
        if known.kind in AWAY and rules.spans_overlap((known.since, known.until), (said.since, said.until)):
            raise BadPlacement(_("%(a)s 至 %(b)s 已有请假或中断记录。", a=known.since, b=known.until), field="since")
        return None
    if not is_same:
        return None
    if said.is_settled and known.state is EventState.OPEN:
        return close_event(event=known, placement=placement, outcome=said.outcome, by=by, now=now)
    if said.outcome in ("", known.outcome):
        return known
    raise BadPlacement(_("这条记录已登记，请在那一条下面办结或查看处理结果。"), field="outcome", code="event_known")


def settle(event: PlacementEvent, placement: Placement, state: EventState, by: Identity, now: datetime) -> None:
    """Decide leave, or close what has nothing left to do. Raises WrongState for leave over confirmed days."""
    if state is EventState.APPROVED:
        if queries.rows_of_days(placement.id, event.since, event.until, DayState.APPROVED):
            raise WrongState(_("这段时间里有已确认的实习日，请先更正那些日子。"), code="days_confirmed")
        set_aside(event)
    event.state, event.decided_by_id, event.decided_at = state, by.account_id, now
    session().flush()
    audit.record(by=by, did="placements.event.settled", on=placement, data={"event": event.id, "state": state.value})


def close_event(*, event: PlacementEvent, placement: Placement, outcome: str, by: Identity, now: datetime) -> PlacementEvent:
    """Say what was done about an incident or the findings of a visit, and close it. Doing it again changes nothing; what somebody else closed with other
    words is not overwritten (WrongState)."""
    hold(placement)
    session().refresh(event)
    outcome = outcome.strip()[:4000]
    if event.state is EventState.CLOSED and outcome in ("", event.outcome):
        return event
    if event.kind in AWAY:
        raise WrongState(_("请假和中断请用“批准”或“不批准”处理。"))
    if event.state is not EventState.OPEN:
        raise WrongState(_("这项记录已处理。"))
    if not outcome:
        raise BadPlacement(_("请写明采取的措施和结果。"), field="outcome")
    if event.since > local(now).date():
        raise WrongState(_("走访还没有进行，到 %(day)s 以后再办结。", day=event.since))
    event.outcome = outcome
    settle(event, placement, EventState.CLOSED, by, now)
    return event


def is_planned(event: PlacementEvent) -> bool:
    """Whether a visit was entered before its day, and nobody has said yet what was found."""
    return event.kind is EventKind.VISIT and event.state is EventState.OPEN and local(event.created_at).date() < event.since


def call_off_visit(*, event: PlacementEvent, placement: Placement, reason: str, by: Identity, now: datetime) -> PlacementEvent:
    """A visit that was planned does not take place: it leaves the calendars and stays on record with the reason; student and mentor are told. Doing it
    again changes nothing. Raises WrongState for anything else, BadPlacement without a reason."""
    hold(placement)
    session().refresh(event)
    if event.kind is EventKind.VISIT and event.state is EventState.WITHDRAWN:
        return event
    if not is_planned(event):
        raise WrongState(_("只有计划中、还没有办结的走访可以取消。"))
    if not reason.strip():
        raise BadPlacement(_("请写明取消的理由。"), field="reason")
    event.state, event.change_reason = EventState.WITHDRAWN, reason.strip()[:400]
    session().flush()
    audit.record(by=by, did="placements.event.called_off", on=placement, data={"event": event.id, "reason": event.change_reason})
    going = placement.state is not PlacementState.WITHDRAWN
    tell(
        [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)] if going else [],
        kind="placements.visit_called_off",
        message=N_("原定 %(day)s 的走访已取消，理由：%(reason)s"),
        url=f"/placements/{placement.id}/events",
        key=f"event:{event.id}:called_off",
        now=now,
        day=event.since.isoformat(),
        reason=event.change_reason,
    )
    return event


def share_event(*, event: PlacementEvent, placement: Placement, by: Identity, now: datetime) -> PlacementEvent:
    """Show mentor and enterprise what is written of an incident or a visit; the mentor is told. Doing it again changes nothing.

    Until then they see only that there is one: what a student reports may be about them. Raises WrongState for leave, which the mentor reads anyway.
    """
    hold(placement)
    session().refresh(event)
    if event.shared_at is not None:
        return event
    if event.kind in AWAY:
        raise WrongState(_("请假由企业指导教师处理，不需要另行告知。"))
    event.shared_at = now
    session().flush()
    audit.record(by=by, did="placements.event.shared", on=placement, data={"event": event.id})
    tell(
        [queries.person_of_mentor(placement.mentor_id)],
        kind="placements.event_shared",
        message=N_("学校把 %(day)s 的一条实习记录告知企业，请查看。"),
        url=f"/placements/{placement.id}/events",
        key=f"event:{event.id}:shared",
        now=now,
        day=event.since.isoformat(),
    )
    return event
