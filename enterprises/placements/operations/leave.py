"""Leave and interruptions after they were asked for or granted: shortened, ended, withdrawn, taken back; the days that waited."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.mentors import queries as mentors
from enterprises.placements import queries
from enterprises.placements.models import DayEntry, Placement, PlacementEvent
from enterprises.placements.operations._support import BadPlacement, WrongState, demand_free, demand_signer, hold, tell
from enterprises.placements.operations.certifying import has_ended
from enterprises.placements.operations.conflicts import release_again
from enterprises.placements.operations.days import take_back, wait_anew
from enterprises.placements.types import DayState, EventKind, EventState, PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.people import queries as people

AWAY = (EventKind.ABSENCE, EventKind.INTERRUPTION)


def end_leave(*, event: PlacementEvent, placement: Placement, last: date | None, reason: str, by: Identity, now: datetime) -> PlacementEvent:
    """Let leave that was granted end on `last` already, or withdraw it whole (None). Doing the same again changes nothing.

    The days behind the new end may be logged; those that waited when the leave was granted wait again (`put_back`). What was granted first stays on record,
    student and mentor are told. Raises WrongState for anything but granted leave, by a mentor whose office is over, or after a placement was
    taken back before it began; BadPlacement without a reason or for a day that does not shorten it.
    """
    hold(placement)  # nobody logs or confirms a day of it meanwhile
    session().refresh(event)
    before = event.until
    if event.kind in AWAY and last is None and event.state is EventState.WITHDRAWN:
        return event
    if event.kind not in AWAY or event.state is not EventState.APPROVED:
        raise WrongState(_("只有已批准的请假和中断可以提前结束或撤销。"))
    if last == before and not event.is_open_ended and event.change_reason:
        return event
    if placement.state is PlacementState.WITHDRAWN and not has_ended(placement):
        raise WrongState(_("这项安排已撤销。"))
    demand_signer(placement, by=by)
    guide = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if guide is not None and people.is_same_human(by.person_id, guide.person_id):
        demand_free(guide, placement, today=local(now).date())
    if not reason.strip():
        raise BadPlacement(_("请写明提前结束或撤销的理由。"), field="reason")
    if last is not None and not (event.since <= last < before or (event.is_open_ended and last == before)):
        most = before if event.is_open_ended else date.fromordinal(before.toordinal() - 1)
        if most < event.since:
            raise BadPlacement(_("只有一天的请假不能缩短，请整段撤销。"), field="last")
        raise BadPlacement(_("请假的最后一天应在 %(a)s 与 %(b)s 之间；整段有误的请撤销。", a=event.since, b=most), field="last")
    if last is None:
        event.state = EventState.WITHDRAWN
    else:
        if not event.is_open_ended and event.granted_until is None:
            event.granted_until = before
        event.until, event.is_open_ended = last, False
    event.change_reason = reason.strip()[:400]
    put_back(event, placement)
    session().flush()
    release_again(placement, by=by, now=now)
    audit.record(
        by=by,
        did="placements.event.withdrawn" if last is None else "placements.event.shortened",
        on=placement,
        data={"event": event.id, "since": event.since, "was_until": before, "until": last, "reason": event.change_reason},
    )
    tell(
        [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
        kind="placements.leave_changed",
        message=_said(is_whole=last is None, is_over=placement.state is not PlacementState.STARTED),
        url=f"/placements/{placement.id}/events",
        key=f"event:{event.id}:ended:{last.isoformat() if last is not None else 'whole'}",
        now=now,
        a=event.since.isoformat(),
        b=event.until.isoformat(),
        reason=event.change_reason,
    )
    return event


def _said(*, is_whole: bool, is_over: bool) -> str:
    """What student and mentor are told: days of what is over cannot be logged."""
    if is_whole:
        if is_over:
            return N_("%(a)s 起的请假或中断已撤销，理由：%(reason)s。实习已结束，这些日子要补登的请联系学校。")
        return N_("%(a)s 起的请假或中断已撤销，理由：%(reason)s。这些日子可以登记。")
    if is_over:
        return N_("%(a)s 起的请假或中断改为到 %(b)s 为止，理由：%(reason)s。实习已结束，之后的日子要补登的请联系学校。")
    return N_("%(a)s 起的请假或中断改为到 %(b)s 为止，理由：%(reason)s。之后的日子可以登记。")


def decided_words(event: PlacementEvent, *, is_approved: bool) -> str:
    """What the student is told: nobody reads an end that nobody knows."""
    if event.is_open_ended:
        if is_approved:
            return N_("请假（%(a)s 起，结束日期待定）已批准。恢复到岗后请告知企业指导教师或学校，登记最后一天。")
        return N_("请假（%(a)s 起，结束日期待定）未批准，理由：%(reason)s")
    return N_("请假（%(a)s 至 %(b)s）已批准。") if is_approved else N_("请假（%(a)s 至 %(b)s）未批准，理由：%(reason)s")


def take_back_request(*, event: PlacementEvent, placement: Placement, by: Identity, now: datetime) -> PlacementEvent:
    """The student takes back a request for leave that nobody has decided; the mentor is told. Doing it again changes nothing.

    Raises WrongState once it is decided: then mentor or school shorten or withdraw it.
    """
    hold(placement)
    session().refresh(event)
    if event.kind in AWAY and event.state is EventState.WITHDRAWN:
        return event
    if event.kind not in AWAY or event.state is not EventState.OPEN:
        raise WrongState(_("申请已处理，不能撤回；提前返岗或有误的，请企业指导教师或学校缩短或撤销。"))
    event.state = EventState.WITHDRAWN
    session().flush()
    audit.record(by=by, did="placements.event.taken_back", on=placement, data={"event": event.id, "since": event.since, "until": event.until})
    tell(
        [queries.person_of_mentor(placement.mentor_id)],
        kind="placements.leave_taken_back",
        message=N_("学生撤回了请假申请（%(a)s 起，结束日期待定），不需要处理。")
        if event.is_open_ended
        else N_("学生撤回了请假申请（%(a)s 至 %(b)s），不需要处理。"),
        url=f"/placements/{placement.id}/events",
        key=f"event:{event.id}:taken_back",
        now=now,
        a=event.since.isoformat(),
        b=event.until.isoformat(),
    )
    return event


def set_aside(event: PlacementEvent) -> None:
    """Keep the days of a span that wait beside the leave that is granted for it: nobody confirms them, and none is lost if the student was there
    after all. What was sent back or corrected stays where it is, with its reason."""
    kept = []
    for row in queries.entries_between(event.placement_id, event.since, event.until):
        if row.state is DayState.PENDING:
            kept.append({"on": row.on.isoformat(), "note": row.note, "distance_m": row.place_distance_m, "at": row.created_at.isoformat()})
            take_back(row)
    event.set_aside = kept or None


def put_back(event: PlacementEvent, placement: Placement) -> None:
    """Let the days that are no longer leave wait again: those inside the placement. What lies behind an early end stays beside the leave until the
    school opens the placement again; so does everything of one that was withdrawn, whose days nobody decides any more."""
    kept = event.set_aside or []
    span = range(placement.starts_on.toordinal(), placement.ends_on.toordinal() + 1)
    free = [
        one
        for one in kept
        if placement.state is not PlacementState.WITHDRAWN
        and (on := date.fromisoformat(one["on"])).toordinal() in span
        and (event.state is EventState.WITHDRAWN or on > event.until)
    ]
    if not free:
        return
    event.set_aside = [one for one in kept if one not in free] or None
    session().flush()
    for one in free:
        on = date.fromisoformat(one["on"])
        row = queries.day_entry(placement.id, on)
        if row is None:
            made_at = datetime.fromisoformat(one["at"])
            row = DayEntry(placement_id=placement.id, student_id=placement.student_id, on=on, note=one["note"], created_at=made_at)
            session().add(row)
        elif row.state is DayState.REJECTED:
            wait_anew(row, one["note"])
        else:
            continue  # logged anew meanwhile
        row.place_distance_m = one["distance_m"]
