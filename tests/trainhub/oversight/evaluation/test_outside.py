"""A verdict rests on the data and on what somebody outside the programme judged since the reports were handed in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.teaching.models import Secondment
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_workflow import (  # noqa: F401 - fixtures
    DAY,
    Play,
    accredited,
    at,
    at_the_group_alone,
    by_the_group,
    go,
    hand,
    judge,
    planned,
    play,
    scheduled,
    scheduled_alone,
)
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.errors import Refused, Stale
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, deciding, readiness
from trainhub.oversight.evaluation.models import EvaluationDecision, ExpertJudgement
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries import judgements, staff
from trainhub.oversight.evaluation.types import AccreditationStanding, CriterionKind, JudgementResult, Verdict
from trainhub.oversight.evaluation.workflow import outcome_queries, queries, rules
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving, outside, papers, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Facts, Lack, Opinion, Route, State
from trainhub.policy.findings import Finding, Status
from trainhub.programmes import holds
from trainhub.programmes import operations as programmes
from trainhub.programmes.types import AccreditationResult


@remembered
def head_of(play: Play) -> Identity:
    account = accounts.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=play.built.programme.id)
    return identity_queries.identity_of(account.id, today=DAY)


def finding_of(play: Play, code: str) -> Finding:
    return next(one for one in readiness.assess(play.built.programme, DAY).findings if one.code == code)


@remembered
def make_soft(session: Session) -> None:
    """4.2 is left open by the data: a secondment of nearly three years where one to two are asked (002:443)."""
    row = session.scalar(sa.select(Secondment).where(Secondment.planned_since.is_not(None)))
    assert row is not None
    assert row.planned_since is not None
    row.planned_until = row.planned_since + timedelta(days=1000)
    session.flush()


def test_a_programmes_word_about_itself_is_no_verdict(play: Play, session: Session) -> None:
    """Alone and without a visit: all 42 were judged by the head before the submission, by nobody else since."""
    accredited(play)
    head, programme = head_of(play), play.built.programme
    session.execute(sa.delete(ExpertJudgement).where(ExpertJudgement.programme_id == programme.id))
    own = [one.code for one in catalogue.criteria().values() if one.kind is CriterionKind.JUDGED]
    for code in own:
        judging.record_judgement(programme=programme, criterion=code, result=JudgementResult.MET, remark="自评", by=head, today=DAY, now=at(DAY))
    row = at_the_group_alone(play, head)
    assert readiness.assess(programme, DAY).verdict is Verdict.ACCREDITED_SPECIAL_MET, "what the programme says of itself still shows how ready it is"
    with pytest.raises(Refused, match=r"还有 42 个要点.*没有专家判断.*1\.2、"):
        go(row, Event.CONCLUDE, DAY, play.group)
    later = at(DAY) + timedelta(hours=1)
    needed = deciding.undecided(deciding.look(row, programme, DAY)[0])
    assert set(needed) == set(own)
    for code in needed[:-1]:
        judging.record_judgement(programme=programme, criterion=code, result=JudgementResult.MET, remark="", by=play.group, today=DAY, now=later)
    with pytest.raises(Refused, match=f"{needed[-1]}。"):
        go(row, Event.CONCLUDE, DAY, play.group)
    judging.record_judgement(programme=programme, criterion=needed[-1], result=JudgementResult.MET, remark="", by=play.group, today=DAY, now=later)
    go(row, Event.CONCLUDE, DAY, play.group)
    assert (row.state, row.verdict) == (State.CONCLUDED, Verdict.ACCREDITED_SPECIAL_MET)
    decision = session.get_one(EvaluationDecision, row.decision_id)
    said = {one["code"]: str(one["details"]) for one in decision.findings}
    assert all(play.group.name in said[code] and head.name not in said[code] for code in needed)


def tied_to(play: Play, office: Identity, session: Session) -> Identity:
    """A member of the same office who teaches at the programme's university."""
    organisation_id = next(iter(office.organisation_ids(Role.EXPERT)))
    accounts.grant(play.same_school, Role.EXPERT, organisation_id=organisation_id)
    return identity_queries.identity_of(play.same_school.id, today=DAY)


