"""A term of an accreditation, a visit that is called off, what the tables count, which cohorts are compared, what an expert of before still sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.identity import signed_in_client
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_validity import concluded_jointly
from tests.trainhub.oversight.evaluation.test_visiting import assignment
from tests.trainhub.oversight.evaluation.test_workflow import (  # noqa: F401 - fixtures
    DAY,
    Play,
    accredited,
    at,
    by_the_group,
    gaps,
    go,
    hand,
    judge,
    planned,
    play,
    scheduled,
    submitted,
)
from trainhub.identity import queries as identity
from trainhub.kernel.access import SYSTEM, Role, may
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale
from trainhub.kernel.papers import pdf
from trainhub.notifications.models import Notice
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.evaluation.documents import tables
from trainhub.oversight.evaluation.documents import verdict as verdict_document
from trainhub.oversight.evaluation.models import EvaluationDecision
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import field, judgements
from trainhub.oversight.evaluation.types import AccreditationStanding
from trainhub.oversight.evaluation.workflow import queries, waiting_queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import calling_off, moving, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Guard, Opinion, State
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Accreditation, Programme
from trainhub.programmes.operations.errors import BadProgramme
from trainhub.programmes.types import AccreditationResult

PASSED, FAILED = AccreditationResult.PASSED, AccreditationResult.FAILED


@pytest.mark.parametrize(("result", "years"), [(PASSED, None), (FAILED, 3), (PASSED, 5)])
@pytest.mark.parametrize("is_from_association", [True, False])
def test_passed_has_a_term_and_failed_has_none(session: Session, result: AccreditationResult, years: int | None, is_from_association: bool) -> None:
    """T8: passed for 3 or for 6 years, or failed (002:217, 002:223)."""
    enter: dict[str, Any] = {
        "programme": ground.programme(),
        "concluded_on": DAY,
        "is_from_association": is_from_association,
        "by": SYSTEM,
        "now": at(DAY),
    }
    with pytest.raises(BadProgramme) as told:
        programmes.enter_accreditation(result=result, valid_years=years, **enter)
    assert told.value.field == "valid_years"
    assert programmes.enter_accreditation(result=FAILED, **enter).valid_years is None
    assert programmes.enter_accreditation(result=PASSED, valid_years=3, **{**enter, "concluded_on": DAY - timedelta(days=1)}).valid_years == 3


def test_a_conclusion_of_before_without_a_term_is_not_confirmed() -> None:
    given: dict[str, Any] = {"has_new_conclusion": True, "documents": frozenset(DocumentKind)}
    assert gaps(Guard.CONCLUSION, accreditation=AccreditationStanding.PASSED, lacks_term=True, **given) == 1
    assert gaps(Guard.CONCLUSION, accreditation=AccreditationStanding.PASSED, **given) == 0, "whatever the one before said"
    assert gaps(Guard.CONCLUSION, accreditation=AccreditationStanding.FAILED, **given) == 0


@pytest.mark.parametrize(("old", "new"), [(None, 6), (6, None)])
def test_the_term_is_asked_of_the_new_conclusion(play: Play, session: Session, old: int | None, new: int | None) -> None:
    """While the one before still holds and the new one begins later, it is the new one that is confirmed."""
    row = submitted(play, DAY)
    later = DAY + timedelta(days=60)
    common: dict[str, Any] = {"programme_id": play.built.programme.id, "result": PASSED, "confirmed_at": at(DAY)}
    session.add(Accreditation(**common, concluded_on=DAY - timedelta(days=700), valid_from=DAY - timedelta(days=700), valid_years=old))
    session.add(Accreditation(**common, concluded_on=DAY, valid_from=later, valid_years=new))
    session.flush()
    facts = queries.facts_of(row, DAY)
    assert (facts.has_new_conclusion, facts.lacks_term) == (True, new is None)


@remembered
def alone(play: Play) -> Application:
    accredited(play)
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
    go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    go(row, Event.SUBMIT, DAY)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY)
    return row


def test_a_visit_that_nobody_asks_for_is_called_off(play: Play, session: Session) -> None:
    row = alone(play)
    visiting.arrange(application=row, starts_on=DAY, ends_on=DAY, no_centre_reason="", by=play.association, now=at(DAY))
    expert = visiting.assign(application=row, account=play.leader, is_leader=True, by=play.association, today=DAY, now=at(DAY))
    with pytest.raises(moving.BadStep, match="已安排现场考查"):
        go(row, Event.SEND_ALONE, DAY, play.association)
    off: dict[str, Any] = {"application": row, "by": play.association, "today": DAY, "now": at(DAY)}
    with pytest.raises(visiting.BadVisit) as told:
        calling_off.call_off(reason=" ", **off)
    assert told.value.field == "reason"
    shown = row.version
    visiting.arrange(
        application=row, starts_on=DAY, ends_on=DAY + timedelta(days=1), no_centre_reason="", by=play.association, now=at(DAY)
    )  # a colleague moved the days meanwhile
    with pytest.raises(Stale):
        calling_off.call_off(reason="仅评价，不安排考查", version=shown, **off)
    calling_off.call_off(reason="仅评价，不安排考查", version=row.version, **off)
    calling_off.call_off(reason="再按一次", **off)
    assert (row.visit_starts_on, queries.agenda_of(row.id), expert.end_reason) == (None, [], "仅评价，不安排考查")
    assert go(row, Event.SEND_ALONE, DAY, play.association).state is State.IN_WORKING_GROUP
    assert session.scalar(sa.select(sa.func.count()).where(Notice.kind == "evaluation.visit.called_off", Notice.account_id == play.leader.id)) == 1


@remembered
def fixed(play: Play) -> Application:
    """Alone, with a visit of the day that T5 has fixed."""
    row = alone(play)
    planned(play, row)
    return go(row, Event.SCHEDULE_VISIT, DAY, play.association)


def test_a_visit_that_was_fixed_is_called_off_on_the_route_alone(play: Play, session: Session) -> None:
    row = fixed(play)
    visiting.say(
        application=row, expert=assignment(row, play.leader), opinions=[("1.3", Opinion.MET, "")], by=play.who(play.leader), today=DAY, now=at(DAY)
    )
    with pytest.raises(moving.BadStep, match="请写明理由"):
        go(row, Event.CALL_OFF, DAY, play.association, reason=" ")
    seen = row.version
    assert go(row, Event.CALL_OFF, DAY, play.association, reason="专家组不能成行", version=seen).state is State.SUBMITTED
    go(row, Event.CALL_OFF, DAY, play.association, reason="再按一次", version=seen)
    step = queries.steps_of(row.id)[0]
    assert (step.code, step.event, step.from_state, step.to_state, step.reason) == (
        "T5b",
        Event.CALL_OFF,
        State.VISIT_SCHEDULED,
        State.SUBMITTED,
        "专家组不能成行",
    )
    assert (row.visit_starts_on, row.visit_ends_on, queries.agenda_of(row.id), queries.experts_of(row.id)) == (None, None, [], [])
    told = sa.select(sa.func.count()).select_from(Notice).where(Notice.account_id == play.leader.id)
    assert session.scalar(told.where(Notice.kind == "evaluation.visit.called_off")) == 1
    for account in (play.leader, play.member):
        assert not may(play.who(account), Can.VIEW, queries.subject_of(row, DAY)), "the dossier is closed to them"
    assert go(row, Event.SEND_ALONE, DAY, play.association).state is State.IN_WORKING_GROUP


def test_a_visit_that_was_called_off_is_planned_anew(play: Play) -> None:
    row = fixed(play)
    visiting.say(
        application=row, expert=assignment(row, play.leader), opinions=[("1.3", Opinion.MET, "")], by=play.who(play.leader), today=DAY, now=at(DAY)
    )
    go(row, Event.CALL_OFF, DAY, play.association, reason="改期")
    planned(play, row)
    assert queries.readable_by(row, None) == set(), "what was begun is read by nobody else"
    assert go(row, Event.SCHEDULE_VISIT, DAY, play.association).state is State.VISIT_SCHEDULED
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    with pytest.raises(moving.BadStep, match="已有专家提交评价表，考查不能取消"):
        go(row, Event.CALL_OFF, DAY, play.association, reason="太晚")
    assert go(row, Event.END_VISIT, DAY, play.who(play.leader)).state is State.VISITED


def test_a_form_that_was_in_keeps_the_visit_also_when_its_expert_was_taken_off(play: Play) -> None:
    """What it said is read beside the group's opinion once the visit is over: calling it off would hide it."""
    row = fixed(play)
    judge(play, row, play.member, DAY, differs=("1.3",))
    visiting.end_assignment(expert=assignment(row, play.member), reason="合作课题", has_conflict=True, by=play.association, now=at(DAY))
    with pytest.raises(moving.BadStep, match="已有专家提交评价表，考查不能取消"):
        go(row, Event.CALL_OFF, DAY, play.association, reason="改主意")


