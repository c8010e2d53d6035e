"""Nothing is offered that would be refused, and the page says why; nobody is cut off unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused, TopicRefused
from enterprises.capstones.types import LinkPurpose, ReviewKind, RoundKind, Side, Stage, SupervisorRole, Verdict, WindowStage
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES = {"today": TODAY, "now": NOW}
PUBLISH, NOT_YET = ">公布成绩</button>", "还不能公布成绩"
LONG = "理" * 401


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: Any) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


def _head(as_role: AsRole, found: make.Case) -> FlaskClient:
    return as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=ground.person().id)


def _window(session: Session, found: make.Case, stage: WindowStage, first: int, last: int) -> None:
    """A window of the cohort, in days from the clock's today."""
    today = clock.today()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    operations.set_windows(cohort=cohort, windows={stage: (today + timedelta(first), today + timedelta(last))}, by=SYSTEM, now=NOW)


def test_publishing_is_offered_only_when_a_third_grade_that_is_due_is_signed(session: Session, as_role: AsRole) -> None:
    found, third = make.graded(95, 60), make.signer()
    head, at = _head(as_role, found), f"/capstones/{found.capstone.id}"
    before = head.get(at).text
    assert (PUBLISH in before, NOT_YET in before, "指定第三方评分人" in before, ">先复核<" in before.replace("\n", "")) == (False, True, True, True)
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    assert PUBLISH not in _head(as_role, found).get(at).text
    operations.grade_third(capstone=found.capstone, points=make.points(85), by=make.as_person(third), **TIMES)
    after = _head(as_role, found).get(at).text
    assert (PUBLISH in after, NOT_YET in after) == (True, False)


def test_after_a_moderation_no_third_grade_is_asked_for_and_publishing_is_offered(session: Session, as_role: AsRole) -> None:
    found = make.graded(95, 60)
    operations.moderate(capstone=found.capstone, reason="相差过大", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=800, note="核对后定为 80", by=SYSTEM, **TIMES)
    page = _head(as_role, found).get(f"/capstones/{found.capstone.id}").text
    assert (PUBLISH in page, "指定第三方评分人" in page) == (True, False)


def test_a_pass_against_judges_is_not_offered_before_a_moderation(session: Session, as_role: AsRole) -> None:
    found = make.handed_in()
    for verdict in (Verdict.FAIL, Verdict.PASS, Verdict.PASS):  # outvoted, and the one who said no stands all the same
        reviewer = make.signer()
        review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
        operations.sign_review(review=review, score=40, verdict=verdict, comment="数据不可信", by=make.as_person(reviewer), **TIMES)
    for role in SupervisorRole:
        make.grade(found, role, 90)
    page = _head(as_role, found).get(f"/capstones/{found.capstone.id}").text
    assert (PUBLISH in page, "请先复核并写明结论" in page) == (False, True)


@pytest.mark.parametrize(("last", "is_open"), [(-1, False), (0, True)])
def test_a_supervisor_is_offered_grading_until_the_last_day_of_its_window(session: Session, as_role: AsRole, last: int, is_open: bool) -> None:
    found = make.handed_in()
    _window(session, found, WindowStage.GRADING, -9, last)
    mentor = as_role(Role.MENTOR, person_id=found.field.id)  # type: ignore[union-attr]
    shown, form = mentor.get(f"/capstones/{found.capstone.id}").text, mentor.get(f"/capstones/{found.capstone.id}/grade").text
    assert (f'href="/capstones/{found.capstone.id}/grade"' in shown, 'name="topic"' in form) == (is_open, is_open)
    assert ("已于" in shown, "已于" in form) == (not is_open, not is_open)


def test_a_signed_grade_is_not_offered_for_correction_once_published(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    mentor = as_role(Role.MENTOR, person_id=found.field.id)  # type: ignore[union-attr]
    form = mentor.get(f"/capstones/{found.capstone.id}/grade").text
    assert ('name="topic"' in form, "现在不能更正" in form) == (False, True)


def test_papers_are_offered_by_their_windows_and_the_page_says_when(session: Session, as_role: AsRole) -> None:
    found = make.case()
    _window(session, found, WindowStage.OPENING, 3, 9)
    _window(session, found, WindowStage.MIDTERM, -9, 0)
    page = as_role(Role.STUDENT, person_id=found.who.id).get("/capstones/mine").text
    assert ['value="opening"' in page, 'value="midterm"' in page, "“开题”从" in page] == [False, True, True]


def test_a_thesis_is_not_offered_again_once_somebody_has_graded(session: Session, as_role: AsRole) -> None:
    found = make.handed_in()
    make.grade(found, SupervisorRole.SCHOOL)
    page = as_role(Role.STUDENT, person_id=found.who.id).get("/capstones/mine").text
    assert ['value="thesis"' in page, "已有一方评分" in page] == [False, True]


def test_guidance_is_offered_for_the_sides_that_have_a_supervisor(session: Session, as_role: AsRole) -> None:
    found = make.case(has_supervisors=False)
    nobody = as_role(Role.STUDENT, person_id=found.who.id).get("/capstones/mine").text
    assert ("登记指导" in nobody.replace("才能登记指导", ""), "指派后才能登记指导" in nobody) == (False, True)
    teacher = ground.teacher(of=found.programme)
    operations.assign_supervisor(
        capstone=found.capstone, role=SupervisorRole.SCHOOL, person=session.get_one(Person, teacher.person_id), by=SYSTEM, **TIMES
    )
    one = as_role(Role.STUDENT, person_id=found.who.id).get("/capstones/mine").text
    assert ['<option value="school">' in one, '<option value="enterprise">' in one] == [True, False]


def test_a_stage_is_passed_only_when_its_report_is_there(session: Session, as_role: AsRole) -> None:
    found, label = make.case(), "通过开题报告"
    at = f"/capstones/{found.capstone.id}"
    shown = []
    for step in ("nothing", "handed in", "returned", "again"):
        if step in ("handed in", "again"):
            paper = operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=found.by("student"), now=NOW)
        if step == "returned":
            operations.return_paper(paper=paper, reason="补数据", by=found.by("school"), now=NOW)
        shown.append(label in as_role(Role.SCHOOL_SUPERVISOR, person_id=found.school.id).get(at).text)  # type: ignore[union-attr]
    assert shown == [False, True, False, True]