def test_nobody_of_an_office_handles_the_own_university(play: Play, session: Session) -> None:
    """Accepting, the visit, the conclusion and T10 are as little one's own school's as a judgement: told why, another member goes on."""
    tied, why = tied_to(play, play.association, session), "你在本校担任角色，不能办理本校专业的评价申请"
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
    accredited(play)
    go(row, Event.APPLY_ALONE, DAY)
    for event in (Event.ACCEPT, Event.REFUSE):
        with pytest.raises(Refused, match=why):
            go(row, event, DAY, tied, reason="材料")
    go(row, Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    go(row, Event.SUBMIT, DAY)
    with pytest.raises(Refused, match=why):
        visiting.arrange(application=row, starts_on=DAY, ends_on=DAY, no_centre_reason="停工", by=tied, now=at(DAY))
    with pytest.raises(Refused, match=why):
        visiting.assign(application=row, account=play.leader, is_leader=True, by=tied, today=DAY, now=at(DAY))
    with pytest.raises(Refused, match=why):
        hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY, by=tied)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY)
    go(row, Event.SEND_ALONE, DAY, play.association)
    by_the_group(row, play.group, DAY)
    with pytest.raises(Refused, match=why):
        go(row, Event.CONCLUDE, DAY, tied_to(play, play.group, session))
    assert go(row, Event.CONCLUDE, DAY, play.group).verdict is not None


def test_a_place_in_the_self_report_is_not_written_over_unseen(play: Play) -> None:
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
    go(go(row, Event.APPLY, DAY), Event.ACCEPT, DAY, play.association)
    seen = row.version
    papers.note_passage(application=row, passage="第 3 部分", version=seen, by=SYSTEM, now=at(DAY))
    papers.note_passage(application=row, passage="第 3 部分", version=seen, by=SYSTEM, now=at(DAY))  # the same again changes nothing
    with pytest.raises(Stale):
        papers.note_passage(application=row, passage="第 5 部分", version=seen, by=SYSTEM, now=at(DAY))
    assert row.petoe_passage == "第 3 部分"


def test_an_expert_whom_a_post_ties_meanwhile_does_not_end_the_visit(play: Play, session: Session) -> None:
    row = scheduled(play)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    accounts.grant(play.leader, Role.LECTURER, organisation_id=play.built.programme.university_id)
    with pytest.raises(Refused, match="你在本校担任角色，不能办理本校专业的评价申请"):
        go(row, Event.END_VISIT, DAY, play.who(play.leader))
    assert go(row, Event.END_VISIT, DAY, play.who(play.member)).state is State.VISITED


def test_a_part_of_the_university_by_its_name_alone_stops_no_visit(play: Play) -> None:
    """What is found beside a typed name only after the declaration is the association's to look at; it does not break the visit off."""
    row, person = scheduled(play), ground.person()
    play.leader.person_id = person.id
    school = organisations.by_id(play.built.programme.university_id)
    assert school is not None
    facts = {"is_verified": False, "is_enterprise": False, "since": date(2020, 1, 1), "until": None}
    ground.employment(person, organisation_name=f"{school.name}机械学院", **facts)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    assert go(row, Event.END_VISIT, DAY, play.who(play.leader)).state is State.VISITED
    with pytest.raises(Refused, match="你在本校任职，不能办理本校专业的评价申请"):
        outside.check(row, play.who(play.leader), DAY)


@pytest.mark.parametrize("has_second", [False, True])
def test_who_visited_does_not_conclude_the_visit_for_an_office(play: Play, session: Session, has_second: bool) -> None:
    """Also who became a member of the group after the visit, under whichever account."""
    row = scheduled_alone(play)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY)
    account = play.leader
    if has_second:
        one, other = ground.person(), ground.person()
        play.leader.person_id, account = one.id, accounts.account(person=other)
        other.merged_into_id = one.id
        session.flush()
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    group = next(iter(play.group.organisation_ids(Role.EXPERT)))
    for organisation_id in (office, group):
        accounts.grant(account, Role.EXPERT, organisation_id=organisation_id)
    by = play.who(account)
    with pytest.raises(Refused, match="你是这项申请的现场考查专家"):
        go(row, Event.SEND_ALONE, DAY, by)
    go(row, Event.SEND_ALONE, DAY, play.association)
    with pytest.raises(Refused, match="你是这项申请的现场考查专家"):
        deciding.check_outside(play.built.programme, by, DAY)
    deciding.check_outside(play.built.programme, play.group, DAY)
    by_the_group(row, play.group, DAY)
    with pytest.raises(Refused, match="你是这项申请的现场考查专家"):
        go(row, Event.CONCLUDE, DAY, by)
    assert go(row, Event.CONCLUDE, DAY, play.group).state in (State.CONCLUDED, State.FAILED)


