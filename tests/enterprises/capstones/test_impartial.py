"""Who judges: nobody decides on the own grade, and nobody is asked for a signature who could not give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Review
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import Decision, ReviewKind, Stage, SupervisorRole, Verdict, WindowStage
from enterprises.mentors import operations as mentors
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity import queries as identities
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.policy.book import book
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}


def _head(found: make.Case, who: Person | None) -> object:
    """A head of the programme who is this person."""
    return replace(make.head_of(found.programme), person_id=who.id if who is not None else None)


@pytest.mark.parametrize("side", list(SupervisorRole))
def test_a_head_who_supervises_settles_no_moderation_of_the_own_grade(session: Session, side: SupervisorRole) -> None:
    found = make.graded(60, 90)
    operations.moderate(capstone=found.capstone, reason="双方相差过大", by=SYSTEM, now=NOW)
    mine = found.school if side is SupervisorRole.SCHOOL else found.field
    with pytest.raises(CapstoneRefused) as no:
        operations.settle(capstone=found.capstone, score_x10=900, note="按我方评分", by=_head(found, mine), **TIMES)
    assert no.value.code == "own_grade"
    assert found.capstone.score_x10 == 750
    row = operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=_head(found, ground.person()), **TIMES)
    assert row.decision is Decision.UPHELD


def test_a_head_settles_no_moderation_of_a_grade_given_under_the_other_record(session: Session) -> None:
    """A member's points of a defence are kept under the person row of that day, which a merging does not move."""
    found = make.graded(60, 90)
    head = ground.person()
    operations.record_conflict(person=head, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    stays = ground.person()
    head.merged_into_id = stays.id
    session.flush()
    assert queries.conflict_between(stays.id, found.student.id) is not None
    operations.moderate(capstone=found.capstone, reason="双方相差过大", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused) as no:
        operations.settle(capstone=found.capstone, score_x10=900, note="提高", by=_head(found, stays), **TIMES)
    assert no.value.code == "own_grade"
    assert {head.id, stays.id} <= queries.barred_from(found.capstone)


def test_a_supervisor_is_not_the_student_under_another_record(session: Session) -> None:
    found = make.case(has_supervisors=False)
    twin = ground.person()
    ground.teacher(of=found.programme, who=twin)
    student = session.get_one(Person, found.student.person_id)
    student.merged_into_id = twin.id
    session.flush()
    with pytest.raises(CapstoneRefused, match="自己的导师"):
        operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.SCHOOL, person=twin, by=SYSTEM, **TIMES)
    with pytest.raises(CapstoneRefused, match="学生本人"):
        operations.record_conflict(person=twin, student=found.student, reason="本人", by=SYSTEM, now=NOW)


