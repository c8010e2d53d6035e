"""How far an expert's grant and assignment reach: the application that is handled, the days of the visit, nothing of earlier ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.trainhub.oversight.evaluation.test_workflow import (  # noqa: F401
    DAY,
    Play,
    accredited,
    apply,
    at,
    at_the_group_alone,
    by_the_group,
    go,
    judge,
    play,
    scheduled,
    submitted,
)
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import Role, may
from trainhub.kernel.errors import Refused
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import opinions
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.oversight.evaluation.workflow import outcome_queries, queries
from trainhub.oversight.evaluation.workflow.models import Consensus
from trainhub.oversight.evaluation.workflow.operations import moving, papers, visiting
from trainhub.oversight.evaluation.workflow.types import Event, Opinion, State
from trainhub.programmes import operations as programmes
from trainhub.programmes.types import AccreditationResult


@pytest.mark.parametrize(
    ("state", "reads", "judges", "opens"),
    [
        (State.ELIGIBLE, False, False, False),
        (State.APPLIED, True, False, True),
        (State.SUBMITTED, True, False, True),
        (State.VISITED, True, False, True),
        (State.IN_WORKING_GROUP, True, True, True),
        (State.CONCLUDED, True, False, True),
        (State.PUBLISHED, False, False, True),
        (State.FAILED, False, False, True),
        (State.WITHDRAWN, False, False, True),
    ],
)
def test_an_office_reads_while_it_handles_and_the_group_judges_while_it_considers(
    play: Play, session: Session, state: State, reads: bool, judges: bool, opens: bool
) -> None:
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=play.group, today=DAY, now=at(DAY))
    row.state = state
    session.flush()
    subject = queries.subject_of_programme(play.built.programme, DAY)
    for office in (play.association, play.group):
        assert [may(office, one, subject) for one in (Can.VIEW, Can.VIEW_WORK, Can.CASE_VIEW)] == [reads, reads, opens]
    assert [may(one, Can.JUDGE, subject) for one in (play.association, play.group)] == [False, judges]
    listed = list(session.execute(queries.listing(play.group)))
    assert bool(listed) is opens


@pytest.mark.parametrize("second_account", [False, True])
def test_who_handles_an_application_does_not_visit(play: Play, session: Session, second_account: bool) -> None:
    row = submitted(play)
    group = next(iter(play.group.organisation_ids(Role.EXPERT)))
    visitor = holder = accounts.account(person=ground.person())
    accounts.grant(visitor, Role.EXPERT)
    if second_account:  # two persons found to be one keep their accounts
        other = ground.person()
        other.merged_into_id, holder = visitor.person_id, accounts.account(person=other)
        session.flush()
    accounts.grant(holder, Role.EXPERT, organisation_id=group)
    with pytest.raises(Refused, match="是卓越计划专家工作组成员，办理这项申请，不能同时担任考查专家"):
        visiting.assign(application=row, account=visitor, is_leader=True, by=play.association, today=DAY, now=at(DAY))


def test_who_steps_aside_opens_nothing_and_does_not_come_back_alone(play: Play) -> None:
    row = scheduled(play)
    expert, who = queries.assignment(row.id, play.member.id), play.who(play.member)
    assert expert is not None
    assert may(who, Can.CASE_VIEW, queries.subject_of(row, DAY))
    visiting.declare(expert=expert, has_conflict=True, conflict="有合作课题", by=who, now=at(DAY))
    assert not may(who, Can.CASE_VIEW, queries.subject_of(row, DAY))
    with pytest.raises(Refused, match="不能自行撤回"):
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=who, now=at(DAY))
    again = visiting.assign(application=row, account=play.member, is_leader=False, by=play.association, today=DAY, now=at(DAY))
    assert (again.id, again.declared_at, again.has_conflict) == (expert.id, None, False)
    visiting.declare(expert=again, has_conflict=False, conflict="", by=who, now=at(DAY))
    assert may(who, Can.VIEW, queries.subject_of(row, DAY))


def test_after_the_visit_and_its_days_an_expert_opens_nothing(play: Play, session: Session) -> None:
    row, who = scheduled(play), play.who(play.member)
    row.state = State.AT_ASSOCIATION
    session.flush()
    for after, opens in ((14, True), (15, False)):
        subject = queries.subject_of(row, DAY + timedelta(days=after))
        assert [may(who, one, subject) for one in (Can.CASE_VIEW, Can.VIEW)] == [opens, opens]


def test_an_expert_reads_nothing_of_an_earlier_visit(play: Play, session: Session) -> None:
    accredited(play)
    first = at_the_group_alone(play)
    session.add(Consensus(application_id=first.id, criterion="1.3", opinion=Opinion.MET, remark="旧", recorded_by="组长", recorded_at=at(DAY)))
    by_the_group(first, play.group, DAY, refused=("1.3",))
    go(first, Event.CONCLUDE, DAY, play.group)
    assert set(opinions.latest_of(play.built.programme.id, DAY)) == {"1.3"}
    assert opinions.latest_of(play.built.programme.id, DAY, first.id + 1) == {}


def test_the_last_form_by_a_clock_that_is_behind_is_agreed_upon_all_the_same(play: Play) -> None:
    row = scheduled(play)
    judge(play, row, play.leader, DAY)
    leader = queries.assignment(row.id, play.leader.id)
    assert leader is not None
    leader.submitted_at = at(DAY) + timedelta(seconds=3)
    judge(play, row, play.member, DAY)
    assert len(queries.consensus_of(row.id)) == 64


def test_the_list_of_the_year_shows_the_validity_the_verdict_rests_on(play: Play) -> None:
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    go(row, Event.CONCLUDE, DAY, play.group)
    later = DAY + timedelta(days=30)
    accredited(play, 3, later)
    moving.publish_list(keys=[row.id], document="", by=play.group, today=later, now=at(later))
    assert [one.accredited_until for _list, listed in outcome_queries.publications() for one in listed] == [date(2030, 1, 1)]


def test_the_conclusion_of_the_evaluation_is_the_associations_of_after_the_submission(play: Play) -> None:
    row, programme = submitted(play), play.built.programme
    school = [identity_queries.identity_of(accounts.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=programme.university_id).id, today=DAY) for _ in range(2)]  # fmt: skip
    mine = programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=DAY, valid_years=3, by=school[0], now=at(DAY))  # fmt: skip
    programmes.confirm_accreditation(programme=programme, accreditation=mine, by=school[1], now=at(DAY))
    assert not queries.facts_of(row, DAY).has_new_conclusion
    accredited(play, 3, DAY)
    assert queries.facts_of(row, DAY).has_new_conclusion
    papers.check_conclusion(row, DAY)
    with pytest.raises(Refused, match="更早的结论已登记在专业点"):
        papers.check_conclusion(row, DAY - timedelta(days=1))


def test_the_same_words_again_are_a_judgement_where_the_first_counts_no_more(play: Play) -> None:
    given = {
        "programme": play.built.programme,
        "criterion": "1.3",
        "result": JudgementResult.MET,
        "remark": "查阅后达到",
        "by": play.group,
        "today": DAY,
    }
    first = judging.record_judgement(**given, now=at(DAY))
    assert judging.record_judgement(**given, now=at(DAY)) is first
    assert judging.record_judgement(**given, now=at(DAY) + timedelta(hours=1), is_anew=True).id != first.id