@pytest.mark.parametrize("left", ["taken off in conflict", "stepped aside", "ill"])
def test_who_was_in_conflict_does_not_conclude_the_visit_either(play: Play, left: str) -> None:
    """Whose form was in stands beside the group's opinion, and a conflict does not end with the visit; who was only ill may."""
    row = scheduled_alone(play)
    expert = queries.assignment(row.id, play.member.id)
    assert expert is not None
    if left == "taken off in conflict":
        judge(play, row, play.member, DAY)
    if left == "stepped aside":
        visiting.declare(expert=expert, has_conflict=True, conflict="合作课题", by=play.who(play.member), now=at(DAY))
    else:
        visiting.end_assignment(expert=expert, reason=left, has_conflict=left != "ill", by=play.association, now=at(DAY))
    judge(play, row, play.leader, DAY)
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY)
    for office in (play.association, play.group):
        accounts.grant(play.member, Role.EXPERT, organisation_id=next(iter(office.organisation_ids(Role.EXPERT))))
    by = play.who(play.member)
    if left == "ill":
        deciding.check_outside(play.built.programme, by, DAY)
        go(row, Event.SEND_ALONE, DAY, by)
        deciding.check_outside(play.built.programme, by, DAY)
        by_the_group(row, play.group, DAY)
        go(row, Event.CONCLUDE, DAY, by)
        return
    with pytest.raises(Refused, match=r"利益冲突.*请由其他成员办理"):
        go(row, Event.SEND_ALONE, DAY, by)
    go(row, Event.SEND_ALONE, DAY, play.association)
    with pytest.raises(Refused, match=r"利益冲突.*请由工作组其他成员评判"):
        deciding.check_outside(play.built.programme, by, DAY)
    by_the_group(row, play.group, DAY)
    with pytest.raises(Refused, match=r"利益冲突.*请由其他成员办理"):
        go(row, Event.CONCLUDE, DAY, by)
    assert go(row, Event.CONCLUDE, DAY, play.group).state in (State.CONCLUDED, State.FAILED)


def test_a_second_account_of_a_human_does_not_hide_the_ties(play: Play, session: Session) -> None:
    """Two persons found to be one keep their accounts: the role that one of them holds at the school ties both."""
    one, other = ground.person(), ground.person()
    expert, at_home = accounts.account(person=one), accounts.account(person=other)
    accounts.grant(expert, Role.EXPERT)
    accounts.grant(at_home, Role.UNIVERSITY_ADMIN, organisation_id=play.built.programme.university_id)
    assert staff.ties_to_university(one.id, expert.id, play.built.programme, DAY) == []
    other.merged_into_id = one.id
    session.flush()
    assert staff.ties_to_university(one.id, expert.id, play.built.programme, DAY) == ["在本校担任角色"]


def test_what_the_data_refuse_needs_nobodys_word(play: Play, session: Session) -> None:
    accredited(play)
    session.execute(sa.delete(ExpertJudgement))
    programmes.change_cohort(cohort=play.built.cohort, graduated_on=play.built.cohort.graduated_on, by=SYSTEM, now=at(DAY))
    row = at_the_group_alone(play)
    judging.record_judgement(
        programme=play.built.programme,
        criterion="1.3",
        result=JudgementResult.NOT_MET,
        remark="定位不清",
        by=play.group,
        today=DAY,
        now=at(DAY) + timedelta(hours=1),
    )
    assert go(row, Event.CONCLUDE, DAY, play.group).verdict is Verdict.ACCREDITED_SPECIAL_NOT_MET


