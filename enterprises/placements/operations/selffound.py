"""Places that students find themselves: proposed, found in the register, approved by the school; then a placement like any other."""

from __future__ import annotations

from datetime import datetime

from enterprises.placements import queries, rules
from enterprises.placements.models import Placement, SelfFound, Term
from enterprises.placements.operations import approving, offers, seating
from enterprises.placements.operations._support import BadPlacement, WrongState, tell, tell_heads
from enterprises.placements.operations.onehuman import demand_not_host
from enterprises.placements.operations.placing import place_student
from enterprises.placements.types import SelfFoundState
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold as hold_name
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Student


def propose_self_found(
    *,
    student: Student,
    term: Term,
    enterprise_name: str,
    title: str,
    by: Identity,
    now: datetime,
    enterprise_code: str = "",
    address: str = "",
    contact: str = "",
    text: str = "",
    file_id: int | None = None,
) -> SelfFound:
    """Hand in a place found by the student. The same again, while it waits, is the known one.

    Raises BadPlacement for a term that has ended, of another school, in which the student is placed already, or for which another place (another
    text, another letter) of theirs waits: that one is taken back first, so that the school decides on what was handed in last.
    """
    today = local(now).date()
    if term.university_id != student.university_id or term.ends_on < today:
        raise BadPlacement(_("请选择本校尚未结束的实习学期。"), field="term_id")
    values = {
        "enterprise_name": enterprise_name.strip()[:160],
        "enterprise_code": enterprise_code.strip().upper()[:40],
        "title": title.strip()[:160],
        "address": address.strip()[:200],
        "contact": contact.strip()[:120],
        "text": text.strip()[:4000],
    }
    hold_name(f"self_found:{student.id}")  # two tabs at once hand in one
    for known in queries.self_found_of(student.id):
        if known.term_id == term.id and known.state is SelfFoundState.SUBMITTED:
            if all(getattr(known, name) == value for name, value in values.items()) and files.is_same(known.file_id, file_id):
                return known
            said = _("这个学期你已有一项申请等待学校审核：“%(name)s”。要修改或补充材料的，请先撤回那一项，再重新提交。", name=known.enterprise_name)
            raise BadPlacement(said, field="term_id", code="one_waits")
    span = (term.starts_on, term.ends_on)
    for placed in queries.live_of_student(student.id):
        if placed.ended_early_on is None and rules.spans_overlap((placed.starts_on, placed.ends_on), span):
            raise BadPlacement(_("你在 %(a)s 至 %(b)s 已有实习安排，与这个学期冲突。", a=placed.starts_on, b=placed.ends_on), field="term_id")
    for field in ("enterprise_name", "title"):
        if not values[field]:
            raise BadPlacement(_("请填写此项。"), field=field)
    row = SelfFound(student_id=student.id, term_id=term.id, file_id=file_id, created_at=now, **values)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.self_found.proposed", on=row, data={"student": student.student_no, "enterprise": row.enterprise_name})
    tell_heads(
        student,
        kind="placements.self_found_proposed",
        message=N_("有学生提交了自主联系的实习单位“%(enterprise)s”（%(term)s），请审核。"),
        url=f"/placements/self-found/{row.id}",
        key=f"self_found:{row.id}",
        now=now,
        enterprise=row.enterprise_name,
        term=term.title,
    )
    return row


def approve_self_found(*, row: SelfFound, enterprise: Organisation, by: Identity, now: datetime) -> Placement:
    """The school has found the enterprise in the register and approves: a position with one seat, and the student on it. It is
    open to nobody else, whatever becomes of the placement.

    Again returns the placement made. Raises WrongState when it does not wait, the enterprise is not verified (as for every
    offer), for the student and for whoever speaks for the enterprise, and what `place_student` refuses.
    """
    if row.state is SelfFoundState.APPROVED and row.placement_id is not None:
        known = queries.placement(row.placement_id)
        assert known is not None
        return known
    if row.state is not SelfFoundState.SUBMITTED:
        raise WrongState(_("这项申请已退回或撤回，不能再通过。"))
    term, student = queries.term(row.term_id), queries.student(row.student_id)
    assert term is not None
    if people.is_same_human(by.person_id, student.person_id):
        raise WrongState(_("学生本人不能审核自己联系的实习单位，请由学校的其他人审核。"), code="own_side")
    demand_not_host(enterprise.id, by=by, today=local(now).date())
    position = offers.offer_position(
        enterprise=enterprise, title=row.title, majors=[queries.major_of(student.id)], description=row.text, by=by, now=now
    )
    seating.set_seats(position=position, term=term, seats=1, by=by, now=now)
    offers.submit_position(position=position, by=by, now=now, is_found_by_student=True)
    approving.approve_position(position=position, by=by, now=now)
    placement = place_student(student=student, position=position, term=term, explanation=N_("自主联系的实习单位"), by=by, now=now)
    approving.close_position(position=position, by=by, now=now)
    row.state, row.placement_id, row.decided_by_id, row.decided_at = SelfFoundState.APPROVED, placement.id, by.account_id, now
    session().flush()
    audit.record(by=by, did="placements.self_found.approved", on=row, data={"enterprise": enterprise.code, "placement": placement.id})
    return placement


def return_self_found(*, row: SelfFound, reason: str, by: Identity, now: datetime) -> SelfFound:
    """Give it back with a reason; the student may hand in another. Doing it again changes nothing."""
    if row.state is SelfFoundState.RETURNED:
        return row
    if row.state is not SelfFoundState.SUBMITTED:
        raise WrongState(_("这项申请已处理。"))
    if not reason.strip():
        raise BadPlacement(_("请写明退回的理由。"), field="reason")
    row.state, row.reason, row.decided_by_id, row.decided_at = SelfFoundState.RETURNED, reason.strip()[:400], by.account_id, now
    session().flush()
    audit.record(by=by, did="placements.self_found.returned", on=row, data={"reason": row.reason})
    tell(
        [queries.person_of_student(row.student_id)],
        kind="placements.self_found_returned",
        message=N_("自主联系的实习单位“%(name)s”未通过，理由：%(reason)s"),
        url="/placements/self-found",
        key=f"self_found:{row.id}:returned",
        now=now,
        name=row.enterprise_name,
        reason=row.reason,
    )
    return row


def cancel_self_found(*, row: SelfFound, by: Identity, now: datetime) -> SelfFound:
    """The student takes it back while it waits. Doing it again changes nothing."""
    if row.state is SelfFoundState.SUBMITTED:
        row.state = SelfFoundState.CANCELLED
        session().flush()
        audit.record(by=by, did="placements.self_found.cancelled", on=row)
    elif row.state is not SelfFoundState.CANCELLED:
        raise WrongState(_("这项申请已处理，不能撤回。"))
    return row
