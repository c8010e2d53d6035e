"""One placement from its seat to its start: accept, checklist, start, withdraw. The grade and the end: `finishing`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update

from enterprises.bases import queries as bases
from enterprises.mentors.models import Mentor
from enterprises.placements import labels, queries, rules
from enterprises.placements.checklist import checklist
from enterprises.placements.lawful import bars_of
from enterprises.placements.models import DayEntry, Placement, Position, Round, Term
from enterprises.placements.operations._support import (
    BadPlacement,
    NoSeat,
    NotReady,
    WrongState,
    demand_other,
    give_back_seat,
    hold,
    take_seat_back,
    take_seats,
    tell,
    tell_hosts,
)
from enterprises.placements.operations.certifying import has_ended
from enterprises.placements.operations.closing import demand_open, why_not_open
from enterprises.placements.operations.finishing import conclude
from enterprises.placements.operations.guiding import assign_mentor
from enterprises.placements.operations.holding import hold_bases
from enterprises.placements.types import DayState, PlacementState, WithdrawalSide
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import add_once, session
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.policy.findings import missing

BEFORE_START = (PlacementState.PLANNED, PlacementState.ACCEPTED)


def check_room(base_id: int | None, new: Sequence[rules.Span]) -> None:
    """A base never has more students at one time than it says it can take (PETOE-6.1), whatever was offered before it said so.

    `new`: the spans of those who would come. Raises NoSeat; a base that says nothing is not asked.
    """
    if base_id is None:
        return
    hold_bases([base_id])
    known = queries.spans_at_base(base_id, min(since for since, _until in new), max(until for _since, until in new))
    capacity = bases.capacities(base_id)
    placed, most = rules.fullest([*known, *((since, until, 1) for since, until in new)], new, capacity, changes=capacity.changes)
    if most is not None and placed > most:
        raise NoSeat(
            _("基地同一时期最多接收 %(most)s 人，这样安排会有 %(n)s 人。请减少该基地岗位的席位，或请基地修改接收能力。", most=most, n=placed),
            field="position_id",
            code="over_capacity",
        )


def place_student(
    *,
    student: Student,
    position: Position,
    term: Term,
    by: Identity,
    now: datetime,
    mentor: Mentor | None = None,
    round: Round | None = None,
    rank: int | None = None,
    explanation: str = "",
) -> Placement:
    """Place a student directly (a self-found or corrected place); takes the seat. The same place again is the known one.

    In a term that runs the placement begins today, and after what the student ended early in it: the days before are nobody's
    or another's.

    Raises NoSeat, WrongState when the position is not approved, the term is over or the student is not enrolled, BadPlacement when the
    term is another school's, the major is not accepted or the student is placed elsewhere in the term.
    """
    today, starts_on = local(now).date(), term.starts_on
    if term.university_id != student.university_id:
        raise BadPlacement(_("“%(term)s”不是这名学生所在学校的实习学期。", term=term.title), field="term_id", code="foreign_term")
    if student.state is not StudentState.ENROLLED:
        raise WrongState(_("这名学生不在读，不能安排实习。请先核对学籍。"), code="not_enrolled")
    for known in queries.live_of_student(student.id):
        if known.term_id == term.id and known.ended_early_on is not None:
            starts_on = max(starts_on, known.ends_on + rules.ONE_DAY)
        elif known.term_id == term.id:
            if known.position_id == position.id:
                return known
            raise BadPlacement(_("这名学生在“%(term)s”已有安排，请先撤销原来的安排。", term=term.title), field="term_id")
    starts_on = max(starts_on, today) if term.starts_on < today else starts_on
    if starts_on > term.ends_on:
        raise WrongState(_("“%(term)s”已于 %(day)s 结束，不能再安排学生。", term=term.title, day=term.ends_on), code="term_over")
    if not queries.is_open(position.id, term.id):
        raise WrongState(why_not_open(position, term))
    if not rules.accepts(position.majors, queries.major_of(student.id)):
        raise BadPlacement(_("岗位“%(title)s”不接收这名学生的专业。", title=position.title), field="position_id")
    bars = bars_of(queries.law_facts([student.id])[student.id], position, starts_on)
    if bars:
        raise BadPlacement(listed(labels.BARS[bar] for bar in bars) + _("。"), field="position_id", code=bars[0].value)
    check_room(position.base_id, [(starts_on, term.ends_on)])
    if not take_seats(position.id, term.id, 1):
        raise NoSeat(_("岗位“%(title)s”在“%(term)s”已没有空余席位。", title=position.title, term=term.title), field="position_id")
    row = Placement(
        student_id=student.id,
        position_id=position.id,
        term_id=term.id,
        enterprise_id=position.enterprise_id,
        base_id=position.base_id,
        round_id=round.id if round else None,
        starts_on=starts_on,
        ends_on=term.ends_on,
        rank=rank,
        is_by_hand=True,
        explanation=explanation[:300],
        created_at=now,
    )
    add_once(row, lambda: BadPlacement(_("这名学生在“%(term)s”刚被安排到其他岗位，请刷新后再试。", term=term.title)))
    if mentor is not None:
        assign_mentor(placement=row, mentor=mentor, by=by, now=now)
    audit.record(by=by, did="placements.placement.made", on=row, data={"student": student.student_no, "position": position.code, "term": term.code})
    tell(
        [student.person_id],
        kind="placements.placed",
        message=N_("你被安排到“%(position)s”（%(term)s），请查看并确认。"),
        url=f"/placements/{row.id}",
        key=f"placement:{row.id}",
        now=now,
        position=position.title,
        term=term.title,
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


def accept_placement(*, placement: Placement, by: Identity, now: datetime) -> Placement:
    """The student accepts; doing it again changes nothing. Raises WrongState after a withdrawal."""
    hold(placement)
    if placement.state is PlacementState.WITHDRAWN:
        raise WrongState(_("这项安排已撤销，不能确认。"))
    if placement.state is not PlacementState.PLANNED:
        return placement
    placement.state, placement.accepted_on = PlacementState.ACCEPTED, local(now).date()
    session().flush()
    audit.record(by=by, did="placements.placement.accepted", on=placement)
    return placement


def withdraw_placement(
    *,
    placement: Placement,
    reason: str,
    by: Identity,
    now: datetime,
    side: WithdrawalSide = WithdrawalSide.SCHOOL,
    is_seat_open: bool | None = None,
    tells_hosts: bool = True,
) -> Placement:
    """Take a placement back; days already confirmed stay in the ledger, those that wait are given back with the reason: nobody
    decides them any more. Doing it again changes nothing.

    `side` says who gave it up: a student who did is not placed again in that term by a repair, others are. The seat is free for
    somebody else (`is_seat_open`), but for one that the enterprise cancelled: that goes with the place unless the enterprise
    takes another student there. The enterprise offers it again by raising the seats.

    The enterprise is told unless whoever calls does it for many at once (then it is no decision about one of them, and not refused to whoever is
    among them). Raises BadPlacement without a reason, WrongState when it is finished, or for the student who acts for another side.
    """
    hold(placement)  # its seat is given back once, and no day of it is confirmed meanwhile
    if placement.state is PlacementState.WITHDRAWN:
        return placement
    if placement.state is PlacementState.FINISHED:
        raise WrongState(_("实习已结束，不能撤销。"))
    if not reason.strip():
        raise BadPlacement(_("请写明撤销的理由。"), field="reason")
    if side is not WithdrawalSide.STUDENT and tells_hosts:
        demand_other(placement, by=by)
    stays = side is not WithdrawalSide.ENTERPRISE if is_seat_open is None else is_seat_open
    (give_back_seat if stays else take_seat_back)(placement.position_id, placement.term_id)
    placement.state, placement.withdrawal_reason, placement.withdrawn_by = PlacementState.WITHDRAWN, reason.strip()[:400], side
    session().flush()
    undecided = session().execute(
        update(DayEntry)
        .where(DayEntry.placement_id == placement.id, DayEntry.state == DayState.PENDING)
        .values(
            state=DayState.REJECTED,
            reason=placement.withdrawal_reason,
            decided_by_id=by.account_id,
            decided_at=now,
            version=DayEntry.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    given_back = undecided.rowcount  # type: ignore[attr-defined]
    data = {"reason": placement.withdrawal_reason, "side": side.value, "is_seat_open": stays, "days_given_back": given_back}
    audit.record(by=by, did="placements.placement.withdrawn", on=placement, data=data)
    tell(
        [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
        kind="placements.withdrawn",
        message=N_("一项实习安排已撤销，理由：%(reason)s"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:withdrawn",
        now=now,
        reason=placement.withdrawal_reason,
    )
    if tells_hosts:
        tell_hosts(
            placement.enterprise_id,
            by=by,
            kind="placements.host_lost",
            message=N_("一名学生退出了在你们企业的实习安排，席位已空出。")
            if side is WithdrawalSide.STUDENT
            else N_("在你们企业的一项实习安排已撤销。"),
            url=f"/placements/{placement.id}",
            key=f"placement:{placement.id}:host_lost:{now.isoformat()}",
            now=now,
        )
    if has_ended(placement):  # it ran; one that was graded before brings what it earned
        conclude(placement=placement, today=local(now).date(), by=by, now=now)
    return placement


def decline_placement(*, placement: Placement, reason: str, by: Identity, now: datetime) -> Placement:
    """The student gives a placement up before it begins. Doing it again changes nothing; the school is told.

    Raises WrongState once it has begun: then the school ends it early.
    """
    hold(placement)
    if placement.state is PlacementState.WITHDRAWN:
        return placement
    if placement.state not in BEFORE_START:
        raise WrongState(_("实习已开始，不能自行退出。请联系学校办理提前结束。"))
    withdraw_placement(placement=placement, reason=reason, by=by, now=now, side=WithdrawalSide.STUDENT)
    student = queries.student(placement.student_id)
    notify(
        account_ids={
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=local(now).date(), programme_id=student.programme_id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=local(now).date(), organisation_id=student.university_id),
        },
        kind="placements.declined",
        message=N_("一名学生退出了实习安排，理由：%(reason)s"),
        values={"reason": placement.withdrawal_reason},
        url=f"/placements/{placement.id}",
        unique_key=f"placement:{placement.id}:declined",
        now=now,
    )
    return placement


def record_insurance(
    *,
    placement: Placement,
    policy_no: str,
    since: date,
    until: date,
    by: Identity,
    now: datetime,
    is_charged: bool = False,
    follows: bool = False,
) -> Placement:
    """Note the student's insurance; whether it covers the period is the checklist's question. What is recorded takes the place of
    what was; a policy that `follows` the known one without a gap (or comes before it) is added to it.

    Raises BadPlacement, also when its price is charged to the student (cn.voc.insurance_required: 保费不得向学生另行收取), or when
    confirmed days would lose their cover.
    """
    if is_charged:
        raise BadPlacement(_("实习责任保险的保费不得向学生收取，由学校或企业承担。"), field="is_charged", code="insurance_charged")
    if until < since:
        raise BadPlacement(_("保险的截止日期不能早于开始日期。"), field="insured_until")
    number = policy_no.strip()
    if not number:
        raise BadPlacement(_("请填写保险单号。"), field="insurance_no")
    hold(placement)  # nobody confirms a day meanwhile that would lose its cover
    before = (placement.insurance_no, placement.insured_from, placement.insured_until)
    if follows and placement.insured_from is not None and placement.insured_until is not None:
        if since > placement.insured_until + rules.ONE_DAY or until < placement.insured_from - rules.ONE_DAY:
            said = _("续保与已登记的保险（%(a)s 至 %(b)s）之间有空档，请核对日期。", a=placement.insured_from, b=placement.insured_until)
            raise BadPlacement(said, field="insured_from", code="insurance_gap")
        since, until = min(since, placement.insured_from), max(until, placement.insured_until)
        numbers = placement.insurance_no.split("、")
        number = "、".join(numbers if number in numbers else [*numbers, number])
    if len(number) > 80:
        raise BadPlacement(_("保险单号合计不能超过 80 个字。"), field="insurance_no")
    uncovered = queries.confirmed_outside(placement.id, since, until)
    if uncovered:
        said = _("有 %(n)d 个已确认的实习日（最早 %(day)s）不在这段保险期间内。请核对日期，或先更正那些日子。", n=len(uncovered), day=uncovered[0])
        raise BadPlacement(said, field="insured_until", code="days_confirmed")
    placement.insurance_no, placement.insured_from, placement.insured_until = number, since, until
    if before != (number, since, until):
        session().flush()
        audit.record(by=by, did="placements.insurance.recorded", on=placement, data={"since": since, "until": until})
    return placement


def record_safety(*, placement: Placement, trained_on: date, by: Identity, now: datetime, has_record: bool = False) -> Placement:
    """Note the day of the safety training; the same day again changes nothing. Of a placement that runs it moves the day from which days
    count: not past days that count already, and back only with the record that shows it (`has_record`).

    Raises BadPlacement, WrongState once the placement is over.
    """
    if trained_on > local(now).date():
        raise BadPlacement(_("培训日期不能晚于今天。"), field="safety_trained_on")
    demand_other(placement, by=by)
    hold(placement)  # nobody confirms a day meanwhile that would lie before it
    known = placement.safety_trained_on
    if known == trained_on:
        return placement
    if placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED):
        raise WrongState(_("实习已结束或撤销，安全教育的日期不能再改。"))
    counts_from = placement.counts_from
    if placement.state is PlacementState.STARTED:
        if known is not None and trained_on < known and not has_record:
            said = _("实习已开始，改为更早的日期（原为 %(day)s）须同时上传当天安全教育的记录。", day=known)
            raise BadPlacement(said, field="file", code="record_needed")
        counts_from = late_papers(placement, trained_on=trained_on)
        before = queries.confirmed_outside(placement.id, counts_from, placement.ends_on) if counts_from is not None else []
        if before:
            said = _("有 %(n)d 个已确认的实习日（最早 %(day)s）在这次安全教育之前。请核对日期，或先更正那些日子。", n=len(before), day=before[0])
            raise BadPlacement(said, field="safety_trained_on", code="days_confirmed")
    placement.safety_trained_on, placement.counts_from = trained_on, counts_from
    session().flush()
    audit.record(by=by, did="placements.safety.recorded", on=placement, data={"on": trained_on, "counts_from": placement.counts_from})
    return placement


def late_papers(placement: Placement, *, trained_on: date | None = None) -> date | None:
    """The first day that counts where agreement or safety training came after the first day of a placement; None: they were there.

    `trained_on`: as it would be with another day of the training.
    """
    return there if (there := queries.papers_on(placement, trained_on=trained_on)) is not None and there > placement.starts_on else None


def start_placement(*, placement: Placement, today: date, by: Identity, now: datetime) -> Placement:
    """Begin: only accepted, from its first day on, and with a complete checklist. Doing it again changes nothing.

    However late the start is registered, no day counts before all had signed and the safety training was held.

    Raises NotReady with the findings that are not met (in `details`), WrongState.
    """
    demand_other(placement, by=by)
    hold(placement)  # what the checklist asks for is not changed meanwhile
    if placement.state is PlacementState.STARTED:
        return placement
    if placement.state is not PlacementState.ACCEPTED:
        raise WrongState(_("学生确认安排后才能开始实习。"))
    if today < placement.starts_on:
        raise WrongState(_("实习从 %(day)s 开始，今天还不能登记开始。", day=placement.starts_on))
    if queries.student(placement.student_id).state is not StudentState.ENROLLED:
        raise WrongState(_("这名学生不在读，不能开始实习。请先核对学籍，或撤销安排。"), code="not_enrolled")
    demand_open(placement)
    position = queries.position(placement.position_id)
    assert position is not None
    bars = bars_of(queries.law_facts([placement.student_id])[placement.student_id], position, placement.starts_on)
    if bars:
        raise NotReady(listed(labels.BARS[bar] for bar in bars) + _("。"), details=[{"code": bar.value} for bar in bars])
    lacking = missing(checklist(placement, today=today))
    if lacking:
        names = listed(_("%(what)s（%(how)s）", what=labels.FINDINGS[one.code], how=labels.WAYS_ON[one.code]) for one in lacking)
        raise NotReady(_("还不能开始实习，尚缺：%(names)s。", names=names), details=[finding.as_dict() for finding in lacking])
    placement.state, placement.started_on, placement.counts_from = PlacementState.STARTED, today, late_papers(placement)
    session().flush()
    since = placement.counts_from
    audit.record(by=by, did="placements.placement.started", on=placement, data={"on": today, "counts_from": since})
    tell(
        [queries.person_of_student(placement.student_id), queries.person_of_mentor(placement.mentor_id)],
        kind="placements.started",
        message=N_("实习已开始，请每周登记和确认实习日。")
        if since is None
        else N_("实习已开始，请每周登记和确认实习日。三方协议和安全教育到 %(day)s 才齐备，此前的日子不计入。"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:started",
        now=now,
        **({} if since is None else {"day": since.isoformat()}),
    )
    return placement