def test_the_archive_waits_for_appeals_and_an_appeal_has_its_time(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, today=clock.today(), now=NOW)
    at = f"/capstones/{found.capstone.id}"
    student, head = as_role(Role.STUDENT, person_id=found.who.id).get(at).text, _head(as_role, found).get(at).text
    assert ["成绩申诉" in student, "还不能归档" in head, f"{at}/archive" in head] == [True, True, False]
    found.capstone.finished_on = clock.today() - timedelta(days=60)
    student, head = as_role(Role.STUDENT, person_id=found.who.id).get(at).text, _head(as_role, found).get(at).text
    assert [f"{at}/appeal" in student, "截止" in student, f"{at}/archive" in head] == [False, True, True]


def test_a_topic_somebody_works_on_says_why_it_cannot_be_withdrawn(session: Session, as_role: AsRole) -> None:
    found = make.case()
    firm = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    at = f"/capstones/topics/{found.topic.id}"
    page = firm.get(at).text
    assert ["现在不能撤回" in page, f"{at}/withdraw" in page] == [True, False]
    refused = firm.post(f"{at}/withdraw", data={"reason": "项目取消"})
    assert (refused.status_code, "还有 1 名学生在做选题" in refused.text, "要解决的工程问题" in refused.text) == (422, True, True)
    assert queries.topic(found.topic.id).state.value == "approved"  # type: ignore[union-attr]


def test_a_link_says_before_the_form_that_nothing_can_be_graded_yet(session: Session, as_role: AsRole, client: FlaskClient) -> None:
    found = make.case()
    _row, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock.now())
    session.commit()
    client.post(f"/capstones/link/{secret}/identity", data={"name": found.field.name, "digits": found.field.phone[-4:]})  # type: ignore[union-attr]
    page = client.get(f"/capstones/link/{secret}").text
    assert ("现在不能办理" in page, 'name="topic"' in page) == (True, False)
    links = _head(as_role, found).get(f"/capstones/{found.capstone.id}/links").text
    assert "评分链接现在还办不了事" in links


def test_nothing_is_cut_off_unseen(session: Session) -> None:
    found = make.case()
    with pytest.raises(CapstoneRefused) as long:
        operations.withdraw(capstone=found.capstone, reason=LONG, by=SYSTEM, **TIMES)
    assert (long.value.code, long.value.field) == ("too_long", "reason")
    assert operations.withdraw(capstone=found.capstone, reason=LONG[1:], by=SYSTEM, **TIMES).note == LONG[1:]
    topic = make.topic(is_approved=False)
    for act in (
        lambda: operations.refuse_topic(topic=topic, side=Side.SCHOOL, reason=LONG, by=SYSTEM, now=NOW),
        lambda: operations.withdraw_topic(topic=topic, reason=LONG, by=SYSTEM, now=NOW),
        lambda: make.topic(title="题" * 201),
    ):
        with pytest.raises(TopicRefused) as refused:
            act()
        assert refused.value.code == "too_long"


def test_a_window_with_an_extension_names_the_last_day_of_the_extension(session: Session) -> None:
    found = make.case()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    operations.set_windows(cohort=cohort, windows={WindowStage.OPENING: (TODAY - timedelta(20), TODAY - timedelta(9))}, by=SYSTEM, now=NOW)
    operations.extend(
        capstone=found.capstone, stage=WindowStage.OPENING, until=TODAY - timedelta(1), reason="停产", by=SYSTEM, now=NOW - timedelta(2)
    )
    late = operations.against_paper(found.capstone, Stage.OPENING, NOW)
    assert late is not None
    assert (TODAY - timedelta(1)).isoformat() in late.message
    operations.extend(capstone=found.capstone, stage=WindowStage.OPENING, until=TODAY, reason="停产", by=SYSTEM, now=NOW)
    assert operations.against_paper(found.capstone, Stage.OPENING, NOW) is None