@pytest.mark.parametrize("leaves_again", [False, True])
@pytest.mark.parametrize("had_a_form", [True, False])
def test_a_form_that_was_in_keeps_the_visit_also_when_its_expert_is_back(play: Play, had_a_form: bool, leaves_again: bool) -> None:
    """Assigned anew the expert hands it in again: what it said on the visit stays said. Who only began one keeps nothing."""
    row, hour = fixed(play), timedelta(hours=1)
    if had_a_form:
        judge(play, row, play.member, DAY, differs=("1.3",))
    else:
        who = play.who(play.member)
        visiting.say(application=row, expert=assignment(row, play.member), opinions=[("1.3", Opinion.MET, "")], by=who, today=DAY, now=at(DAY))
    off: dict[str, Any] = {"by": play.association, "reason": "合作课题"}
    visiting.end_assignment(expert=assignment(row, play.member), has_conflict=had_a_form, now=at(DAY) + hour, **off)
    again = visiting.assign(application=row, account=play.member, is_leader=False, by=play.association, today=DAY, now=at(DAY) + 2 * hour)
    assert (again.submitted_at, again.ended_at) == (None, None)
    if leaves_again:
        visiting.end_assignment(expert=again, now=at(DAY) + 3 * hour, **off)
    if not had_a_form:
        assert go(row, Event.CALL_OFF, DAY, play.association, reason="改主意").state is State.SUBMITTED
        return
    with pytest.raises(moving.BadStep, match="已有专家提交评价表，考查不能取消"):
        go(row, Event.CALL_OFF, DAY, play.association, reason="改主意")


