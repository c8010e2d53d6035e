"""The workflow: its table, every guard, and a whole evaluation from the first graduation to the yearly list."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.standards import operations as standards
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.remembering import remembered
from trainhub.identity import queries as identity_queries
from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Identity, Role, ScopeKind, may
from trainhub.kernel.errors import Refused
from trainhub.kernel.papers.blocks import Grid, Heading
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation import catalogue, readiness
from trainhub.oversight.evaluation import submitted as findings
from trainhub.oversight.evaluation.documents import archive, tables, visit_form
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import judgements, opinions
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.store import queries as store
from trainhub.oversight.evaluation.store.models import FrozenReadiness
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.types import AccreditationStanding, CriterionKind, JudgementResult, Outcome, Verdict
from trainhub.oversight.evaluation.workflow import diverging, outcome_queries, queries, rules, table, words
from trainhub.oversight.evaluation.workflow.models import Application, Consensus, Step
from trainhub.oversight.evaluation.workflow.operations import moving, outliving, papers, visiting
from trainhub.oversight.evaluation.workflow.types import (
    CLOSED,
    DocumentKind,
    Event,
    ExpertFacts,
    Facts,
    Guard,
    Lack,
    Opinion,
    Route,
    State,
    VisitFacts,
    VisitItemKind,
)
from trainhub.people import operations as people
from trainhub.people.models import PetoeSpan
from trainhub.people.types import StudentState
from trainhub.programmes import holds
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import RequirementStandard
from trainhub.programmes.types import AccreditationResult

ROOT = Path(__file__).resolve().parents[4]
PDF = b"%PDF-1.4\n%abc\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
GRADUATION = date(2026, 6, 30)
DAY = date(2026, 9, 7)
LISTS = {
    "petoe.reports_joint": ("self_report", "supplementary_report"),
    "petoe.reports_evaluation_only": ("supplementary_report",),
    "petoe.interview_groups": ("student", "teacher", "programme_head"),
    "petoe.visit_documents": ("visit_form", "accreditation_visit_report"),
    "petoe.dossier_documents": ("accreditation_conclusion", "supplementary_report", "accreditation_visit_report", "visit_form"),
    "petoe.accreditation_years_short": ("3",),
    "petoe.accreditation_years_long": ("6",),
    "petoe.first_cohort_graduated_required": ("yes",),
    "petoe.self_report_passage_required": ("yes",),
    "petoe.centre_visit_expected": ("yes",),
}


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, 0, tzinfo=UTC)


def facts(**given: Any) -> Facts:
    return Facts(today=DAY, route=given.pop("route", Route.JOINT), state=given.pop("state", State.PREPARING), numbers=LISTS, **given)


def gaps(guard: Guard, **given: Any) -> int:
    return len(rules.GUARDS[guard](facts(**given)))


ALL = frozenset(DocumentKind)
EVERY = frozenset(VisitItemKind)
VISIT = VisitFacts(DAY, DAY, EVERY)
READY = ExpertFacts("甲", True, False, True, 64, True)


@pytest.mark.parametrize(
    ("guard", "bad", "good"),
    [
        (Guard.COHORT_GRADUATED, {"graduated_on": DAY + timedelta(days=1)}, {"graduated_on": DAY}),
        (Guard.COHORT_GRADUATED, {}, {"graduated_on": DAY - timedelta(days=1)}),
        (Guard.PREREQUISITE, {}, {"has_prerequisite": True}),
        (Guard.NONE_OPEN, {"has_other_open": True}, {}),
        (Guard.ROUTE_ALONE, {"accreditation": AccreditationStanding.PASSED, "accreditation_years": 3}, {"accreditation": AccreditationStanding.PASSED, "accreditation_years": 6}),
        (
            Guard.ROUTE_ALONE,
            {"accreditation": AccreditationStanding.EXPIRED, "accreditation_years": 6},
            {"accreditation": AccreditationStanding.PASSED, "accreditation_years": 3, "last_verdict": Verdict.ACCREDITED_SPECIAL_NOT_MET},
        ),
        (Guard.CLOCK, {"reapply_from": DAY + timedelta(days=1)}, {"reapply_from": DAY}),
        (Guard.REASON, {"reason": " "}, {"reason": "材料不全"}),
        (Guard.REPORTS, {"documents": ALL - {DocumentKind.SELF_REPORT}, "petoe_passage": "3"}, {"documents": ALL, "petoe_passage": "第 3 部分"}),
        (Guard.REPORTS, {"documents": ALL}, {"documents": frozenset([DocumentKind.SUPPLEMENTARY_REPORT]), "route": Route.EVALUATION_ONLY}),
        (Guard.REPORTS, {"documents": ALL - {DocumentKind.SUPPLEMENTARY_REPORT}, "petoe_passage": "3"}, {"documents": ALL, "petoe_passage": "3"}),
        (Guard.REPORTS, {"documents": ALL, "petoe_passage": "3", "uncovered": ("G7",)}, {"documents": ALL, "petoe_passage": "3"}),
        *(
            (Guard.AGENDA, {"visit": replace(VISIT, kinds=EVERY - {kind})}, {"visit": VISIT})
            for kind in (VisitItemKind.INTERVIEW_STUDENT, VisitItemKind.INTERVIEW_TEACHER, VisitItemKind.INTERVIEW_HEAD)
        ),
        (Guard.AGENDA, {"visit": replace(VISIT, kinds=EVERY - {VisitItemKind.CENTRE_VISIT})}, {"visit": replace(VISIT, kinds=EVERY - {VisitItemKind.CENTRE_VISIT}, no_centre_reason="停工检修")}),
        (Guard.EXPERTS, {"experts": (replace(READY, has_declared=False),)}, {"experts": (READY,)}),
        (Guard.EXPERTS, {"experts": (READY, replace(READY, has_conflict=True))}, {"experts": (READY, replace(READY, is_leader=False))}),
        (Guard.EXPERTS, {"experts": (replace(READY, is_leader=False),)}, {"experts": (READY,)}),
        (Guard.NO_FORM_IN, {"experts": (READY,)}, {"experts": (replace(READY, is_submitted=False),)}),
        (Guard.VISIT_OVER, {"visit": replace(VISIT, ends_on=DAY + timedelta(days=1))}, {"visit": VISIT}),
        (Guard.FORMS, {"experts": (replace(READY, is_submitted=False),)}, {"experts": (READY,)}),
        (Guard.FORMS, {"experts": (READY, replace(READY, has_declared=False, is_submitted=False, is_leader=False))}, {"experts": (READY,)}),
        (Guard.FORMS, {"experts": (READY,), "open_criteria": ("1.1",)}, {"experts": (READY, replace(READY, has_conflict=True, is_submitted=False))}),
        (Guard.VISIT_DOCUMENTS, {"documents": frozenset([DocumentKind.VISIT_FORM])}, {"documents": ALL}),
        (Guard.CONCLUSION, {"documents": ALL}, {"documents": ALL, "has_new_conclusion": True}),
        *((Guard.DOSSIER, {"documents": ALL - {kind}}, {"documents": ALL}) for kind in ALL - {DocumentKind.SELF_REPORT}),
        (
            Guard.DOSSIER_ALONE,
            {"documents": ALL, "accreditation": AccreditationStanding.EXPIRED, "accreditation_until": DAY},
            {"documents": ALL - {DocumentKind.VISIT_FORM}, "accreditation": AccreditationStanding.PASSED},
        ),
        (Guard.DOSSIER_ALONE, {"documents": ALL - {DocumentKind.VISIT_FORM}, "visit": VISIT}, {"documents": ALL, "visit": VISIT}),
        (
            Guard.DOSSIER_ALONE,
            {"documents": ALL, "accreditation": AccreditationStanding.PASSED, "state": State.SUBMITTED, "is_visit_optional": False},
            {"documents": ALL, "accreditation": AccreditationStanding.PASSED, "state": State.VISITED, "is_visit_optional": False},
        ),
        (Guard.DERIVABLE, {}, {"verdict": Verdict.NOT_ACCREDITED}),
        (Guard.DERIVABLE, {"verdict": Verdict.ACCREDITED_SPECIAL_MET, "undecided": ("1.3",)}, {"verdict": Verdict.ACCREDITED_SPECIAL_MET}),
        (Guard.DERIVABLE, {"verdict": Verdict.ACCREDITED_SPECIAL_MET, "accreditation": AccreditationStanding.EXPIRED}, {"verdict": Verdict.ACCREDITED_SPECIAL_MET}),
        (Guard.VERDICT_MET, {"verdict": Verdict.ACCREDITED_SPECIAL_NOT_MET}, {"verdict": Verdict.ACCREDITED_SPECIAL_MET}),
        (Guard.VERDICT_OTHER, {"verdict": Verdict.ACCREDITED_SPECIAL_MET}, {"verdict": Verdict.NOT_ACCREDITED}),
        (Guard.ONE_LIST, {"is_listed": True}, {}),
    ],
)  # fmt: skip
def test_a_guard_objects_and_is_content(guard: Guard, bad: dict[str, Any], good: dict[str, Any]) -> None:
    assert (gaps(guard, **bad) > 0, gaps(guard, **good)) == (True, 0)


@pytest.mark.parametrize(
    ("guard", "key", "given"),
    [
        (Guard.COHORT_GRADUATED, "petoe.first_cohort_graduated_required", {}),
        (Guard.AGENDA, "petoe.centre_visit_expected", {"visit": replace(VISIT, kinds=EVERY - {VisitItemKind.CENTRE_VISIT})}),
        (Guard.REPORTS, "petoe.self_report_passage_required", {"documents": ALL}),
    ],
)
def test_a_guard_asks_only_what_the_policy_of_the_day_asks(guard: Guard, key: str, given: dict[str, Any]) -> None:
    assert len(rules.GUARDS[guard](facts(**given))) == 1
    assert rules.GUARDS[guard](replace(facts(**given), numbers={**LISTS, key: ()})) == []


def test_the_long_term_of_an_accreditation_is_the_policys(session: Session) -> None:
    passed = facts(accreditation=AccreditationStanding.PASSED, accreditation_years=8)
    assert "认证有效期为 3 年" in words.tell(rules.GUARDS[Guard.ROUTE_ALONE](passed)[0])
    eight = replace(passed, numbers={**LISTS, "petoe.accreditation_years_long": ("8",)})
    assert rules.GUARDS[Guard.ROUTE_ALONE](eight) == []


@pytest.mark.parametrize("state", [State.ELIGIBLE, State.NOT_ACCEPTED, State.FAILED])
@pytest.mark.parametrize("years", [3, 6])
def test_an_accredited_programme_may_ride_on_its_next_accreditation(state: State, years: int) -> None:
    """Six years *allow* the evaluation alone (PETOE-P14b, T1c); whoever is accredited anew meanwhile applies together (P14a)."""
    given = facts(state=state, accreditation=AccreditationStanding.PASSED, accreditation_years=years)
    joint = [one for one in rules.following(given) if one.transition.event in (Event.APPLY, Event.APPLY_NEXT_YEAR, Event.APPLY_AGAIN)]
    alone = [one for one in rules.following(given) if one.transition.event is Event.APPLY_ALONE]
    assert [bool(one.gaps) for one in joint] == [False]
    assert [bool(one.gaps) for one in alone] == [years == 3]


def test_the_table_is_whole() -> None:
    assert {guard for one in rules.TABLE for guard in one.guards} == set(Guard) == set(rules.GUARDS)
    assert {one.event for one in rules.TABLE} == set(Event)
    assert set(words.LACKS) == set(Lack)
    assert {one.target for one in rules.TABLE} | {State.IMPLEMENTING} == set(State)
    assert len({one.code for one in rules.TABLE}) == len(rules.TABLE)
    for state in State:
        leads = [one for one in rules.TABLE if state in one.sources]
        assert leads or state in (State.PUBLISHED, State.WITHDRAWN), state
    assert all(
        (one.target not in CLOSED) or one.event in (Event.REFUSE, Event.CONCLUDE, Event.PUBLISH, Event.FAIL, Event.WITHDRAW) for one in rules.TABLE
    )


def test_the_table_in_the_docs_is_the_table_in_the_code(session: Session) -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    assert table.BEGIN in text
    assert text.split(table.BEGIN)[1].split(table.END)[0].strip() == table.markdown().strip()


@dataclass
class Play:
    """A programme whose first cohort graduated, and everybody who takes part."""

    built: factory.Built
    association: Identity
    group: Identity
    leader: Account
    member: Account
    same_school: Account

    def who(self, account: Account, day: date = DAY) -> Identity:
        return identity_queries.identity_of(account.id, today=day)


@pytest.fixture
def play(session: Session) -> Play:
    return cast_of(session)


@remembered
def cast_of(session: Session) -> Play:
    """A programme whose first cohort graduated, both offices, two experts, and one from the same school."""
    built = factory.meeting(students=4)
    for student in built.students:
        people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, by=SYSTEM, now=factory.NOW)
    programmes.change_cohort(cohort=built.cohort, graduated_on=GRADUATION, by=SYSTEM, now=factory.NOW)
    association = ground.organisation(kind=OrganisationKind.ASSOCIATION)
    group = ground.organisation(kind=OrganisationKind.EXPERT_GROUP)
    made = {}
    for name, scope in (
        ("association", {"organisation_id": association.id}),
        ("group", {"organisation_id": group.id}),
        ("leader", {}),
        ("member", {}),
        ("same", {"organisation_id": built.programme.university_id}),
    ):
        made[name] = accounts.account()
        accounts.grant(made[name], Role.EXPERT, **scope)
    accounts.grant(made["same"], Role.LECTURER, organisation_id=built.programme.university_id)
    session.execute(sa.text("DELETE FROM accreditation"))
    return Play(
        built,
        identity_queries.identity_of(made["association"].id, today=DAY),
        identity_queries.identity_of(made["group"].id, today=DAY),
        made["leader"],
        made["member"],
        made["same"],
    )


def go(row: Application, event: Event, day: date, by: Identity = SYSTEM, **more: Any) -> Application:
    return moving.step(application=row, event=event, by=by, today=day, now=at(day), **more)


def hand(row: Application, kind: DocumentKind, day: date, data: bytes = PDF, by: Identity = SYSTEM) -> Any:
    return papers.hand_in(application=row, kind=kind, file=io.BytesIO(data), name=f"{kind.value}.pdf", by=by, now=at(day))


@remembered
def apply(play: Play, day: date = DAY) -> Application:
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=day, now=at(day))
    return go(row, Event.APPLY, day)


@remembered
def submitted(play: Play, day: date = DAY) -> Application:
    row = go(apply(play, day), Event.ACCEPT, day, play.association)
    hand(row, DocumentKind.SELF_REPORT, day)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, day)
    papers.note_passage(application=row, passage="第 3 部分，第 41 页", by=SYSTEM, now=at(day))
    return go(row, Event.SUBMIT, day)


@remembered
def scheduled(play: Play, day: date = DAY, *, starts_on: date | None = None, ends_on: date | None = None) -> Application:
    """Submitted, with a visit of a day (or the days given), its interviews and both experts declared."""
    row = submitted(play, day)
    planned(play, row, day, starts_on=starts_on, ends_on=ends_on)
    return go(row, Event.SCHEDULE_VISIT, day, play.association)


def planned(play: Play, row: Application, day: date = DAY, *, starts_on: date | None = None, ends_on: date | None = None) -> None:
    """Days, interviews and both experts declared: what T5 asks for."""
    first = starts_on or day
    visiting.arrange(application=row, starts_on=first, ends_on=ends_on or first, no_centre_reason="停工", by=play.association, now=at(day))
    for place, kind in enumerate((VisitItemKind.INTERVIEW_STUDENT, VisitItemKind.INTERVIEW_TEACHER, VisitItemKind.INTERVIEW_HEAD)):
        clock = {"starts": f"{9 + place:02}:00", "ends": f"{9 + place:02}:45"}
        visiting.add_item(application=row, kind=kind, on=first, place="会议室", by=play.association, now=at(day), **clock)
    for account, is_leader in ((play.leader, True), (play.member, False)):
        expert = visiting.assign(application=row, account=account, is_leader=is_leader, by=play.association, today=day, now=at(day))
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(account), now=at(day))


@remembered
def accredited(play: Play, years: int = 6, since: date = date(2024, 1, 1)) -> None:
    programmes.enter_accreditation(
        programme=play.built.programme,
        result=AccreditationResult.PASSED,
        concluded_on=since,
        valid_from=since,
        valid_years=years,
        is_from_association=True,
        by=SYSTEM,
        now=at(max(DAY, since)),
    )


@remembered
def at_the_group_alone(play: Play, by: Identity = SYSTEM, day: date = DAY) -> Application:
    """Alone and without a visit, with the working group."""
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=by, today=day, now=at(day))
    go(go(row, Event.APPLY_ALONE, day, by), Event.ACCEPT, day, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, day)
    go(row, Event.SUBMIT, day, by)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, day)
    return go(row, Event.SEND_ALONE, day, play.association)


@remembered
def scheduled_alone(play: Play) -> Application:
    """Accredited for six years, with a visit of the day that was asked for and is fixed."""
    accredited(play)
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
    go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    go(row, Event.SUBMIT, DAY)
    planned(play, row)
    return go(row, Event.SCHEDULE_VISIT, DAY, play.association)


@remembered
def by_the_group(row: Application, group: Identity, day: date, refused: tuple[str, ...] = ()) -> None:
    """The working group judges everything that a person decides, an hour later."""
    programme = programme_queries.by_id(row.programme_id)
    assert programme is not None
    for one in catalogue.criteria().values():
        if one.kind is CriterionKind.JUDGED:
            result = JudgementResult.NOT_MET if one.code in refused else JudgementResult.MET
            judging.record_judgement(
                programme=programme,
                criterion=one.code,
                result=result,
                remark="专家工作组查阅材料",
                by=group,
                today=day,
                now=at(day) + timedelta(hours=1),
            )


@remembered
def judge(play: Play, row: Application, account: Account, day: date, differs: tuple[str, ...] = ()) -> None:
    expert, who = queries.assignment(row.id, account.id), play.who(account)
    assert expert is not None
    opinions = [(c, Opinion.NOT_MET if c in differs else Opinion.MET, "现场所见不足" if c in differs else "") for c in catalogue.criteria()]
    visiting.say(application=row, expert=expert, opinions=opinions, by=who, today=day, now=at(day))
    visiting.submit_form(application=row, expert=expert, by=who, today=day, now=at(day))


def test_a_whole_evaluation_on_the_joint_route(play: Play, session: Session) -> None:
    day, programme = DAY, play.built.programme
    with pytest.raises(Refused, match="请由专业负责人确认"):
        moving.open_application(programme=programme, has_prerequisite=False, by=SYSTEM, today=day, now=at(day))
    row = submitted(play)
    assert row.state is State.SUBMITTED
    frozen = store.frozen_of(row.id)
    assert {one.code for one, _file in frozen} >= {"M1.1", "M2.3", "M7.1", "M10.3"}
    with pytest.raises(Refused, match="不能提交"):
        hand(row, DocumentKind.SELF_REPORT, day, PDF + b"x")
    with pytest.raises(Refused, match="不能提交“认证结论”"):
        hand(row, DocumentKind.ACCREDITATION_CONCLUSION, day)  # the conclusion follows the visit
    # -- the visit: what is missing is named, an expert of the same university is refused
    with pytest.raises(Refused, match="还没有安排现场考查"):
        go(row, Event.SCHEDULE_VISIT, day, play.association)
    visiting.arrange(application=row, starts_on=day, ends_on=day + timedelta(days=1), no_centre_reason="", by=play.association, now=at(day))
    for place, kind in enumerate((VisitItemKind.INTERVIEW_STUDENT, VisitItemKind.INTERVIEW_TEACHER, VisitItemKind.INTERVIEW_HEAD)):
        clock = {"starts": f"{9 + place:02}:00", "ends": f"{9 + place:02}:45"}
        visiting.add_item(application=row, kind=kind, on=day, place="会议室", by=play.association, now=at(day), **clock)
    with pytest.raises(Refused, match="时间重叠"):
        visiting.add_item(application=row, kind=VisitItemKind.OTHER, on=day, starts="09:30", ends="10:15", place="室", by=SYSTEM, now=at(day))
    with pytest.raises(Refused, match="尽可能"):
        go(row, Event.SCHEDULE_VISIT, day, play.association)
    base = {"kind": VisitItemKind.CENTRE_VISIT, "on": day, "starts": "14:00", "ends": "16:00", "place": "中心", "base_id": play.built.base.id}
    visiting.add_item(application=row, by=play.association, now=at(day), **base)
    with pytest.raises(Refused, match="在本校担任角色"):
        visiting.assign(application=row, account=play.same_school, is_leader=False, by=SYSTEM, today=day, now=at(day))
    colleague = ground.person()
    school = organisations.by_id(programme.university_id)
    assert school is not None
    ground.employment(colleague, is_verified=False, organisation_name=school.name, until=None)
    with pytest.raises(Refused, match="在本校任职"):
        visiting.assign(application=row, account=accounts.account(person=colleague), is_leader=False, by=SYSTEM, today=day, now=at(day))
    neighbour = accounts.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=ground.programme(school).id)
    with pytest.raises(Refused, match="在本校担任角色"):
        visiting.assign(application=row, account=neighbour, is_leader=False, by=SYSTEM, today=day, now=at(day))
    for account, is_leader in ((play.leader, True), (play.member, False)):
        expert = visiting.assign(application=row, account=account, is_leader=is_leader, by=play.association, today=day, now=at(day))
        assert not may(play.who(account), Can.VIEW, queries.subject_of(row, day)), "nothing before the declaration"
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(account), now=at(day))
    go(row, Event.SCHEDULE_VISIT, day, play.association)
    # -- grants of before today's rule: who visits keeps his until the visit is over, the others lose theirs; the office's stays
    old = RoleGrant(
        account_id=play.member.id, role=Role.EXPERT, scope_kind=ScopeKind.PROGRAMME, programme_id=programme.id, since=day, granted_at=at(day)
    )
    session.add(old)
    session.flush()
    assert outliving.end_outlived_grants(today=day, now=at(day)) == 1  # over the university, of the one from the same school
    assert {one.account_id for one in identity_queries.experts_outside_homes()} == {play.leader.id, play.member.id}
    # -- the dossier is open to them around the visit only
    for after, is_open in ((-15, False), (-14, True), (0, True), (15, True), (16, False)):  # two days of visit, 14 before and after
        seen = queries.subject_of(row, day + timedelta(days=after))
        assert may(play.who(play.member), Can.VIEW, seen) is is_open, after
        assert not may(play.who(play.member), Can.VIEW_WORK, seen), "what the programme works with is not the dossier"
    assert not may(play.who(play.same_school), Can.VIEW, queries.subject_of(row, day))
    # -- who takes up a post at the university after the assignment judges no more, nor declares that there is nothing
    late = accounts.grant(play.member, Role.LECTURER, organisation_id=programme.university_id)
    with pytest.raises(Refused, match="在本校担任角色，不能继续评价"):
        judge(play, row, play.member, day)
    with pytest.raises(Refused, match="不能声明没有利益关系"):
        visiting.declare(expert=expert, has_conflict=False, conflict="", by=play.who(play.member), now=at(day))
    session.delete(late)
    session.flush()
    # -- forms, disagreement, consensus
    last = day + timedelta(days=1)
    judge(play, row, play.leader, day)
    with pytest.raises(Refused, match="评价表都提交后"):
        visiting.agree(application=row, expert=queries.experts_of(row.id)[0], criterion="1.3", opinion=Opinion.MET, remark="x", by=play.who(play.leader), today=day, now=at(day))  # fmt: skip
    judge(play, row, play.member, day, differs=("1.3",))
    assert set(catalogue.criteria()) - set(queries.consensus_of(row.id)) == {"1.3"}
    with pytest.raises(Refused, match=r"1\.3"):
        go(row, Event.END_VISIT, last, play.who(play.leader))
    leader = queries.experts_of(row.id)[0]
    agreed = visiting.agree(application=row, expert=leader, criterion="1.3", opinion=Opinion.MET, remark="补充访谈后一致", by=play.who(play.leader), today=day, now=at(day))  # fmt: skip
    assert agreed.was_disputed
    go(row, Event.END_VISIT, last, play.who(play.leader))
    assert [outliving.end_outlived_grants(today=last, now=at(last)) > 1, outliving.end_outlived_grants(today=last, now=at(last))] == [True, 0]
    assert DocumentKind.VISIT_FORM in queries.current_documents(row.id)
    # -- both documents together; conclusion; dossier of four; verdict derived
    with pytest.raises(Refused, match="现场考查报告"):
        go(row, Event.SEND_TO_ASSOCIATION, last, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_VISIT_REPORT, last)
    go(row, Event.SEND_TO_ASSOCIATION, last, play.who(play.leader))
    with pytest.raises(Refused, match="请先登记本次认证的结论"):
        go(row, Event.CONCLUDE_ACCREDITATION, last, play.association)
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=last, valid_from=last, valid_years=3, is_from_association=True, by=SYSTEM, now=at(last))  # fmt: skip
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, last)
    go(row, Event.CONCLUDE_ACCREDITATION, last, play.association)
    go(row, Event.SEND_TO_GROUP, last, play.association)
    assert all(document.frozen_at is not None for document, _file in queries.current_documents(row.id).values())
    go(row, Event.CONCLUDE, last, play.group)
    assert (row.state, row.verdict, row.open_key) == (State.CONCLUDED, Verdict.ACCREDITED_SPECIAL_MET, None)
    # -- the list of the year, once
    assert moving.publish_list(keys=[row.id], document="", by=play.group, today=last, now=at(last)) == 1
    with pytest.raises(Refused, match="每年公布一次"):
        moving.publish_list(keys=[row.id], document="", by=play.group, today=last, now=at(last))
    assert row.state is State.PUBLISHED
    codes = [step.code for step in reversed(queries.steps_of(row.id))]
    assert codes == ["T0", "T1", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11"]
    history = session.scalar(sa.select(Step).limit(1))
    assert history is not None
    history.reason = "改写"
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()


@pytest.mark.parametrize("leaves", ["ended", "conflict"])
def test_the_group_agrees_when_the_last_open_form_falls_away(play: Play, leaves: str) -> None:
    """An expert who is taken off, or steps aside, is not waited for: what the others said alike is agreed, not to be typed 64 times."""
    day, row = DAY, scheduled(play)
    judge(play, row, play.leader, day)
    assert queries.consensus_of(row.id) == {}
    expert = queries.assignment(row.id, play.member.id)
    assert expert is not None
    if leaves == "ended":
        visiting.end_assignment(expert=expert, reason="生病", by=play.association, now=at(day))
    else:
        visiting.declare(expert=expert, has_conflict=True, conflict="与学校有合作课题", by=play.who(play.member), now=at(day))
    assert set(queries.consensus_of(row.id)) == set(catalogue.criteria())
    go(row, Event.END_VISIT, day, play.who(play.leader))
    with pytest.raises(Refused, match="现在不能更换考查专家"):  # what the group said is not thinned out afterwards
        visiting.end_assignment(expert=queries.experts_of(row.id)[0], reason="换人", by=play.association, now=at(day))


def test_two_clocks_and_one_open_application(play: Play) -> None:
    row = apply(play)
    assert moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY)).id == row.id
    with pytest.raises(Refused, match="写明理由"):
        go(row, Event.REFUSE, DAY, play.association)
    go(row, Event.REFUSE, DAY, play.association, reason="材料不全")
    assert (row.state, row.reapply_from) == (State.NOT_ACCEPTED, date(2027, 1, 1))
    with pytest.raises(Refused, match="2027"):
        go(row, Event.APPLY_NEXT_YEAR, date(2026, 12, 31))
    with pytest.raises(Refused, match="2027-01-01"):  # nor around the clock, by an application that pretends to be the first
        moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=date(2026, 12, 31), now=at(DAY))
    again = go(row, Event.APPLY_NEXT_YEAR, date(2027, 1, 1))
    assert (again.previous_id, again.state, row.state) == (row.id, State.APPLIED, State.NOT_ACCEPTED)
    go(again, Event.REFUSE, date(2027, 1, 2), play.association, reason="材料仍不全")
    with pytest.raises(Refused, match="2028-01-01"):  # the first application's clock has run out, the second one's has not
        go(row, Event.APPLY_NEXT_YEAR, date(2027, 6, 1))
    assert queries.open_of(play.built.programme.id) is None


def test_a_failed_one_waits_two_years_and_may_come_alone(play: Play, session: Session) -> None:
    day, programme = DAY, play.built.programme
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=date(2024, 1, 1), valid_from=date(2024, 1, 1), valid_years=6, is_from_association=True, by=SYSTEM, now=at(day))  # fmt: skip
    row = moving.open_application(programme=programme, has_prerequisite=True, by=SYSTEM, today=day, now=at(day))
    go(go(row, Event.APPLY_ALONE, day), Event.ACCEPT, day)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, day)
    # alone there is no self-report (002:223): neither the paper nor a place in it is taken, whoever sends it
    with pytest.raises(Refused, match="不需要“认证自评报告”"):
        hand(row, DocumentKind.SELF_REPORT, day)
    with pytest.raises(Refused, match="没有自评报告"):
        papers.note_passage(application=row, passage="第 3 部分", by=SYSTEM, now=at(day))
    go(row, Event.SUBMIT, day)
    with pytest.raises(Refused, match="不需要“工程教育专业认证现场考查报告”"):
        hand(row, DocumentKind.ACCREDITATION_VISIT_REPORT, day)
    assert set(queries.current_documents(row.id)) == {DocumentKind.SUPPLEMENTARY_REPORT}
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, day)
    go(row, Event.SEND_ALONE, day, play.association)
    by_the_group(row, play.group, day, refused=("1.3",))
    # an accreditation that ends while the working group deliberates stops it
    with pytest.raises(Refused, match="已于 2030-01-01 到期"):
        go(row, Event.CONCLUDE, date(2030, 1, 1), play.group)
    go(row, Event.CONCLUDE, day, play.group)
    assert (row.state, row.verdict, row.reapply_from) == (State.FAILED, Verdict.ACCREDITED_SPECIAL_NOT_MET, date(2028, 9, 7))
    # who did not pass is on no list, and a list that is refused leaves nothing behind: the year is still free
    with pytest.raises(Refused, match="没有通过的评价结论"), session.begin_nested():
        moving.publish_list(keys=[row.id], document="", by=play.group, today=day, now=at(day))
    assert (outcome_queries.publications(), row.state) == ([], State.FAILED)
    with pytest.raises(Refused, match="2028-09-07"):
        go(row, Event.APPLY_ALONE, date(2028, 9, 6))
    assert go(row, Event.APPLY_ALONE, date(2028, 9, 7)).route is Route.EVALUATION_ONLY


@pytest.mark.parametrize(("event", "route", "code"), [(Event.APPLY_AGAIN, Route.JOINT, "T12b"), (Event.APPLY_ALONE, Route.EVALUATION_ONLY, "T12c")])
def test_who_failed_with_a_short_accreditation_chooses_the_route(play: Play, session: Session, event: Event, route: Route, code: str) -> None:
    """An accreditation of three years that lapses soon need not carry the next evaluation: it may come with the next accreditation."""
    since, again = DAY - timedelta(days=300), date(2028, 9, 7)
    programmes.enter_accreditation(programme=play.built.programme, result=AccreditationResult.PASSED, concluded_on=since, valid_from=since, valid_years=3, is_from_association=True, by=SYSTEM, now=at(DAY))  # fmt: skip
    row = Application(programme_id=play.built.programme.id, route=Route.JOINT, state=State.FAILED, state_since=DAY, has_prerequisite=True, created_at=at(DAY), verdict=Verdict.ACCREDITED_SPECIAL_NOT_MET, reapply_from=again)  # fmt: skip
    session.add(row)
    session.flush()
    ways = {one.transition.code: one.gaps for one in rules.following(queries.facts_of(row, again))}
    assert ways == {"T12b": (), "T12c": ()}
    after = go(row, event, again)
    assert (after.route, after.state, after.previous_id, [one.code for one in queries.steps_of(after.id)]) == (route, State.APPLIED, row.id, [code])
    with pytest.raises(Refused, match="进行中的申请"):
        go(row, event, again)


def test_who_was_not_accepted_with_a_long_accreditation_comes_back_alone(play: Play) -> None:
    row, again = apply(play), date(2027, 1, 1)
    go(row, Event.REFUSE, DAY, play.association, reason="材料不全")
    programmes.enter_accreditation(programme=play.built.programme, result=AccreditationResult.PASSED, concluded_on=DAY, valid_from=DAY, valid_years=6, is_from_association=True, by=SYSTEM, now=at(DAY))  # fmt: skip
    with pytest.raises(Refused, match="2027-01-01"):
        go(row, Event.APPLY_ALONE, again - timedelta(days=1))
    assert go(row, Event.APPLY_ALONE, again).route is Route.EVALUATION_ONLY


def test_the_honour_of_an_earlier_evaluation_is_not_carried_into_the_next(play: Play) -> None:
    accredited(play)
    programme, results = play.built.programme, []
    for turn, quality in ((DAY, Quality.DISTINCTIVE), (DAY + timedelta(days=1), None)):
        row = at_the_group_alone(play, day=turn)
        by_the_group(row, play.group, turn)
        if quality is not None:
            judging.note_quality(programme=programme, quality=quality, text="校企融合有特色", by=play.group, today=turn, now=at(turn))
        results.append(go(row, Event.CONCLUDE, turn, play.group).special_result)
    assert results == ["met_distinctive", "met"]


def test_what_visitors_could_not_judge_is_not_left_to_the_programme(play: Play, session: Session) -> None:
    day, programme = DAY, play.built.programme
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, day)
    later = at(day + timedelta(days=1))
    session.add(Consensus(application_id=row.id, criterion="1.3", opinion=Opinion.UNCLEAR, remark="材料不足", recorded_by="组长", recorded_at=later))
    session.flush()
    with pytest.raises(Refused, match=r"还有 1 个要点.*请由专家工作组判断：1\.3。"):
        go(row, Event.CONCLUDE, day + timedelta(days=2), play.group)
    last = {"today": day + timedelta(days=2), "now": at(day + timedelta(days=2)) - timedelta(hours=1)}
    judging.record_judgement(programme=programme, criterion="1.3", result=judging.JudgementResult.MET, remark="查阅后达到", by=play.group, **last)
    assert go(row, Event.CONCLUDE, day + timedelta(days=2), play.group).verdict is Verdict.ACCREDITED_SPECIAL_MET


def test_what_the_group_says_against_the_data_stands_beside_it_and_is_listed(play: Play, session: Session) -> None:
    day, programme = DAY, play.built.programme
    row = submitted(play)
    found = readiness.assess(programme, day).findings
    said = {"7.2": Opinion.NOT_MET, "5.2": Opinion.UNCLEAR, "1.1": Opinion.MET, "1.3": Opinion.NOT_MET}
    for code, opinion in said.items():
        session.add(Consensus(application_id=row.id, criterion=code, opinion=opinion, remark="现场所见", recorded_by="组长", recorded_at=at(day)))
    row.state = State.VISIT_SCHEDULED
    session.flush()
    assert opinions.latest_of(programme.id, day) == {}, "nobody reads it while the visit lasts"
    row.state = State.VISITED
    session.flush()
    agreed = opinions.latest_of(programme.id, day)
    assert set(agreed) == set(said)
    assert opinions.latest_of(programme.id, day - timedelta(days=1)) == {}
    # -- only a computed criterion with a clear opinion; the finding itself stays as the data say
    assert [finding.code for finding, _one in diverging.among(found, agreed)] == ["7.2"]
    assert next(f for f in readiness.assess(programme, day).findings if f.code == "7.2").met
    form = visit_form.content(row, programme, day)
    heads = [block.text for block in form.blocks if isinstance(block, Heading)]
    listed = form.blocks[[isinstance(b, Heading) and b.text == "专家组意见与平台数据不一致的要点" for b in form.blocks].index(True) + 2]
    assert "专家组意见与平台数据不一致的要点" in heads
    assert isinstance(listed, Grid)
    assert [row_[0][:3] for row_ in listed.rows] == ["7.2"]
    assert "未达到" in listed.rows[0][2]


def test_the_conclusion_is_the_associations_while_the_experts_decide(play: Play) -> None:
    row = go(apply(play), Event.ACCEPT, DAY, play.association)
    assert holds.reasons(play.built.programme) == []
    go(row, Event.WITHDRAW, DAY, reason="重来")
    assert submitted(play).state is State.SUBMITTED
    assert holds.reasons(play.built.programme) == ["评价申请正在进行，本次认证结论由认证协会在申请中登记。"]


def test_reports_wait_until_all_standards_are_covered(play: Play, session: Session) -> None:
    row = go(apply(play), Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SELF_REPORT, DAY)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    papers.note_passage(application=row, passage="第 3 部分", by=SYSTEM, now=at(DAY))
    session.execute(sa.delete(RequirementStandard).where(RequirementStandard.standard_code == "G7"))
    with pytest.raises(Refused, match="G7 没有对应的毕业要求"):
        go(row, Event.SUBMIT, DAY)


def test_evidence_is_frozen_at_submission_and_renewed_beside_it(play: Play) -> None:
    programme, w = play.built.programme, {"by": SYSTEM, "now": at(DAY)}
    item = keeping.add_evidence(programme=programme, title="企业培养方案", codes=["M6.6", "M6.2"], file=io.BytesIO(PDF), name="a.pdf", **w)
    old = {"valid_from": date(2020, 1, 1), "valid_until": DAY - timedelta(days=1)}
    keeping.add_evidence(programme=programme, title="过期协议", codes=["M6.2"], file=io.BytesIO(PDF + b"o"), name="o.pdf", **old, **w)
    row = submitted(play)
    before = [(one.code, one.edition, one.sha256) for one, _file in store.frozen_of(row.id) if one.item_id is not None]
    assert [(code, edition) for code, edition, _sha in before] == [("M6.2", 1), ("M6.6", 1)]
    keeping.renew(item=item, file=io.BytesIO(PDF + b"2"), name="b.pdf", **w)
    keeping.withdraw(item=item, reason="换新", **w)
    assert [(one.code, one.edition, one.sha256) for one, _file in store.frozen_of(row.id) if one.item_id is not None] == before
    assert store.latest_editions([item.id]) == {item.id: 2}
    assert store.withdrawn_of([item.id]) == {item.id: (at(DAY), "换新")}, "told beside what was frozen"
    with pytest.raises(Refused, match=r"M11\.1"):
        keeping.add_evidence(programme=programme, title="x", codes=["M11.1"], file=io.BytesIO(PDF), name="a.pdf", **w)


def test_what_the_programme_was_found_to_be_is_frozen_at_submission(play: Play, session: Session) -> None:
    """The experts of the visit read what was handed in: later changes of the data stand beside it, with what differs."""
    programme = play.built.programme
    row = submitted(play)
    found = readiness.assess(programme, DAY)
    session.expire_all()
    kept = findings.of_application(row, programme)
    assert kept is not None
    assert (kept.is_kept, kept.on, kept.answer.group, kept.answer.accreditation) == (True, DAY, found.group, found.accreditation)
    assert [one.as_dict() for one in kept.answer.findings] == [one.as_dict() for one in found.findings]
    assert [one.status for one in kept.answer.answers] == [one.status for one in found.answers]
    days = [line[2] for line in kept.behind["7.2"].rows]
    assert (len(days), min(days) >= 160, kept.behind["7.2"].columns[0]) == (4, True, "学生")
    assert findings.changes(kept.answer, found) == []
    session.execute(sa.delete(ConfirmedDay).where(ConfirmedDay.student_id == play.built.students[0].id))
    session.expire_all()
    now = readiness.assess(programme, DAY)
    again = findings.of_application(row, programme)
    assert again is not None
    assert [one.as_dict() for one in again.answer.findings] == [one.as_dict() for one in found.findings]
    assert ("7.2", "met", "not_met") in [(was.code, was.status.value, one.status.value) for was, one in findings.changes(again.answer, now)]
    form = visit_form.content(row, programme, DAY + timedelta(days=3))
    assert "平台数据：2026-09-07 提交报告时的内容，已固定" in form.lines
    seven = next(grid for grid in form.blocks if isinstance(grid, Grid) and grid.rows and grid.rows[0][0].startswith("7.1"))
    assert seven.rows[1][1].startswith("达到"), "what the experts read, not what stands today"
    with pytest.raises(RuntimeError, match="append-only"):
        kept_row = store.frozen_readiness(row.id)
        assert kept_row is not None
        kept_row.verdict = "x"
        session.flush()


def test_a_submission_of_before_that_was_kept_is_judged_for_its_day(play: Play, session: Session) -> None:
    row = submitted(play)
    session.execute(sa.delete(FrozenReadiness))
    session.expire_all()
    kept = findings.of_application(row, play.built.programme)
    assert kept is not None
    assert (kept.is_kept, kept.on) == (False, DAY)
    row.submitted_at = None
    assert findings.of_application(row, play.built.programme) is None


def test_what_was_decided_keeps_the_rules_of_its_day(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    day, programme = DAY, play.built.programme
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=date(2025, 1, 1), valid_years=6, is_from_association=True, by=SYSTEM, now=at(day))  # fmt: skip
    decided = judging.record_decision(programme=programme, outcome=Outcome.CONCLUDED, decided_on=day, by=SYSTEM, now=at(day))
    before = {row["code"]: row["required"] for row in decided.findings}
    changed = {**readiness.parameters(day)}
    changed["own.weeks.days_required"] = replace(changed["own.weeks.days_required"], value=200)
    monkeypatch.setattr(readiness, "parameters", lambda on: changed)
    now = {finding.code: finding for finding in readiness.assess(programme, day).findings}
    assert (before["7.2"], now["7.2"].required, now["7.2"].status.value) == (160, 200, "not_met")
    assert {row["code"]: row["required"] for row in decided.findings} == before


def test_two_decisions_of_one_day_keep_their_own_findings(play: Play) -> None:
    """Concluded in the morning, applied for again and not accepted in the afternoon: the second is no copy of the first."""
    day, programme = DAY, play.built.programme
    programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=date(2025, 1, 1), valid_years=3, is_from_association=True, by=SYSTEM, now=at(day))  # fmt: skip
    first = judging.record_decision(programme=programme, outcome=Outcome.CONCLUDED, decided_on=day, by=SYSTEM, now=at(day))
    before = [dict(one) for one in first.findings]
    row = apply(play)
    judging.record_judgement(
        programme=programme,
        criterion="1.3",
        result=JudgementResult.NOT_MET,
        remark="标准尚未公布",
        finding=next(one for one in readiness.assess(programme, day).findings if one.code == "1.3"),
        by=SYSTEM,
        today=day,
        now=at(day),
    )
    row = go(row, Event.REFUSE, day, play.association, reason="材料不全")
    second, earlier = judgements.decisions_of(programme.id)
    assert (second.id, earlier.id) == (row.decision_id, first.id)
    assert (second.outcome, second.verdict, second.reason) == (Outcome.NOT_ACCEPTED, None, "材料不全")
    said = {one["code"]: one["status"] for one in second.findings}
    assert (said["1.3"], {one["code"]: one["status"] for one in earlier.findings}["1.3"]) == ("not_met", "met")
    assert earlier.findings == before
    assert row.reapply_from == date(2027, 1, 1)  # the clock of the second, which the first has not
    standing = judgements.decision_on(programme.id, day)
    assert standing is not None
    assert standing.outcome is Outcome.NOT_ACCEPTED


def test_the_four_tables_are_frozen_as_workbooks(play: Play, session: Session) -> None:
    """T1 to T4 stand in the archive of an application as they were handed in, students of the plan apart, with their checksums."""
    row = submitted(play)
    kept = {one.code: (one, file) for one, file in store.frozen_of(row.id) if one.code in tables.TITLES}
    assert list(kept) == ["T1", "T2", "T3", "T4"]
    before = {code: files.read(file) for code, (_one, file) in kept.items()}
    assert openpyxl.load_workbook(io.BytesIO(before["T1"])).sheetnames == ["卓越计划学生", "其他学生"]
    assert openpyxl.load_workbook(io.BytesIO(before["T2"])).sheetnames == ["卓越计划学生", "其他学生"]
    session.execute(sa.delete(ConfirmedDay))  # whatever happens to the facts afterwards
    found = {piece.code: piece for piece in archive.pieces(play.built.programme, DAY + timedelta(days=30), row.id)}
    for code, title in tables.TITLES.items():
        piece = found[code]
        assert (piece.path, piece.title, piece.data) == (f"02-表{code}-{title}.xlsx", title, before[code])
        assert piece.sha256 == kept[code][0].sha256
    lines = next(piece for piece in archive.pieces(play.built.programme, DAY, row.id) if piece.path == archive.INDEX).data.decode()
    assert all(f"02-表{code}-{title}.xlsx,{code},{title}," in lines and kept[code][0].sha256 in lines for code, title in tables.TITLES.items())


def test_reports_are_handed_in_together_or_not_at_all(play: Play, session: Session) -> None:
    """Bad input: one report missing, the passage missing; and what was handed in never changes, by whatever way."""
    row = go(apply(play), Event.ACCEPT, DAY, play.association)
    with pytest.raises(Refused, match="缺少：认证自评报告。缺少：卓越计划实施情况补充报告。"):
        go(row, Event.SUBMIT, DAY)
    hand(row, DocumentKind.SELF_REPORT, DAY)
    with pytest.raises(Refused, match="缺少：卓越计划实施情况补充报告"):
        go(row, Event.SUBMIT, DAY)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    with pytest.raises(Refused, match="单独说明卓越计划培养方案"):
        go(row, Event.SUBMIT, DAY)
    assert (row.state, row.submitted_at, store.frozen_of(row.id)) == (State.PREPARING, None, [])
    papers.note_passage(application=row, passage="第 3 部分", by=SYSTEM, now=at(DAY))
    go(row, Event.SUBMIT, DAY)
    before = [(one.code, one.sha256) for one, _file in store.frozen_of(row.id)]
    with pytest.raises(Refused, match="位置不能再改"):
        papers.note_passage(application=row, passage="第 4 部分", by=SYSTEM, now=at(DAY))
    with pytest.raises(Refused, match="不能提交"):
        hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY, PDF + b"later")
    # the data change afterwards: the frozen ones stay, the current ones follow
    standards.keep_industry_standard(code="NEW", title="新标准", clauses=[("1", "新")], by=SYSTEM, now=at(DAY))
    assert [(one.code, one.sha256) for one, _file in store.frozen_of(row.id)] == before
    one = store.frozen_of(row.id)[0][0]
    one.sha256 = "0" * 64
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()


def test_who_joins_or_leaves_the_plan_midway_is_named(session: Session) -> None:
    built = factory.meeting(students=4)
    joiner, leaver, withdrawn, _stays = built.students
    session.execute(sa.update(PetoeSpan).where(PetoeSpan.student_id == joiner.id).values(since=date(2024, 9, 1)))
    session.execute(sa.update(PetoeSpan).where(PetoeSpan.student_id == leaver.id).values(until=date(2025, 7, 1)))
    people.change_student(student=withdrawn, state=StudentState.WITHDRAWN, left_on=date(2025, 3, 1), left_reason="转学", by=SYSTEM, now=factory.NOW)
    found = readiness.assess(built.programme, factory.TODAY)
    assert found.group.size == 2
    assert [line.rsplit(" ", 1)[1] for line in found.group.joined] == ["2024-09-01"]
    assert [line.rsplit(" ", 1)[1] for line in found.group.left] == ["2025-07-01（没有写明理由）"]
    assert len(found.group.withdrawn) == 1
    asked = readiness.as_dict("X", found)["judged"]
    assert (len(asked["left"]), len(asked["joined"]), asked["students"]) == (1, 1, 2)