def test_a_failed_programme_that_judges_over_the_experts_does_not_decide_the_next_time(play: Play) -> None:
    accredited(play)
    head = head_of(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY, refused=("1.3",))
    go(row, Event.CONCLUDE, DAY, play.group)
    again = date(2028, 9, 7)
    judging.record_judgement(
        programme=play.built.programme, criterion="1.3", result=JudgementResult.MET, remark="已改", by=head, today=again, now=at(again)
    )
    row = go(row, Event.APPLY_ALONE, again)
    go(row, Event.ACCEPT, again, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, again)
    go(row, Event.SUBMIT, again)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, again)
    go(row, Event.SEND_ALONE, again, play.association)
    resting, shown = deciding.look(row, play.built.programme, again)
    assert [next(f.status for f in one.findings if f.code == "1.3") for one in (resting, shown)] == [Status.JUDGE, Status.MET]


@pytest.mark.parametrize("own", [True, False])
def test_soft_words_that_the_group_could_not_judge_stay_open(play: Play, session: Session, own: bool) -> None:
    """A computed criterion that the data leave open is not settled by the programme's own word of before the submission."""
    make_soft(session)
    assert finding_of(play, "4.2").status is Status.JUDGE
    if own:
        judging.record_judgement(programme=play.built.programme, criterion="4.2", result=JudgementResult.MET, remark="本专业认为可以", by=head_of(play), today=DAY, now=at(DAY), finding=finding_of(play, "4.2"))  # fmt: skip
    row = scheduled(play)
    for account in (play.leader, play.member):
        expert = queries.assignment(row.id, account.id)
        assert expert is not None
        said = [(c, Opinion.UNCLEAR if c == "4.2" else Opinion.MET, "无法判断" if c == "4.2" else "") for c in catalogue.criteria()]
        visiting.say(application=row, expert=expert, opinions=said, by=play.who(account), today=DAY, now=at(DAY))
        visiting.submit_form(application=row, expert=expert, by=play.who(account), today=DAY, now=at(DAY))
    then = DAY + timedelta(days=1)
    to_the_group(play, row, then)
    with pytest.raises(Refused, match=r"没有专家判断.*4\.2。"):
        go(row, Event.CONCLUDE, then, play.group)
    raw = deciding.unsettled(play.built.programme, then)["4.2"]
    judging.record_judgement(programme=play.built.programme, criterion="4.2", result=JudgementResult.MET, remark="查阅合同", by=play.group, today=then, now=at(then) + timedelta(hours=1), finding=raw)  # fmt: skip
    assert go(row, Event.CONCLUDE, then, play.group).verdict is Verdict.ACCREDITED_SPECIAL_MET


@remembered
def to_the_group(play: Play, row: Application, day: date) -> None:
    """From the end of the visit to the working group, with an accreditation passed for three years."""
    go(row, Event.END_VISIT, day, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_VISIT_REPORT, day)
    go(row, Event.SEND_TO_ASSOCIATION, day, play.who(play.leader))
    accredited(play, 3, day)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, day)
    go(row, Event.CONCLUDE_ACCREDITATION, day, play.association)
    go(row, Event.SEND_TO_GROUP, day, play.association)


def test_the_group_of_the_visit_outvotes_the_programme_on_soft_words(play: Play, session: Session) -> None:
    make_soft(session)
    judging.record_judgement(programme=play.built.programme, criterion="4.2", result=JudgementResult.MET, remark="本专业认为可以", by=head_of(play), today=DAY, now=at(DAY), finding=finding_of(play, "4.2"))  # fmt: skip
    row = scheduled(play)
    for account in (play.leader, play.member):
        expert = queries.assignment(row.id, account.id)
        assert expert is not None
        said = [(c, Opinion.NOT_MET if c == "4.2" else Opinion.MET, "选派过长" if c == "4.2" else "") for c in catalogue.criteria()]
        visiting.say(application=row, expert=expert, opinions=said, by=play.who(account), today=DAY, now=at(DAY))
        visiting.submit_form(application=row, expert=expert, by=play.who(account), today=DAY, now=at(DAY))
    then = DAY + timedelta(days=1)
    to_the_group(play, row, then)
    latest = judgements.judgements_of(play.built.programme.id, "4.2")[0]
    assert (latest.result, latest.remark) == (JudgementResult.NOT_MET, "选派过长")
    assert go(row, Event.CONCLUDE, then, play.group).verdict is Verdict.ACCREDITED_SPECIAL_NOT_MET


