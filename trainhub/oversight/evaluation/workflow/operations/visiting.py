"""The visit: its days and agenda, its experts and their declarations, what each says, what the group agrees on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from trainhub.identity import queries as accounts
from trainhub.identity.models import Account
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.queries import staff
from trainhub.oversight.evaluation.workflow import former_queries, queries, words
from trainhub.oversight.evaluation.workflow.models import Application, Consensus, VisitExpert, VisitItem, VisitOpinion
from trainhub.oversight.evaluation.workflow.operations import outside, telling
from trainhub.oversight.evaluation.workflow.types import Opinion, State, VisitItemKind
from trainhub.programmes import queries as programmes

PLANNING = frozenset([State.SUBMITTED, State.VISIT_SCHEDULED])
JUDGING = frozenset([State.VISIT_SCHEDULED])
TICK = timedelta(microseconds=1)
CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


class BadVisit(Refused):
    """A fact of the visit is missing or impossible, or the visit is past that point."""

    code = "bad_visit"


class BadOpinion(Refused):
    """The form does not take this opinion."""

    code = "bad_opinion"


def _planning(application: Application, by: Identity, now: datetime) -> None:
    queries.hold(application)
    outside.check(application, by, local(now).date())
    if application.state not in PLANNING:
        state = words.STATES[application.state]
        raise BadVisit(_("申请现处于“%(state)s”，不能安排现场考查；提交报告之后、完成考查之前才能安排或改期。", state=state))


def arrange(
    *, application: Application, starts_on: date, ends_on: date, no_centre_reason: str, by: Identity, now: datetime, version: int | None = None
) -> Application:
    """Set the days of the visit, and the reason when no practice centre can be visited (PETOE-P9, 002:215).

    A visit that is fixed is put off or made longer the same way, until it is over: with it the days on which experts read and judge. Its first
    day stays as soon as a form is handed in. `version`: of the application as it was shown. Raises BadVisit and Stale.
    """
    _planning(application, by, now)
    if ends_on < starts_on:
        raise BadVisit(_("结束日期不能早于开始日期。"), field="ends_on")
    if starts_on != application.visit_starts_on and any(one.submitted_at is not None for one in queries.experts_of(application.id)):
        raise BadVisit(_("已有专家提交评价表，考查的开始日期不能再改，可以改结束日期。"), field="starts_on")
    before = (application.visit_starts_on, application.visit_ends_on, application.no_centre_reason)
    after = (starts_on, ends_on, no_centre_reason.strip()[:400])
    if before != after:
        check_version(application, version)
        application.visit_starts_on, application.visit_ends_on, application.no_centre_reason = after
        session().flush()
        audit.record(by=by, did="evaluation.visit.arranged", on=application, data={"from": starts_on, "to": ends_on})
        if before[0] is not None and before[:2] != after[:2]:
            telling.tell_days(application, by=by, today=local(now).date(), now=now)
    return application


def add_item(
    *,
    application: Application,
    kind: VisitItemKind,
    on: date,
    starts: str,
    ends: str,
    place: str,
    by: Identity,
    now: datetime,
    persons: str = "",
    base_id: int | None = None,
) -> VisitItem:
    """Add an item to the agenda until the visit is over. The same item again is returned as it is; one of the same hour that says otherwise is refused,
    as everything that overlaps. Raises BadVisit."""
    _planning(application, by, now)
    if application.visit_starts_on is None or application.visit_ends_on is None:
        raise BadVisit(_("请先确定考查的起止日期。"), field="on")
    if not application.visit_starts_on <= on <= application.visit_ends_on:
        raise BadVisit(_("这一天不在考查期内。"), field="on")
    if not CLOCK.match(starts) or not CLOCK.match(ends) or ends <= starts:
        raise BadVisit(_("请按 09:30 的格式填写起止时间，结束须晚于开始。"), field="starts")
    if not place.strip():
        raise BadVisit(_("请填写地点。"), field="place")
    if kind is VisitItemKind.CENTRE_VISIT and base_id is None:
        raise BadVisit(_("请选择要考查的工程实践教育中心。"), field="base_id")
    for known in queries.agenda_of(application.id):
        same = (known.kind, known.on, known.starts, known.ends, known.place, known.persons, known.base_id)
        if same == (kind, on, starts, ends, place.strip(), persons.strip(), base_id):
            return known
        if known.on == on and known.starts < ends and starts < known.ends:
            raise BadVisit(_("与日程 %(a)s—%(b)s 的安排时间重叠。", a=known.starts, b=known.ends), field="starts")
    row = VisitItem(
        application_id=application.id, kind=kind, on=on, starts=starts, ends=ends, place=place.strip(), persons=persons.strip(), base_id=base_id
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="evaluation.visit.item_added", on=application, data={"kind": kind.value, "on": on, "starts": starts})
    return row


def remove_item(*, application: Application, item: VisitItem, by: Identity, now: datetime) -> None:
    """Take an item from the agenda until the visit is over. One that is gone stays gone."""
    key = item.id
    _planning(application, by, now)
    if key not in {one.id for one in queries.agenda_of(application.id)}:
        return
    audit.record(by=by, did="evaluation.visit.item_removed", on=application, data={"kind": item.kind.value, "on": item.on, "starts": item.starts})
    session().delete(item)
    session().flush()


def assign(*, application: Application, account: Account, is_leader: bool, by: Identity, today: date, now: datetime) -> VisitExpert:
    """Assign an expert. One who belongs to the programme's university is refused with the reason; again changes nothing.

    Belongs: employed or teaching there, or holding a role over it or the programme. A former assignment is opened anew: the expert declares and
    hands in the form again, what was said is still on it.
    """
    queries.hold(application)
    outside.check(application, by, local(now).date())
    if application.state not in PLANNING:
        raise BadVisit(_("现在不能更换考查专家。"))
    programme = programmes.by_id(application.programme_id)
    assert programme is not None
    ties = staff.ties_of_expert(account.person_id, account.id, programme, today)
    if ties:
        raise BadVisit(_("%(name)s不能参加：%(why)s。", name=account.display_name, why="；".join(ties)), field="account_id")
    twins = set(accounts.accounts_of_holder(account.id)) - {account.id}
    twin = next((one for one in queries.experts_of(application.id) if one.account_id in twins), None)
    if twin is not None:  # two forms of one human are not two opinions that agree
        raise BadVisit(_("%(name)s已用另一个账号（%(other)s）担任这次考查的专家。", name=account.display_name, other=twin.name), field="account_id")
    held = {office for key in accounts.accounts_of_holder(account.id) for office in queries.offices_of(accounts.identity_of(key, today=today))}
    if held:  # nobody judges on the visit what the same person accepts or concludes
        told = "、".join(str(words.ACTORS[one]) for one in sorted(held))
        raise BadVisit(
            _("%(name)s是%(office)s成员，办理这项申请，不能同时担任考查专家。", name=account.display_name, office=told), field="account_id"
        )
    if is_leader:
        for one in queries.experts_of(application.id):
            one.is_leader = False
    row = queries.assignment(application.id, account.id)
    is_new = row is None or row.ended_at is not None
    if row is None:
        row = VisitExpert(application_id=application.id, account_id=account.id, name=account.display_name, assigned_at=now)
        session().add(row)
    elif row.ended_at is None and row.is_leader == is_leader and not row.has_conflict:
        return row
    if row.ended_at is not None and row.submitted_at is not None:
        row.assigned_at = row.ended_at  # what was agreed on with the form of then is before it, see `queries.consensus_of`
    if row.ended_at is not None or row.has_conflict:
        row.ended_at, row.end_reason, row.declared_at, row.has_conflict, row.conflict, row.submitted_at = None, "", None, False, "", None
    row.is_leader, row.unit = is_leader, staff.unit_of(account.person_id, today)
    session().flush()
    audit.record(by=by, did="evaluation.expert.assigned", on=application, data={"expert": row.id, "leader": is_leader})
    if is_new:
        telling.tell_assigned(application, row, by=by, now=now)
    return row


def end_assignment(*, expert: VisitExpert, reason: str, by: Identity, now: datetime, has_conflict: bool = False) -> VisitExpert:
    """Take an expert off a visit that is not over; what was said stays in the history. What was agreed on with them counts no more: where all
    others have handed in their forms and say the same, that is then what the group agrees on, and the leader records the rest anew.

    Whose form is in stays, whatever it says, unless a conflict of interest is found: the form is then told beside the group's.
    """
    if not reason.strip():
        raise BadVisit(_("请写明理由。"), field="reason")
    application = _application_of(expert)
    queries.hold(application)
    outside.check(application, by, local(now).date())
    if application.state not in PLANNING:
        raise BadVisit(_("现在不能更换考查专家。"))
    if expert.ended_at is None:
        session().refresh(expert)
        if expert.submitted_at is not None and not has_conflict:
            raise BadVisit(_("这位专家的评价表已提交，只有查明存在利益冲突才能更换。"), field="has_conflict")
        before = (former_queries.agreed_at(application.id), expert.submitted_at)
        now = max(now, *(one + TICK for one in before if one is not None), now)  # what was agreed on and handed in is before it, by whichever clock
        expert.ended_at, expert.end_reason, expert.is_leader = now, reason.strip()[:400], False
        if has_conflict:
            expert.has_conflict, expert.conflict = True, expert.conflict or reason.strip()[:400]
        session().flush()
        data = {"expert": expert.id, "conflict": has_conflict}
        audit.record(by=by, did="evaluation.expert.ended", on=("evaluation_application", str(expert.application_id)), data=data)
        telling.tell_ended(application, expert, by=by, now=now)
        adopt(application=application, by=by, now=now)
    return expert


def _application_of(expert: VisitExpert) -> Application:
    row = queries.application(expert.application_id)
    assert row is not None
    return row


def declare(*, expert: VisitExpert, has_conflict: bool, conflict: str, by: Identity, now: datetime) -> VisitExpert:
    """Declare whether there is a conflict of interest; only then the dossier opens. A conflict needs its words.

    Who declared one does not take it back alone: the association looks at it, and assigns the expert again or another one.
    """
    queries.hold(_application_of(expert))
    if expert.ended_at is not None or by.account_id != expert.account_id:
        raise BadVisit(_("只有被指派的专家本人可以声明。"))
    if expert.has_conflict and not has_conflict:
        raise BadVisit(_("你已声明存在利益关系，不能自行撤回。如情况有变，请认证协会核实后重新指派。"), field="has_conflict")
    if has_conflict and not conflict.strip():
        raise BadVisit(_("请写明利益冲突的情况。"), field="conflict")
    ties = [] if has_conflict else _ties(_application_of(expert), by, now, staff.ties_of_expert)
    if ties:
        raise BadVisit(_("你%(why)s，不能声明没有利益关系。请选择“存在利益关系，需要回避”，并写明情况。", why="；".join(ties)), field="has_conflict")
    if expert.submitted_at is not None:
        raise BadVisit(_("评价表已提交，声明不能再改。"))
    if expert.declared_at is None or (expert.has_conflict, expert.conflict) != (has_conflict, conflict.strip()[:400]):
        expert.declared_at, expert.has_conflict, expert.conflict = now, has_conflict, conflict.strip()[:400]
        session().flush()
        audit.record(
            by=by,
            did="evaluation.expert.declared",
            on=("evaluation_application", str(expert.application_id)),
            data={"expert": expert.id, "conflict": has_conflict},
        )
        if has_conflict:  # the form of one who steps aside is not waited for
            adopt(application=_application_of(expert), by=by, now=now)
    return expert


def _ties(application: Application, by: Identity, now: datetime, asked: Callable[..., list[str]]) -> list[str]:
    """What ties an expert to the university by now: a post may have been taken up after the assignment."""
    programme = programmes.by_id(application.programme_id)
    assert programme is not None
    return asked(by.person_id, by.account_id, programme, local(now).date()) if by.account_id is not None else []


def _may_judge(application: Application, expert: VisitExpert, by: Identity, today: date, now: datetime) -> None:
    if application.state not in JUDGING:
        raise BadOpinion(_("现在不是现场考查阶段，评价表不能填写。"))
    if expert.ended_at is not None or by.account_id != expert.account_id:
        raise BadOpinion(_("只能填写自己的评价表。"))
    if expert.declared_at is None or expert.has_conflict:
        raise BadOpinion(_("请先声明没有利益冲突。"))
    if ties := _ties(application, by, now, partial(staff.ties_to_university, is_visiting=True)):
        raise BadOpinion(_("你%(why)s，不能继续评价。请通知认证协会更换专家。", why="；".join(ties)))
    span = queries.judging_days(application, today)
    if span is None or today < span[0]:
        raise BadOpinion(_("现场考查自 %(day)s 开始，之前只能查阅材料，不能填写评价表。", day=span[0] if span is not None else "—"))
    if today > span[1]:
        raise BadOpinion(_("填写评价表的日期是 %(a)s 至 %(b)s，已经过了；需要继续填写的，请认证协会延长考查期。", a=span[0], b=span[1]))


def say(
    *,
    application: Application,
    expert: VisitExpert,
    opinions: Iterable[tuple[str, Opinion, str]],
    by: Identity,
    today: date,
    now: datetime,
) -> int:
    """Write down opinions (criterion, opinion, remark); returns how many are new or changed. Raises BadOpinion.

    未达到 and 未能判断 need a remark. A form that was submitted takes nothing more.
    """
    queries.hold(application)
    _may_judge(application, expert, by, today, now)
    if expert.submitted_at is not None:
        raise BadOpinion(_("评价表已提交，不能再改。"))
    known = queries.opinions_of(application.id).get(expert.id, {})
    changed = 0
    for code, opinion, text in opinions:
        remark = text.strip()[:2000]
        if code not in catalogue.criteria():
            raise BadOpinion(_("没有编号为 %(code)s 的评价要点。", code=code))
        if opinion is not Opinion.MET and not remark:
            raise BadOpinion(_("要点 %(code)s：请写明未达到或未能判断的理由。", code=code), field=f"remark-{code}")
        last = known.get(code)
        if last is not None and (last.opinion, last.remark) == (opinion, remark):
            continue
        session().add(VisitOpinion(expert_id=expert.id, criterion=code, opinion=opinion, remark=remark, said_at=now))
        changed += 1
    session().flush()
    if changed:
        audit.record(by=by, did="evaluation.opinion.said", on=application, data={"expert": expert.id, "criteria": changed})
    return changed


def submit_form(*, application: Application, expert: VisitExpert, by: Identity, today: date, now: datetime) -> VisitExpert:
    """Submit one's form when every criterion has an opinion; again changes nothing. Raises BadOpinion with what is open."""
    queries.hold(application)  # two who hand in the last forms at once: the second reads the first's
    if expert.submitted_at is not None:
        return expert
    _may_judge(application, expert, by, today, now)
    said = queries.opinions_of(application.id).get(expert.id, {})
    left = [code for code in catalogue.criteria() if code not in said]
    if left:
        raise BadOpinion(_("还有 %(n)s 条没有填写：%(codes)s。", n=len(left), codes="、".join(left[:12]) + ("…" if len(left) > 12 else "")))
    expert.submitted_at = now
    session().flush()
    audit.record(by=by, did="evaluation.form.submitted", on=application, data={"expert": expert.id})
    adopt(application=application, by=by, now=now)
    return expert


