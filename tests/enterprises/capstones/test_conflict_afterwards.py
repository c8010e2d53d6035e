"""A conflict of interest that comes to light after a signature, and a head who would decide on the own conclusion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceSlot, SpotItem
from enterprises.capstones.operations import CapstoneRefused, WrongPerson
from enterprises.capstones.queries.impartiality import exceptions_of
from enterprises.capstones.types import CapstoneState, Decision, ReviewKind, SpotVerdict, Stage, SupervisorRole, Verdict
from enterprises.mentors import operations as mentors
from enterprises.mentors.models import MentorConflict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
LATER = NOW + timedelta(hours=1)
SCHOOL, ENTERPRISE = SupervisorRole


def _near(found: make.Case, who: Person | None) -> None:
    assert who is not None
    operations.record_conflict(person=who, student=found.student, reason="舅舅", by=SYSTEM, now=LATER)


def _third(found: make.Case) -> Person:
    who = make.signer()
    operations.ask_third(capstone=found.capstone, person=who, by=SYSTEM, **TIMES)
    operations.grade_third(capstone=found.capstone, points=make.points(95), by=make.as_person(who), **TIMES)
    return who


def _reviewed(found: make.Case) -> Person:
    who = make.signer()
    row = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=row, score=100, verdict=Verdict.PASS, comment="好", by=make.as_person(who), **TIMES)
    return who


def _heard(session: Session, found: make.Case) -> Person:
    panel, secretary = [ground.person() for _n in range(3)], make.signer()
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30,
        chair=panel[0], members=panel[1:], secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    slot = DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={})
    session.add(slot)
    session.flush()
    record = {"questions": "问", "verdict": Verdict.PASS, "by": make.as_person(secretary), **TIMES}
    operations.record_defence(slot=slot, scores=dict.fromkeys((one.id for one in panel), 100), **record)
    return panel[0]


@pytest.mark.parametrize("what", ["third", "review", "panel"])
def test_whatever_a_relative_has_signed_is_looked_at_again_before_publication(session: Session, what: str) -> None:
    found = make.handed_in()
    who = _reviewed(found) if what == "review" else _heard(session, found) if what == "panel" else None
    make.grade(found, SCHOOL, 60)
    make.grade(found, ENTERPRISE, 90)
    relative = who or _third(found)
    if who is not None:
        _third(found)  # somebody else's, so that the sides are not too far apart
    _near(found, relative)
    assert [(one.person_id, one.is_signed) for one in exceptions_of([found.capstone])[found.capstone.id]] == [(relative.id, True)]
    with pytest.raises(CapstoneRefused) as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "partial"
    operations.moderate(capstone=found.capstone, reason="利益关系", by=SYSTEM, now=LATER)
    operations.settle(capstone=found.capstone, score_x10=None, note="另请人复看", by=SYSTEM, today=TODAY, now=LATER)
    assert exceptions_of([found.capstone]) == {}
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).state is CapstoneState.PASSED


def test_a_failure_that_a_relative_has_signed_is_looked_at_again_too(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A thesis that ended in its review has no whole result: who stands near the student has signed it all the same."""
    found = make.handed_in()
    who = make.signer()
    row = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=row, score=20, verdict=Verdict.FAIL, comment="抄袭", by=make.as_person(who), **TIMES)
    operations.conclude_failed(capstone=found.capstone, score_x10=200, note="不再答辩", by=SYSTEM, **TIMES)
    assert operations.result_of(found.capstone, TODAY) is None
    _near(found, who)
    with pytest.raises(CapstoneRefused) as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "partial"
    key, programme_id = found.capstone.id, found.programme.id
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/capstones/{key}").text
    assert "已签名的评分须先复核并写明结论，再公布成绩" in page
    operations.moderate(capstone=found.capstone, reason="利益关系", by=SYSTEM, now=LATER)
    operations.settle(capstone=found.capstone, score_x10=None, note="另请人看过", by=SYSTEM, today=TODAY, now=LATER)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).state is CapstoneState.FAILED


def test_a_moderation_before_the_conflict_was_known_has_not_looked_at_it(session: Session) -> None:
    found = make.graded(60, 90)
    operations.moderate(capstone=found.capstone, reason="相差过大", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=SYSTEM, **TIMES)
    _near(found, found.field)
    with pytest.raises(CapstoneRefused) as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "partial"