def test_no_conclusion_is_of_a_day_to_come(play: Play) -> None:
    """The latest conclusion holds: one of a later day would outvote the association's."""
    enter = {"programme": play.built.programme, "result": AccreditationResult.PASSED, "valid_years": 6, "by": SYSTEM, "now": at(DAY)}
    with pytest.raises(Refused, match="结论日期不能晚于今天"):
        programmes.enter_accreditation(concluded_on=DAY + timedelta(days=1), **enter)  # type: ignore[arg-type]
    assert programmes.enter_accreditation(concluded_on=DAY, **enter).concluded_on == DAY  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("begins", "standing"), [(1, AccreditationStanding.PENDING), (0, AccreditationStanding.PASSED), (-1, AccreditationStanding.PASSED)]
)
def test_an_accreditation_that_was_passed_carries_a_verdict_before_its_first_day(play: Play, begins: int, standing: AccreditationStanding) -> None:
    programme, first = play.built.programme, DAY + timedelta(days=begins)
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=DAY, valid_from=first, valid_years=6, is_from_association=True, by=SYSTEM, now=at(DAY))  # fmt: skip
    found = readiness.assess(programme, DAY)
    assert (found.accreditation, found.verdict) == (standing, Verdict.ACCREDITED_SPECIAL_MET)
    # the one before carries it as long as that holds
    accredited(play, 3, date(2024, 1, 1))
    assert readiness.assess(programme, DAY).accreditation is AccreditationStanding.PASSED


def test_the_verdict_does_not_wait_for_the_accreditation_to_begin(play: Play) -> None:
    """The documents ask that it was passed (PETOE-P0, 002:193; P12, 002:217); until when it holds stands beside the verdict."""
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    begins = date(2030, 6, 1)  # the first one has ended by then
    programmes.enter_accreditation(programme=play.built.programme, result=AccreditationResult.PASSED, concluded_on=date(2030, 2, 1), valid_from=begins, valid_years=6, is_from_association=True, by=SYSTEM, now=at(begins))  # fmt: skip
    go(row, Event.CONCLUDE, begins - timedelta(days=1), play.group)
    assert row.verdict is not None
    assert outcome_queries.validity_of(row) == date(2036, 6, 1)


@pytest.mark.parametrize(("begins", "is_taken"), [(date(2030, 2, 27), True), (date(2030, 2, 28), True), (date(2030, 3, 1), False)])
def test_the_validity_begins_within_a_year_of_the_conclusion(play: Play, begins: date, is_taken: bool) -> None:
    def enter() -> None:
        programmes.enter_accreditation(programme=play.built.programme, result=AccreditationResult.PASSED, concluded_on=date(2029, 2, 28), valid_from=begins, valid_years=6, is_from_association=True, by=SYSTEM, now=at(begins))  # fmt: skip

    if is_taken:
        enter()
    else:
        with pytest.raises(Refused, match="有效期最迟从结论日期起一年内开始"):
            enter()


def test_alone_too_the_head_enters_no_conclusion_while_the_experts_decide(play: Play) -> None:
    """What the head enters meanwhile would carry the verdict on the programme's own word (PETOE-P14b, 002:223)."""
    accredited(play)
    row, programme = at_the_group_alone(play), play.built.programme
    assert holds.reasons(programme) == ["评价申请正在进行，本次认证结论由认证协会在申请中登记。"]
    by_the_group(row, play.group, DAY)
    go(row, Event.CONCLUDE, DAY, play.group)
    assert holds.reasons(programme) == []
    told = {day: bool(holds.reasons(programme, day)) for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))}
    assert list(told.values()) == [False, True, False]


def test_the_programme_does_not_write_over_the_associations_conclusion(play: Play) -> None:
    row, then = scheduled(play), DAY + timedelta(days=1)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    to_the_group(play, row, then)
    go(row, Event.CONCLUDE, then, play.group)
    assert row.verdict is Verdict.ACCREDITED_SPECIAL_MET
    programme = play.built.programme
    told = {day: bool(holds.reasons(programme, day)) for day in (DAY - timedelta(days=1), DAY, then, then + timedelta(days=1))}
    assert list(told.values()) == [False, True, True, False]
    assert "由认证协会在评价申请中登记，不能在这里登记或更改" in holds.reasons(programme, then)[0]
    # what is concluded later belongs to a later evaluation: this one's page keeps its own
    later = date(2030, 1, 1)
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=later, valid_from=later, valid_years=6, is_from_association=True, by=SYSTEM, now=at(later))  # fmt: skip
    assert outcome_queries.validity_of(row) == date(then.year + 3, then.month, then.day)