def test_a_form_is_not_ended_before_it_was_handed_in(play: Play) -> None:
    """Whichever clock says so: the machine of the association may be behind that of the expert."""
    row = fixed(play)
    judge(play, row, play.member, DAY)
    expert, earlier = assignment(row, play.member), at(DAY) - timedelta(minutes=1)
    visiting.end_assignment(expert=expert, reason="合作课题", has_conflict=True, by=play.association, now=earlier)
    assert expert.ended_at is not None
    assert expert.submitted_at is not None
    assert expert.ended_at > expert.submitted_at
    visiting.assign(application=row, account=play.member, is_leader=False, by=play.association, today=DAY, now=earlier)
    with pytest.raises(moving.BadStep, match="已有专家提交评价表，考查不能取消"):
        go(row, Event.CALL_OFF, DAY, play.association, reason="改主意")


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_visit_that_is_fixed_does_not_wait_for_the_association(play: Play, is_alone: bool) -> None:
    """A way back is no work that waits: what was submitted is, a visit that is fixed takes place."""
    row = alone(play) if is_alone else submitted(play)
    assert [one.id for one, _programme, _university in waiting_queries.waiting_for(play.association, DAY)] == [row.id]
    planned(play, row)
    go(row, Event.SCHEDULE_VISIT, DAY, play.association)
    assert waiting_queries.waiting_for(play.association, DAY) == []


def test_experts_assigned_before_any_day_are_not_left(play: Play) -> None:
    row = alone(play)
    expert = visiting.assign(application=row, account=play.leader, is_leader=True, by=play.association, today=DAY, now=at(DAY))
    calling_off.call_off(application=row, reason="不安排考查", by=play.association, today=DAY, now=at(DAY))
    assert (expert.ended_at is not None, queries.experts_of(row.id)) == (True, [])