def test_who_was_asked_into_a_team_may_decline_or_leave_and_the_leader_dissolves(session: Session, as_role: AsRole) -> None:
    programme, today = ground.programme(), clock.today()
    leader, mate, guest = (ground.student(programme) for _n in range(3))
    account = identity.account(person=session.get_one(Person, leader.person_id))
    times = {"by": SYSTEM, "now": clock.now()}
    row = operations.create_choices(
        cohort=session.get_one(Cohort, leader.cohort_id), kind=RoundKind.FIRST, opens_on=today, closes_on=today, starts_on=today,
        ends_on=today + timedelta(90), **times,
    )  # fmt: skip
    operations.open_choices(round=row, **times)
    of_leader = make.as_person(session.get_one(Person, leader.person_id))
    team = operations.form_team(round=row, leader=leader, name="视觉组", by=of_leader, now=clock.now())
    for other in (mate, guest):
        operations.ask_into_team(team=team, student=other, by=of_leader, now=clock.now())
    operations.join_team(team=team, student=mate, **times)
    alone = make.topic(programme=programme, seats=2)
    chooses = as_role(Role.STUDENT, person_id=leader.person_id).get("/capstones/choices").text
    assert f"{alone.title}”不接受 2 人的小组" in chooses  # told before it is chosen
    student = as_role(Role.STUDENT, person_id=mate.person_id)
    assert "退出小组" in student.get("/capstones/choices").text
    for _again in range(2):  # saying it again changes nothing
        assert student.post(f"/capstones/choices/team/{team.id}/leave").status_code == 303
    asked = as_role(Role.STUDENT, person_id=guest.person_id)
    assert "谢绝" in asked.get("/capstones/choices").text
    assert asked.post(f"/capstones/choices/team/{team.id}/leave").status_code == 303
    assert [queries.team_of(row.id, one.id) for one in (mate, guest)] == [None, None]
    assert (queries.invitations_of(row.id, guest.id), len(make.told(account.id, "capstones.team"))) == (
        [],
        3,
    )  # somebody joined, one left, one declined
    own = as_role(Role.STUDENT, person_id=leader.person_id).post(f"/capstones/choices/team/{team.id}/leave")
    assert (own.status_code, "可以解散小组" in own.text) == (422, True)


def test_the_board_names_a_supervisor_who_is_no_longer_in_office(session: Session, as_role: AsRole) -> None:
    found = make.case()
    assert found.mentor is not None
    found.mentor.until = clock.today() - timedelta(days=1)
    page = _head(as_role, found).get(f"/capstones/cohorts/{found.programme.code}/2023/board").text
    assert ("已不在任，请换人" in page, f"{found.field.name}（已不在任）" in page) == (True, True)  # type: ignore[union-attr]


def test_an_enterprise_that_has_left_is_not_offered_to_leave_again(session: Session, as_role: AsRole) -> None:
    found = make.case()
    at, shown = f"/capstones/enterprises/{found.enterprise.code}", []
    for turn in range(2):
        if turn:
            operations.leave_programme(enterprise=found.enterprise, reason="停产", by=SYSTEM, now=NOW)
        shown.append(f"{at}/leave" in as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id).get(at).text)
    assert shown == [True, False]


def test_a_round_is_not_offered_beside_one_that_is_not_published_and_others_only_after_the_first(session: Session, as_role: AsRole) -> None:
    found, today = make.case(), clock.today()
    at = f"/capstones/cohorts/{found.programme.code}/2023/rounds"
    before = _head(as_role, found).get(at).text
    assert ['value="first"' in before, 'value="final"' in before] == [True, False]
    operations.create_choices(
        cohort=session.get_one(Cohort, found.student.cohort_id), kind=RoundKind.FIRST, opens_on=today, closes_on=today, starts_on=today,
        ends_on=today + timedelta(90), by=SYSTEM, now=NOW,
    )  # fmt: skip
    beside = _head(as_role, found).get(at).text
    assert ("公布以后才能开下一轮" in beside, 'name="opens_on"' in beside) == (True, False)


@pytest.mark.parametrize("has_stay", [False, True])
def test_a_certificate_is_offered_only_when_its_conditions_are_met(session: Session, as_role: AsRole, has_stay: bool) -> None:
    found = make.graded(has_stay=False)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    if has_stay:
        make.stay(found.student, found.enterprise, found.capstone.starts_on, found.capstone.ends_on)
    at = f"/capstones/{found.capstone.id}"
    page = _head(as_role, found).get(at).text
    assert ("证书尚未签发" in page, f"{at}/certificate" in page) == (True, has_stay)


def test_a_thesis_without_enough_experts_says_so(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = TODAY.replace(year=2025)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    for number in (2, 3):
        while len(queries.expert_choices(university.id, clock.today())) < number:
            make.expert()
        page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id).get(f"/capstones/spot-checks/{check.id}").text
        assert ("现在只有 2 位可选" in page, "送 3 位专家" in page) == (number == 2, number == 3)
