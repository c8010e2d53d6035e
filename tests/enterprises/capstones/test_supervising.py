"""Who supervises: wishes of the student, what is told while somebody is chosen by hand, both sides of a topic, defences beside each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused, WrongPerson
from enterprises.capstones.types import CapstoneState, PlanMode, Side, SupervisorRole, TopicState, WindowStage
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import session as db_session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, Programme

SCHOOL, ENTERPRISE = SupervisorRole
FAR = date(2099, 6, 30)
TIMES = {"today": TODAY, "now": NOW}
AsRole = Callable[..., FlaskClient]


def _university(found: make.Case) -> Organisation:
    return db_session().get_one(Organisation, found.student.university_id)


def _with_people(session: Session, teachers: int = 3, mentors: int = 2) -> tuple[make.Case, list[Person], list[Person]]:
    found = make.case(has_supervisors=False)
    school, field = [ground.person() for _n in range(teachers)], [ground.person() for _n in range(mentors)]
    for person in school:
        ground.teacher(of=found.programme, who=person)
    for person in field:
        make.mentor(found.enterprise, who=person)
    return found, school, field


def test_wishes_are_taken_while_a_side_is_free_and_the_plan_follows_them(session: Session) -> None:
    found, school, field = _with_people(session)
    me, save = found.by("student"), {"capstone": found.capstone, **TIMES}
    keys = [person.id for person in school]
    stranger = ground.person()
    for wanted, why in (
        ([*keys, stranger.id], "最多填 3"),
        ([keys[0], keys[0]], "填了两次"),
        ([field[0].id], "不能担任"),
        ([stranger.id], "不能担任"),
    ):
        with pytest.raises(CapstoneRefused, match=why):
            operations.save_wishes(role=SCHOOL, person_ids=wanted, by=me, **save)
    operations.record_conflict(person=school[1], student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="须回避"):
        operations.save_wishes(role=SCHOOL, person_ids=[keys[1]], by=me, **save)
    operations.save_wishes(role=SCHOOL, person_ids=[keys[0]], by=me, **save)
    rows = operations.save_wishes(role=SCHOOL, person_ids=[keys[2], keys[0]], by=me, **save)
    assert [(row.rank, row.person_id) for row in queries.wishes_of(found.capstone.id, SCHOOL)] == [(1, keys[2]), (2, keys[0])]
    assert operations.save_wishes(role=SCHOOL, person_ids=[keys[2], keys[0]], by=me, **save) == rows
    operations.save_wishes(role=ENTERPRISE, person_ids=[field[1].id], by=me, **save)
    plan = operations.ask_for_plan(cohort=session.get_one(Cohort, found.student.cohort_id), mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    summary = operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    assert (summary["both"], summary["wished"], summary["granted"]) == (1, 2, 2)
    operations.apply_plan(plan=plan, by=SYSTEM, **TIMES)
    assert queries.is_supervisor(found.capstone.id, SCHOOL, keys[2])
    assert queries.is_supervisor(found.capstone.id, ENTERPRISE, field[1].id)
    with pytest.raises(CapstoneRefused, match="已经指派"):
        operations.save_wishes(role=SCHOOL, person_ids=[keys[0]], by=me, **save)
    operations.change_topic(capstone=found.capstone, topic=make.topic(programme=found.programme), reason="企业退出", by=SYSTEM, **TIMES)
    assert queries.wishes_of(found.capstone.id, ENTERPRISE) == []  # they named mentors of the enterprise before


def test_what_speaks_against_somebody_is_told_while_choosing(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, school, field = _with_people(session, teachers=2, mentors=1)
    chemist = ground.person()
    ground.teacher(of=ground.programme(at=_university(found), name="化学工程"), who=chemist)
    leaving = make.mentor(found.enterprise)
    leaving.until = FAR - timedelta(days=1)
    operations.save_wishes(capstone=found.capstone, role=SCHOOL, person_ids=[school[1].id], by=found.by("student"), **TIMES)
    found.capstone.ends_on = FAR  # the placement ends ten days after END
    gap = f"{(FAR - END).days - 10} 天不在该企业的实习期内"
    key, code, year = found.capstone.id, session.get_one(Programme, found.programme.id).code, session.get_one(Cohort, found.student.cohort_id).year
    asks = {"teacher": school[1].id, "chemist": chemist.id, "mentor": field[0].id, "leaving": leaving.person_id}
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)

    def told(role: SupervisorRole, who: str) -> str:
        return head.get(f"/capstones/{key}/supervisors/check?role={role.value}&person_id={asks[who]}").text

    assert "第 1 志愿" in told(SCHOOL, "teacher")
    assert "可以指派" in told(SCHOOL, "teacher")
    assert "data-needs-reason" in told(SCHOOL, "chemist")
    assert gap in told(ENTERPRISE, "mentor")
    assert "早于毕业设计结束" in told(ENTERPRISE, "leaving")
    board = head.get(f"/capstones/cohorts/{code}/{year}/board").text
    fields = re.findall(r'<input[^>]*name="reason"[^>]*>', board)
    assert fields
    assert not any(" hidden" in field for field in fields)  # a reason can be written without JavaScript
    assert gap in board
    assert "第 1 志愿" in board


def test_what_is_told_while_dragging_is_told_after_the_button_too(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """Without JavaScript nothing is checked beforehand: what speaks against it without forbidding it comes with the answer."""
    found, school, field = _with_people(session, teachers=1, mentors=1)
    found.capstone.ends_on = FAR
    key, people = found.capstone.id, (school[0].id, field[0].id)
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)

    def give(role: SupervisorRole, person_id: int) -> str:
        return head.post(f"/capstones/{key}/supervisors/board", data={"role": role.value, "person_id": person_id}, follow_redirects=True).text

    assert "请注意" not in give(SCHOOL, people[0])
    assert re.search(r"导师已指派。请注意：8.2：\d+ 天不在该企业的实习期内", give(ENTERPRISE, people[1]))


def test_why_somebody_has_none_stands_at_the_place_also_after_the_plan_was_applied(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, _school, _field = _with_people(session, teachers=1, mentors=0)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    plan = operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    operations.apply_plan(plan=plan, by=SYSTEM, **TIMES)
    where = f"/capstones/cohorts/{found.programme.code}/{cohort.year}/board"
    key, firm, enterprise = found.capstone.id, found.enterprise.name, found.enterprise
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert f"原因：企业“{firm}”没有指导教师。" in head.get(where).text
    refresh()  # the test's own context remembers the language of the page before
    english = head.get(f"{where}?lang=en").text
    assert "Why: " in english
    assert "没有指导教师" not in english
    new = make.mentor(enterprise).person_id
    operations.assign_supervisor(
        capstone=session.get_one(type(found.capstone), key), role=ENTERPRISE, person=session.get_one(Person, new), by=SYSTEM, **TIMES
    )
    session.commit()
    assert "Why: " not in head.get(where).text


def test_nobody_decides_about_a_topic_for_both_sides(session: Session) -> None:
    row = make.topic(is_approved=False)
    admin, other = Identity(account_id=71, person_id=None, name="管理员"), Identity(account_id=72, person_id=None, name="联系人")
    operations.approve_topic(topic=row, side=Side.SCHOOL, by=admin, **TIMES)
    with pytest.raises(WrongPerson, match="不同的人"):
        operations.approve_topic(topic=row, side=Side.ENTERPRISE, by=admin, **TIMES)
    operations.approve_topic(topic=row, side=Side.ENTERPRISE, by=other, **TIMES)
    assert row.state is TopicState.APPROVED


def test_a_conclusion_of_a_moderation_is_not_overwritten_by_a_grade(session: Session) -> None:
    found = make.graded(60, 90)
    operations.moderate(capstone=found.capstone, reason="相差过大", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=700, note="复核组重评", by=SYSTEM, **TIMES)
    mine = queries.grades_of(found.capstone.id)[SCHOOL]
    with pytest.raises(CapstoneRefused, match="已经复核"):
        operations.correct_grade(grade=mine, points=make.points(61), reason="算错", by=found.by(SCHOOL), **TIMES)
    with pytest.raises(CapstoneRefused, match="已经复核"):
        operations.ask_third(capstone=found.capstone, person=ground.person(), by=SYSTEM, **TIMES)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).score_x10 == 700


def test_defences_of_two_programmes_meet_neither_in_a_room_nor_in_a_person(session: Session) -> None:
    first = make.case()
    university = _university(first)
    second, elsewhere = make.case(programme=ground.programme(at=university)), make.case()
    cohorts = [session.get_one(Cohort, found.student.cohort_id) for found in (first, second, elsewhere)]
    people = [make.signer() for _n in range(12)]
    for found in (first, second, elsewhere):
        make.submit(found)

    def form(cohort: Cohort, start: int, room: str, panel: list[Person], secretary: Person) -> object:
        return operations.form_group(
            cohort=cohort, name="甲", room=room, on=TODAY, starts_minute=start, minutes_each=30, chair=panel[0], members=panel[1:], secretary=secretary,
            by=SYSTEM, now=NOW,
        )  # fmt: skip

    form(cohorts[0], 540, "A 101", people[:3], people[3])
    for start, room, panel, secretary, what in ((550, "a101", people[4:7], people[7], "地点"), (550, "B2", people[4:7], people[0], "人员")):
        with pytest.raises(CapstoneRefused, match=what), session.begin_nested():
            form(cohorts[1], start, room, panel, secretary)
    form(cohorts[2], 550, "A101", people[8:11], people[11])  # a room of that name at another university is another room
    form(cohorts[1], 570, "A101", people[4:7], people[7])
    assert operations.timetable(cohort=cohorts[0], by=SYSTEM, **TIMES).left == frozenset()  # one student fits before the other programme begins
    further = make.case(programme=first.programme, enterprise=first.enterprise)
    further.student.cohort_id = cohorts[0].id
    make.submit(further)
    assert len(operations.timetable(cohort=cohorts[0], by=SYSTEM, **TIMES).left) == 1
    operations.set_windows(cohort=cohorts[1], windows={WindowStage.DEFENCE: (START, TODAY - timedelta(days=1))}, by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="不在其中"):
        form(cohorts[1], 900, "C3", people[4:7], people[7])


@pytest.mark.parametrize(("state", "is_offered"), [(CapstoneState.GRADED, True), (CapstoneState.MODERATION, False), (CapstoneState.PASSED, False)])
def test_the_desk_offers_no_guidance_where_none_is_taken(session: Session, as_role: AsRole, state: CapstoneState, is_offered: bool) -> None:
    found = make.case()
    assert found.school is not None
    found.capstone.state, person_id = state, found.school.id
    session.commit()
    desk = as_role(Role.SCHOOL_SUPERVISOR, organisation_id=found.student.university_id, person_id=person_id).get("/capstones/supervised").text
    assert found.topic.title in desk
    assert ("#guidance" in desk) is is_offered
