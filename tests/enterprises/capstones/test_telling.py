"""What students, supervisors and heads are told of appeals and of a thesis that a panel sends back: on a real database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceSlot
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.planner.telling import missed
from enterprises.capstones.types import CapstoneState, ReviewKind, RoundKind, Stage, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.i18n import in_language
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
AsRole = Callable[..., FlaskClient]


# -- appeals ------------------------------------------------------------------------------------------------------------
def test_an_appeal_reaches_the_heads_and_its_decision_the_student(session: Session, as_role: AsRole) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    student, head = identity.account(person=found.who), identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    for _twice in range(2):
        operations.appeal(capstone=found.capstone, reason="漏计一项", by=found.by("student"), **TIMES)
    assert make.told(head.id, "capstones.appeal") == [f"{found.who.name} 对毕业设计成绩提出申诉，请处理：{found.topic.title}"]
    session.commit()
    desk = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert "处理毕业设计成绩申诉" in desk.get("/").text
    assert found.topic.title in desk.get("/capstones/?state=appealed").text
    with in_language("en"):  # whoever decides reads English, the student Chinese: each is told in the own language
        operations.decide_appeal(capstone=found.capstone, score_x10=None, note="核对无误", by=SYSTEM, **TIMES)
    assert make.told(student.id, "capstones.appeal") == ["你的成绩申诉已有结论：维持原成绩。核对无误"]
    with in_language("en"):
        assert make.told(student.id, "capstones.appeal") == ["Your appeal has been decided: Result stands. 核对无误"]
    session.commit()
    assert "处理毕业设计成绩申诉" not in desk.get("/").text
    assert found.topic.title not in desk.get("/capstones/?state=appealed").text


def test_without_a_head_of_the_programme_the_university_is_told(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    office = identity.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=found.student.university_id)
    other = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=ground.programme().id)
    operations.appeal(capstone=found.capstone, reason="漏计一项", by=found.by("student"), **TIMES)
    assert [len(make.told(one.id, "capstones.appeal")) for one in (office, other)] == [1, 0]


# -- who supervises, and an end -----------------------------------------------------------------------------------------
def test_a_student_is_told_who_supervises_and_everybody_that_a_capstone_ends(session: Session) -> None:
    found, school = make.case(has_supervisors=False), ground.person()
    ground.teacher(of=found.programme, who=school)
    student, teacher = identity.account(person=found.who), identity.account(person=school)
    for _twice in range(2):
        operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.SCHOOL, person=school, by=SYSTEM, **TIMES)
    assert make.told(student.id, "capstones.supervisor") == [f"你的毕业设计校内导师：{school.name}"]
    for _twice in range(2):
        operations.withdraw(capstone=found.capstone, reason="应征入伍", by=SYSTEM, **TIMES)
    text = f"毕业设计“{found.topic.title}”（{found.who.name}）已终止：应征入伍"
    assert [make.told(one.id, "capstones.withdrawn") for one in (student, teacher)] == [[text], [text]]


def test_a_notice_is_wholly_in_the_language_of_its_reader_whatever_the_sender_reads(session: Session) -> None:
    found, school = make.case(has_supervisors=False), ground.person()
    ground.teacher(of=found.programme, who=school)
    student = identity.account(person=found.who)
    with in_language("en"):
        operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.SCHOOL, person=school, by=SYSTEM, **TIMES)
    assert make.told(student.id, "capstones.supervisor") == [f"你的毕业设计校内导师：{school.name}"]
    with in_language("en"):
        (english,) = make.told(student.id, "capstones.supervisor")
    assert "School supervisor" in english
    assert not re.search(r"[\u4e00-\u9fff]", english.replace(school.name, ""))


# -- rounds -------------------------------------------------------------------------------------------------------------
def test_why_somebody_got_no_topic_is_told_in_the_language_of_the_reader(session: Session) -> None:
    programme = ground.programme()
    cohort, topic = ground.cohort(programme), make.topic(programme=programme, title="Spindle heat")
    students = [ground.student(programme) for _n in range(3)]
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
    )
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    for student in students[:2]:
        student.cohort_id = cohort.id
        me = make.as_person(session.get_one(Person, student.person_id))
        operations.save_choices(round=row, student=student, topic_ids=[topic.id], by=me, now=NOW)
    students[2].cohort_id = cohort.id
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    assert row.plan is not None
    whys = [why for _student, why in row.plan["unplaced"]]
    assert [missed(why) for why in whys] == ["志愿的名额都给了别人：“Spindle heat”余 1 个名额，2 人填报", "没有填报志愿"]
    with in_language("en"):
        assert not re.search(r"[\u4e00-\u9fff]", " ".join(missed(why) for why in whys))
    assert missed("旧轮次留下的一句话") == "旧轮次留下的一句话"


# -- papers -------------------------------------------------------------------------------------------------------------
def test_both_supervisors_are_told_of_reports_and_drafts(session: Session) -> None:
    found = make.case()
    assert found.school is not None
    assert found.field is not None
    accounts = [identity.account(person=who) for who in (found.school, found.field)]
    for stage in (Stage.OPENING, Stage.DRAFT, Stage.SIMILARITY):
        operations.hand_in(capstone=found.capstone, stage=stage, file_id=make.pdf(), similarity_x10=120, by=found.by("student"), now=NOW)
    make.submit(found)
    for account in accounts:
        assert make.told(account.id, "capstones.paper") == [f"{found.who.name} 提交了{what}，请查看并给出意见" for what in ("开题报告", "论文草稿")]
        assert len(make.told(account.id, "capstones.submitted")) == 1


def test_a_reviewer_who_sends_a_thesis_back_and_a_new_topic_reach_student_and_supervisors(session: Session) -> None:
    found, reviewer = make.case(), make.signer()
    accounts = [identity.account(person=who) for who in (found.who, found.school, found.field) if who is not None]
    other = make.topic(programme=found.programme, enterprise=found.enterprise)
    operations.change_topic(capstone=found.capstone, topic=other, reason="产线停产", by=SYSTEM, **TIMES)
    theirs = f"{found.who.name} 的毕业设计改为新的选题：{other.title}"
    assert [make.told(one.id, "capstones.topic_changed") for one in accounts] == [[f"你的毕业设计改为新的选题：{other.title}"], [theirs], [theirs]]
    make.submit(found)
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=review, score=60, verdict=Verdict.REVISE, comment="补充实验", by=make.as_person(reviewer), **TIMES)
    theirs = f"{found.who.name} 的论文被评阅人退回：修改后再审，请指导"
    assert [make.told(one.id, "capstones.revise") for one in accounts] == [["评阅意见：论文须修改后再审"], [theirs], [theirs]]


# -- a panel sends the thesis back --------------------------------------------------------------------------------------
def _defended(session: Session, found: make.Case, verdict: Verdict, panel: list[Person], minute: int) -> DefenceSlot:
    """A place in a timetable with its record."""
    cohort = session.get_one(Cohort, found.student.cohort_id)
    group = operations.form_group(
        cohort=cohort, name=f"组{minute}", room="A1", on=TODAY, starts_minute=minute, minutes_each=30, chair=panel[0], members=panel[1:3],
        secretary=panel[3], by=SYSTEM, now=NOW,
    )  # fmt: skip
    slot = DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=minute, scores={})
    session.add(slot)
    session.flush()
    scores = {person.id: 70 for person in panel[:3]}
    return operations.record_defence(slot=slot, scores=scores, questions="问答", verdict=verdict, by=make.as_person(panel[3]), **TIMES)


def test_a_thesis_that_a_panel_sends_back_is_submitted_anew_beside_a_grade(session: Session) -> None:
    found, panel = make.case(), [*(ground.person() for _n in range(3)), make.signer()]
    accounts = [identity.account(person=who) for who in (found.who, found.school, found.field) if who is not None]
    make.submit(found)
    make.grade(found, SupervisorRole.SCHOOL)
    with pytest.raises(CapstoneRefused, match="已有一方评分"):
        make.submit(found)
    _defended(session, found, Verdict.REVISE, panel, 540)
    assert [len(make.told(one.id, "capstones.revise")) for one in accounts] == [1, 1, 1]
    assert found.who.name in make.told(accounts[1].id, "capstones.revise")[0]
    make.grade(found, SupervisorRole.ENTERPRISE)
    assert found.capstone.state is CapstoneState.SUBMITTED, "the second defence is waited for"
    later = NOW + timedelta(minutes=1)
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("改.pdf"), by=found.by("student"), now=later)
    assert queries.reviews_of(found.capstone.id) == [], "a panel meets again; nobody is asked for a review"
    assert set(queries.grades_of(found.capstone.id)) == set(SupervisorRole), "signatures stand"
    with pytest.raises(CapstoneRefused, match="已有一方评分"):
        operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("再改.pdf"), by=found.by("student"), now=later)
    _defended(session, found, Verdict.PASS, panel, 600)
    assert found.capstone.state is CapstoneState.GRADED
    assert [len(make.told(one.id, "capstones.revise")) for one in accounts] == [1, 1, 1]


def test_a_new_place_does_not_take_the_right_to_submit_the_revised_thesis(session: Session) -> None:
    found, panel = make.handed_in(), [*(ground.person() for _n in range(3)), make.signer()]
    make.grade(found, SupervisorRole.SCHOOL)
    _defended(session, found, Verdict.REVISE, panel, 540)
    operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="再", room="A1", on=TODAY, starts_minute=600, minutes_each=30, chair=panel[0],
        members=panel[1:3], secretary=panel[3], by=SYSTEM, now=NOW,
    )  # fmt: skip
    assert operations.timetable(cohort=session.get_one(Cohort, found.student.cohort_id), by=SYSTEM, **TIMES).left == frozenset()
    make.submit(found)


def test_a_student_sees_the_record_of_a_defence_whose_timetable_was_never_published(session: Session, as_role: AsRole) -> None:
    found, panel = make.handed_in(), [*(ground.person() for _n in range(3)), make.signer()]
    _defended(session, found, Verdict.REVISE, panel, 540)
    session.commit()
    student = as_role(Role.STUDENT, person_id=found.who.id, organisation_id=found.student.university_id)
    assert "组540" in student.get(f"/capstones/{found.capstone.id}").text
