"""Topics: proposed with their source in practice and the evidence for it, approved by both sides, refused, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from enterprises.capstones import likeness, queries
from enterprises.capstones.models import Topic, TopicMark
from enterprises.capstones.operations._support import TopicRefused, WrongPerson, WrongState, given, heads_at, stop, tell, within
from enterprises.capstones.queries.choosing import ranked_by
from enterprises.capstones.types import WITH_EVIDENCE, ChoiceState, EvidenceKind, Side, TopicOrigin, TopicSource, TopicState
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes

SEATS_MOST = 50
TOLD_APPROVED = N_("你提出的选题已由校企双方审批通过：%(title)s")
TOLD_REFUSED = N_("你提出的选题被退回：%(title)s。理由：%(reason)s")
TOLD_GONE_OPEN = N_("你填报的选题“%(title)s”已撤回：%(reason)s。请在截止前重新填报志愿")
TOLD_GONE = N_("你填报的选题“%(title)s”已撤回：%(reason)s。这一志愿不再计入，其余志愿不变")
TOLD_WITHDRAWN = N_("你提出的选题已撤回：%(title)s。理由：%(reason)s")


def propose_topic(
    *,
    enterprise: Organisation,
    programme_id: int,
    title: str,
    problem: str,
    source: TopicSource = TopicSource.ENGINEERING_PRACTICE,
    seats: int = 1,
    evidence: str = "",
    evidence_kind: EvidenceKind | None = None,
    evidence_file_id: int | None = None,
    skills: Sequence[str] = (),
    is_confidential: bool = False,
    proposing_side: Side | None = None,
    origin: TopicOrigin = TopicOrigin.ENTERPRISE,
    team_most: int = 1,
    reserved_for: Student | None = None,
    by: Identity,
    today: date,
    now: datetime,
) -> Topic:
    """Propose a topic of a verified enterprise for a programme.

    `proposing_side` counts as that side's approval: who proposes agrees. Evidence counts for criterion 8.1 only as a file.
    A student's own topic is reserved for him. `team_most`: how many may work on it together. The same proposal
    again: the known topic; its title from somebody else or with another problem is refused. Raises TopicRefused, NotFound.
    """
    title, problem = title.strip(), problem.strip()
    if enterprise.kind is not OrganisationKind.ENTERPRISE:
        raise TopicRefused(_("“%(name)s”不是企业：毕业设计选题须来自企业的工程实践。", name=enterprise.name), field="enterprise_id")
    if enterprise.state is not OrganisationState.VERIFIED:
        raise TopicRefused(_("“%(name)s”尚未核验，核验后才能发布选题。请联系系统管理员。", name=enterprise.name), field="enterprise_id")
    if programmes.by_id(programme_id) is None:
        raise NotFound(_("没有这个专业点。"))
    if not title:
        raise TopicRefused(_("请填写题目。"), field="title")
    if not problem:
        raise TopicRefused(_("请写明要解决的工程问题：背景、要求、预期成果。"), field="problem")
    _demand_seats(seats, team_most)
    if origin is TopicOrigin.STUDENT and reserved_for is None:
        raise TopicRefused(_("学生自拟的选题须写明是哪一名学生。"))
    if evidence_file_id is not None and evidence_kind is None:
        raise TopicRefused(_("请选择证明材料的种类。"), field="evidence_kind")
    _hold(enterprise)
    known = queries.same_topic(enterprise.id, programme_id, title)
    if known is not None and (known.proposed_by_id, known.problem) == (by.account_id, problem):
        return known
    _demand_new(enterprise.id, programme_id, title)
    row = Topic(
        enterprise_id=enterprise.id,
        programme_id=programme_id,
        title=within(title, field="title", most=200, refused=TopicRefused),
        problem=problem,
        source=source,
        evidence=evidence.strip(),
        evidence_kind=evidence_kind,
        evidence_file_id=evidence_file_id,
        skills=[skill.strip() for skill in skills if skill.strip()],
        is_confidential=is_confidential,
        seats=seats,
        proposed_by_id=by.account_id,
        proposed_by_person_id=by.person_id,
        origin=origin,
        team_most=team_most,
        reserved_student_id=reserved_for.id if reserved_for is not None else None,
        created_at=now,
    )
    session().add(row)
    session().flush()
    _mark(row)
    audit.record(by=by, did="capstones.topic.proposed", on=row, data={"title": row.title, "enterprise": enterprise.code, "source": source})
    if proposing_side is not None:
        approve_topic(topic=row, side=proposing_side, by=by, today=today, now=now)
    return row


def _hold(enterprise: Organisation) -> None:
    """One proposal of an enterprise at a time: the form sent twice at once is one topic, and two of one title are one and a refusal."""
    session().refresh(enterprise, with_for_update={"key_share": True})


def _demand_new(enterprise_id: int, programme_id: int, title: str) -> None:
    """Refuse a title that an enterprise has proposed to a programme already."""
    if queries.same_topic(enterprise_id, programme_id, title) is not None:
        raise TopicRefused(_("该企业已向这个专业提出过同名的选题。请换一个题目，或联系原来的提出人修改。"), field="title", code="same_title")


def _demand_seats(seats: int, team_most: int) -> None:
    if not 1 <= seats <= SEATS_MOST:
        raise TopicRefused(_("可接纳人数须在 1 至 %(most)d 之间。", most=SEATS_MOST), field="seats")
    if not 1 <= team_most <= min(seats, 10):
        raise TopicRefused(_("小组人数不能超过可接纳人数，也不能超过 10 人。"), field="team_most")


def _mark(topic: Topic) -> None:
    """Write down by what the topic is found when somebody proposes the same again."""
    session().execute(delete(TopicMark).where(TopicMark.topic_id == topic.id))
    rows = [{"mark": mark, "topic_id": topic.id} for mark in sorted(likeness.marks(topic.title, topic.problem))]
    if rows:
        session().execute(insert(TopicMark), rows)


def approve_topic(*, topic: Topic, side: Side, by: Identity, today: date, now: datetime, version: int | None = None) -> Topic:
    """Approve on one side; with both approvals the topic is open to students. A repeat changes nothing.

    Nobody approves for both sides: an account that has decided for the one leaves the other to somebody else. Raises WrongState when
    the topic was refused or withdrawn, WrongPerson, Stale.
    """
    check_version(topic, version)
    if topic.state in (TopicState.REFUSED, TopicState.WITHDRAWN):
        raise WrongState(_("选题“%(title)s”已退回或撤回，不能再审批。请重新提出。", title=topic.title))
    on, who = f"approved_by_{side.value}_on", f"approved_by_{side.value}_id"
    if getattr(topic, on) is not None:
        return topic
    other = Side.ENTERPRISE if side is Side.SCHOOL else Side.SCHOOL
    if identity.is_same_holder(by.account_id, getattr(topic, f"approved_by_{other.value}_id")):
        raise WrongPerson(_("你已代表另一方审批了“%(title)s”：校企双方须由不同的人审批。", title=topic.title), code="both_sides")
    setattr(topic, on, today)
    setattr(topic, who, by.account_id)
    if topic.approved_by_school_on is not None and topic.approved_by_enterprise_on is not None:
        topic.state = TopicState.APPROVED
    session().flush()
    audit.record(by=by, did="capstones.topic.approved", on=topic, data={"side": side, "state": topic.state})
    if topic.state is TopicState.APPROVED:
        _tell_proposer(topic, TOLD_APPROVED, by, now)
    return topic


def refuse_topic(*, topic: Topic, side: Side, reason: str, by: Identity, now: datetime, version: int | None = None) -> Topic:
    """Send a proposed topic back with a reason. Raises WrongState, TopicRefused without a reason."""
    check_version(topic, version)
    if topic.state is not TopicState.PROPOSED:
        raise WrongState(_("只有待审批的选题可以退回。"))
    topic.reason = given(reason, _("请写明退回的理由，提出人会看到。"), field="reason", refused=TopicRefused)
    topic.state = TopicState.REFUSED
    session().flush()
    audit.record(by=by, did="capstones.topic.refused", on=topic, data={"side": side, "reason": topic.reason})
    _tell_proposer(topic, TOLD_REFUSED, by, now)
    return topic


def demand_revisable(topic: Topic, by: Identity) -> None:
    """Refuse who did not propose a topic before anything of it is shown, then a topic that was not sent back. Raises WrongPerson, WrongState."""
    if not identity.is_same_holder(by.account_id, topic.proposed_by_id):
        raise WrongPerson(_("只有提出人可以修改后重新提出。"))
    if topic.state is not TopicState.REFUSED:
        raise WrongState(_("只有退回的选题可以修改后重新提出。"))


def revise_topic(
    *,
    topic: Topic,
    title: str,
    problem: str,
    evidence: str = "",
    evidence_kind: EvidenceKind | None = None,
    evidence_file_id: int | None = None,
    seats: int | None = None,
    team_most: int | None = None,
    skills: Sequence[str] | None = None,
    is_confidential: bool | None = None,
    by: Identity,
    now: datetime,
    version: int | None = None,
) -> Topic:
    """Whoever proposed a topic that was sent back changes it and proposes it again: both sides decide anew.

    What is None stays as it was. Raises WrongState, WrongPerson, TopicRefused.
    """
    check_version(topic, version)
    demand_revisable(topic, by)
    if not title.strip() or not problem.strip():
        raise TopicRefused(_("请填写题目和要解决的工程问题。"), field="title")
    _demand_seats(topic.seats if seats is None else seats, topic.team_most if team_most is None else team_most)
    _hold(session().get_one(Organisation, topic.enterprise_id))
    _demand_new(topic.enterprise_id, topic.programme_id, title.strip())
    topic.title = within(title, field="title", most=200, refused=TopicRefused)
    topic.problem, topic.evidence = problem.strip(), evidence.strip()
    topic.seats, topic.team_most = topic.seats if seats is None else seats, topic.team_most if team_most is None else team_most
    if skills is not None:
        topic.skills = [skill.strip() for skill in skills if skill.strip()]
    if is_confidential is not None:
        topic.is_confidential = is_confidential
    if evidence_file_id is not None:
        if evidence_kind is None:
            raise TopicRefused(_("请选择证明材料的种类。"), field="evidence_kind")
        topic.evidence_kind, topic.evidence_file_id = evidence_kind, evidence_file_id
    topic.state, topic.evidence_waits = TopicState.PROPOSED, False  # both sides look at all of it anew
    topic.approved_by_school_on = topic.approved_by_enterprise_on = None
    topic.approved_by_school_id = topic.approved_by_enterprise_id = None
    session().flush()
    _mark(topic)
    audit.record(by=by, did="capstones.topic.proposed", on=topic, data={"title": topic.title, "again_after": topic.reason})
    return topic


def add_evidence(*, topic: Topic, kind: EvidenceKind, file_id: int, evidence: str = "", by: Identity, now: datetime) -> Topic:
    """Add the evidence that a topic was proposed without, as a student's own is; what is there is what was approved and is not exchanged.

    Where the school has approved already, it waits for `judge_evidence`, and the heads of the programme are told: criterion 8.1 asks for what both
    sides have seen. Raises WrongState for a topic that was refused or withdrawn, TopicRefused when there is evidence.
    """
    if topic.state not in WITH_EVIDENCE:
        raise WrongState(_("选题“%(title)s”已退回或撤回，不能补充证明材料。", title=topic.title))
    if topic.evidence_file_id is not None:
        raise TopicRefused(_("选题已有证明材料，不能更换：它是双方审批的依据。"), field="file", code="has_evidence")
    text = within(evidence, field="evidence", refused=TopicRefused)
    topic.evidence_before = topic.evidence
    topic.evidence_kind, topic.evidence_file_id, topic.evidence = kind, file_id, text or topic.evidence
    topic.evidence_waits, topic.evidence_by_id = topic.approved_by_school_on is not None, by.account_id
    session().flush()
    audit.record(by=by, did="capstones.topic.evidence_added", on=topic, data={"kind": kind, "file": file_id, "waits": topic.evidence_waits})
    programme = programmes.by_id(topic.programme_id)
    if topic.evidence_waits and programme is not None:
        notifications.notify(
            account_ids=heads_at(programme.id, programme.university_id),
            kind="capstones.evidence_waits",
            message=N_("企业为选题“%(title)s”补充了证明材料，请审核；审核以前不算证明。"),
            values={"title": topic.title},
            url=f"/capstones/topics/{topic.id}",
            unique_key=f"evidence:{topic.id}:{file_id}",
            now=now,
        )
    return topic


def judge_evidence(*, topic: Topic, is_taken: bool, reason: str = "", by: Identity, now: datetime, seen: int | None = None) -> Topic:
    """The school says of late evidence that it proves the topic, or sends it back with a reason: the enterprise may add another. A repeat changes nothing.

    What the topic was approved with stands as before.     `seen` is the file that the judge's page showed. Raises WrongPerson for who approved for the enterprise or added it, TopicRefused without a
    reason, WrongState when there is none that waits, Stale when another one does.
    """
    session().refresh(topic, with_for_update={"key_share": True})  # taken and sent back at once: the second sees the first
    if is_taken and topic.evidence_file_id is not None and not topic.evidence_waits and seen in (None, topic.evidence_file_id):
        return topic
    if not is_taken and seen is not None and topic.evidence_file_id is None:
        return topic
    if not topic.evidence_waits or topic.state not in WITH_EVIDENCE:
        raise WrongState(_("没有待审核的证明材料。"))
    if seen not in (None, topic.evidence_file_id):
        raise Stale(_("企业已另行补充证明材料，你看到的不是这一份。请重新打开页面，核对后再审核。"))
    stop(against_judging(topic, by))
    sent_back: dict[str, Any] = {}
    if is_taken:
        topic.evidence_waits = False
    else:
        said = given(reason, _("请写明退回的理由，企业会看到。"), field="reason", refused=TopicRefused)
        sent_back = {"file": topic.evidence_file_id}  # what it says may be confidential, and the audit is read by others
        topic.evidence_waits, topic.evidence_file_id, topic.evidence_kind, topic.evidence = False, None, None, topic.evidence_before
        notifications.notify(
            account_ids=identity.accounts_holding(Role.ENTERPRISE_COORDINATOR, organisation_id=topic.enterprise_id),
            kind="capstones.evidence_refused",
            message=N_("学校退回了选题“%(title)s”的证明材料，请另行补充。理由：%(reason)s"),
            values={"title": topic.title, "reason": said},
            url=f"/capstones/topics/{topic.id}",
            unique_key=None,
            now=now,
        )
    session().flush()
    audit.record(
        by=by,
        did="capstones.topic.evidence_taken" if is_taken else "capstones.topic.evidence_refused",
        on=topic,
        data={"reason": reason.strip()[:400], **sent_back},
    )
    return topic


def against_judging(topic: Topic, by: Identity) -> WrongPerson | None:
    """Why somebody does not judge late evidence: who approved for the enterprise, or added it, is not the school's eyes."""
    if identity.is_same_holder(by.account_id, topic.evidence_by_id):
        return WrongPerson(_("这份证明材料是你补充的，须由学校的另一人审核。"), code="both_sides")
    if identity.is_same_holder(by.account_id, topic.approved_by_enterprise_id):
        return WrongPerson(_("你已代表另一方审批了“%(title)s”：校企双方须由不同的人审批。", title=topic.title), code="both_sides")
    return None


