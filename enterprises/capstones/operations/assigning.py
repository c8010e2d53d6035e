"""A student gets a topic, a capstone gets its two supervisors."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update

from enterprises.capstones import queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.labels import ROLES
from enterprises.capstones.models import Capstone, Supervision, Topic
from enterprises.capstones.operations._support import CapstoneRefused, demand, demand_person, given, has_left, stop, tell, within
from enterprises.capstones.operations.calling_off import call_off
from enterprises.capstones.operations.changing import take_seat
from enterprises.capstones.operations.guiding import tell_successor
from enterprises.capstones.operations.impartial import against_house, demand_office
from enterprises.capstones.operations.standing import against_another
from enterprises.capstones.queries.supervising import is_enrolled
from enterprises.capstones.types import Action, CapstoneState, SupervisorRole, TopicState
from enterprises.mentors.models import Mentor
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes

TOLD_ASSIGNED = N_("毕业设计选题已下达：%(title)s")
TOLD_GONE = N_("你不再担任毕业设计“%(title)s”的%(role)s：%(reason)s")
TOLD_WHO = N_("你的毕业设计%(role)s：%(name)s")
TOLD_ENDED = N_("毕业设计“%(title)s”（%(name)s）已终止：%(reason)s")
TOLD_SUPERVISOR = N_("你被指派为毕业设计“%(title)s”的%(role)s")


def assign_capstone(
    *,
    student: Student,
    topic: Topic,
    starts_on: date,
    ends_on: date,
    place: str = "",
    team_id: int | None = None,
    by: Identity,
    today: date,
    now: datetime,
) -> Capstone:
    """Give a student an approved topic of the programme; a seat of the topic is taken or the whole is refused.

    The same topic again: the known capstone. Who failed repeats with a new capstone once the failed one is archived; that one stays.
    Raises CapstoneRefused (another capstone, a failure that may still be appealed, no seat, other programme).
    """
    known = queries.capstone_holding(student.id)
    if known is not None:
        if known.state is CapstoneState.FAILED:
            raise CapstoneRefused(
                _("该学生上一次毕业设计不合格，但还没有归档（申诉期未过或申诉未决）。归档后即可重做，原来的记录会保留。"),
                field="student_id",
                code="not_archived",
            )
        if known.topic_id == topic.id:
            return known
        raise CapstoneRefused(_("该学生已有毕业设计。如需改题，请先终止原来的毕业设计。"), field="student_id")
    if student.state is not StudentState.ENROLLED:
        raise CapstoneRefused(_("该学生不在读，不能下达毕业设计。"), field="student_id")
    if topic.state is not TopicState.APPROVED:
        raise CapstoneRefused(_("选题“%(title)s”尚未经校企双方通过，不能下达。", title=topic.title), field="topic_id")
    if topic.programme_id != student.programme_id:
        raise CapstoneRefused(_("选题“%(title)s”不是该学生所在专业的选题。", title=topic.title), field="topic_id")
    if ends_on <= starts_on:
        raise CapstoneRefused(_("结束日期须晚于开始日期。"), field="ends_on")
    if starts_on < student.enrolled_on:
        raise CapstoneRefused(_("开始日期 %(day)s 早于该学生的入学日期。", day=starts_on.isoformat()), field="starts_on")
    take_seat(topic, student, team_id=team_id)
    row = Capstone(
        student_id=student.id,
        topic_id=topic.id,
        enterprise_id=topic.enterprise_id,
        starts_on=starts_on,
        ends_on=ends_on,
        place=within(place, field="place", most=200),
        team_id=team_id,
        findings=[],
        created_at=now,
    )
    add_once(row, lambda: CapstoneRefused(_("该学生刚刚被下达了另一个毕业设计，请刷新后核对。"), field="student_id"))
    session().refresh(topic)
    audit.record(by=by, did="capstones.capstone.assigned", on=row, data={"student": student.student_no, "topic": topic.id})
    tell(
        person_ids=[student.person_id],
        kind="capstones.assigned",
        message=TOLD_ASSIGNED,
        values={"title": topic.title},
        url=f"/capstones/{row.id}",
        unique_key=f"capstones.assigned:{row.id}",
        now=now,
    )
    return row


def withdraw(*, capstone: Capstone, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Capstone:
    """End a capstone before its grade (that of who has dropped out before its publication) and give the seat back; nobody is left waiting for it (`calling_off`).

    Raises WrongState, CapstoneRefused without a reason.
    """
    check_version(capstone, version)
    if capstone.state is CapstoneState.WITHDRAWN:
        demand_person(capstone, Action.WITHDRAW, by)
        return capstone
    demand(capstone, Action.WITHDRAW, by)
    stop(against_withdrawal(capstone))
    supervisors = [row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None]
    capstone.note = given(reason, _("请写明终止的理由。"), field="reason")
    capstone.state = CapstoneState.WITHDRAWN
    session().flush()
    session().execute(
        update(Topic)
        .where(Topic.id == capstone.topic_id, Topic.taken > 0)
        .values(taken=Topic.taken - 1, version=Topic.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    session().execute(
        update(Supervision)
        .where(Supervision.capstone_id == capstone.id, Supervision.until.is_(None))
        .values(until=today)
        .execution_options(synchronize_session="fetch")
    )
    called_off = call_off(capstone, now)
    audit.record(by=by, did="capstones.capstone.withdrawn", on=capstone, data={"reason": capstone.note, **called_off})
    person = session().get_one(Person, session().get_one(Student, capstone.student_id).person_id)
    tell(
        person_ids=[person.id, *supervisors],
        kind="capstones.withdrawn",
        message=TOLD_ENDED,
        values={"title": queries.title_of(capstone), "name": person.name, "reason": capstone.note},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.withdrawn:{capstone.id}",
        now=now,
    )
    return capstone


def against_withdrawal(capstone: Capstone) -> CapstoneRefused | None:
    """Why a capstone that is graded is not ended: its result is published; unless its student has dropped out."""
    if capstone.state not in (CapstoneState.GRADED, CapstoneState.MODERATION) or has_left(capstone):
        return None
    return CapstoneRefused(_("各方已经评分，不能终止，请公布成绩；学生退学的才可以终止。"), field="reason", code="graded")


# -- supervisors --------------------------------------------------------------------------------------------------------


def assign_supervisor(
    *,
    capstone: Capstone,
    role: SupervisorRole,
    person: Person,
    reason: str = "",
    replaces: Supervision | None = None,
    by: Identity,
    today: date,
    now: datetime,
) -> Supervision:
    """Give a capstone its supervisor of one side; who was it before ends today. The same person again: the known row.

    A school supervisor teaches at the student's university, an enterprise one is a mentor of the capstone's enterprise, both
    on `today` and within their limit over all programmes (own.capstone.supervisor_load_max, mentor_load_max); nobody
    stands on both sides, also not one after the other, no mentor of the enterprise stands for the school, no student supervises, nobody with a conflict of interest, nobody who
    reviews it or sits in its panel (`capstones.impartiality`). A teacher of another discipline needs a `reason`, and so does
    whoever replaces somebody (a plan lets all leave first: `replaces` is who left this place for it); it is kept, and who leaves is told. Raises CapstoneRefused, WrongState.
    """
    demand(capstone, Action.SUPERVISE, by)
    before = queries.live_supervision(capstone.id, role)
    if before is not None and before.person_id == person.id:
        return before
    student = session().get_one(Student, capstone.student_id)
    demand_office(capstone, person, Office(role.value))
    stop(against_house(capstone, person, Office(role.value), today))
    if is_enrolled(person.id):
        raise CapstoneRefused(_("%(name)s 是在读学生，不能担任导师。", name=person.name), field="person_id", code="is_student")
    stop(against_another(capstone, role))
    if role is SupervisorRole.SCHOOL:
        _demand_discipline(person, student, reason, today)
    limit = _limit_of_teacher(person, student, today) if role is SupervisorRole.SCHOOL else _limit_of_mentor(person, capstone, today)
    load = queries.load_of(person.id, role)
    if load >= limit:
        raise CapstoneRefused(
            _("%(name)s 已指导 %(load)d 人，达到上限 %(limit)d 人。请另选导师，或先调整其他学生。", name=person.name, load=load, limit=limit),
            field="person_id",
            code="overloaded",
        )
    reason = within(reason, field="reason")
    if before is not None:
        reason = given(reason, _("更换导师须写明理由，理由会记录在案。"), field="reason")
        before.until = today
        session().flush()
    gone = before if before is not None else replaces
    row = Supervision(capstone_id=capstone.id, role=role, person_id=person.id, since=today)
    session().add(row)
    session().flush()
    audit.record(
        by=by,
        did="capstones.supervisor.assigned",
        on=capstone,
        data={"role": role, "person": person.id, "before": gone.person_id if gone else None, "reason": reason},
    )
    if gone is not None:
        _tell_gone(gone, capstone, reason, now)
    topic = session().get_one(Topic, capstone.topic_id)
    tell(
        person_ids=[person.id],
        kind="capstones.supervisor",
        message=TOLD_SUPERVISOR,
        values={"title": topic.title, "role": notifications.word(ROLES[role])},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.supervisor:{row.id}",
        now=now,
    )
    tell(
        person_ids=[student.person_id],
        kind="capstones.supervisor",
        message=TOLD_WHO,
        values={"role": notifications.word(ROLES[role]), "name": person.name},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.supervised:{row.id}",
        now=now,
    )
    tell_successor(capstone, role, person.id, now)
    return row


def _tell_gone(gone: Supervision, capstone: Capstone, reason: str, now: datetime) -> None:
    """Tell who supervises a capstone no more, and why."""
    tell(
        person_ids=[gone.person_id],
        kind="capstones.supervisor",
        message=TOLD_GONE,
        values={"title": queries.title_of(capstone), "role": notifications.word(ROLES[gone.role]), "reason": reason},
        url="/capstones/supervised",
        unique_key=f"capstones.supervisor_gone:{gone.id}",
        now=now,
    )


def _demand_discipline(person: Person, student: Student, reason: str, today: date) -> None:
    teacher = queries.teacher_at(person.id, student.university_id, today)
    programme = programmes.by_id(student.programme_id)
    if teacher is None or programme is None or reason.strip():
        return
    if not rules.fits_discipline(teacher.programme_id, teacher.discipline, programme.id, programme.name):
        raise CapstoneRefused(
            _(
                "%(name)s 的学科是“%(discipline)s”，不属于“%(programme)s”。如确需跨学科指导，请写明理由，理由会记录在案。",
                name=person.name,
                discipline=teacher.discipline or _("其他专业"),
                programme=programme.name,
            ),
            field="person_id",
            code="other_discipline",
        )


def _limit_of_teacher(person: Person, student: Student, today: date) -> int:
    teacher = queries.teacher_at(person.id, student.university_id, today)
    if teacher is None:
        raise CapstoneRefused(_("%(name)s 不是该校在任教师，不能担任校内导师。", name=person.name), field="person_id", code="not_of_school")
    # The row is locked, so that two assignments at once cannot both take the last place.
    session().refresh(teacher, with_for_update=True)
    return min(teacher.capstone_capacity, book().at("own.capstone.supervisor_load_max", on=today).number)


def _limit_of_mentor(person: Person, capstone: Capstone, today: date) -> int:
    mentor: Mentor | None = queries.mentor_at(person.id, capstone.enterprise_id, today)
    if mentor is None:
        raise CapstoneRefused(
            _("%(name)s 不是毕业设计所在企业在任的指导教师（8.3 要求企业指导教师来自该企业）。请先在企业导师库登记。", name=person.name),
            field="person_id",
            code="not_of_enterprise",
        )
    session().refresh(mentor, with_for_update=True)
    return min(mentor.load_limit, book().at("own.capstone.mentor_load_max", on=today).number)


def end_supervision(*, supervision: Supervision, reason: str, by: Identity, today: date, now: datetime) -> Supervision:
    """End a supervision without a successor, with a reason. A repeat changes nothing."""
    capstone = session().get_one(Capstone, supervision.capstone_id)
    if supervision.until is None:
        demand(capstone, Action.SUPERVISE, by)
        session().refresh(supervision)  # somebody else may have ended it before the capstone was held
    if supervision.until is not None:
        return supervision
    stop(against_another(capstone, supervision.role))
    why = given(reason, _("请写明更换导师的理由。"), field="reason")
    supervision.until = today
    session().flush()
    audit.record(
        by=by, did="capstones.supervisor.ended", on=capstone, data={"role": supervision.role, "person": supervision.person_id, "reason": why}
    )
    _tell_gone(supervision, capstone, why, now)
    return supervision