def test_a_conflict_is_lifted_with_a_reason(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    assert found.school is not None
    row = operations.record_conflict(person=found.school, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.lift_conflict(conflict=row, reason=" ", by=SYSTEM, now=NOW)
    key, programme_id = row.id, found.programme.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    said = head.post(f"/capstones/conflicts/{key}/lift", data={"reason": " "})
    assert (said.status_code, "请写明解除的理由" in said.text) == (422, True)
    assert head.post(f"/capstones/conflicts/{key}/lift", data={"reason": "登记有误"}).status_code == 303


def test_nobody_lifts_their_own_conflict(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case()
    head_person = ground.person()
    row = operations.record_conflict(person=head_person, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(WrongPerson, match="另一位负责人"):
        operations.lift_conflict(conflict=row, reason="登记有误", by=Identity(1, head_person.id, "本人"), now=NOW)
    key, programme_id, code, person_id = row.id, found.programme.id, found.programme.code, head_person.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id)
    assert f"/conflicts/{key}/lift" not in head.get(f"/capstones/cohorts/{code}/2023/assign").text
    assert head.post(f"/capstones/conflicts/{key}/lift", data={"reason": "登记有误"}).status_code == 403
    session.expire_all()
    assert row.lifted_at is None


@pytest.mark.parametrize(("left", "signs"), [(-1, False), (0, True)])
def test_who_has_left_corrects_no_grade_and_is_no_supervisor_of_the_school(session: Session, left: int, signs: bool) -> None:
    found = make.graded(80, 82)
    assert found.teacher is not None
    found.teacher.until = TODAY + timedelta(days=left)
    session.flush()
    grade = queries.grades_of(found.capstone.id)[SupervisorRole.SCHOOL]
    call: dict[str, Any] = {"grade": grade, "points": make.points(85), "reason": "算错", "by": found.by("school"), **TIMES}
    if signs:
        operations.correct_grade(**call)
    else:
        with pytest.raises(CapstoneRefused, match="不在任"):
            operations.correct_grade(**call)
    judged = {one.code: one for one in queries.findings_of([found.capstone.id], TODAY)[found.capstone.id]}
    assert judged["8.3.school"].met is signs


# -- nothing is signed any more in an office that is closed ----------------------------------------------------------------


def test_a_supervisor_who_stands_near_passes_and_logs_and_confirms_nothing(session: Session) -> None:
    found = make.case()
    student, school = found.by("student"), found.by("school")
    waiting = operations.log_guidance(capstone=found.capstone, role=SCHOOL, on=make.START, content="学生登记", by=student, **TIMES)
    paper = operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=student, now=NOW)
    _near(found, found.school)
    log = {"capstone": found.capstone, "role": SCHOOL, "on": TODAY, "content": "讨论", **TIMES}
    acts: list[Callable[[], object]] = [
        lambda: operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=school, now=NOW),
        lambda: operations.return_paper(paper=paper, reason="重写", by=school, now=NOW),
        lambda: operations.hand_in(capstone=found.capstone, stage=Stage.TASK_BOOK, file_id=make.pdf(), by=school, now=NOW),
        lambda: operations.log_guidance(by=school, **log),
        lambda: operations.log_guidance(by=student, **log),
        lambda: operations.confirm_guidance(entry=waiting, by=school, now=NOW),
    ]
    for act in acts:
        with pytest.raises(CapstoneRefused, match="回避") as no:
            act()
        assert no.value.code == "conflict"
    operations.log_guidance(capstone=found.capstone, role=ENTERPRISE, on=TODAY, content="讨论", by=found.by("enterprise"), **TIMES)


def _sampled(session: Session) -> tuple[SpotItem, list[Person], make.Case]:
    """A thesis that three of four experts were asked for."""
    found = make.graded()
    experts = [make.expert() for _n in range(4)]
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item = session.get_one(SpotItem, queries.spot_items(check.id)[0][0].id)
    operations.send_to_experts(item=item, people=experts[:3], by=SYSTEM, **TIMES)
    return item, experts, found


def test_an_expert_who_stands_near_signs_nothing(session: Session) -> None:
    item, experts, found = _sampled(session)
    opinion = queries.opinions_of(item.id)[0][0]
    register = make.mentor(ground.enterprise(), who=experts[0])
    # as it stood before a declaration released experts
    session.add(MentorConflict(mentor_id=register.id, student_id=found.student.id, reason="舅舅", declared_at=NOW))
    session.flush()
    with pytest.raises(CapstoneRefused, match="回避") as no:
        operations.give_opinion(opinion=opinion, verdict=SpotVerdict.UNQUALIFIED, comment="差", by=make.as_person(experts[0]), **TIMES)
    assert no.value.code == "conflict"
    experts[0].merged_into_id = (stays := ground.person()).id
    session.flush()
    _near(found, stays)
    operations.send_to_experts(item=item, people=experts[3:], by=SYSTEM, **TIMES)
    assert {row.person_id for row, _name in queries.opinions_of(item.id)} == {one.id for one in experts[1:]}


# -- the own conclusion -----------------------------------------------------------------------------------------------------


def _head(found: make.Case) -> Identity:
    account = identity.account(person=ground.person())
    identity.grant(account, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    return replace(make.head_of(found.programme), account_id=account.id, person_id=account.person_id)


@pytest.mark.parametrize("is_concluded", [False, True])
def test_who_settled_the_result_does_not_decide_the_appeal_against_it(session: Session, is_concluded: bool) -> None:
    found = make.handed_in()
    head = _head(found)
    above = identity.account(person=ground.person())
    identity.grant(above, Role.UNIVERSITY_ADMIN, organisation_id=found.student.university_id)
    if is_concluded:
        reviewer = make.signer()
        row = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
        operations.sign_review(review=row, score=40, verdict=Verdict.FAIL, comment="差", by=make.as_person(reviewer), **TIMES)
        operations.conclude_failed(capstone=found.capstone, score_x10=400, note="不合格", by=head, **TIMES)
    else:
        for role in SupervisorRole:
            make.grade(found, role)
        operations.moderate(capstone=found.capstone, reason="偏高", by=head, now=NOW)
        operations.settle(capstone=found.capstone, score_x10=610, note="偏高", by=head, **TIMES)
    operations.finish(capstone=found.capstone, by=head, **TIMES)
    operations.appeal(capstone=found.capstone, reason="不公", by=found.by("student"), **TIMES)
    assert make.told(above.id, "capstones.appeal")  # the only head cannot decide it
    with pytest.raises(CapstoneRefused) as no:
        operations.decide_appeal(capstone=found.capstone, score_x10=None, note="维持", by=head, **TIMES)
    assert no.value.code == "own_decision"
    row_ = operations.decide_appeal(capstone=found.capstone, score_x10=None, note="维持", by=_head(found), **TIMES)
    assert row_.decision is Decision.UPHELD


def test_the_page_offers_the_appeal_to_somebody_else_than_who_settled_it(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    key, programme_id = found.capstone.id, found.programme.id
    session.commit()
    head, other = (as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id) for _n in range(2))
    head.post(f"/capstones/{key}/moderation", data={"reason": "偏高"})
    head.post(f"/capstones/{key}/moderation/settle", data={"score": "61", "note": "偏高"})
    head.post(f"/capstones/{key}/finish")
    session.expire_all()
    operations.appeal(capstone=found.capstone, reason="不公", by=found.by("student"), **TIMES)
    session.commit()
    page = head.get(f"/capstones/{key}").text
    assert ("appeal/decide" in page, "须由他人决定" in page) == (False, True)
    assert "appeal/decide" in other.get(f"/capstones/{key}").text


def test_a_conflict_that_the_register_of_mentors_declares_is_told_at_the_capstone(session: Session) -> None:
    found = make.case()
    assert found.mentor is not None
    assert found.field is not None
    head, mentor = identity.account(), identity.account(person=found.field)
    identity.grant(head, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    mentors.declare_conflict(mentor=found.mentor, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    told = session.scalars(sa.select(Notice).where(Notice.kind == "capstones.conflict").order_by(Notice.account_id)).all()
    assert [(row.account_id, row.url) for row in told] == [(key, f"/capstones/{found.capstone.id}") for key in sorted((head.id, mentor.id))]
    mentors.withdraw_conflict(mentor=found.mentor, student=found.student, reason="登记有误", by=SYSTEM, now=LATER)
    mentors.declare_conflict(mentor=found.mentor, student=found.student, reason="舅舅", by=SYSTEM, now=LATER)  # another one, told anew
    assert session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.kind == "capstones.conflict")) == 4


def test_an_expert_of_the_register_who_stands_near_is_released(session: Session) -> None:
    item, experts, found = _sampled(session)
    register = make.mentor(ground.enterprise(), who=experts[0])
    mentors.declare_conflict(mentor=register, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    assert experts[0].id not in {row.person_id for row, _name in queries.opinions_of(item.id)}
    assert operations.send_to_experts(item=item, people=[experts[3]], by=SYSTEM, **TIMES) == 1