def withdraw_topic(*, topic: Topic, reason: str, by: Identity, now: datetime, version: int | None = None) -> Topic:
    """Withdraw a topic that no student works on any more; while one does it is refused: the capstones come first.

    Whoever has finished keeps the seat and the capstone. Raises TopicRefused, Stale.
    """
    check_version(topic, version)
    if topic.state is TopicState.WITHDRAWN:
        return topic
    why = given(reason, _("请写明撤回的理由。"), field="reason", refused=TopicRefused)
    finished = queries.finished_with(topic.id)
    taken = session().execute(
        update(Topic)
        .where(Topic.id == topic.id, Topic.taken <= finished)
        .values(state=TopicState.WITHDRAWN, reason=why, version=Topic.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise TopicRefused(
            _(
                "还有 %(n)d 名学生在做选题“%(title)s”，不能撤回。请先为这些学生改派选题或终止其毕业设计。",
                title=topic.title,
                n=topic.taken - (session().scalar(select(finished)) or 0),
            )
        )
    session().refresh(topic)
    audit.record(by=by, did="capstones.topic.withdrawn", on=topic, data={"reason": topic.reason})
    _tell_proposer(topic, TOLD_WITHDRAWN, by, now)
    tell_rankers(topic, topic.reason, now)
    return topic


def tell_rankers(topic: Topic, reason: str, now: datetime) -> None:
    """Tell who has ranked a topic in a round that is not published that it is gone: choose anew, or that the rank counts no longer."""
    for round_, person_id in ranked_by(topic.id):
        tell(
            person_ids=[person_id],
            kind="capstones.choices",
            message=TOLD_GONE_OPEN if round_.state is ChoiceState.OPEN else TOLD_GONE,
            values={"title": topic.title, "reason": reason[:100]},
            url="/capstones/choices",
            unique_key=f"capstones.topic_gone:{topic.id}:{round_.id}:{person_id}",
            now=now,
        )


def _tell_proposer(topic: Topic, message: str, by: Identity, now: datetime) -> None:
    """Tell who proposed a topic what became of it, with the reason; who decided it oneself knows."""
    if topic.proposed_by_id is None or topic.proposed_by_id == by.account_id:
        return
    notifications.notify(
        account_ids=[topic.proposed_by_id],
        kind="capstones.topic",
        message=message,
        values={"title": topic.title, "reason": topic.reason},
        url=f"/capstones/topics/{topic.id}",
        now=now,
    )