def adopt(*, application: Application, by: Identity, now: datetime) -> int:
    """Where every form is in and all say the same, that is what the group agrees on; returns how many criteria."""
    if application.state not in JUDGING:
        return 0
    experts = [one for one in queries.experts_of(application.id) if one.declared_at is not None and not one.has_conflict]
    if not experts or any(one.submitted_at is None for one in experts):
        return 0
    said, agreed, number = queries.opinions_of(application.id), queries.consensus_of(application.id), 0
    now = max(now, former_queries.group_since(application.id) or now)  # who handed in before may have a clock that is ahead
    for code in catalogue.criteria():
        found = {said[one.id][code].opinion for one in experts}
        if len(found) != 1 or code in agreed:
            continue
        remark = "；".join(dict.fromkeys(said[one.id][code].remark for one in experts if said[one.id][code].remark))
        session().add(
            Consensus(
                application_id=application.id,
                criterion=code,
                opinion=found.pop(),
                remark=remark,
                was_disputed=False,
                recorded_by=words.TOGETHER,
                recorded_at=now,
            )
        )
        number += 1
    session().flush()
    if number:
        audit.record(by=by, did="evaluation.consensus.adopted", on=application, data={"criteria": number})
    return number


def agree(
    *, application: Application, expert: VisitExpert, criterion: str, opinion: Opinion, remark: str, by: Identity, today: date, now: datetime
) -> Consensus:
    """The leader records what the group agreed on where opinions differed; the reason is required. What all said alike is what the group
    agreed on: nobody writes over it. Raises BadOpinion."""
    queries.hold(application)
    _may_judge(application, expert, by, today, now)
    if not expert.is_leader:
        raise BadOpinion(_("一致意见由组长记录。"))
    if criterion not in catalogue.criteria():
        raise BadOpinion(_("没有编号为 %(code)s 的评价要点。", code=criterion))
    experts = [one for one in queries.experts_of(application.id) if one.declared_at is not None and not one.has_conflict]
    if any(one.submitted_at is None for one in experts):
        raise BadOpinion(_("全组评价表都提交后，才能记录一致意见。"))
    remark = remark.strip()[:2000]
    if not remark:
        raise BadOpinion(_("请写明讨论后形成一致意见的理由。"), field="remark")
    said = queries.opinions_of(application.id)
    opinions = {said[one.id][criterion].opinion for one in experts}
    if len(opinions) == 1 and opinion not in opinions:
        told = words.OPINIONS[opinions.pop()]
        raise BadOpinion(_("要点 %(code)s 全组意见相同（%(opinion)s），就是全组一致意见，组长不能另行记录。", code=criterion, opinion=told))
    now = max(now, former_queries.group_since(application.id) or now)
    known = queries.consensus_of(application.id).get(criterion)
    if known is not None and (known.opinion, known.remark) == (opinion, remark):
        return known
    row = Consensus(
        application_id=application.id,
        criterion=criterion,
        opinion=opinion,
        remark=remark,
        was_disputed=len(opinions) > 1,
        recorded_by=by.name[:200],
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="evaluation.consensus.recorded", on=application, data={"criterion": criterion, "opinion": opinion.value})
    return row