def test_an_appeal_is_decided_by_who_has_no_part_in_the_result(session: Session) -> None:
    """Neither a supervisor of today or before, nor a reviewer, nor whoever stands near the student; a head without a part decides."""
    found = make.graded(80, 80)
    reviewer, relative = ground.person(), ground.person()
    session.add(
        Review(
            capstone_id=found.capstone.id, person_id=reviewer.id, kind=ReviewKind.BLIND, due_on=TODAY, asked_at=NOW, score_x10=800,
            verdict=Verdict.PASS, comment="好", signed_at=NOW,
        )
    )  # fmt: skip
    operations.record_conflict(person=relative, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏评第三章", by=found.by("student"), **TIMES)
    for who in (found.school, found.field, reviewer, relative):
        with pytest.raises(CapstoneRefused) as no:
            operations.decide_appeal(capstone=found.capstone, score_x10=950, note="提高", by=_head(found, who), **TIMES)
        assert no.value.code == "own_grade"
    row = operations.decide_appeal(capstone=found.capstone, score_x10=None, note="维持", by=_head(found, ground.person()), **TIMES)
    assert (row.decision, found.capstone.score_x10) == (Decision.UPHELD, 800)


def test_the_page_offers_the_decision_to_somebody_else(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded(80, 80)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏评", by=found.by("student"), today=TODAY + timedelta(days=1), now=NOW)
    assert found.school is not None
    key = found.capstone.id
    supervises = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=found.school.id)
    other = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.commit()
    page = supervises.get(f"/capstones/{key}").text
    assert "须由他人决定" in page
    assert "登记申诉结论" not in page
    said = supervises.post(f"/capstones/{key}/appeal/decide", data={"note": "维持"}, follow_redirects=True)
    assert said.status_code == 422
    assert "不能由你决定" in said.text
    assert "登记申诉结论" in other.get(f"/capstones/{key}").text


# -- who can be asked at all --------------------------------------------------------------------------------------------


def test_who_has_no_account_is_asked_for_no_signature(session: Session) -> None:
    """A review, a third grade and the record of a defence are signed by who signs in; a panel needs no account."""
    found, without, able = make.graded(60, 90), ground.person(), make.signer()
    ask = {"by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="没有账户") as no:
        operations.ask_third(capstone=found.capstone, person=without, **ask)
    assert no.value.code == "no_account"
    assert operations.ask_third(capstone=found.capstone, person=able, **ask).person_id == able.id
    other = make.case()
    make.submit(other)
    review = {"capstone": other.capstone, "kind": ReviewKind.BLIND, "due_on": TODAY, **ask}
    with pytest.raises(CapstoneRefused, match="没有账户"):
        operations.ask_review(person=without, **review)
    assert operations.ask_review(person=able, **review).person_id == able.id
    panel = [ground.person() for _n in range(3)]
    group = {
        "cohort": session.get_one(Cohort, other.student.cohort_id), "name": "甲", "room": "A1", "on": TODAY, "starts_minute": 540, "minutes_each": 30,
        "chair": panel[0], "members": panel[1:], "by": SYSTEM, "now": NOW,
    }  # fmt: skip
    with pytest.raises(CapstoneRefused, match="没有账户"):
        operations.form_group(secretary=without, **group)
    assert operations.form_group(secretary=able, **group).secretary_id == able.id


def test_the_lists_offer_who_can_sign(session: Session) -> None:
    found, without, able = make.case(), ground.person(), make.signer()
    for person in (without, able):
        ground.teacher(of=found.programme, who=person)
    at = (found.student.university_id, found.student.cohort_id, TODAY)
    everybody, signing = dict(queries.judge_choices(*at)), dict(queries.judge_choices(*at, signing=True))
    assert {without.id, able.id} <= set(everybody)
    assert (without.id in signing, able.id in signing) == (False, True)


def test_cross_reviews_go_to_supervisors_who_can_sign(session: Session) -> None:
    first = make.case()
    second = make.case(programme=first.programme, enterprise=first.enterprise)
    second.student.cohort_id = first.student.cohort_id
    for found in (first, second):
        make.submit(found)
    cohort = session.get_one(Cohort, first.student.cohort_id)
    ask = {"cohort": cohort, "due_on": TODAY, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="有账户的校内导师"):
        operations.ask_cross_reviews(**ask)
    assert second.school is not None
    identity.account(person=second.school)
    assert operations.ask_cross_reviews(**ask) == 1
    assert queries.review_of(first.capstone.id, second.school.id) is not None


@pytest.mark.parametrize(("share_x10", "is_alike"), [(299, False), (300, False), (301, True)])
def test_a_thesis_above_the_limit_of_similarity_holds_nobody_else_up(session: Session, share_x10: int, is_alike: bool) -> None:
    """It gets neither a reviewer nor a place in the timetable; the others of the cohort do."""
    first = make.case()
    second = make.case(programme=first.programme, enterprise=first.enterprise)
    second.student.cohort_id = first.student.cohort_id
    for found in (first, second):
        make.submit(found)
        assert found.school is not None
        identity.account(person=found.school)
    limit = book().at("own.capstone.similarity_over_percent", on=TODAY)
    assert limit.number == 30
    report = {"stage": Stage.SIMILARITY, "file_id": make.pdf(), "by": first.by("student")}
    operations.hand_in(capstone=first.capstone, similarity_x10=share_x10, now=NOW, **report)
    cohort = session.get_one(Cohort, first.student.cohort_id)
    panel = [*(ground.person() for _n in range(3)), make.signer()]
    operations.form_group(
        cohort=cohort, name="一组", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:3],
        secretary=panel[3], by=SYSTEM, now=NOW,
    )  # fmt: skip
    placed = operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    assert (first.capstone.id in placed.alike, first.capstone.id in placed.placed, second.capstone.id in placed.placed) == (
        is_alike,
        not is_alike,
        True,
    )
    assert operations.ask_cross_reviews(cohort=cohort, due_on=TODAY, by=SYSTEM, **TIMES) == 2 - is_alike
    with pytest.raises(CapstoneRefused, match="没有等待安排评阅的论文"):
        operations.ask_cross_reviews(cohort=cohort, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.hand_in(capstone=first.capstone, similarity_x10=120, now=NOW + timedelta(minutes=1), **report)
    assert len(operations.timetable(cohort=cohort, by=SYSTEM, **TIMES).placed) == 2
    assert operations.unread_originals(cohort.id, TODAY) == is_alike


def test_what_the_register_of_mentors_declares_is_a_conflict_of_interest_here_too(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    uncle = make.mentor(found.enterprise)
    person = session.get_one(Person, uncle.person_id)
    mentors.declare_conflict(mentor=uncle, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    assign = {"capstone": found.capstone, "role": SupervisorRole.ENTERPRISE, "person": person, "by": SYSTEM, **TIMES}
    with pytest.raises(CapstoneRefused, match="舅舅"):
        operations.assign_supervisor(**assign)
    assert person.id in queries.barred_from(found.capstone)
    assert person.id in queries.barred_from(found.capstone, Office.ENTERPRISE)
    row = operations.record_conflict(person=person, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    operations.lift_conflict(conflict=row, reason="登记有误", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="舅舅"):  # the programme lifts its own record, not the register's
        operations.assign_supervisor(**assign)
    key, programme_id, name = found.capstone.id, found.programme.id, person.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "舅舅" in head.get(f"/capstones/{key}/supervisors/check?role=enterprise&person_id={name}").text


def _party(found: make.Case, which: str) -> Person | None:
    """Who asks for a third grade: both supervisors, somebody near the student, or nobody with a part in it."""
    if which == "near":
        relative = ground.person()
        operations.record_conflict(person=relative, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
        return relative
    return {"school": found.school, "enterprise": found.field, "other": ground.person()}[which]


@pytest.mark.parametrize(("which", "is_refused"), [("school", True), ("enterprise", True), ("near", True), ("other", False)])
def test_nobody_chooses_the_judge_of_the_own_grade(session: Session, as_role: Callable[..., FlaskClient], which: str, is_refused: bool) -> None:
    """The two grades lie too far apart, and one of them is the head's own: another head names who breaks the tie."""
    found = make.graded(60, 90)
    party, third = _party(found, which), make.signer()
    asked = {"capstone": found.capstone, "person": third, "by": _head(found, party), **TIMES}
    if is_refused:
        with pytest.raises(CapstoneRefused, match="其他负责人") as no:
            operations.ask_third(**asked)
        assert (no.value.code, queries.third_of(found.capstone.id)) == ("own_grade", None)
    else:
        assert operations.ask_third(**asked).person_id == third.id
    key, programme_id, person_id = found.capstone.id, found.programme.id, party.id if party else None
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id)
    page = head.get(f"/capstones/{key}").text
    assert ("由本专业的其他负责人或学校教务管理员指定" in page, f"/capstones/{key}/third" in page) == (is_refused, not is_refused)
    assert ("须由他人决定" in head.get(f"/capstones/{key}/third").text) is is_refused


def test_a_party_reads_who_was_asked_and_nothing_once_it_is_signed(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, third = make.graded(60, 90), make.signer()
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    key, programme_id, person_id, asked = found.capstone.id, found.programme.id, found.school.id if found.school else None, third.name
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id)
    page = head.get(f"/capstones/{key}").text
    assert (f"已请 {asked} 评分，待签名" in page, "由本专业的其他负责人或学校教务管理员指定" in page) == (True, True)
    operations.grade_third(capstone=found.capstone, points=make.points(85), by=make.as_person(third), **TIMES)
    session.commit()
    page = head.get(f"/capstones/{key}").text
    assert ("待签名" in page, "由本专业的其他负责人或学校教务管理员指定" in page) == (False, False)


def test_who_outvotes_a_failing_reviewer_is_not_chosen_by_the_supervisor(session: Session) -> None:
    """No defence until more reviewers pass than fail: the supervising head would ask until it passes."""
    found, reader = make.handed_in(), make.signer()
    asked = {"capstone": found.capstone, "kind": ReviewKind.CROSS, "due_on": TODAY, **TIMES}
    mine = _head(found, found.school)
    review = operations.ask_review(person=reader, by=mine, **asked)  # nobody has failed it yet
    operations.sign_review(review=review, score=30, verdict=Verdict.FAIL, comment="不足", by=make.as_person(reader), **TIMES)
    with pytest.raises(CapstoneRefused, match="另请评阅人") as no:
        operations.ask_review(person=make.signer(), by=mine, **asked)
    assert no.value.code == "own_grade"
    assert operations.ask_review(person=make.signer(), by=_head(found, ground.person()), **asked).id > review.id


@pytest.mark.parametrize(
    ("closed", "to", "who", "is_refused"),
    [
        (1, 3, "school", True),  # over since yesterday, and opened again
        (1, None, "school", True),  # taken away: the stage would be free
        (1, -2, "school", False),  # shortened further
        (0, 3, "school", False),  # not over yet
        (1, 3, "other", False),
    ],
)
def test_the_days_for_grading_are_not_opened_again_by_who_missed_them(
    session: Session, closed: int, to: int | None, who: str, is_refused: bool
) -> None:
    found = make.handed_in()
    cohort, first = session.get_one(Cohort, found.student.cohort_id), TODAY - timedelta(days=9)
    operations.set_windows(cohort=cohort, windows={WindowStage.GRADING: (first, TODAY - timedelta(days=closed))}, by=SYSTEM, now=NOW)
    wanted = {WindowStage.GRADING: (first, TODAY + timedelta(days=to)) if to is not None else None}
    by = _head(found, _party(found, who))
    if is_refused:
        with pytest.raises(CapstoneRefused, match="评分时间已经截止") as no:
            operations.set_windows(cohort=cohort, windows=wanted, by=by, now=NOW)
        assert (no.value.code, no.value.field) == ("own_grade", "grading_closes")
    else:
        assert operations.set_windows(cohort=cohort, windows=wanted, by=by, now=NOW) == 1


@pytest.mark.parametrize(("stage", "is_refused"), [(WindowStage.GRADING, True), (WindowStage.THESIS, False)])
def test_nobody_prolongs_the_time_for_the_own_grade(
    session: Session, as_role: Callable[..., FlaskClient], stage: WindowStage, is_refused: bool
) -> None:
    found = make.graded()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    closed = {stage: (TODAY - timedelta(days=9), TODAY - timedelta(days=1))}
    operations.set_windows(cohort=cohort, windows=closed, by=SYSTEM, now=NOW)
    given = {"capstone": found.capstone, "stage": stage, "until": TODAY + timedelta(days=3), "reason": "出差", "now": NOW}
    assert operations.extend(by=_head(found, ground.person()), **given).stage is stage
    given["until"] += timedelta(days=1)
    if is_refused:
        with pytest.raises(CapstoneRefused, match="延长评分时间") as no:
            operations.extend(by=_head(found, found.school), **given)
        assert (no.value.code, no.value.field) == ("own_grade", "stage")
    else:
        operations.extend(by=_head(found, found.school), **given)
    key, programme_id, person_id = found.capstone.id, found.programme.id, found.school.id if found.school else None
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id).get(f"/capstones/{key}").text
    assert (f'value="{stage.value}"' in page) is not is_refused


def test_the_days_for_grading_stay_closed_to_who_has_a_grade_to_give_once_the_thesis_is_in(
    session: Session, as_role: Callable[..., FlaskClient]
) -> None:
    """The own student's thesis is not in yet, or was sent back: the grade is still to be given. The page says so beside the days."""
    found = make.case()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    over = (TODAY - timedelta(days=9), TODAY - timedelta(days=1))
    operations.set_windows(cohort=cohort, windows={WindowStage.GRADING: over}, by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="评分时间已经截止"):
        operations.set_windows(cohort=cohort, windows={WindowStage.GRADING: None}, by=_head(found, found.school), now=NOW)
    programme, year, person_id, somebody_id = found.programme, cohort.year, found.school.id if found.school else None, ground.person().id
    session.commit()
    for who, is_told in ((person_id, True), (somebody_id, False)):
        page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id, person_id=who).get(f"/capstones/cohorts/{programme.code}/{year}/windows")
        assert (page.status_code, "评分时间已经截止" in page.text) == (200, is_told)


def test_a_supervising_head_is_offered_no_further_readers_of_a_failed_thesis(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, reader = make.handed_in(), make.signer()
    asked = {"capstone": found.capstone, "kind": ReviewKind.CROSS, "due_on": TODAY, **TIMES}
    review = operations.ask_review(person=reader, by=SYSTEM, **asked)
    operations.sign_review(review=review, score=30, verdict=Verdict.FAIL, comment="不足", by=make.as_person(reader), **TIMES)
    key, programme, cohort = found.capstone.id, found.programme, session.get_one(Cohort, found.student.cohort_id)
    year, mine, somebody_id = cohort.year, found.school.id if found.school else None, ground.person().id
    session.commit()
    for who, is_offered in ((mine, False), (somebody_id, True)):
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id, person_id=who)
        page = head.get(f"/capstones/cohorts/{programme.code}/{year}/judging").text
        assert (f"/capstones/{key}/reviews" in page, "由其他负责人另请评阅人" in page) == (is_offered, not is_offered)
        assert (f'/capstones/cohorts/{programme.code}/{year}/judging">另请评阅人' in head.get(f"/capstones/{key}").text) is is_offered


def test_who_reads_names_by_an_office_reviews_nothing_blindly(session: Session) -> None:
    """A head who teaches, and the university's administrator: the page shows them names, scores and the signed thesis."""
    found = make.handed_in()
    make.nameless(found, NOW)
    head, admin, teacher = make.signer(), make.signer(), make.signer()
    for who, role, scope in (
        (head, Role.PROGRAMME_ADMIN, {"programme_id": found.programme.id}),
        (admin, Role.UNIVERSITY_ADMIN, {"organisation_id": found.student.university_id}),
    ):
        identity.grant(identities.account_of_person(who.id), role, **scope)
    asked = {"capstone": found.capstone, "due_on": TODAY, "by": SYSTEM, **TIMES}
    for who in (head, admin):
        with pytest.raises(CapstoneRefused, match="不能盲评") as no:
            operations.ask_review(person=who, kind=ReviewKind.BLIND, **{k: v for k, v in asked.items() if k != "by"}, by=SYSTEM)
        assert no.value.code == "reads_names"
        assert operations.ask_review(person=who, kind=ReviewKind.CROSS, **asked).person_id == who.id
    assert operations.ask_review(person=teacher, kind=ReviewKind.BLIND, **asked).person_id == teacher.id
