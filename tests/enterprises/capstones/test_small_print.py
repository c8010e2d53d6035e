"""Who is told when a capstone or an enterprise ends, and small doors that stood open: on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup, DefenceSlot, StageWindow
from enterprises.capstones.operations import CapstoneRefused, WrongPerson
from enterprises.capstones.types import ReviewKind, SupervisorRole, Verdict, WindowStage
from enterprises.own import capstone_queries
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.identity import queries as accounts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
DAY = timedelta(days=1)


def _window(session: Session, found: make.Case, stage: WindowStage, opens: date, closes: date) -> None:
    where = {"programme_id": found.programme.id, "cohort_id": found.student.cohort_id}
    session.add(StageWindow(stage=stage, opens_on=opens, closes_on=closes, **where))
    session.flush()


def _account(person: Person) -> int:
    return accounts.accounts_of_persons([person.id])[person.id]


# -- who is told --------------------------------------------------------------------------------------------------------


def test_who_heads_two_programmes_is_told_of_both_when_an_enterprise_leaves(session: Session) -> None:
    university, enterprise = ground.university(), ground.enterprise()
    cases = [make.case(programme=ground.programme(university), enterprise=enterprise) for _n in range(2)]
    supervisor = cases[0].school
    office = identity.account(person=supervisor, roles=(Role.UNIVERSITY_ADMIN,), organisation_id=university.id)
    operations.leave_programme(enterprise=enterprise, reason="停产", by=SYSTEM, now=NOW)
    told = make.told(office.id, "capstones.enterprise_left")
    assert (len(told), sum("可改题或继续完成" in text for text in told)) == (3, 2)  # as a supervisor, and as the head of each


def _in_timetable(session: Session, found: make.Case, panel: list[Person], secretary: Person, *, is_published: bool) -> DefenceGroup:
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=TODAY + DAY, starts_minute=540, minutes_each=30,
        chair=panel[0], members=panel[1:], secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    session.add(DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={}))
    group.published_at = NOW if is_published else None
    session.flush()
    return group


@pytest.mark.parametrize("is_published", [True, False])
def test_who_was_to_read_and_to_hear_is_told_when_a_capstone_ends(session: Session, is_published: bool) -> None:
    found = make.handed_in()
    reviewer, secretary, panel = make.signer(), make.signer(), [make.signer() for _n in range(3)]
    operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    _in_timetable(session, found, panel, secretary, is_published=is_published)
    operations.withdraw(capstone=found.capstone, reason="退学", by=SYSTEM, **TIMES)
    assert any("已撤回" in text for text in make.told(_account(reviewer), "capstones.review"))
    for who in (secretary, *panel):
        assert bool(make.told(_account(who), "capstones.defence")) is is_published


def test_who_was_to_give_a_third_grade_is_told_when_the_student_leaves(session: Session) -> None:
    found, third = make.graded(60, 90), make.signer()
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    found.student.state = StudentState.WITHDRAWN
    operations.withdraw(capstone=found.capstone, reason="退学", by=SYSTEM, **TIMES)
    assert any("不再需要" in text for text in make.told(_account(third), "capstones.third"))


# -- small doors --------------------------------------------------------------------------------------------------------


def test_no_student_keeps_the_record_of_a_defence_and_nobody_the_own_one(session: Session) -> None:
    found = make.handed_in()
    panel, secretary = [ground.person() for _n in range(3)], make.signer()
    identity.account(person=found.who)
    with pytest.raises(CapstoneRefused) as no:
        _in_timetable(session, found, panel, found.who, is_published=False)
    assert (no.value.code, no.value.field) == ("is_student", "secretary_id")
    group = _in_timetable(session, found, panel, secretary, is_published=False)
    with pytest.raises(CapstoneRefused) as no:
        operations.exchange_secretary(group=group, secretary=found.who, by=SYSTEM, now=NOW)
    assert no.value.code == "is_student"
    group.secretary_id = found.who.id  # as it could be entered before
    session.flush()
    [(slot, *_rest)] = queries.slots_of_group(group.id)
    scores = dict.fromkeys((one.id for one in panel), 100)
    record = {"questions": "问", "verdict": Verdict.PASS, "today": TODAY + DAY, "now": NOW + DAY}
    with pytest.raises(WrongPerson, match="本人"):
        operations.record_defence(slot=slot, scores=scores, by=make.as_person(found.who), **record)


@pytest.mark.parametrize(("since", "reads"), [(TODAY, True), (TODAY + DAY, False)])
def test_a_mentor_reads_confidential_topics_from_the_first_day_in_office(session: Session, since: date, reads: bool) -> None:
    row = make.topic(is_confidential=True)
    found = make.mentor(session.get_one(Organisation, row.enterprise_id), since=since)
    who = make.as_person(session.get_one(Person, found.person_id))
    assert queries.is_opened_to(row.id, who, TODAY) is reads
    assert (queries.topic_seen_by(row.id, who, TODAY) is not None) is reads
    assert (found.person_id in queries.topic_subject(row, TODAY).persons) is reads


@pytest.mark.parametrize(("days", "is_taken"), [(4, False), (5, True), (10, True), (11, False)])
def test_a_review_is_due_inside_the_window_of_reviews(session: Session, days: int, is_taken: bool) -> None:
    found, reviewer = make.handed_in(), make.signer()
    _window(session, found, WindowStage.REVIEW, TODAY + 5 * DAY, TODAY + 10 * DAY)
    ask = {"capstone": found.capstone, "person": reviewer, "kind": ReviewKind.CROSS, "due_on": TODAY + days * DAY, "by": SYSTEM, **TIMES}
    if is_taken:
        assert operations.ask_review(**ask).due_on == TODAY + days * DAY
        return
    with pytest.raises(CapstoneRefused) as no:
        operations.ask_review(**ask)
    assert (no.value.code, no.value.field) == ("outside_window", "due_on")
    if days > 10:  # who was given more time has a review in it
        operations.extend(capstone=found.capstone, stage=WindowStage.REVIEW, until=TODAY + 11 * DAY, reason="病假", by=SYSTEM, now=NOW)
        assert operations.ask_review(**ask).due_on == TODAY + 11 * DAY


def test_a_new_version_is_read_again_before_the_window_of_reviews_closes(session: Session) -> None:
    found, reviewer = make.handed_in(), make.signer()
    row = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=row, score=60, verdict=Verdict.REVISE, comment="改", by=make.as_person(reviewer), **TIMES)
    _window(session, found, WindowStage.REVIEW, TODAY, TODAY + 3 * DAY)
    make.submit(found)
    [again] = [one for one, _name in queries.reviews_of(found.capstone.id) if one.signed_at is None]
    assert again.due_on == TODAY + 3 * DAY


def test_why_a_student_has_more_time_is_told_to_the_school_alone(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    _window(session, found, WindowStage.OPENING, START, TODAY)
    operations.extend(capstone=found.capstone, stage=WindowStage.OPENING, until=END, reason="住院两周", by=SYSTEM, now=NOW)
    assert found.school is not None
    assert found.field is not None
    key, at = found.capstone.id, {"organisation_id": found.student.university_id}
    firm, people = {"organisation_id": found.enterprise.id}, (found.who.id, found.school.id, found.field.id)
    programme_id = found.programme.id
    session.commit()
    seen = {
        "student": as_role(Role.STUDENT, person_id=people[0], **at),
        "school": as_role(Role.SCHOOL_SUPERVISOR, person_id=people[1], **at),
        "head": as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id),
        "mentor": as_role(Role.MENTOR, person_id=people[2], **firm),
        "coordinator": as_role(Role.ENTERPRISE_COORDINATOR, **firm),
        "overseer": as_role(Role.DEPT_EDU),
    }
    told = {}
    for who, client in seen.items():
        pages = [client.get(f"/capstones/{key}{more}").text for more in ("", "/timeline")]
        assert all(END.isoformat() in page for page in pages), who  # the day itself is everybody's
        told[who] = tuple("住院" in page for page in pages)
    assert told == {
        **dict.fromkeys(("student", "school", "head"), (True, True)),
        **dict.fromkeys(("mentor", "coordinator", "overseer"), (False, False)),
    }


def test_the_own_data_tell_that_a_sample_was_void(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    other = replace(SYSTEM, account_id=identity.account().id)
    operations.void(check=check, reason="学年选错", by=other, now=NOW)
    operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    rows = session.execute(capstone_queries.spot_checks(found.who.id).statement).mappings().all()
    assert [row["voided_at"] is not None for row in rows] == [True, False]


def test_a_head_who_supervises_corrects_nothing_once_the_other_side_is_read(session: Session) -> None:
    found = make.handed_in()
    assert found.school is not None
    account = identity.account(person=found.school, roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    head = replace(make.head_of(found.programme), account_id=account.id, person_id=found.school.id)
    correct = {"points": make.points(70), "reason": "算错", "by": head, **TIMES}
    make.grade(found, SupervisorRole.SCHOOL, 80)
    first = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    second = operations.correct_grade(grade=first, **correct)  # nothing of the other side is there to be read
    make.grade(found, SupervisorRole.ENTERPRISE, 90)
    with pytest.raises(CapstoneRefused) as no:
        operations.correct_grade(grade=second, **correct)
    assert no.value.code == "has_read"
    plain = operations.correct_grade(grade=second, **{**correct, "by": found.by("school")})
    assert plain.replaced_at is None


def test_the_board_marks_who_may_not_supervise_any_more(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    assert found.field is not None
    where = f"/capstones/cohorts/{found.programme.code}/2023/board"
    programme_id, field_id = found.programme.id, found.field.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "须回避，请换人" not in head.get(where).text
    operations.record_conflict(person=session.get_one(Person, field_id), student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    session.commit()
    assert head.get(where).text.count("须回避，请换人") == 1