def test_a_visit_that_is_fixed_is_not_called_off(play: Play) -> None:
    """With the accreditation the visit is the accreditation's, and takes place."""
    row = scheduled(play)
    with pytest.raises(moving.BadStep, match="不能进行“取消现场考查”"):
        go(row, Event.CALL_OFF, DAY, play.association, reason="改主意")
    with pytest.raises(visiting.BadVisit, match="考查不能取消"):
        calling_off.call_off(application=row, reason="改主意", by=play.association, today=DAY, now=at(DAY))


def test_the_page_calls_off_with_a_reason(play: Play, session: Session, app: Any) -> None:
    row = alone(play)
    visiting.arrange(application=row, starts_on=DAY, ends_on=DAY, no_centre_reason="", by=play.association, now=at(DAY))
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    key = row.id
    session.commit()
    client = signed_in_client(app, Role.EXPERT, organisation_id=office)
    at_page = f"/evaluation/applications/{key}/visit"
    assert f"{at_page}/call-off" in client.get(at_page).text
    assert client.post(f"{at_page}/call-off", data={"reason": ""}).status_code == 422
    assert client.post(f"{at_page}/call-off", data={"reason": "不安排"}).status_code == 303
    assert "/call-off" not in client.get(at_page).text


def test_the_page_of_the_application_calls_off_a_visit_that_is_fixed(play: Play, session: Session, app: Any) -> None:
    row = fixed(play)
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    key = row.id
    session.commit()
    client = signed_in_client(app, Role.EXPERT, organisation_id=office)
    at_page = f"/evaluation/applications/{key}"
    page = client.get(at_page).text
    assert [text for text in ("取消现场考查", "已安排考查", "直接送专家工作组") if text not in page] == []
    sent = {"event": "call_off", "version": re.findall(r'name="version" value="(\d+)"', page)[0]}
    assert client.post(f"{at_page}/step", data=sent).status_code == 422
    assert client.post(f"{at_page}/step", data={**sent, "reason": "专家组不能成行"}).status_code == 303
    page = client.get(at_page).text
    assert "专家组不能成行" in page
    assert "已安排考查" not in page.split(" → ")[0], "what was called off is not behind"
    head = signed_in_client(app, Role.PROGRAMME_ADMIN, programme_id=row.programme_id)
    assert "撤回不开始计算" in head.get(at_page).text, "withdrawing starts no clock, and the page says so"


def test_what_the_page_refuses_has_no_button(play: Play, session: Session, app: Any) -> None:
    """Once a form is in the visit is called off no more; that practice alone needs the step is said in words."""
    row = fixed(play)
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    key = row.id
    session.commit()
    client = signed_in_client(app, Role.EXPERT, organisation_id=office)
    page = client.get(f"/evaluation/applications/{key}").text
    assert (page.count('value="call_off"'), "实务需要，文件未规定" in page, "own, " in page) == (1, True, False)
    with transaction():
        judge(play, row, play.member, DAY)
    page = client.get(f"/evaluation/applications/{key}").text
    assert (page.count('value="call_off"'), "已有专家提交评价表，考查不能取消" in page) == (0, True)


def test_the_plan_of_the_visit_shows_what_ties_an_expert_by_now(play: Play, session: Session, app: Any) -> None:
    """A post at a part of the university that is known after the declaration stops no form: the association sees it where it replaces experts."""
    row, person = scheduled(play), ground.person()
    play.leader.person_id = person.id
    school = organisations.by_id(play.built.programme.university_id)
    assert school is not None
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    at_page = f"/evaluation/applications/{row.id}/visit"
    session.commit()
    client = signed_in_client(app, Role.EXPERT, organisation_id=office)
    assert "在本校任职" not in client.get(at_page).text
    with transaction():
        ground.employment(
            person, organisation_name=f"{school.name}机械学院", is_verified=False, is_enterprise=False, since=date(2020, 1, 1), until=None
        )
    assert client.get(at_page).text.count("在本校任职") == 1


