"""A capstone gets another topic: the transition for a topic that is withdrawn with students and for an enterprise that leaves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone, Supervision, Team, Topic
from enterprises.capstones.operations._support import CapstoneRefused, TopicRefused, demand, given, heads_of, stop, tell, within
from enterprises.capstones.operations.standing import against_another_topic
from enterprises.capstones.operations.topics import tell_rankers, withdraw_topic
from enterprises.capstones.queries import guiding
from enterprises.capstones.queries.capstones import movable_among
from enterprises.capstones.types import Action, SupervisorRole, TopicState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.people.models import Person, Student

TOLD_LEFT = N_("“%(enterprise)s”退出毕业设计：已有的指导和材料都保留，专业会改题或让你在该企业继续完成")
TOLD_SUPERVISORS = N_("“%(enterprise)s”退出毕业设计：你在该企业指导的学生由专业改题，或在该企业继续完成；已有的指导和材料都保留")
TOLD_HEADS = N_("“%(enterprise)s”退出毕业设计：%(n)d 名学生尚未交论文，可改题或继续完成；%(m)d 名已交论文，在该企业完成")
TOLD_CHANGED = N_("你的毕业设计改为新的选题：%(title)s")
TOLD_CHANGED_SUPERVISORS = N_("%(name)s 的毕业设计改为新的选题：%(title)s")


def change_topic(
    *, capstone: Capstone, topic: Topic, reason: str, place: str = "", by: Identity, today: date, now: datetime, version: int | None = None
) -> Capstone:
    """Move a capstone to another approved topic of the programme before its thesis; guidance, papers and the school supervisor stay.

    The seats change hands; when the enterprise is another one its supervisor ends today, because the new one must come from there, and the
    place is the one that is given, or none yet.
    Raises CapstoneRefused (no seat, other programme, reserved, an enterprise whose mentor supervises for the school), WrongState, Stale.
    """
    demand(capstone, Action.CHANGE_TOPIC, by)
    if topic.id == capstone.topic_id:
        return capstone
    check_version(capstone, version)
    stop(against_another_topic(capstone))
    why = given(reason, _("请写明改题的理由。"), field="reason")
    student = session().get_one(Student, capstone.student_id)
    if topic.programme_id != student.programme_id:
        raise CapstoneRefused(_("选题“%(title)s”不是该学生所在专业的选题。", title=topic.title), field="topic_id")
    _demand_two_houses(capstone, topic, today)
    take_seat(topic, student)
    session().execute(
        update(Topic)
        .where(Topic.id == capstone.topic_id, Topic.taken > 0)
        .values(taken=Topic.taken - 1, version=Topic.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    before = (capstone.topic_id, capstone.enterprise_id)
    if topic.enterprise_id != capstone.enterprise_id:
        session().execute(
            update(Supervision)
            .where(Supervision.capstone_id == capstone.id, Supervision.role == SupervisorRole.ENTERPRISE, Supervision.until.is_(None))
            .values(until=today)
            .execution_options(synchronize_session="fetch")
        )
        for wish in queries.wishes_of(capstone.id, SupervisorRole.ENTERPRISE):  # they name mentors of the enterprise before
            session().delete(wish)
        capstone.place = within(place, field="place", most=200)  # the workshop of the enterprise before is none of this one's
    capstone.topic_id, capstone.enterprise_id, capstone.team_id = topic.id, topic.enterprise_id, None  # the team stays with its topic
    session().flush()
    audit.record(
        by=by,
        did="capstones.capstone.topic_changed",
        on=capstone,
        data={"before": before[0], "enterprise_before": before[1], "topic": topic.id, "enterprise": topic.enterprise_id, "reason": why},
    )
    said: dict[str, Any] = {"kind": "capstones.topic_changed", "url": f"/capstones/{capstone.id}", "now": now}
    values = {"title": topic.title, "name": session().get_one(Person, student.person_id).name}
    tell(person_ids=[student.person_id], message=TOLD_CHANGED, values=values, **said)
    tell(person_ids=[s.person_id for s, _name in queries.supervisions_of(capstone.id)], message=TOLD_CHANGED_SUPERVISORS, values=values, **said)
    return capstone


def _demand_two_houses(capstone: Capstone, topic: Topic, today: date) -> None:
    """Refuse an enterprise of which the supervisor of the school is a mentor: nobody would stand for the school there (8.3)."""
    held = queries.live_supervision(capstone.id, SupervisorRole.SCHOOL)
    if held is None or not guiding.is_mentor_at(topic.enterprise_id, held.person_id, today):
        return
    name = session().get_one(Person, held.person_id).name
    raise CapstoneRefused(
        _("校内导师 %(name)s 是“%(title)s”所在企业在任的指导教师，不能代表学校（8.3）：请先更换校内导师，或另选题目。", name=name, title=topic.title),
        field="topic_id",
        code="of_enterprise",
    )


def take_seat(topic: Topic, student: Student, *, team_id: int | None = None) -> None:
    """Take a seat of an approved topic, or refuse: by one conditional UPDATE, so that two at once never take the last one.

    A topic that a student proposed is theirs, and of the team they lead (`team_id`).
    """
    if topic.state is not TopicState.APPROVED:
        raise CapstoneRefused(_("选题“%(title)s”尚未经校企双方通过，不能下达。", title=topic.title), field="topic_id")
    leader_id = session().get_one(Team, team_id).leader_id if team_id is not None else None
    if topic.reserved_student_id not in (None, student.id, leader_id):
        raise CapstoneRefused(_("选题“%(title)s”由另一名学生自拟，只能由其本人承担。", title=topic.title), field="topic_id", code="reserved")
    if topic.closed_at is not None:
        raise CapstoneRefused(
            _("“%(title)s”所在的企业已退出毕业设计，不再接收新学生。请换一个选题。", title=topic.title), field="topic_id", code="enterprise_left"
        )
    enterprise = session().get_one(Organisation, topic.enterprise_id)
    if enterprise.state is not OrganisationState.VERIFIED:
        raise CapstoneRefused(
            _("“%(enterprise)s”已停用或尚未核验，不再接收新学生。请换一个选题。", enterprise=enterprise.name),
            field="topic_id",
            code="enterprise_closed",
        )
    taken = session().execute(
        update(Topic)
        .where(Topic.id == topic.id, queries.has_seats())
        .values(taken=Topic.taken + 1, version=Topic.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise CapstoneRefused(
            _("选题“%(title)s”的名额已满，请换一个选题，或请企业另提一个选题。", title=topic.title), field="topic_id", code="no_seat"
        )


def leave_programme(*, enterprise: Organisation, reason: str, by: Identity, now: datetime) -> tuple[int, int]:
    """An enterprise offers no capstones any more: topics nobody works on are withdrawn, the others take nobody further.

    Running capstones go on until the programme moves each to another topic (`change_topic`) or ends it. Returns (topics withdrawn,
    capstones still to be moved). A repeat changes nothing. Raises TopicRefused without a reason.
    """
    if not reason.strip():
        raise TopicRefused(_("请写明退出的理由。"), field="reason")
    running = queries.live_capstones_at(enterprise.id)
    occupied, withdrawn = {row.topic_id for row in running}, 0
    for topic in queries.live_topics_of(enterprise.id):
        if topic.id not in occupied:
            withdraw_topic(topic=topic, reason=reason, by=by, now=now)
            withdrawn += 1
        elif topic.closed_at is None:
            topic.closed_at = now
            tell_rankers(topic, reason.strip(), now)
    session().flush()
    audit.record(
        by=by,
        did="capstones.enterprise.left",
        on=enterprise,
        data={"reason": reason.strip()[:400], "topics": withdrawn, "capstones": [row.id for row in running]},
    )
    _tell_left(enterprise, running, now)
    return withdrawn, len(running)


def enterprise_closed(*, organisation: Organisation, reason: str, by: Identity, now: datetime) -> None:
    """An enterprise that is taken out of use leaves the capstones too; one that has none is left alone."""
    if organisation.kind is OrganisationKind.ENTERPRISE and (queries.live_topics_of(organisation.id) or queries.live_capstones_at(organisation.id)):
        leave_programme(enterprise=organisation, reason=reason, by=by, now=now)


def _tell_left(enterprise: Organisation, running: list[Capstone], now: datetime) -> None:
    """Tell the students and both supervisors of each, and the heads of the programmes who have to move them."""
    students = [session().get_one(Student, row.student_id) for row in running]
    supervisors = [s.person_id for row in running for s, _name in queries.supervisions_of(row.id) if s.until is None]
    key = f"capstones.left:{enterprise.id}:{now.date().isoformat()}"  # and for whom: somebody may supervise here and head two programmes
    said: dict[str, Any] = {"kind": "capstones.enterprise_left", "now": now}
    tell(
        person_ids=[student.person_id for student in students], message=TOLD_LEFT, values={"enterprise": enterprise.name},
        url="/capstones/mine", unique_key=f"{key}:students", **said,
    )  # fmt: skip
    tell(
        person_ids=supervisors, message=TOLD_SUPERVISORS, values={"enterprise": enterprise.name}, url="/capstones/supervised",
        unique_key=f"{key}:supervisors", **said,
    )  # fmt: skip
    for programme_id in sorted({student.programme_id for student in students}):
        theirs = [(row, student) for row, student in zip(running, students, strict=True) if student.programme_id == programme_id]
        heads, movable = heads_of(theirs[0][1]), len(movable_among([row.id for row, _student in theirs]))
        if heads:
            values = {"enterprise": enterprise.name, "n": movable, "m": len(theirs) - movable}
            notifications.notify(
                account_ids=heads, message=TOLD_HEADS, values=values, url="/capstones/?state=live", unique_key=f"{key}:heads:{programme_id}", **said
            )
