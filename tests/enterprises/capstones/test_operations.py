"""Verbs of capstones on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries, tasks
from enterprises.capstones.models import Capstone, CapstoneGrade, Topic
from enterprises.capstones.operations import CapstoneRefused, TopicRefused, WrongPerson, WrongState
from enterprises.capstones.types import CapstoneState, Side, Stage, SupervisorRole, TopicState
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.certificates.models import Certificate
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.ledger import queries as ledger
from trainhub.ledger.types import Source


# -- topics -------------------------------------------------------------------------------------------------------------
def test_a_topic_needs_the_approval_of_both_sides(session: Session) -> None:
    row = make.topic(is_approved=False)
    operations.approve_topic(topic=row, side=Side.ENTERPRISE, by=SYSTEM, today=TODAY, now=NOW)
    assert row.state is TopicState.PROPOSED
    operations.approve_topic(topic=row, side=Side.SCHOOL, by=SYSTEM, today=TODAY, now=NOW)
    assert (row.state, row.approved_by_enterprise_on, row.approved_by_school_on) == (TopicState.APPROVED, TODAY, TODAY)


def test_two_accounts_of_one_human_do_not_approve_for_both_sides(session: Session) -> None:
    stays, gone = ground.person(), ground.person()
    mine = [Identity(account_id=identity.account(person=one).id, person_id=stays.id, name="某人") for one in (stays, gone)]
    ground.merge(stays, gone)
    row = make.topic(is_approved=False)
    operations.approve_topic(topic=row, side=Side.ENTERPRISE, by=mine[0], today=TODAY, now=NOW)
    with pytest.raises(WrongPerson) as no:
        operations.approve_topic(topic=row, side=Side.SCHOOL, by=mine[1], today=TODAY, now=NOW)
    assert no.value.code == "both_sides"


def test_who_proposes_for_a_side_approves_for_it(session: Session) -> None:
    row = make.topic(is_approved=False, proposing_side=Side.ENTERPRISE)
    assert (row.approved_by_enterprise_on, row.approved_by_school_on, row.state) == (TODAY, None, TopicState.PROPOSED)


def test_the_same_proposal_again_is_the_known_topic_and_its_title_for_another_is_refused(session: Session) -> None:
    """Otherwise somebody is told that a topic was proposed which nobody keeps."""
    row = make.topic()
    enterprise, programme = session.get_one(type(ground.enterprise()), row.enterprise_id), row.programme_id
    given: dict[str, Any] = {"enterprise": enterprise, "programme_id": programme, "title": row.title, "today": TODAY, "now": NOW}
    assert operations.propose_topic(problem=row.problem, by=SYSTEM, **given).id == row.id
    for by, problem in ((SYSTEM, "另一个问题"), (replace(SYSTEM, account_id=identity.account().id), row.problem)):
        with pytest.raises(TopicRefused, match="同名") as refused:
            operations.propose_topic(problem=problem, by=by, **given)
        assert (refused.value.code, refused.value.field) == ("same_title", "title")
    assert operations.propose_topic(problem="另一个问题", by=SYSTEM, **given | {"title": f"{row.title}（二）"}).id != row.id


def test_only_verified_enterprises_propose(session: Session) -> None:
    with pytest.raises(TopicRefused, match="尚未核验"):
        make.topic(enterprise=ground.enterprise(is_verified=False))
    with pytest.raises(TopicRefused, match="不是企业"):
        make.topic(enterprise=ground.university())


@pytest.mark.parametrize("seats", [0, 51])
def test_seats_outside_1_to_50_are_refused(session: Session, seats: int) -> None:
    with pytest.raises(TopicRefused, match="可接纳人数"):
        make.topic(seats=seats)


def test_a_refused_topic_is_not_approved(session: Session) -> None:
    row = make.topic(is_approved=False)
    with pytest.raises(TopicRefused, match="理由"):
        operations.refuse_topic(topic=row, side=Side.SCHOOL, reason="  ", by=SYSTEM, now=NOW)
    operations.refuse_topic(topic=row, side=Side.SCHOOL, reason="题目过大", by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        operations.approve_topic(topic=row, side=Side.SCHOOL, by=SYSTEM, today=TODAY, now=NOW)


def test_a_topic_with_students_is_not_withdrawn(session: Session) -> None:
    found = make.case(has_supervisors=False)
    with pytest.raises(TopicRefused, match="还有 1 名学生在做"):
        operations.withdraw_topic(topic=found.topic, reason="企业调整", by=SYSTEM, now=NOW)
    operations.withdraw(capstone=found.capstone, reason="改题", by=SYSTEM, today=TODAY, now=NOW)
    operations.withdraw_topic(topic=found.topic, reason="企业调整", by=SYSTEM, now=NOW)
    assert (found.topic.state, found.topic.taken) == (TopicState.WITHDRAWN, 0)


# -- assigning ----------------------------------------------------------------------------------------------------------
def _assign(topic: Topic, student: object) -> Capstone:
    return operations.assign_capstone(
        student=student,  # type: ignore[arg-type]
        topic=topic,
        starts_on=START,
        ends_on=END,
        by=SYSTEM,
        today=TODAY,
        now=NOW,
    )


def test_seats_of_a_topic_are_never_exceeded(session: Session) -> None:
    programme = ground.programme()
    topic = make.topic(programme=programme, seats=1)
    _assign(topic, ground.student(programme))
    with pytest.raises(CapstoneRefused, match="名额已满"):
        _assign(topic, ground.student(programme))
    assert topic.taken == 1


def test_a_seat_taken_elsewhere_meanwhile_is_seen(session: Session) -> None:
    from sqlalchemy import update

    programme = ground.programme()
    topic = make.topic(programme=programme, seats=1)
    assert topic.taken == 0
    session.execute(update(Topic).where(Topic.id == topic.id).values(taken=1).execution_options(synchronize_session=False))
    with pytest.raises(CapstoneRefused, match="名额已满"):
        _assign(topic, ground.student(programme))


def test_one_live_capstone_a_student(session: Session) -> None:
    programme = ground.programme()
    student = ground.student(programme)
    first = _assign(make.topic(programme=programme), student)
    with pytest.raises(CapstoneRefused, match="已有毕业设计"):
        _assign(make.topic(programme=programme), student)
    operations.withdraw(capstone=first, reason="企业变动", by=SYSTEM, today=TODAY, now=NOW)
    assert _assign(make.topic(programme=programme), student).id != first.id


def test_assigning_again_is_the_known_capstone(session: Session) -> None:
    found = make.case(has_supervisors=False)
    assert _assign(found.topic, found.student).id == found.capstone.id
    assert found.topic.taken == 1


def test_topics_of_other_programmes_or_not_approved_are_refused(session: Session) -> None:
    student = ground.student()
    with pytest.raises(CapstoneRefused, match="不是该学生所在专业"):
        _assign(make.topic(), student)
    with pytest.raises(CapstoneRefused, match="尚未经校企双方通过"):
        _assign(make.topic(is_approved=False), student)


# -- supervisors --------------------------------------------------------------------------------------------------------
def _supervise(found: make.Case, role: SupervisorRole, person: object, reason: str = "") -> object:
    return operations.assign_supervisor(
        capstone=found.capstone,
        role=role,
        person=person,  # type: ignore[arg-type]
        reason=reason,
        by=SYSTEM,
        today=TODAY,
        now=NOW,
    )


def test_a_mentor_of_another_enterprise_is_refused(session: Session) -> None:
    found = make.case(has_supervisors=False)
    stranger = ground.person()
    make.mentor(ground.enterprise(), who=stranger)
    with pytest.raises(CapstoneRefused, match="不是毕业设计所在企业在任的指导教师") as refused:
        _supervise(found, SupervisorRole.ENTERPRISE, stranger)
    assert refused.value.code == "not_of_enterprise"


def test_a_teacher_of_another_university_is_refused(session: Session) -> None:
    found = make.case(has_supervisors=False)
    stranger = ground.person()
    ground.teacher(who=stranger)
    with pytest.raises(CapstoneRefused, match="不是该校在任教师"):
        _supervise(found, SupervisorRole.SCHOOL, stranger)


def test_the_same_person_does_not_stand_on_both_sides(session: Session) -> None:
    found = make.case(has_supervisors=False)
    both = ground.person()
    ground.teacher(of=found.programme, who=both)
    first = _supervise(found, SupervisorRole.SCHOOL, both)
    make.mentor(found.enterprise, who=both)
    with pytest.raises(CapstoneRefused, match="同一人不能担任双方导师"):
        _supervise(found, SupervisorRole.ENTERPRISE, both)
    operations.end_supervision(supervision=first, reason="调整", by=SYSTEM, today=TODAY, now=NOW)  # type: ignore[arg-type]
    with pytest.raises(CapstoneRefused, match="曾是"):
        _supervise(found, SupervisorRole.ENTERPRISE, both)


@pytest.mark.parametrize(("limit", "fits"), [(1, False), (2, True)])
def test_the_load_of_a_mentor_is_kept(session: Session, limit: int, fits: bool) -> None:
    one = make.case(has_supervisors=False)
    two = make.case(has_supervisors=False, programme=one.programme, enterprise=one.enterprise)
    person = ground.person()
    make.mentor(one.enterprise, who=person, load_limit=limit)
    _supervise(one, SupervisorRole.ENTERPRISE, person)
    if fits:
        _supervise(two, SupervisorRole.ENTERPRISE, person)
    else:
        with pytest.raises(CapstoneRefused, match="达到上限 1 人"):
            _supervise(two, SupervisorRole.ENTERPRISE, person)


def test_a_new_supervisor_ends_the_one_before(session: Session) -> None:
    found = make.case()
    other = ground.person()
    ground.teacher(of=found.programme, who=other)
    with pytest.raises(CapstoneRefused, match="更换导师须写明理由"):
        _supervise(found, SupervisorRole.SCHOOL, other)
    row = _supervise(found, SupervisorRole.SCHOOL, other, "原导师出国访学")
    assert _supervise(found, SupervisorRole.SCHOOL, other) is row
    states = [(r.person_id, r.until) for r, _n in queries.supervisions_of(found.capstone.id) if r.role is SupervisorRole.SCHOOL]
    assert states == [(other.id, None), (found.school.id, TODAY)]  # type: ignore[union-attr]


# -- guidance -----------------------------------------------------------------------------------------------------------
def test_guidance_counts_when_the_other_party_confirmed_it(session: Session) -> None:
    found = make.case()
    row = operations.log_guidance(
        capstone=found.capstone, role=SupervisorRole.ENTERPRISE, on=START, content="确定方案", by=found.by("enterprise"), today=TODAY, now=NOW
    )
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs == {}
    for wrong in ("enterprise", "school"):
        with pytest.raises(WrongPerson):
            operations.confirm_guidance(entry=row, by=found.by(wrong), now=NOW)
    operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW + timedelta(hours=1))
    assert row.confirmed_at == NOW
    assert queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].logs == {SupervisorRole.ENTERPRISE: 1}


def test_what_the_student_logs_the_supervisor_confirms(session: Session) -> None:
    found = make.case()
    row = operations.log_guidance(
        capstone=found.capstone, role=SupervisorRole.SCHOOL, on=START, content="讨论", by=found.by("student"), today=TODAY, now=NOW
    )
    with pytest.raises(WrongPerson):
        operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    operations.confirm_guidance(entry=row, by=found.by("school"), now=NOW)
    assert row.confirmed_at == NOW


@pytest.mark.parametrize(
    ("on", "words"), [(TODAY + timedelta(days=1), "还没有到"), (START - timedelta(days=1), "早于毕业设计的开始"), (TODAY, None), (START, None)]
)
def test_days_of_guidance(session: Session, on: date, words: str | None) -> None:
    found = make.case()
    call = {
        "capstone": found.capstone,
        "role": SupervisorRole.SCHOOL,
        "on": on,
        "content": "讨论",
        "by": found.by("school"),
        "today": TODAY,
        "now": NOW,
    }
    if words is None:
        operations.log_guidance(**call)  # type: ignore[arg-type]
        with pytest.raises(CapstoneRefused, match="一天只记一次"):
            operations.log_guidance(**call)  # type: ignore[arg-type]
    else:
        with pytest.raises(CapstoneRefused, match=words):
            operations.log_guidance(**call)  # type: ignore[arg-type]


def test_strangers_do_not_log_guidance(session: Session) -> None:
    found = make.case()
    with pytest.raises(WrongPerson):
        operations.log_guidance(
            capstone=found.capstone, role=SupervisorRole.SCHOOL, on=START, content="x", by=found.by("enterprise"), today=TODAY, now=NOW
        )


# -- stages, thesis, grades ---------------------------------------------------------------------------------------------
def test_stages_are_passed_by_the_school_supervisor_when_the_report_is_there(session: Session) -> None:
    found = make.case()
    with pytest.raises(CapstoneRefused, match="还没有提交"):
        operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("school"), now=NOW)
    operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=found.by("student"), now=NOW)
    with pytest.raises(WrongPerson):
        operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("enterprise"), now=NOW)
    operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("school"), now=NOW)
    assert found.capstone.state is CapstoneState.OPENED


def test_only_the_student_submits(session: Session) -> None:
    found = make.case()
    with pytest.raises(WrongPerson):
        operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=found.by("school"), now=NOW)
    make.submit(found)
    make.submit(found)  # a new version
    assert [paper.stage for paper, _f in queries.papers_of(found.capstone.id)] == [Stage.THESIS, Stage.THESIS]
    make.grade(found, SupervisorRole.SCHOOL)
    with pytest.raises(CapstoneRefused, match="不能再更换论文"):
        make.submit(found)


def test_a_grade_before_the_thesis_is_refused(session: Session) -> None:
    found = make.case()
    with pytest.raises(WrongState):
        make.grade(found, SupervisorRole.SCHOOL)


def test_each_side_grades_only_for_itself_and_once(session: Session) -> None:
    found = make.handed_in()
    with pytest.raises(WrongPerson):
        operations.grade(capstone=found.capstone, role=SupervisorRole.SCHOOL, points=make.points(), by=found.by("enterprise"), today=TODAY, now=NOW)
    make.grade(found, SupervisorRole.SCHOOL)
    with pytest.raises(CapstoneRefused) as refused:
        make.grade(found, SupervisorRole.SCHOOL, 90)
    assert refused.value.code == "already_graded"
    assert found.capstone.state is CapstoneState.SUBMITTED
    make.grade(found, SupervisorRole.ENTERPRISE, 91)
    assert (found.capstone.state, found.capstone.score_x10, found.capstone.grade_text) == (CapstoneState.GRADED, 855, "good")


@pytest.mark.parametrize("points", [{}, {"all": 101}, {"all": -1}])
def test_impossible_points_are_refused(session: Session, points: dict[str, int]) -> None:
    found = make.handed_in()
    given = make.points(points["all"]) if points else {}
    with pytest.raises(CapstoneRefused, match="0 至 100"):
        operations.grade(capstone=found.capstone, role=SupervisorRole.SCHOOL, points=given, by=found.by("school"), today=TODAY, now=NOW)


def test_a_correction_is_a_new_entry_with_a_reason(session: Session) -> None:
    found = make.graded(80, 80)
    first = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    call = {"grade": first, "points": make.points(70), "by": found.by("school"), "today": TODAY, "now": NOW}
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.correct_grade(reason=" ", **call)  # type: ignore[arg-type]
    with pytest.raises(WrongPerson):
        operations.correct_grade(reason="误加", **{**call, "by": found.by("enterprise")})  # type: ignore[arg-type]
    row = operations.correct_grade(reason="报告分误加", **call)  # type: ignore[arg-type]
    assert (row.replaces_id, row.reason, row.score_x10, first.replaced_at, first.score_x10) == (first.id, "报告分误加", 700, NOW, 800)
    assert found.capstone.score_x10 == 750
    with pytest.raises(CapstoneRefused, match="最新的一条"):
        operations.correct_grade(reason="再改", **call)  # type: ignore[arg-type]
    assert len(session.scalars(select(CapstoneGrade).where(CapstoneGrade.capstone_id == found.capstone.id)).all()) == 3


# -- the end ------------------------------------------------------------------------------------------------------------
def _finish(found: make.Case, **given: object) -> Capstone:
    return operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW, **given)  # type: ignore[arg-type]


def test_a_pass_reaches_a_milestone_and_a_certificate_once(session: Session) -> None:
    found = make.graded()
    _finish(found)
    _finish(found)
    assert (found.capstone.state, found.capstone.finished_on) == (CapstoneState.PASSED, TODAY)
    stones = ledger.milestones_of(found.who.id)
    assert [(s.source, s.key, s.score_x10) for s in stones] == [(Source.CAPSTONE, f"capstone:{found.capstone.id}", 800)]
    made = session.scalars(select(Certificate).where(Certificate.person_id == found.who.id)).all()
    assert [(c.asked_key, c.facts["topic"], c.facts["grade"]) for c in made] == [(f"capstone:{found.capstone.id}", found.topic.title, "良好")]
    assert [f["code"] for f in found.capstone.findings if not f["met"]] == []


@pytest.mark.parametrize(("school", "enterprise", "state"), [(60, 60, "passed"), (60, 59, "failed"), (61, 59, "passed")])
def test_the_pass_mark(session: Session, school: int, enterprise: int, state: str) -> None:
    found = make.graded(school, enterprise)
    _finish(found)
    assert found.capstone.state == state
    assert len(ledger.milestones_of(found.who.id)) == (state == "passed")


@pytest.mark.parametrize(("enterprise", "needs_note"), [(65, False), (64, True)])
def test_grades_too_far_apart_need_a_review(session: Session, enterprise: int, needs_note: bool) -> None:
    found = make.graded(80, enterprise)
    if needs_note:
        with pytest.raises(CapstoneRefused) as refused:
            _finish(found)
        assert refused.value.code == "far_apart"
        third = make.signer()
        operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, today=TODAY, now=NOW)
        with pytest.raises(CapstoneRefused, match="第三方"):
            _finish(found)
        operations.grade_third(capstone=found.capstone, points=make.points(80), by=make.as_person(third), today=TODAY, now=NOW)
        _finish(found)
    else:
        _finish(found)
    assert found.capstone.state is CapstoneState.PASSED


def test_no_certificate_says_enterprise_when_it_was_not_there(session: Session) -> None:
    found = make.graded(has_stay=False)
    _finish(found)
    assert found.capstone.state is CapstoneState.PASSED
    assert session.scalars(select(Certificate).where(Certificate.person_id == found.who.id)).all() == []
    make.stay(found.student, found.enterprise, START, END)
    made = operations.issue_certificate(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    assert made is not None


def test_a_certificate_that_waited_for_a_placement_is_issued_within_a_day(session: Session) -> None:
    with transaction():
        found = make.graded(has_stay=False)
        _finish(found)
    running = Running(0, {}, None)
    assert tasks.certify(running) == {"issued": 0, "refused": 0}
    with transaction():
        make.stay(found.student, found.enterprise, START, END)
    assert tasks.certify(running) == {"issued": 1, "refused": 0}
    assert tasks.certify(running) == {"issued": 0, "refused": 0}


def test_findings_are_frozen_at_the_end(session: Session) -> None:
    found = make.graded()
    _finish(found)
    before = list(found.capstone.findings)
    found.capstone.findings = before
    for placement in queries.facts_of([found.capstone.id], TODAY)[found.capstone.id].stays:
        assert placement
    assert {f["code"] for f in before} == {
        "8.1.source", "8.1.evidence", "8.2", "8.3.school", "8.3.enterprise", "8.3.guidance_school", "8.3.guidance_enterprise", "8.4",
    }  # fmt: skip