def test_the_page_of_a_failed_application_says_who_is_judged_again(play: Play, session: Session, app: Any) -> None:
    row = go(alone(play), Event.SEND_ALONE, DAY, play.association)
    by_the_group(row, play.group, DAY, refused=("1.3",))
    assert go(row, Event.CONCLUDE, DAY, play.group).state is State.FAILED
    key, programme_id = row.id, row.programme_id
    session.commit()
    page = signed_in_client(app, Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/applications/{key}").text
    assert "包括这次评价过的年级" in page


def test_who_visited_does_not_read_how_it_ended(play: Play, session: Session) -> None:
    row = scheduled(play)
    expert = identity.identity_of(play.leader.id, today=DAY)
    assert [one[0].id for one in session.execute(queries.listing(expert))] == [row.id]
    for state in (State.CONCLUDED, State.FAILED, State.PUBLISHED, State.WITHDRAWN):
        row.state = state
        session.flush()
        assert session.execute(queries.listing(expert)).all() == [], state
        assert session.execute(queries.listing(play.association)).all() != []


def test_mentors_and_students_of_a_base_are_counted_as_the_criteria_count(session: Session) -> None:
    built = factory.meeting(students=4)
    on = factory.TODAY

    def row(name: str) -> dict[str, Any]:
        [table] = tables.tables("T4", built.programme, on)
        return next(dict(zip(table.columns, line, strict=True)) for line in table.rows if line[0] == name)

    before = row(built.base.name)
    assert int(before["企业指导教师数"]) == len(field.mentors_at(built.programme.id, on)[built.base.id]) > 0
    assert (before["近三年接纳学生"], before["校内导师数"]) == ("4", "")
    twin = ground.base(built.enterprise)
    session.execute(sa.update(Organisation).where(Organisation.id == twin.id).values(name=built.base.name))
    session.execute(sa.update(Placement).where(Placement.student_id == built.students[0].id).values(base_id=twin.id))
    session.expire_all()
    [table] = tables.tables("T4", built.programme, on)
    at_column = table.columns.index("近三年接纳学生")
    assert sorted(line[at_column] for line in table.rows) == ["1", "3"], "two bases of one name have students of their own"
    session.execute(sa.update(Placement).values(state=PlacementState.WITHDRAWN))
    session.expire_all()
    assert row(built.base.name)["近三年接纳学生"] == "0"


def test_the_verdict_names_everybody(play: Play, session: Session) -> None:
    row = concluded_jointly(play, valid_from=DAY)
    decision = judgements.decision(row.decision_id)
    assert decision is not None
    many = [f"学生{n}：150 天，还差 10 天" for n in range(200)]
    found = [{**one, "details": many} if one["code"] == "7.2" else one for one in decision.findings]
    session.execute(sa.update(EvaluationDecision).where(EvaluationDecision.id == decision.id).values(findings=found))
    session.expire_all()
    paper = verdict_document.content(row, play.built.programme)
    text = str(paper.blocks)
    assert all(line in text for line in many)
    assert pdf.draw(paper).startswith(b"%PDF")


def cohorts(session: Session, programme: Programme, years: list[int]) -> None:
    for year in years:
        row = programmes.create_cohort(programme=programme, year=year, version=None, by=SYSTEM, now=factory.NOW)
        ground.student(programme, year=year, petoe_since=date(year, 9, 1))
        if year < 2022:
            programmes.change_cohort(cohort=row, graduated_on=date(year + 4, 6, 30), by=SYSTEM, now=factory.NOW)


def test_judged_cohorts_are_compared_first_and_the_others_can_be_asked_for(session: Session, as_role: Callable[..., Any], monkeypatch: Any) -> None:
    with transaction():
        built = factory.bare(students=2)
        cohorts(session, built.programme, [2017, 2018, 2019, 2020, 2021, 2023, 2024])
        code, programme_id = built.programme.code, built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)

    def shown(query: str = "") -> list[int]:
        page = head.get(f"/evaluation/{code}/history{query}").text
        return [year for year in range(2016, 2026) if f'<th scope="col">{year} 级' in page]

    assert shown() == [2017, 2018, 2019, 2020, 2021], "the judged ones, whatever began after them"
    assert shown("?year=2024&year=2017&year=1999") == [2017, 2024]
    assert "一次最多比较 5 个" in head.get(f"/evaluation/{code}/history").text
