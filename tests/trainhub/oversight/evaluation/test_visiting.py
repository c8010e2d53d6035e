"""The visit does not end in a dead end, and what the group is said to agree on rests on every form."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_workflow import DAY, PDF, Play, at, go, hand, judge, play, scheduled  # noqa: F401 - fixtures
from trainhub.identity.models import Account
from trainhub.kernel.access import Role, may
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import in_language
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application, VisitExpert
from trainhub.oversight.evaluation.workflow.operations import moving, papers, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Opinion, State, VisitItemKind

LATE = DAY + timedelta(days=15)
"""The day after the last on which the experts of a visit of one day read its dossier."""


def assignment(row: Application, account: Account) -> VisitExpert:
    found = queries.assignment(row.id, account.id)
    assert found is not None
    return found


def arrange(play: Play, row: Application, starts_on: date, ends_on: date, today: date) -> None:
    visiting.arrange(application=row, starts_on=starts_on, ends_on=ends_on, no_centre_reason="停工", by=play.association, now=at(today))


@remembered
def third(play: Play, row: Application, day: date = DAY) -> Account:
    """An expert assigned while the visit goes on."""
    account = accounts.account()
    accounts.grant(account, Role.EXPERT, organisation_id=ground.organisation(kind=OrganisationKind.EVALUATOR).id)
    expert = visiting.assign(application=row, account=account, is_leader=False, by=play.association, today=day, now=at(day))
    visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(account), now=at(day))
    return account


@remembered
def fill(play: Play, row: Application, account: Account, hours: int, differs: tuple[str, ...] = ()) -> None:
    """Fill and submit a form some hours after the day began."""
    expert, now = assignment(row, account), at(DAY) + timedelta(hours=hours)
    opinions = [(c, Opinion.NOT_MET if c in differs else Opinion.MET, "现场所见不足" if c in differs else "") for c in catalogue.criteria()]
    visiting.say(application=row, expert=expert, opinions=opinions, by=play.who(account), today=DAY, now=now)
    visiting.submit_form(application=row, expert=expert, by=play.who(account), today=DAY, now=now)


def test_reading_ends_and_sending_does_not(play: Play) -> None:
    """Two weeks after the visit the dossier closes; the group still ends the visit, hands in its report and sends both."""
    row = scheduled(play)
    judge(play, row, play.leader, DAY)
    judge(play, row, play.member, DAY)
    seen, leader = queries.subject_of(row, LATE), play.who(play.leader, LATE)
    assert [may(leader, can, seen) for can in (Can.VIEW, Can.ACT_VISIT, Can.SEND_VISIT, Can.CASE_VIEW)] == [False, False, True, True]
    go(row, Event.END_VISIT, LATE, leader)
    assert may(leader, Can.SEND_VISIT, queries.subject_of(row, LATE))
    hand(row, DocumentKind.ACCREDITATION_VISIT_REPORT, LATE)
    go(row, Event.SEND_TO_ASSOCIATION, LATE, leader)
    assert row.state is State.AT_ASSOCIATION
    assert not may(leader, Can.SEND_VISIT, queries.subject_of(row, LATE)), "what was sent is out of the group's hands"


def test_who_withdraws_during_a_visit_does_not_learn_what_was_being_written(play: Play) -> None:
    """Forms of a visit that was broken off stay with who wrote them; those of a visit that was over were read before."""
    row = scheduled(play)
    judge(play, row, play.leader, DAY, differs=("1.1",))
    head, leader = accounts.account(), assignment(row, play.leader)
    go(row, Event.WITHDRAW, DAY, reason="重来")
    assert queries.readable_by(row, head.id) == set()
    assert queries.readable_by(row, play.leader.id) == {leader.id}


def test_who_steps_aside_sends_nothing(play: Play) -> None:
    row = scheduled(play)
    visiting.declare(expert=assignment(row, play.member), has_conflict=True, conflict="合作课题", by=play.who(play.member), now=at(DAY))
    seen = queries.subject_of(row, DAY)
    assert [may(play.who(one), Can.SEND_VISIT, seen) for one in (play.leader, play.member)] == [True, False]


def test_the_association_extends_a_visit_whose_forms_are_not_in(play: Play) -> None:
    row = scheduled(play)
    judge(play, row, play.leader, DAY)
    with pytest.raises(Refused, match=r"填写评价表的日期是 2026-09-07 至 2026-09-21.*延长考查期"):
        judge(play, row, play.member, LATE)
    with pytest.raises(Refused, match="评价表还没有提交"):
        go(row, Event.END_VISIT, LATE, play.who(play.leader, LATE))
    with pytest.raises(Refused, match="已有专家提交评价表，考查的开始日期不能再改"):
        arrange(play, row, DAY + timedelta(days=1), LATE, LATE)
    arrange(play, row, DAY, LATE, LATE)
    assert may(play.who(play.member, LATE), Can.ACT_VISIT, queries.subject_of(row, LATE))
    judge(play, row, play.member, LATE)
    newcomer = third(play, row, LATE)
    judge(play, row, newcomer, LATE)
    go(row, Event.END_VISIT, LATE, play.who(play.leader, LATE))
    with pytest.raises(Refused, match="不能安排现场考查"):
        arrange(play, row, DAY, LATE + timedelta(days=1), LATE)


def test_a_visit_that_is_put_off_gets_its_days_and_its_agenda_anew(play: Play) -> None:
    row, then = scheduled(play), DAY + timedelta(days=40)
    arrange(play, row, then, then, DAY)
    assert row.visit_starts_on == then
    for account in (play.leader, play.member):
        judge(play, row, account, then)
    with pytest.raises(Refused, match="不在考查期内"):  # the interviews of the old day were not held
        go(row, Event.END_VISIT, then, play.who(play.leader, then))
    for item in queries.agenda_of(row.id):
        visiting.remove_item(application=row, item=item, by=play.association, now=at(then))
    with pytest.raises(Refused, match="日程缺少：学生访谈"):
        go(row, Event.END_VISIT, then, play.who(play.leader, then))
    for hour, kind in enumerate((VisitItemKind.INTERVIEW_STUDENT, VisitItemKind.INTERVIEW_TEACHER, VisitItemKind.INTERVIEW_HEAD), start=9):
        clock = {"starts": f"{hour:02}:00", "ends": f"{hour:02}:45"}
        visiting.add_item(application=row, kind=kind, on=then, place="会议室", by=play.association, now=at(then), **clock)
    go(row, Event.END_VISIT, then, play.who(play.leader, then))
    assert row.state is State.VISITED


@pytest.mark.parametrize("what", ["say", "submit", "agree"])
def test_nobody_judges_before_the_visit_begins(play: Play, what: str) -> None:
    """The dossier is read from two weeks before; the form is about what was seen there."""
    first = DAY + timedelta(days=10)
    row = scheduled(play, starts_on=first, ends_on=first + timedelta(days=2))
    expert, who, eve = assignment(row, play.leader), play.who(play.leader), first - timedelta(days=1)
    assert may(who, Can.VIEW, queries.subject_of(row, eve))
    acts: dict[str, Any] = {
        "say": lambda on: visiting.say(application=row, expert=expert, opinions=[("1.1", Opinion.MET, "")], by=who, today=on, now=at(on)),
        "submit": lambda on: visiting.submit_form(application=row, expert=expert, by=who, today=on, now=at(on)),
        "agree": lambda on: visiting.agree(
            application=row, expert=expert, criterion="1.1", opinion=Opinion.MET, remark="x", by=who, today=on, now=at(on)
        ),
    }
    with pytest.raises(Refused, match="现场考查自 2026-09-17 开始"):
        acts[what](eve)
    if what == "say":
        assert acts[what](first) == 1
    else:
        with pytest.raises(Refused, match=r"没有填写|都提交后"):
            acts[what](first)


def test_what_rests_on_fewer_forms_is_open_again(play: Play) -> None:
    """An expert assigned during the visit: what two agreed on is not what three agree on."""
    row = scheduled(play)
    fill(play, row, play.leader, 1)
    fill(play, row, play.member, 2, differs=("2.1",))
    leader = assignment(row, play.leader)
    visiting.agree(application=row, expert=leader, criterion="2.1", opinion=Opinion.MET, remark="补充访谈", by=play.who(play.leader), today=DAY, now=at(DAY) + timedelta(hours=3))  # fmt: skip
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())
    fill(play, row, third(play, row), 4, differs=("1.3",))
    assert set(catalogue.criteria()) - set(queries.consensus_of(row.id)) == {"1.3", "2.1"}
    with pytest.raises(Refused, match=r"还有 2 个要点没有形成组内一致意见：1\.3、2\.1"):
        go(row, Event.END_VISIT, DAY, play.who(play.leader))
    for code in ("1.3", "2.1"):
        visiting.agree(application=row, expert=leader, criterion=code, opinion=Opinion.NOT_MET, remark="三人讨论", by=play.who(play.leader), today=DAY, now=at(DAY) + timedelta(hours=5))  # fmt: skip
    go(row, Event.END_VISIT, DAY + timedelta(days=1), play.who(play.leader))
    said = judgements.judgements_of(row.programme_id, "1.3")[0]
    assert (said.result, said.remark) == (JudgementResult.NOT_MET, "三人讨论")


def test_the_leader_records_only_where_opinions_differ(play: Play) -> None:
    row = scheduled(play)
    fill(play, row, play.leader, 1, differs=("1.3", "2.1"))
    fill(play, row, play.member, 2, differs=("1.3",))
    leader = assignment(row, play.leader)
    agree: dict[str, Any] = {
        "application": row,
        "expert": leader,
        "remark": "组长改",
        "by": play.who(play.leader),
        "today": DAY,
        "now": at(DAY) + timedelta(hours=3),
    }
    with pytest.raises(Refused, match=r"要点 1\.3 全组意见相同（未达到），就是全组一致意见"):
        visiting.agree(criterion="1.3", opinion=Opinion.MET, **agree)
    agreed = queries.consensus_of(row.id)["1.3"]
    assert (agreed.opinion, agreed.was_disputed) == (Opinion.NOT_MET, False)
    assert visiting.agree(criterion="2.1", opinion=Opinion.MET, **agree).was_disputed


def test_an_expert_who_is_assigned_again_fills_the_form_anew(play: Play) -> None:
    row = scheduled(play)
    fill(play, row, play.member, 1)
    expert = assignment(row, play.member)
    then = at(DAY) + timedelta(hours=2)
    visiting.end_assignment(expert=expert, reason="疑有利益冲突，后查实没有", has_conflict=True, by=play.association, now=then)
    again = visiting.assign(application=row, account=play.member, is_leader=False, by=play.association, today=DAY, now=at(DAY) + timedelta(hours=3))
    assert (again.id, again.declared_at, again.submitted_at, again.has_conflict) == (expert.id, None, None, False)
    visiting.declare(expert=again, has_conflict=False, conflict="", by=play.who(play.member), now=at(DAY) + timedelta(hours=3))
    assert len(queries.opinions_of(row.id)[again.id]) == len(catalogue.criteria()), "what was said is still there, to be looked through"
    fill(play, row, play.member, 4, differs=("1.3",))
    fill(play, row, play.leader, 5)
    assert set(catalogue.criteria()) - set(queries.consensus_of(row.id)) == {"1.3"}


def test_nobody_uploads_the_form_that_the_platform_draws(play: Play) -> None:
    row = scheduled(play)
    with pytest.raises(Refused, match="由平台根据专家意见生成，不能上传"):
        papers.hand_in(application=row, kind=DocumentKind.VISIT_FORM, file=io.BytesIO(PDF), name="forged.pdf", by=play.who(play.leader), now=at(DAY))


def test_what_the_group_agreed_on_is_kept_in_the_official_terms(play: Play, session: Session) -> None:
    """Whoever hands in the last form, in whatever language: the record says the same."""
    row = scheduled(play)
    with in_language("en"):
        fill(play, row, play.leader, 1)
        fill(play, row, play.member, 2)
        assert queries.consensus_of(row.id)["1.3"].recorded_by == "全组一致"
        moving.step(application=row, event=Event.END_VISIT, by=play.who(play.leader), today=DAY, now=at(DAY) + timedelta(hours=3))
    session.flush()
    assert judgements.judgements_of(row.programme_id, "1.3")[0].remark == "现场考查专家组一致意见。"


def test_an_expert_who_has_not_declared_is_waited_for_or_taken_off(play: Play) -> None:
    """Assigned while the visit goes on, and silent: the visit does not end without the form, nor without anybody noticing."""
    row = scheduled(play)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    account = accounts.account()
    accounts.grant(account, Role.EXPERT, organisation_id=ground.organisation(kind=OrganisationKind.EVALUATOR).id)
    expert = visiting.assign(application=row, account=account, is_leader=False, by=play.association, today=DAY, now=at(DAY))
    with pytest.raises(Refused, match=account.display_name):
        go(row, Event.END_VISIT, DAY, play.who(play.leader))
    visiting.end_assignment(expert=expert, reason="没有回应", by=play.association, now=at(DAY))
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    assert row.state is State.VISITED


def test_the_dossier_of_a_withdrawn_application_is_closed_to_its_experts(play: Play) -> None:
    """As to both offices: there is nothing left to visit."""
    row = scheduled(play)
    assert may(play.who(play.leader), Can.VIEW, queries.subject_of(row, DAY))
    go(row, Event.WITHDRAW, DAY, reason="重来")
    seen = queries.subject_of(row, DAY)
    assert [may(play.who(play.leader), can, seen) for can in (Can.VIEW, Can.ACT_VISIT, Can.SEND_VISIT)] == [False, False, False]