def test_a_list_is_of_the_year_in_which_it_is_published(play: Play, session: Session) -> None:
    """Whoever could name the year could publish two on a day."""
    accredited(play)
    rows = []
    for day in (DAY, DAY + timedelta(days=1)):
        row = at_the_group_alone(play) if day == DAY else Application(programme_id=play.built.programme.id, route=Route.JOINT, state=State.CONCLUDED, state_since=day, created_at=at(day), verdict=Verdict.ACCREDITED_SPECIAL_MET)  # fmt: skip
        if day == DAY:
            by_the_group(row, play.group, DAY)
            go(row, Event.CONCLUDE, DAY, play.group)
        else:
            session.add(row)
            session.flush()
        rows.append(row.id)
    assert moving.publish_list(keys=rows[:1], document="", by=play.group, today=DAY, now=at(DAY)) == 1
    last, new_year = date(DAY.year, 12, 31), date(DAY.year + 1, 1, 1)
    with pytest.raises(Refused, match="每年公布一次"):
        moving.publish_list(keys=rows[1:], document="", by=play.group, today=last, now=at(last))
    assert moving.publish_list(keys=rows[1:], document="", by=play.group, today=new_year, now=at(new_year)) == 1
    assert [one.year for one, _listed in outcome_queries.publications()] == [DAY.year + 1, DAY.year]


def test_what_a_programme_says_about_itself_carries_nothing_until_somebody_else_confirms_it(play: Play) -> None:
    """Neither a verdict nor the route of an accredited programme, and it takes the place of no confirmed conclusion (PETOE-P2, P14b)."""
    programme, head = play.built.programme, head_of(play)
    enter = {"programme": programme, "valid_years": 6, "by": head, "now": at(DAY)}
    row = programmes.enter_accreditation(result=AccreditationResult.PASSED, concluded_on=date(2024, 1, 1), valid_from=date(2024, 1, 1), **enter)  # type: ignore[arg-type]
    found = readiness.assess(programme, DAY)
    assert (found.accreditation, found.verdict) == (AccreditationStanding.DECLARED, None)
    assert (
        rules._alone(Facts(today=DAY, route=Route.EVALUATION_ONLY, state=State.PREPARING, accreditation=found.accreditation))[0].lack
        is Lack.NOT_CONFIRMED
    )
    with pytest.raises(Refused, match="自己登记"):
        programmes.confirm_accreditation(programme=programme, accreditation=row, by=head, now=at(DAY))
    account = accounts.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=programme.university_id)
    school = identity_queries.identity_of(account.id, today=DAY)
    programmes.confirm_accreditation(programme=programme, accreditation=row, by=school, now=at(DAY))
    found = readiness.assess(programme, DAY)
    assert (found.accreditation, found.verdict) == (AccreditationStanding.PASSED, Verdict.ACCREDITED_SPECIAL_MET)
    later = programmes.enter_accreditation(result=AccreditationResult.FAILED, concluded_on=DAY, **{**enter, "valid_years": None})  # type: ignore[arg-type]
    assert readiness.assess(programme, DAY).accreditation is AccreditationStanding.PASSED
    with pytest.raises(Refused, match="不能更改"):
        programmes.enter_accreditation(result=AccreditationResult.FAILED, concluded_on=row.concluded_on, **{**enter, "valid_years": None})  # type: ignore[arg-type]
    programmes.withdraw_confirmation(programme=programme, accreditation=row, reason="文件有误", by=school, now=at(DAY))
    assert readiness.assess(programme, DAY).accreditation is AccreditationStanding.DECLARED
    programmes.confirm_accreditation(programme=programme, accreditation=later, by=school, now=at(DAY))
    assert readiness.assess(programme, DAY).accreditation is AccreditationStanding.FAILED
