"""What happens beside the days: absences, interruptions, incidents, visits; an early end, a change of base."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import labels, queries, rules
from enterprises.placements.lawful import bars_of
from enterprises.placements.models import Placement, PlacementEvent, Position, Term
from enterprises.placements.operations._support import (
    BadPlacement,
    NoSeat,
    WrongState,
    demand_free,
    demand_other,
    demand_signer,
    give_back_seat,
    has_reader,
    hold,
    take_seats,
    tell,
    tell_heads,
    tell_hosts,
)
from enterprises.placements.operations.closing import why_not_open
from enterprises.placements.operations.finishing import conclude
from enterprises.placements.operations.guiding import assign_mentor
from enterprises.placements.operations.holding import hold_bases
from enterprises.placements.operations.leave import AWAY, decided_words
from enterprises.placements.operations.placing import check_room, withdraw_placement
from enterprises.placements.operations.settling import Said, answered, settle
from enterprises.placements.types import DayState, EventKind, EventState, PlacementState, WithdrawalSide
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.people import queries as people

LONGEST_AHEAD = timedelta(days=366)


def report_event(
    *,
    placement: Placement,
    kind: EventKind,
    since: date,
    until: date,
    text: str,
    by: Identity,
    now: datetime,
    outcome: str = "",
    is_settled: bool = False,
    is_open_ended: bool = False,
) -> PlacementEvent:
    """Report an absence, an interruption, an incident or a visit. The same again is the known one (`settling.answered`); leave that was refused is asked
    for anew, and a visit that is reported again with what was found is closed.

    `is_settled`: an absence is approved at once, an incident or visit has nothing left to do. An incident is told to the
    school at once. `is_open_ended`: nobody knows yet when leave ends, it lasts until `end_leave` says so. A visit that has nothing left to do says what was found. A visit of a day to come is planned: student and mentor are told, it is closed with what was found.
    Raises BadPlacement outside the placement, without words, or for what would have happened in the future.
    """
    today = local(now).date()
    is_open_ended = is_open_ended and kind in AWAY
    if is_open_ended:
        until = max(since, placement.ends_on)
    if until < since:
        raise BadPlacement(_("结束日期不能早于开始日期。"), field="until")
    is_planned = kind is EventKind.VISIT and since > today
    inside = placement.starts_on <= since and (until if kind in AWAY else since) <= placement.ends_on
    if kind is not EventKind.VISIT and not inside:
        raise BadPlacement(_("日期不在实习期内（%(a)s 至 %(b)s）。", a=placement.starts_on, b=placement.ends_on), field="since")
    if kind not in AWAY and not is_planned and until > today:
        raise BadPlacement(_("日期不能晚于今天。"), field="since" if since > today else "until")
    if is_planned and not (until - today <= LONGEST_AHEAD and placement.starts_on <= since and until <= placement.ends_on):
        raise BadPlacement(_("日期不在实习期内（%(a)s 至 %(b)s）。", a=placement.starts_on, b=placement.ends_on), field="since")
    if not text.strip():
        raise BadPlacement(_("请写明情况。"), field="text")
    if is_settled and kind is EventKind.VISIT and not is_planned and not outcome.strip():
        raise BadPlacement(_("直接办结的走访，请写明发现和处理；没有问题的也请写明。"), field="outcome")
    if placement.state is PlacementState.WITHDRAWN:
        raise WrongState(_("这项安排已撤销。"))
    if is_settled and kind in AWAY:
        demand_signer(placement, by=by)
    hold(placement)
    said = Said(kind, since, until, text.strip()[:4000], outcome.strip()[:4000], is_open_ended, is_settled and not is_planned)
    for known in queries.events_of(placement.id):
        if (answer := answered(known, said, placement=placement, by=by, now=now)) is not None:
            return answer
    row = PlacementEvent(
        placement_id=placement.id,
        kind=kind,
        since=since,
        until=until,
        text=text.strip()[:4000],
        outcome=outcome.strip()[:4000],
        reported_by=by.name[:120],
        reported_by_id=by.account_id,
        created_at=now,
        is_open_ended=is_open_ended,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.event.reported", on=placement, data={"kind": kind.value, "since": since, "until": until})
    if is_planned:
        tell(
            [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
            kind="placements.visit_planned",
            message=N_("学校计划于 %(day)s 走访实习单位。"),
            url=f"/placements/{placement.id}/events",
            key=f"event:{row.id}",
            now=now,
            day=since.isoformat(),
        )
    elif is_settled:
        settle(row, placement, EventState.APPROVED if kind in AWAY else EventState.CLOSED, by, now)
        if kind in AWAY:  # both can say that it is a mistake
            tell(
                [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
                kind="placements.leave_entered",
                message=N_("学校登记了 %(a)s 起的请假或中断，结束日期待定；恢复到岗后请登记最后一天或告知学校。有误请告知学校。")
                if is_open_ended
                else N_("学校登记了 %(a)s 起的请假或中断，有误请告知学校。"),
                url=f"/placements/{placement.id}/events",
                key=f"event:{row.id}",
                now=now,
                a=since.isoformat(),
            )
    elif kind is EventKind.INCIDENT:
        _alarm(row, placement, now)
    elif kind in AWAY:
        _ask(row, placement, now)
    return row


def _ask(row: PlacementEvent, placement: Placement, now: datetime) -> None:
    """The mentor decides on leave; where none can read of it, the heads do."""
    said: dict[str, Any] = {
        "kind": "placements.absence_asked",
        "message": N_("有学生请假（%(a)s 起，尚不知何时结束），请处理。") if row.is_open_ended else N_("有学生请假（%(a)s 至 %(b)s），请处理。"),
        "url": f"/placements/{placement.id}/events",
        "key": f"event:{row.id}",
        "now": now,
        "a": row.since.isoformat(),
        "b": row.until.isoformat(),
    }
    guide = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if has_reader(guide, today=local(now).date()):
        tell([queries.person_of_mentor(placement.mentor_id)], **said)
    else:
        tell_heads(queries.student(placement.student_id), **said)


def _alarm(row: PlacementEvent, placement: Placement, now: datetime) -> None:
    student, today = queries.student(placement.student_id), local(now).date()
    notify(
        account_ids={
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, Role.SCHOOL_SUPERVISOR, today=today, programme_id=student.programme_id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
        },
        kind="placements.incident",
        message=N_("实习中发生事故或异常（%(day)s），请立即查看并处理。"),
        values={"day": row.since.isoformat()},
        url=f"/placements/{placement.id}/events",
        unique_key=f"event:{row.id}",
        now=now,
    )


def decide_absence(
    *, event: PlacementEvent, placement: Placement, is_approved: bool, by: Identity, now: datetime, reason: str = ""
) -> PlacementEvent:
    """Approve or refuse an absence; doing the same again changes nothing. Days of the span that wait are set aside until it is shortened.

    Raises WrongState when it is decided the other way, by a mentor whose office is over, or confirmed days lie in the span; BadPlacement for a refusal without a reason.
    """
    wanted = EventState.APPROVED if is_approved else EventState.REFUSED
    hold(placement)  # nobody logs or confirms a day of it meanwhile, and nobody else decides it
    session().refresh(event)
    if event.state is wanted:
        return event
    if event.kind not in AWAY or event.state is not EventState.OPEN:
        raise WrongState(_("这项记录已处理。"))
    demand_signer(placement, by=by)
    guide = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if guide is not None and people.is_same_human(by.person_id, guide.person_id):
        demand_free(guide, placement, today=local(now).date())
    if not is_approved and not reason.strip():
        raise BadPlacement(_("请写明不批准的理由。"), field="reason")
    event.outcome = reason.strip()[:4000] or event.outcome
    settle(event, placement, wanted, by, now)
    tell(
        [queries.person_of_student(placement.student_id)],
        kind="placements.absence_decided",
        message=decided_words(event, is_approved=is_approved),
        url=f"/placements/{placement.id}/events",
        key=f"event:{event.id}:decided",
        now=now,
        a=event.since.isoformat(),
        b=event.until.isoformat(),
        **({} if is_approved else {"reason": event.outcome}),
    )
    return event


def end_early(*, placement: Placement, on: date, reason: str, today: date, by: Identity, now: datetime) -> Placement:
    """End a running placement before its time: days until then count, its seat is free again. Doing it again changes nothing.

    Raises WrongState when it is not running, days wait or lie after the day, and for the student themselves; BadPlacement without a reason or for an
    impossible day.
    """
    hold(placement)  # nobody logs or confirms a day of it meanwhile, and its seat is given back once
    if placement.state is PlacementState.FINISHED and placement.ended_early_on == on:
        return placement
    if placement.state is not PlacementState.STARTED:
        raise WrongState(_("只有进行中的实习可以提前结束；还没有开始的请撤销。"))
    demand_other(placement, by=by)
    if not placement.starts_on <= on <= min(today, placement.ends_on):
        raise BadPlacement(_("最后一天应在 %(a)s 与 %(b)s 之间。", a=placement.starts_on, b=min(today, placement.ends_on)), field="on")
    if not reason.strip():
        raise BadPlacement(_("请写明提前结束的理由。"), field="reason")
    if queries.pending_count(placement.id):
        raise WrongState(_("还有实习日待企业指导教师确认，处理完才能提前结束。"))
    if queries.rows_of_days(placement.id, on + rules.ONE_DAY, placement.ends_on, DayState.APPROVED):
        raise BadPlacement(_("这一天之后还有已确认的实习日，请选择更晚的日期或先更正。"), field="on")
    give_back_seat(placement.position_id, placement.term_id)
    placement.state, placement.finished_on, placement.ended_early_on, placement.ends_on = PlacementState.FINISHED, today, on, on
    placement.withdrawal_reason = reason.strip()[:400]
    session().flush()
    audit.record(by=by, did="placements.placement.ended_early", on=placement, data={"on": on, "reason": placement.withdrawal_reason})
    conclude(placement=placement, today=today, by=by, now=now)
    tell(
        [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
        kind="placements.ended_early",
        message=N_("一项实习已于 %(day)s 提前结束，理由：%(reason)s"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:ended:{now.isoformat()}",
        now=now,
        day=on.isoformat(),
        reason=placement.withdrawal_reason,
    )
    tell_hosts(
        placement.enterprise_id,
        by=by,
        kind="placements.host_lost",
        message=N_("在你们企业的一项实习已于 %(day)s 提前结束，席位已空出。"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:host_lost:{now.isoformat()}",
        now=now,
        day=on.isoformat(),
    )
    return placement


def change_base(
    *,
    placement: Placement,
    position: Position,
    term: Term,
    since: date,
    reason: str,
    today: date,
    by: Identity,
    now: datetime,
    mentor: Mentor | None = None,
) -> Placement:
    """Go on elsewhere in the same term: the old placement ends the day before, a new one begins and needs its own checklist.

    Raises what `end_early` refuses, NoSeat, WrongState for a placement that is over or was changed already, BadPlacement when
    the position does not fit or the day lies further ahead than tomorrow (the days until then would belong to nobody).
    """
    hold_bases([position.base_id])  # bases before placements, as a repair does
    hold(placement)
    if placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED):
        raise WrongState(_("实习已结束或撤销，不能再更换单位。"))
    if position.id == placement.position_id:
        raise BadPlacement(_("请选择另一个岗位。"), field="position_id")
    if not queries.is_open(position.id, term.id):
        raise BadPlacement(why_not_open(position, term), field="position_id")
    if not rules.accepts(position.majors, queries.major_of(placement.student_id)):
        raise BadPlacement(_("岗位“%(title)s”不接收这名学生的专业。", title=position.title), field="position_id")
    bars = bars_of(queries.law_facts([placement.student_id])[placement.student_id], position, since)
    if bars:
        raise BadPlacement(listed(labels.BARS[bar] for bar in bars) + _("。"), field="position_id", code=bars[0].value)
    if not placement.starts_on <= since <= term.ends_on:
        raise BadPlacement(_("开始日期应在本学期内。"), field="since")
    if placement.state is PlacementState.STARTED and since > placement.starts_on:
        if since > today + rules.ONE_DAY:
            raise BadPlacement(_("进行中的实习最晚从明天起更换单位：原安排到前一天为止。"), field="since")
        end_early(placement=placement, on=since - rules.ONE_DAY, reason=reason, today=today, by=by, now=now)
    else:
        withdraw_placement(placement=placement, reason=reason, by=by, now=now, side=WithdrawalSide.SCHOOL)
    session().flush()
    check_room(position.base_id, [(since, term.ends_on)])
    if not take_seats(position.id, term.id, 1):
        raise NoSeat(_("岗位“%(title)s”在“%(term)s”已没有空余席位。", title=position.title, term=term.title), field="position_id")
    row = Placement(
        student_id=placement.student_id,
        position_id=position.id,
        term_id=term.id,
        enterprise_id=position.enterprise_id,
        base_id=position.base_id,
        round_id=placement.round_id,
        starts_on=since,
        ends_on=term.ends_on,
        is_by_hand=True,
        explanation=(N_("由其他单位转入：%(reason)s") % {"reason": reason.strip()})[:300],
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.placement.changed_base", on=row, data={"from": placement.id, "since": since, "reason": reason.strip()[:400]})
    if mentor is not None:
        assign_mentor(placement=row, mentor=mentor, by=by, now=now)
    tell(
        [queries.person_of_student(placement.student_id)],
        kind="placements.placed",
        message=N_("你的实习单位有变更，请查看新的安排并确认。"),
        url=f"/placements/{row.id}",
        key=f"placement:{row.id}",
        now=now,
    )
    tell_hosts(
        row.enterprise_id,
        by=by,
        kind="placements.host_placed",
        message=N_("学校把一名学生安排到“%(position)s”（%(term)s），请查看并安排指导教师。"),
        url=f"/placements/{row.id}",
        key=f"placement:{row.id}:host",
        now=now,
        position=position.title,
        term=term.title,
    )
    return row
