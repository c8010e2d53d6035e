"""The room as a whole on a real database: rounds, plans, reviews, defences, links, appeals, spot checks, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries, rules
from enterprises.capstones.models import Capstone, GuidanceEntry, SupervisorPlan
from enterprises.capstones.operations import CapstoneRefused, LinkClosed, TopicRefused, WrongPerson, WrongState
from enterprises.capstones.planner.telling import told
from enterprises.capstones.types import (
    CapstoneState,
    ChoiceState,
    Decision,
    LinkPurpose,
    PlanMode,
    PlanState,
    ReviewKind,
    RoundKind,
    Side,
    SpotOutcome,
    SpotVerdict,
    Stage,
    SupervisorRole,
    TopicOrigin,
    TopicState,
    Verdict,
    WindowStage,
)
from enterprises.mentors import proving
from enterprises.mentors.models import Mentor
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.capstones import END, NOW, START, TODAY
from tests.factories.certificates import corrected
from trainhub.certificates import operations as certificates
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session as db_session
from trainhub.kernel.errors import Stale
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import in_language
from trainhub.ledger import queries as ledger
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student, Teacher
from trainhub.programmes.models import Cohort, Programme

TIMES = {"today": TODAY, "now": NOW}
LATER = {"today": TODAY + timedelta(days=10), "now": NOW + timedelta(days=10)}


def _person(person_id: int) -> Person:
    return db_session().get_one(Person, person_id)


def _student(row: Capstone) -> Student:
    return db_session().get_one(Student, row.student_id)


def _cohort(row: Capstone) -> Cohort:
    return db_session().get_one(Cohort, _student(row).cohort_id)


def _university(row: Capstone) -> Organisation:
    return db_session().get_one(Organisation, _student(row).university_id)


# -- windows and papers -------------------------------------------------------------------------------------------------
def test_a_grade_after_the_deadline_is_refused_until_the_student_has_an_extension(session: Session) -> None:
    found = make.case()
    cohort = _cohort(found.capstone)
    make.submit(found)
    yesterday = TODAY - timedelta(days=1)
    operations.set_windows(cohort=cohort, windows={WindowStage.GRADING: (START, yesterday)}, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState, match=r"已于 .* 24 时截止"):
        make.grade(found, SupervisorRole.SCHOOL)
    with pytest.raises(CapstoneRefused, match="须晚于"):
        operations.extend(capstone=found.capstone, stage=WindowStage.GRADING, until=yesterday, reason="出差", by=SYSTEM, now=NOW)
    operations.extend(capstone=found.capstone, stage=WindowStage.GRADING, until=TODAY, reason="导师出差", by=SYSTEM, now=NOW)
    make.grade(found, SupervisorRole.SCHOOL)
    assert [(row.until, row.reason) for row in queries.extensions_of(found.capstone.id)] == [(TODAY, "导师出差")]


def test_a_correction_after_the_deadline_is_refused_until_the_student_has_an_extension(session: Session) -> None:
    found = make.graded(80, 80)
    grade = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    correct = {"grade": grade, "points": make.points(90), "reason": "漏计一项", "by": found.by("school"), **TIMES}
    yesterday = TODAY - timedelta(days=1)
    operations.set_windows(cohort=_cohort(found.capstone), windows={WindowStage.GRADING: (START, yesterday)}, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState, match="24 时截止"):
        operations.correct_grade(**correct)
    assert grade.replaced_at is None
    operations.extend(capstone=found.capstone, stage=WindowStage.GRADING, until=TODAY, reason="导师出差", by=SYSTEM, now=NOW)
    assert operations.correct_grade(**correct).score_x10 == 900


def test_ending_a_capstone_calls_off_its_defence_its_open_reviews_and_its_links(session: Session) -> None:
    found = make.handed_in()
    row, panel = found.capstone, [ground.person() for _n in range(3)]
    ask = {"capstone": row, "kind": ReviewKind.BLIND, "due_on": TODAY, "by": SYSTEM, **TIMES}
    signed, waiting = (operations.ask_review(person=make.signer(), **ask) for _n in range(2))
    reader = make.as_person(_person(signed.person_id))
    operations.sign_review(review=signed, score=80, verdict=Verdict.PASS, comment="好", by=reader, **TIMES)
    operations.form_group(
        cohort=_cohort(row), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip
    assert list(operations.timetable(cohort=_cohort(row), by=SYSTEM, **TIMES).placed) == [row.id]
    _link, secret = operations.make_link(capstone=row, purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)
    operations.withdraw(capstone=row, reason="退学", by=SYSTEM, **TIMES)
    assert queries.slots_of(row.id) == []
    assert (waiting.cancelled_at, signed.cancelled_at) == (NOW, None)
    with pytest.raises(LinkClosed, match="已被撤销"):
        operations.link_of(secret, NOW)


def test_papers_of_a_capstone_stay_below_their_limit_together(session: Session) -> None:
    found = make.case()
    big = session.get_one(StoredFile, make.pdf("数据.pdf"))
    big.size, big.sha256 = 150 * 1024 * 1024, "a" * 64
    other = session.get_one(StoredFile, make.pdf("数据二.pdf"))
    other.size, other.sha256 = 60 * 1024 * 1024, "b" * 64
    session.flush()
    hand = {"capstone": found.capstone, "stage": Stage.DRAFT, "by": found.by("student"), "now": NOW}
    operations.hand_in(file_id=big.id, **hand)
    with pytest.raises(CapstoneRefused, match="200 MB"):
        operations.hand_in(file_id=other.id, **hand)
    operations.hand_in(file_id=big.id, **hand)  # the same content counts once


def test_a_returned_report_needs_a_new_version(session: Session) -> None:
    found = make.case()
    hand = {"capstone": found.capstone, "stage": Stage.OPENING, "by": found.by("student"), "now": NOW}
    paper = operations.hand_in(file_id=make.pdf(), **hand)
    operations.return_paper(paper=paper, reason="没有技术路线", by=found.by("school"), now=NOW)
    with pytest.raises(CapstoneRefused, match="已退回"):
        operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("school"), now=NOW)
    operations.hand_in(file_id=make.pdf(), **hand)
    operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("school"), now=NOW)
    assert found.capstone.state is CapstoneState.OPENED


# -- supervisors --------------------------------------------------------------------------------------------------------
def test_a_teacher_of_another_discipline_needs_a_reason_and_a_relative_is_refused(session: Session) -> None:
    found = make.case(has_supervisors=False)
    stranger, uncle = ground.person(), ground.person()
    ground.teacher(of=ground.programme(at=_university(found.capstone), name="化学工程"), who=stranger)
    ground.teacher(of=found.programme, who=uncle)
    give = {"capstone": found.capstone, "role": SupervisorRole.SCHOOL, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused) as refused:
        operations.assign_supervisor(person=stranger, **give)
    assert refused.value.code == "other_discipline"
    operations.record_conflict(person=uncle, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="舅舅"):
        operations.assign_supervisor(person=uncle, **give)
    operations.assign_supervisor(person=stranger, reason="课题为化工装备", **give)
    assert queries.is_supervisor(found.capstone.id, SupervisorRole.SCHOOL, stranger.id)


def _cohort_of(session: Session, students: int, teachers: int, mentors: int) -> tuple[list[Capstone], list[int], list[int]]:
    programme, enterprise = ground.programme(), ground.enterprise()
    topic = make.topic(programme=programme, enterprise=enterprise, seats=students)
    rows = [
        operations.assign_capstone(student=ground.student(programme), topic=topic, starts_on=START, ends_on=END, by=SYSTEM, **TIMES)
        for _n in range(students)
    ]
    school, field = [ground.person() for _n in range(teachers)], [ground.person() for _n in range(mentors)]
    for person in school:
        ground.teacher(of=programme, who=person)
    for person in field:
        make.mentor(enterprise, who=person)
    return rows, [p.id for p in school], [p.id for p in field]


def _plan(rows: list[Capstone], mode: PlanMode = PlanMode.FILL) -> SupervisorPlan:
    cohort = _cohort(rows[0])
    plan = operations.ask_for_plan(cohort=cohort, mode=mode, by=SYSTEM, now=NOW)
    assert operations.ask_for_plan(cohort=cohort, mode=mode, by=SYSTEM, now=NOW).id == plan.id  # while it waits it is that one
    operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    return plan


def test_a_plan_gives_both_supervisors_evenly_and_says_who_is_missing(session: Session) -> None:
    rows, teachers, _mentors = _cohort_of(session, students=5, teachers=2, mentors=1)  # one mentor takes at most four
    operations.record_conflict(person=_person(teachers[0]), student=_student(rows[0]), reason="亲属", by=SYSTEM, now=NOW)
    plan = _plan(rows)
    assert plan.result is not None
    assert plan.result["summary"] == {"capstones": 5, "both": 4, "given": 9, "changed": 0, "max_load": 4, "wished": 0, "granted": 0}
    (_capstone, side, reason, why) = plan.result["unassigned"][0]
    assert (side, reason) == ("enterprise", "capacity_short")
    assert "缺 1 个名额" in told(why)
    assert why["groups"] == [
        {"name": session.get_one(Organisation, rows[0].enterprise_id).name, "avoid": []}
    ]  # a cause with values, no sentence in one language
    with in_language("en"):
        assert "缺" not in told(why)
    assert operations.apply_plan(plan=plan, by=SYSTEM, **TIMES) == 9
    assert operations.apply_plan(plan=plan, by=SYSTEM, **TIMES) == 0
    assert queries.is_supervisor(rows[0].id, SupervisorRole.SCHOOL, teachers[1])
    assert sorted(queries.load_of(key, SupervisorRole.SCHOOL) for key in teachers) == [2, 3]


def test_a_repair_changes_as_little_as_possible_and_an_outdated_plan_is_refused(session: Session) -> None:
    rows, teachers, _mentors = _cohort_of(session, students=3, teachers=2, mentors=1)
    for row in rows:
        operations.assign_supervisor(capstone=row, role=SupervisorRole.SCHOOL, person=_person(teachers[0]), by=SYSTEM, **TIMES)
    plan = _plan(rows, PlanMode.REPAIR)
    assert plan.result is not None
    assert [one[1] for one in plan.result["changes"]] == ["enterprise"] * 3  # no school supervisor is moved for evenness alone
    operations.assign_supervisor(capstone=rows[0], role=SupervisorRole.ENTERPRISE, person=_person(plan.result["changes"][0][3]), by=SYSTEM, **TIMES)
    with pytest.raises(WrongState, match="重新计算"):
        operations.apply_plan(plan=plan, by=SYSTEM, **TIMES)
    assert plan.state is PlanState.READY


def test_a_repair_takes_a_teacher_to_where_a_mentor_is_and_leaves_the_other_place_empty(session: Session) -> None:
    """Most with both supervisors comes first: who is held where no mentor is goes over, and is told; the plan can be carried out."""
    rows, teachers, _mentors = _cohort_of(session, students=1, teachers=1, mentors=0)
    elsewhere = ground.enterprise()
    programme = session.get_one(Programme, _student(rows[0]).programme_id)
    topic = make.topic(programme=programme, enterprise=elsewhere, seats=1)
    other = operations.assign_capstone(student=ground.student(programme), topic=topic, starts_on=START, ends_on=END, by=SYSTEM, **TIMES)
    guide = ground.person()
    make.mentor(elsewhere, who=guide)
    held = operations.assign_supervisor(capstone=rows[0], role=SupervisorRole.SCHOOL, person=_person(teachers[0]), by=SYSTEM, **TIMES)
    session.execute(update(Teacher).where(Teacher.person_id == teachers[0]).values(capstone_capacity=1))
    session.expire_all()
    plan = _plan([rows[0], other], PlanMode.REPAIR)
    assert plan.result is not None
    assert sorted(plan.result["changes"], key=str) == sorted(
        [
            [other.id, "school", None, teachers[0]],
            [other.id, "enterprise", None, guide.id],
            [rows[0].id, "school", teachers[0], None],
        ],
        key=str,
    )
    assert operations.apply_plan(plan=plan, by=SYSTEM, **TIMES) == 2
    assert held.until == TODAY
    assert queries.is_supervisor(other.id, SupervisorRole.SCHOOL, teachers[0])
    assert queries.live_supervision(rows[0].id, SupervisorRole.SCHOOL) is None


# -- rounds -------------------------------------------------------------------------------------------------------------
def test_a_round_from_choices_to_capstones_with_a_team(session: Session) -> None:
    programme = ground.programme()
    cohort = ground.cohort(programme)
    students = [ground.student(programme) for _n in range(4)]
    for student in students:
        student.cohort_id = cohort.id
    pair = make.topic(programme=programme, seats=2, team_most=2)
    single = make.topic(programme=programme)
    own = make.topic(programme=programme, origin=TopicOrigin.STUDENT, reserved_for=students[3])
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
    )
    me = [make.as_person(_person(student.person_id)) for student in students]
    with pytest.raises(WrongState, match="还没有开放填报"):
        operations.save_choices(round=row, student=students[0], topic_ids=[pair.id], by=me[0], now=NOW)
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    team = operations.form_team(round=row, leader=students[0], name="一组", by=me[0], now=NOW)
    operations.save_choices(round=row, student=students[0], topic_ids=[single.id, pair.id], by=me[0], now=NOW)
    operations.ask_into_team(team=team, student=students[1], by=me[0], now=NOW)
    asked = accounts.account(person=_person(students[0].person_id)).id
    operations.join_team(team=team, student=students[1], by=me[1], now=NOW)
    assert [choice.topic_id for choice in queries.choices_of(row.id, students[0].id)] == [single.id, pair.id]  # nothing is taken from the leader
    assert "有 1 个不接受这样的小组" in make.told(asked, "capstones.team")[0]  # a team of two does not fit the other: the plan leaves it out
    with pytest.raises(CapstoneRefused, match="由组长填报"):
        operations.save_choices(round=row, student=students[1], topic_ids=[single.id], by=me[1], now=NOW)
    with pytest.raises(CapstoneRefused, match="自拟"):
        operations.save_choices(round=row, student=students[2], topic_ids=[own.id], by=me[2], now=NOW)
    operations.save_choices(round=row, student=students[2], topic_ids=[pair.id, single.id], by=me[2], now=NOW)
    operations.save_choices(round=row, student=students[3], topic_ids=[own.id], by=me[3], now=NOW)
    assert queries.demand_for(row.id) == {pair.id: 3, single.id: 1, own.id: 1}  # a team counts with all of its members
    with pytest.raises(WrongState, match="先关闭填报"):
        operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    summary = operations.plan_choices(round=row, by=SYSTEM, now=NOW)
    assert (summary["students"], summary["placed"], summary["rank_cost"]) == (4, 4, 3)  # the pair gets the second choice of its leader
    assert operations.publish_choices(round=row, by=SYSTEM, **TIMES) == 4
    assert operations.publish_choices(round=row, by=SYSTEM, **TIMES) == 0
    assert row.state is ChoiceState.PUBLISHED
    given = {student.id: queries.capstone_of_student(student.id) for student in students}
    assert [given[s.id].topic_id for s in students] == [pair.id, pair.id, single.id, own.id]  # type: ignore[union-attr]
    assert given[students[0].id].team_id == team.id  # type: ignore[union-attr]


def test_who_proposed_a_topic_for_several_does_it_with_a_team(session: Session) -> None:
    programme = ground.programme()
    leader, mate, other = (ground.student(programme) for _n in range(3))
    cohort = ground.cohort(programme)
    leader.cohort_id = mate.cohort_id = cohort.id
    own = make.topic(programme=programme, origin=TopicOrigin.STUDENT, reserved_for=leader, seats=2, team_most=2)
    row = operations.create_choices(
        cohort=cohort, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END, by=SYSTEM, now=NOW
    )
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    led, asked = (make.as_person(_person(student.person_id)) for student in (leader, mate))
    team = operations.form_team(round=row, leader=leader, name="自拟组", by=led, now=NOW)
    operations.ask_into_team(team=team, student=mate, by=led, now=NOW)
    operations.join_team(team=team, student=mate, by=asked, now=NOW)
    operations.save_choices(round=row, student=leader, topic_ids=[own.id], by=led, now=NOW)
    operations.close_choices(round=row, by=SYSTEM, now=NOW)
    assert operations.plan_choices(round=row, by=SYSTEM, now=NOW)["placed"] == 2
    with pytest.raises(CapstoneRefused) as refused:
        operations.assign_capstone(student=other, topic=own, starts_on=START, ends_on=END, by=SYSTEM, **TIMES)
    assert refused.value.code == "reserved"
    assert operations.publish_choices(round=row, by=SYSTEM, **TIMES) == 2
    given = [queries.capstone_of_student(student.id) for student in (leader, mate)]
    assert [(one.topic_id, one.team_id) for one in given if one is not None] == [(own.id, team.id)] * 2


# -- reviews and defences -----------------------------------------------------------------------------------------------
def test_a_review_sends_a_thesis_back_and_reads_the_next_version(session: Session) -> None:
    found, reviewer = make.handed_in(), make.signer()
    ask = {"capstone": found.capstone, "kind": ReviewKind.BLIND, "due_on": TODAY, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="须回避"):
        operations.ask_review(person=found.school, **ask)  # type: ignore[arg-type]
    report = {"capstone": found.capstone, "stage": Stage.SIMILARITY, "file_id": make.pdf(), "by": found.by("student"), "now": NOW}
    operations.hand_in(similarity_x10=301, **report)
    with pytest.raises(CapstoneRefused, match=r"30\.1%"):
        operations.ask_review(person=reviewer, **ask)
    operations.hand_in(similarity_x10=300, **report)
    review = operations.ask_review(person=reviewer, **ask)
    make.grade(found, SupervisorRole.SCHOOL)
    operations.sign_review(review=review, score=60, verdict=Verdict.REVISE, comment="补充实验", by=make.as_person(reviewer), **TIMES)
    assert found.capstone.state is CapstoneState.SUBMITTED  # one side has graded: its signature stands
    make.submit(found)
    again = queries.review_of(found.capstone.id, reviewer.id)
    assert again is not None
    assert (again.id != review.id, again.signed_at) == (True, None)


def test_a_timetable_keeps_supervisors_away_and_the_record_counts(session: Session) -> None:
    found = make.case()
    cohort = _cohort(found.capstone)
    version = ground.version(found.programme, from_cohort_year=cohort.year)
    points = [point.number for _v, _n, point in queries.points_of(version.id)]
    items = [{"code": "topic", "label": "选题", "hint": "", "weight": 100, "points": points[:1]}]
    weights = {"school": 40, "enterprise": 40, "review": 0, "defence": 20}
    with pytest.raises(CapstoneRefused, match="指标点"):
        operations.adopt_rubric(version=version, items=[{**items[0], "points": ["99.9"]}], weights=weights, by=SYSTEM, now=NOW)
    rubric = operations.adopt_rubric(version=version, items=items, weights=weights, by=SYSTEM, now=NOW)
    assert operations.adopt_rubric(version=version, items=items, weights=weights, by=SYSTEM, now=NOW).id == rubric.id
    with pytest.raises(Stale):  # a form that was opened before there was one
        operations.adopt_rubric(version=version, items=items, weights=weights | {"school": 30, "review": 10}, opened_at=0, by=SYSTEM, now=NOW)
    make.submit(found)
    people = [*(ground.person() for _n in range(3)), make.signer()]
    form = {"cohort": cohort, "room": "A1", "on": TODAY, "starts_minute": 510, "minutes_each": 30, "secretary": people[3], "by": SYSTEM, "now": NOW}
    assert found.school is not None
    barred = operations.form_group(name="甲", chair=found.school, members=people[:2], **form)
    assert operations.timetable(cohort=cohort, by=SYSTEM, **TIMES).left == {found.capstone.id}
    operations.drop_group(group=barred, by=SYSTEM, now=NOW)
    operations.form_group(name="乙", chair=people[0], members=people[1:3], **form)
    assert operations.timetable(cohort=cohort, by=SYSTEM, **TIMES).left == frozenset()
    operations.publish_timetable(cohort=cohort, by=SYSTEM, now=NOW)
    for role in SupervisorRole:
        operations.grade(capstone=found.capstone, role=role, points={"topic": 80}, by=found.by(role), **TIMES)
    assert found.capstone.state is CapstoneState.SUBMITTED  # the defence carries weight
    slot = queries.slots_of(found.capstone.id)[0][0]
    record = {"slot": slot, "questions": "问答", "verdict": Verdict.PASS, **TIMES}
    with pytest.raises(CapstoneRefused, match="每位成员"):
        operations.record_defence(scores={people[0].id: 90}, by=make.as_person(people[3]), **record)
    operations.record_defence(scores={person.id: 90 for person in people[:3]}, by=make.as_person(people[3]), **record)
    assert (found.capstone.state, found.capstone.score_x10) == (CapstoneState.GRADED, 820)
    assert queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL].rubric["topic"]["serves"] == points[:1]


# -- the end ------------------------------------------------------------------------------------------------------------
def test_moderation_closes_grades_and_an_appeal_reaches_ledger_and_certificate(session: Session) -> None:
    found = make.graded(80, 80)
    grade = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    operations.moderate(capstone=found.capstone, reason="抽查", by=SYSTEM, now=NOW)
    with pytest.raises(WrongState, match="成绩复核中"):
        operations.correct_grade(grade=grade, points=make.points(70), reason="误", by=found.by("school"), **TIMES)
    operations.settle(capstone=found.capstone, score_x10=790, note="调低一分", by=SYSTEM, **TIMES)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert (found.capstone.score_x10, found.capstone.grade_text) == (790, "fair")
    row = operations.appeal(capstone=found.capstone, reason="答辩成绩漏计", by=found.by("student"), **TIMES)
    assert operations.appeal(capstone=found.capstone, reason="又一次", by=found.by("student"), **TIMES).id == row.id
    with pytest.raises(CapstoneRefused, match="申诉还没有结论"):
        operations.archive(capstone=found.capstone, by=make.head_of(found.programme), **LATER)
    operations.decide_appeal(capstone=found.capstone, score_x10=850, note="漏计属实", by=SYSTEM, **TIMES)
    assert (row.decision, row.before_x10, row.after_x10) == (Decision.CHANGED, 790, 850)
    assert [milestone.score_x10 for milestone in ledger.milestones_of(found.who.id)] == [850]
    states = [c.facts["grade"] for c in session.scalars(select(Certificate).where(Certificate.person_id == found.who.id).order_by(Certificate.id))]
    assert states == ["中等", "良好"]
    head = make.head_of(found.programme)
    operations.archive(capstone=found.capstone, by=head, **TIMES)  # the appeal is decided: nobody has to wait
    assert found.capstone.archive is not None
    assert [len(f["sha256"]) for f in found.capstone.archive["files"]] == [64, 64, 64]  # the evidence of the topic, the thesis with and without names
    with pytest.raises(WrongState, match="已归档"):
        operations.appeal(capstone=found.capstone, reason="再申诉", by=found.by("student"), **TIMES)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_certificates_say_the_same_whoever_has_them_issued_reads_what(session: Session, language: str) -> None:
    found = make.graded(79, 79)
    with in_language(language):
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
        operations.certify_supervision(programme=found.programme, cohort=_cohort(found.capstone), by=SYSTEM, **TIMES)
        operations.appeal(capstone=found.capstone, reason="答辩成绩漏计", by=found.by("student"), **TIMES)
        operations.decide_appeal(capstone=found.capstone, score_x10=850, note="漏计属实", by=SYSTEM, **TIMES)
    *passed, mentor = session.scalars(select(Certificate).order_by(Certificate.kind, Certificate.id))
    assert [one.facts["grade"] for one in passed] == ["中等", "良好"]
    assert mentor.facts["programme"] == f"{found.programme.name} 2023 级毕业设计"
    assert {one["text"] for row in passed for one in row.evidence} == {found.topic.title}
    said = session.execute(select(CertificateEvent.reason, CertificateEvent.document).where(CertificateEvent.reason != "").distinct())
    assert [tuple(row) for row in said] == [("公布的毕业设计成绩有变化，证书所载与记录不符", "毕业设计成绩申诉结论")], (
        "visitors read nothing of the appeal"
    )


def test_a_grade_that_stays_in_its_band_corrects_nothing_in_english_either(session: Session) -> None:
    found = make.graded(79, 79)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    with in_language("en"):
        operations.appeal(capstone=found.capstone, reason="答辩成绩漏计", by=found.by("student"), **TIMES)
        operations.decide_appeal(capstone=found.capstone, score_x10=785, note="漏计属实", by=SYSTEM, **TIMES)
    assert [one.state for one in session.scalars(select(Certificate))] == [State.ISSUED]


def test_an_appeal_comes_in_time_or_is_refused(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    late = {"today": TODAY + timedelta(days=6), "now": NOW + timedelta(days=6)}
    with pytest.raises(CapstoneRefused, match="截止"):
        operations.appeal(capstone=found.capstone, reason="迟", by=found.by("student"), **late)
    head = make.head_of(found.programme)
    with pytest.raises(CapstoneRefused, match="申诉期"):
        operations.archive(capstone=found.capstone, by=head, **TIMES)
    row = operations.accept_result(capstone=found.capstone, by=found.by("student"), **TIMES)
    assert operations.accept_result(capstone=found.capstone, by=found.by("student"), **TIMES).id == row.id
    with pytest.raises(CapstoneRefused, match="不能再次申诉"):
        operations.appeal(capstone=found.capstone, reason="反悔", by=found.by("student"), **TIMES)
    operations.archive(capstone=found.capstone, by=head, **TIMES)


def test_mentors_who_guided_get_a_certificate_once(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    cohort = _cohort(found.capstone)
    assert operations.certify_supervision(programme=found.programme, cohort=cohort, by=SYSTEM, **TIMES) == (1, 0, 0)
    assert operations.certify_supervision(programme=found.programme, cohort=cohort, by=SYSTEM, **TIMES) == (0, 0, 0)
    made = session.scalars(select(Certificate).where(Certificate.kind == Kind.MENTOR)).one()
    assert (made.person_id, made.facts["students"], made.facts["enterprise"]) == (found.field.id, "1", found.enterprise.name)  # type: ignore[union-attr]


def test_a_mentor_certified_early_is_certified_for_all_in_the_end(session: Session) -> None:
    """The certificate stayed at its first count: pressing again found it and did nothing."""
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    given: dict[str, Any] = {"programme": found.programme, "cohort": _cohort(found.capstone), "by": SYSTEM, **TIMES}
    operations.certify_supervision(**given)
    made = session.scalars(select(Certificate).where(Certificate.kind == Kind.MENTOR)).one()
    made.facts = {**made.facts, "students": "2", "weeks": "99"}  # as after another student's capstone was taken back
    certificates.suspend(certificate=made, reason="核查", document="1号", on=TODAY, by=SYSTEM, **TIMES)
    assert operations.certify_supervision(**given) == (0, 0, 1)
    now = session.scalars(select(Certificate).where(Certificate.kind == Kind.MENTOR, Certificate.is_current)).one()
    assert (now.facts["students"], now.replaces_id, now.state) == ("1", made.id, State.SUSPENDED), "no rule lifts a suspension"
    assert made.state is State.SUPERSEDED
    assert operations.certify_supervision(**given) == (0, 0, 0)
    certificates.revoke(certificate=now, reason="核查", document="2号", on=TODAY, by=SYSTEM, **TIMES)
    now.facts = {**now.facts, "students": "5"}
    assert operations.certify_supervision(**given) == (0, 0, 0), "what was revoked stays as it was"


def test_what_two_persons_corrected_of_a_mentor_stays_as_long_as_the_records_do(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    given: dict[str, Any] = {"programme": found.programme, "cohort": _cohort(found.capstone), "by": SYSTEM, **TIMES}
    operations.certify_supervision(**given)
    made = session.scalars(select(Certificate).where(Certificate.kind == Kind.MENTOR)).one()
    typed = corrected(made, facts={"students": "7"}, on=TODAY, today=TODAY)
    assert operations.certify_supervision(**given) == (0, 0, 0)
    made.facts = {**made.facts, "students": "2"}  # as when the records said so when it was issued
    assert operations.certify_supervision(**given) == (0, 0, 1)
    now = session.scalars(select(Certificate).where(Certificate.kind == Kind.MENTOR, Certificate.is_current)).one()
    assert (now.facts["students"], now.replaces_id) == ("1", typed.id)


def test_a_draft_of_a_mentor_counts_again_when_it_is_issued(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.certify_supervision(programme=found.programme, cohort=_cohort(found.capstone), by=SYSTEM, **TIMES)
    made = {one.kind: one for one in session.scalars(select(Certificate))}
    for one in made.values():
        one.state, one.note, one.facts = State.DRAFT, "overflows", {**one.facts, "students": "9", "topic": "旧题目"}
    for one in made.values():
        certificates.release(certificate=one, by=SYSTEM, **TIMES)
    assert {one.state for one in made.values()} == {State.ISSUED}
    assert (made[Kind.MENTOR].facts["students"], made[Kind.CAPSTONE].facts["topic"]) == ("1", found.topic.title)
    for waits in made.values():
        waits.state = State.DRAFT
    session.execute(update(GuidanceEntry).values(confirmed_at=None))
    found.capstone.state = CapstoneState.FAILED
    for waits in made.values():
        with pytest.raises(certificates.CannotIssue, match="来源记录"):
            certificates.release(certificate=waits, by=SYSTEM, **TIMES)


# -- links --------------------------------------------------------------------------------------------------------------
def test_a_link_works_once_for_its_person_until_it_ends(session: Session) -> None:
    found = make.handed_in()
    old, old_secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)
    link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)
    assert secret not in (link.secret_hash, old.secret_hash)
    with pytest.raises(LinkClosed, match="已被撤销"):
        operations.link_of(old_secret, NOW)
    with pytest.raises(LinkClosed, match="已过期"):
        operations.link_of(secret, link.expires_at)
    assert found.field is not None
    found.field.phone = "139 5000 1234"
    assert operations.is_holder(link, found.field.name, "1234")
    assert not operations.is_holder(link, found.field.name, "4321")
    by = operations.holder_of(operations.link_of(secret, NOW))
    operations.use_link(link=link, now=NOW)
    operations.grade(capstone=found.capstone, role=SupervisorRole.ENTERPRISE, points=make.points(), by=by, **TIMES)
    with pytest.raises(LinkClosed, match="已经用过"):
        operations.link_of(secret, NOW)
    with pytest.raises(WrongPerson):
        operations.grade(capstone=found.capstone, role=SupervisorRole.SCHOOL, points=make.points(), by=by, **TIMES)


def test_five_wrong_answers_or_another_supervisor_close_a_link(session: Session) -> None:
    found = make.case()
    link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=NOW)
    for _n in range(5):
        operations.link_of(secret, NOW)
        proving.count_failure(link=link)
    with pytest.raises(LinkClosed, match="次数过多"):
        operations.link_of(secret, NOW)
    _link, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=NOW)
    other = ground.person()
    make.mentor(found.enterprise, who=other)
    operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.ENTERPRISE, person=other, reason="原导师离职", by=SYSTEM, **TIMES)
    with pytest.raises(LinkClosed, match="已不是"):
        operations.link_of(secret, NOW)


# -- topics and enterprises that go ---------------------------------------------------------------------------------------
def test_an_enterprise_that_leaves_keeps_its_students_until_they_are_moved(session: Session) -> None:
    found = make.case()
    idle = make.topic(programme=found.programme, enterprise=found.enterprise)
    guide = operations.log_guidance(capstone=found.capstone, role=SupervisorRole.SCHOOL, on=TODAY, content="讨论", by=found.by("school"), **TIMES)
    with pytest.raises(TopicRefused, match="理由"):
        operations.leave_programme(enterprise=found.enterprise, reason=" ", by=SYSTEM, now=NOW)
    assert operations.leave_programme(enterprise=found.enterprise, reason="产线搬迁", by=SYSTEM, now=NOW) == (1, 1)
    assert (idle.state, found.topic.state, found.topic.seats) == (TopicState.WITHDRAWN, TopicState.APPROVED, 1)
    assert found.topic.closed_at == NOW
    other = make.topic(programme=found.programme)
    operations.change_topic(capstone=found.capstone, topic=other, reason="原企业退出", by=SYSTEM, **TIMES)
    assert (found.topic.taken, other.taken, found.capstone.enterprise_id) == (0, 1, other.enterprise_id)
    assert [id_ for id_, _text in queries.open_topics(found.programme.id)] == []  # the seat that is free again stays closed
    with pytest.raises(CapstoneRefused, match="已退出"):
        operations.change_topic(capstone=found.capstone, topic=found.topic, reason="回去", by=SYSTEM, **TIMES)
    assert queries.live_supervision(found.capstone.id, SupervisorRole.ENTERPRISE) is None
    assert queries.live_supervision(found.capstone.id, SupervisorRole.SCHOOL) is not None
    assert queries.entry(guide.id) is not None  # nothing of the work is lost


def test_a_refused_topic_is_changed_and_proposed_again_by_its_proposer(session: Session) -> None:
    author = Identity(account_id=accounts.account().id, person_id=None, name="联系人")
    row = make.topic(is_approved=False)
    row.proposed_by_id = author.account_id
    operations.refuse_topic(topic=row, side=Side.SCHOOL, reason="太泛", by=SYSTEM, now=NOW)
    with pytest.raises(WrongPerson):
        operations.revise_topic(topic=row, title="新题", problem="新问题", by=SYSTEM, now=NOW)
    operations.revise_topic(topic=row, title="新题", problem="新问题", by=author, now=NOW)
    assert (row.state, row.title, row.approved_by_school_on) == (TopicState.PROPOSED, "新题", None)


# -- spot checks --------------------------------------------------------------------------------------------------------
def test_a_spot_check_calls_further_experts(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    university = _university(found.capstone)
    found.capstone.finished_on = date(2025, 6, 14)
    with pytest.raises(CapstoneRefused, match="2%"):
        operations.draw(university=university, year=2024, percent=1, by=SYSTEM, **TIMES)
    check = operations.draw(university=university, year=2024, percent=2, by=SYSTEM, **TIMES)
    with pytest.raises(CapstoneRefused, match="不能重抽"):
        operations.draw(university=university, year=2024, percent=50, by=SYSTEM, **TIMES)
    assert rules.sample(check.population, check.percent, check.seed) == [found.capstone.id]
    item = queries.spot_items(check.id)[0][0]
    experts = [make.expert() for _n in range(5)]
    colleague = ground.person()
    ground.teacher(of=ground.programme(at=university), who=colleague)
    with pytest.raises(CapstoneRefused, match="须回避本校论文"):
        operations.send_to_experts(item=item, people=[*experts[:2], colleague], by=SYSTEM, **TIMES)
    for opinion, _name in queries.opinions_of(item.id):  # a request rolls back as a whole; the test has no request
        session.delete(opinion)
    for stranger in (ground.person(), make.expert(until=TODAY - timedelta(days=1))):
        with pytest.raises(CapstoneRefused, match="现在不是评议专家"):
            operations.send_to_experts(item=item, people=[stranger, *experts[:2]], by=SYSTEM, **TIMES)
    with pytest.raises(CapstoneRefused, match="3 位专家"):
        operations.send_to_experts(item=item, people=experts[:2], by=SYSTEM, **TIMES)
    operations.send_to_experts(item=item, people=experts[:3], by=SYSTEM, **TIMES)
    verdicts = [SpotVerdict.QUALIFIED, SpotVerdict.UNQUALIFIED, SpotVerdict.QUALIFIED]
    _judge(item.id, verdicts)
    assert item.outcome is SpotOutcome.MORE_EXPERTS
    with pytest.raises(CapstoneRefused, match="已评阅过"):
        operations.send_to_experts(item=item, people=experts[2:4], by=SYSTEM, **TIMES)
    operations.send_to_experts(item=item, people=experts[3:], by=SYSTEM, **TIMES)
    _judge(item.id, [SpotVerdict.QUALIFIED, SpotVerdict.QUALIFIED])
    assert item.outcome is SpotOutcome.FINE


def test_a_spot_check_looks_at_what_passed_in_an_academic_year_that_is_over(session: Session) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    university = _university(found.capstone)

    def drawn(year: int, on: date) -> list[int]:
        return operations.draw(university=university, year=year, percent=2, by=SYSTEM, today=on, now=NOW).population

    for on in (date(2026, 3, 2), date(2026, 8, 31)):  # to the last day of the year, results are published that the sample has to know
        with pytest.raises(CapstoneRefused, match="2025—2026 学年还没有结束") as refused:
            drawn(2025, on)
        assert (refused.value.field, refused.value.code) == ("year", "year_not_over")
    for year in (-1, 0, 1999, 2024):
        with pytest.raises(CapstoneRefused, match="没有公布成绩且合格"):
            drawn(year, date(2026, 9, 1))
    with pytest.raises(CapstoneRefused, match="还没有结束"):
        drawn(99999, date(2026, 9, 1))
    for day, year in ((date(2025, 8, 31), 2024), (date(2025, 9, 1), 2025), (date(2026, 8, 31), 2025), (date(2026, 9, 1), 2026)):
        found.capstone.finished_on = day
        assert [y for y in (2024, 2025, 2026) if queries.passed_in(university.id, y)] == [year]
    found.capstone.finished_on, found.capstone.state = date(2026, 8, 31), CapstoneState.FAILED
    with pytest.raises(CapstoneRefused, match="没有公布成绩且合格"):
        drawn(2025, date(2026, 9, 1))
    found.capstone.state = CapstoneState.PASSED
    assert drawn(2025, date(2026, 9, 1)) == [found.capstone.id]


def _judge(item_id: int, verdicts: list[SpotVerdict]) -> None:
    waiting = [opinion for opinion, _name in queries.opinions_of(item_id) if opinion.signed_at is None]
    for opinion, verdict in zip(waiting, verdicts, strict=True):
        by = make.as_person(_person(opinion.person_id))
        operations.give_opinion(opinion=opinion, verdict=verdict, comment="意见", by=by, **TIMES)


def test_who_was_given_for_a_reason_is_given_to_nobody_else(session: Session) -> None:
    rows, teachers, _mentors = _cohort_of(session, 3, 1, 1)
    programme = session.get_one(Programme, _student(rows[0]).programme_id)
    chemist = ground.person()
    ground.teacher(of=ground.programme(session.get_one(Organisation, programme.university_id), name="化学工程"), who=chemist)
    operations.assign_supervisor(capstone=rows[0], role=SupervisorRole.SCHOOL, person=chemist, reason="跨学科", by=SYSTEM, **TIMES)
    for mode in (PlanMode.FILL, PlanMode.REPAIR):
        operations.apply_plan(plan=_plan(rows, mode), by=SYSTEM, **TIMES)
        assert [queries.live_supervision(row.id, SupervisorRole.SCHOOL).person_id for row in rows] == [chemist.id, teachers[0], teachers[0]]  # type: ignore[union-attr]


def test_a_mentor_who_went_to_another_enterprise_stays_where_they_were_and_gets_no_place_more(session: Session) -> None:
    rows, _teachers, mentors = _cohort_of(session, 2, 1, 1)
    left = session.scalars(select(Mentor).where(Mentor.person_id == mentors[0])).one()
    operations.assign_supervisor(capstone=rows[0], role=SupervisorRole.ENTERPRISE, person=_person(mentors[0]), by=SYSTEM, **TIMES)
    left.until = TODAY - timedelta(days=1)
    programme, other = session.get_one(Programme, _student(rows[0]).programme_id), ground.enterprise()
    student, topic = ground.student(programme), make.topic(programme=programme, enterprise=other)
    rows.append(operations.assign_capstone(student=student, topic=topic, starts_on=START, ends_on=END, by=SYSTEM, **TIMES))
    make.mentor(other, who=_person(mentors[0]), since=TODAY)
    plan = _plan(rows)
    operations.apply_plan(plan=plan, by=SYSTEM, **TIMES)
    assert queries.live_supervision(rows[0].id, SupervisorRole.ENTERPRISE).person_id == mentors[0]  # type: ignore[union-attr]
    assert queries.live_supervision(rows[1].id, SupervisorRole.ENTERPRISE) is None
    assert queries.live_supervision(rows[2].id, SupervisorRole.ENTERPRISE).person_id == mentors[0]  # type: ignore[union-attr]
