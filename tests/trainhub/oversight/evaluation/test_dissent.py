"""What an expert said in a form that is in does not vanish with the expert."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_visiting import assignment
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, at, go, judge, play, scheduled  # noqa: F401 - fixtures
from trainhub.identity.models import Account
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application, Consensus
from trainhub.oversight.evaluation.workflow.operations import visiting
from trainhub.oversight.evaluation.workflow.types import Event, Opinion


def test_an_expert_whose_form_is_in_stays_unless_a_conflict_is_found(play: Play) -> None:
    row = scheduled(play)
    judge(play, row, play.member, DAY, differs=("1.3",))
    expert = assignment(row, play.member)
    with pytest.raises(Refused, match="评价表已提交"):
        visiting.end_assignment(expert=expert, reason="换人", by=play.association, now=at(DAY))
    assert expert.ended_at is None
    visiting.end_assignment(expert=expert, reason="查明与学校有合作课题", has_conflict=True, by=play.association, now=at(DAY))
    assert (expert.ended_at is not None, expert.has_conflict) == (True, True)


def test_one_without_a_form_is_replaced_as_before(play: Play) -> None:
    row = scheduled(play)
    expert = visiting.end_assignment(expert=assignment(row, play.member), reason="生病", by=play.association, now=at(DAY))
    assert (expert.ended_at is not None, expert.has_conflict) == (True, False)


def test_what_a_replaced_expert_said_stands_in_form_and_page(play: Play, session: Session) -> None:
    row = scheduled(play)
    judge(play, row, play.member, DAY, differs=("1.3",))
    visiting.end_assignment(expert=assignment(row, play.member), reason="查明有合作课题", has_conflict=True, by=play.association, now=at(DAY))
    judge(play, row, play.leader, DAY)
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())
    programme = play.built.programme
    mine = {assignment(row, play.leader).id}
    assert "查明有合作课题" not in str(visit_form.content(row, programme, DAY, mine).blocks), "not before the visit is over"
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    told = str(visit_form.content(row, programme, DAY).blocks)
    assert [text for text in ("提交评价表后更换的专家", "查明有合作课题", "现场所见不足") if text not in told] == []


def test_the_page_names_the_replaced_expert(play: Play, session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        row = scheduled(play)
        judge(play, row, play.member, DAY, differs=("1.3",))
        visiting.end_assignment(expert=assignment(row, play.member), reason="查明有合作课题", has_conflict=True, by=play.association, now=at(DAY))
        judge(play, row, play.leader, DAY)
        at_page, programme_id = f"/evaluation/applications/{row.id}/consensus", play.built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "查明有合作课题" not in head.get(at_page).get_data(as_text=True), "not before the visit is over"
    with transaction():
        go(row, Event.END_VISIT, DAY, play.who(play.leader))
    page = head.get(at_page).get_data(as_text=True)
    assert [text for text in ("提交评价表后更换的专家", "查明有合作课题", "现场所见不足") if text not in page] == []


@remembered
def disputed(play: Play) -> Application:
    """Both forms are in and differ at 1.3; the leader has recorded 达到 for the group."""
    row = scheduled(play)
    judge(play, row, play.leader, DAY)
    judge(play, row, play.member, DAY, differs=("1.3",))
    record(play, row, play.leader, Opinion.MET)
    return row


def record(play: Play, row: Application, leader: Account, opinion: Opinion) -> None:
    who = {"expert": assignment(row, leader), "by": play.who(leader), "today": DAY, "now": at(DAY)}
    visiting.agree(application=row, criterion="1.3", opinion=opinion, remark="讨论后一致", **who)


def take_off(play: Play, row: Application, account: Account) -> None:
    visiting.end_assignment(expert=assignment(row, account), reason="查明有合作课题", has_conflict=True, by=play.association, now=at(DAY))


def test_what_was_agreed_with_one_in_conflict_does_not_stand(play: Play) -> None:
    row = disputed(play)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.MET
    take_off(play, row, play.leader)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.NOT_MET, "the one who is left says so"
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())
    go(row, Event.END_VISIT, DAY, play.who(play.member))
    found = judgements.latest_judgements(play.built.programme.id, DAY)["1.3"]
    assert found.result is JudgementResult.NOT_MET


@remembered
def with_a_third(play: Play, row: Application) -> Account:
    """One more expert of the visit, who has declared and written nothing."""
    other = accounts.account()
    accounts.grant(other, Role.EXPERT)
    expert = visiting.assign(application=row, account=other, is_leader=False, by=play.association, today=DAY, now=at(DAY))
    visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(other), now=at(DAY))
    return other


def assign_anew(play: Play, row: Application, account: Account) -> None:
    visiting.assign(application=row, account=account, is_leader=False, by=play.association, today=DAY, now=at(DAY))


def step_aside(play: Play, row: Application, account: Account) -> None:
    who = {"expert": assignment(row, account), "by": play.who(account), "now": at(DAY)}
    visiting.declare(has_conflict=True, conflict="与学校有合作课题", **who)


@pytest.mark.parametrize("back", ["no", "taken off", "steps aside"])
def test_where_the_others_differ_it_is_open_again(play: Play, back: str) -> None:
    """Also where the one in conflict was assigned anew meanwhile, and taken off without a form or stepped aside."""
    row = scheduled(play)
    other = with_a_third(play, row)
    for account, differs in ((play.leader, ()), (play.member, ("1.3",)), (other, ())):
        judge(play, row, account, DAY, differs=differs)
    record(play, row, play.leader, Opinion.MET)
    take_off(play, row, play.leader)
    if back != "no":
        assign_anew(play, row, play.leader)
        assert set(catalogue.criteria()) - set(queries.consensus_of(row.id)) == {"1.3"}, "only who was there agreed on the others"
    if back == "taken off":
        visiting.end_assignment(expert=assignment(row, play.leader), reason="还是不来", by=play.association, now=at(DAY))
    elif back == "steps aside":
        step_aside(play, row, play.leader)
    assert set(catalogue.criteria()) - set(queries.consensus_of(row.id)) == {"1.3"}
    with pytest.raises(Refused, match=r"1\.3"):
        go(row, Event.END_VISIT, DAY, play.who(play.member))
    visiting.assign(application=row, account=other, is_leader=True, by=play.association, today=DAY, now=at(DAY))
    record(play, row, other, Opinion.NOT_MET)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.NOT_MET
    go(row, Event.END_VISIT, DAY, play.who(other))


def test_who_came_after_it_was_agreed_and_left_without_a_form_opens_nothing(play: Play) -> None:
    row, late = disputed(play), accounts.account()
    accounts.grant(late, Role.EXPERT)
    expert = visiting.assign(application=row, account=late, is_leader=False, by=play.association, today=DAY, now=at(DAY))
    visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(late), now=at(DAY))
    visiting.say(
        application=row, expert=expert, opinions=[("1.3", Opinion.MET, "")], by=play.who(late), today=DAY, now=at(DAY) + timedelta(minutes=1)
    )
    visiting.end_assignment(expert=expert, reason="生病", by=play.association, now=at(DAY) + timedelta(minutes=2))
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.MET


@pytest.mark.parametrize("back", ["no", "taken off again", "steps aside again"])
def test_who_stepped_aside_without_a_form_opens_nothing_when_taken_off(play: Play, back: str) -> None:
    """What the others agreed on meanwhile was never agreed on with them."""
    row = scheduled(play)
    other = with_a_third(play, row)
    visiting.say(application=row, expert=assignment(row, other), opinions=[("1.3", Opinion.MET, "")], by=play.who(other), today=DAY, now=at(DAY))
    step_aside(play, row, other)
    judge(play, row, play.leader, DAY)
    judge(play, row, play.member, DAY, differs=("1.3",))
    record(play, row, play.leader, Opinion.MET)
    take_off(play, row, other)
    if back != "no":
        assign_anew(play, row, other)
    if back == "taken off again":
        take_off(play, row, other)
    elif back == "steps aside again":
        step_aside(play, row, other)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.MET
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())


def test_what_the_others_agreed_on_after_it_stands_when_the_one_in_conflict_is_back(play: Play) -> None:
    row = scheduled(play)
    other = with_a_third(play, row)
    for account, differs in ((play.leader, ()), (play.member, ("1.3",)), (other, ())):
        judge(play, row, account, DAY, differs=differs)
    record(play, row, play.leader, Opinion.MET)
    take_off(play, row, play.leader)
    visiting.assign(application=row, account=other, is_leader=True, by=play.association, today=DAY, now=at(DAY))
    record(play, row, other, Opinion.NOT_MET)
    assign_anew(play, row, play.leader)
    step_aside(play, row, play.leader)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.NOT_MET
    take_off(play, row, play.leader)
    assert queries.consensus_of(row.id)["1.3"].opinion is Opinion.NOT_MET
    go(row, Event.END_VISIT, DAY, play.who(other))


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_later_agreement_opens_none_of_the_former_ones(play: Play, session: Session, where: str) -> None:
    """Whoever came after 63 were agreed on and left without a form had no part in these, whatever is agreed on afterwards, and of which application."""
    row, late = disputed(play), accounts.account()
    accounts.grant(late, Role.EXPERT)
    minute = timedelta(minutes=1)
    expert = visiting.assign(application=row, account=late, is_leader=False, by=play.association, today=DAY, now=at(DAY) + minute)
    visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(late), now=at(DAY) + minute)
    visiting.say(application=row, expert=expert, opinions=[("1.3", Opinion.MET, "")], by=play.who(late), today=DAY, now=at(DAY) + 2 * minute)
    visiting.end_assignment(expert=expert, reason="生病", by=play.association, now=at(DAY) + 3 * minute)
    if where == "here":
        who = {"expert": assignment(row, play.leader), "by": play.who(play.leader), "today": DAY, "now": at(DAY) + 4 * minute}
        visiting.agree(application=row, criterion="1.3", opinion=Opinion.NOT_MET, remark="再议", **who)
    else:
        other = Application(
            programme_id=ground.programme().id, route=row.route, state=row.state, state_since=DAY, created_at=at(DAY), special_result=""
        )
        session.add(other)
        session.flush()
        told = {"opinion": Opinion.MET, "recorded_by": "某专家", "recorded_at": at(DAY) + 4 * minute}
        session.add(Consensus(application_id=other.id, criterion="1.3", **told))
        session.flush()
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())


def test_what_the_leader_typed_stays_where_it_is_refused(app: Flask, play: Play) -> None:
    with transaction():
        row = scheduled(play)
        judge(play, row, play.leader, DAY)
        judge(play, row, play.member, DAY, differs=("1.3",))
        address = f"/evaluation/applications/{row.id}/consensus"
    with time_machine.travel(at(DAY), tick=False):
        leader = accounts.sign_in(app, play.leader)
        first = leader.post(f"{address}?c=1.3", data={"criterion": "1.3", "remark": "补充查阅了课程档案"})
        second = leader.post(f"{address}?c=1.3", data={"criterion": "1.3", "opinion": "unclear"})
    page = first.get_data(as_text=True)
    assert (first.status_code, second.status_code) == (422, 422)
    assert [words for words in ("要点 1.3：请选择一项。", ">补充查阅了课程档案</textarea>") if words not in page] == []
    assert 'id="a-1.3-unclear" name="opinion" value="unclear" required checked' in second.get_data(as_text=True)
