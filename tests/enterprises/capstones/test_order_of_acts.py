"""Who may not judge or supervise a capstone, in whatever order the acts come: asked when somebody is named, and again when they sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, planning, queries
from enterprises.capstones.models import Conflict, DefenceGroup, DefenceSlot, Review, Supervision
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.planner.solving import solve
from enterprises.capstones.types import CapstoneState, PlanMode, ReviewKind, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


READS = {SCHOOL: ReviewKind.BLIND, ENTERPRISE: ReviewKind.CROSS}
"""What somebody of a side may be asked for: nobody of the topic's enterprise reads blind."""


def _able(found: make.Case, role: SupervisorRole) -> Person:
    """Somebody who could supervise on one side, and sign."""
    who = make.signer()
    if role is SCHOOL:
        ground.teacher(of=found.programme, who=who)
    else:
        make.mentor(found.enterprise, who=who)
    return who


def _group(session: Session, found: make.Case, members: list[Person]) -> DefenceGroup:
    return operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30,
        chair=members[0], members=members[1:], secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip


def _placed(session: Session, found: make.Case, members: list[Person]) -> DefenceSlot:
    group = _group(session, found, members)
    slot = DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={})
    session.add(slot)
    session.flush()
    return slot


def _secretary(session: Session, slot: DefenceSlot) -> object:
    return make.as_person(session.get_one(Person, session.get_one(DefenceGroup, slot.group_id).secretary_id))


def _assign(found: make.Case, role: SupervisorRole, who: Person) -> Supervision:
    return operations.assign_supervisor(capstone=found.capstone, role=role, person=who, reason="更换", by=SYSTEM, **TIMES)


# -- named afterwards ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize("judged", ["asked", "signed", "sent_back"])
def test_a_reviewer_does_not_become_supervisor(session: Session, role: SupervisorRole, judged: str) -> None:
    found = make.handed_in()
    who = _able(found, role)
    review = operations.ask_review(capstone=found.capstone, person=who, kind=READS[role], due_on=TODAY, by=SYSTEM, **TIMES)
    if judged != "asked":
        verdict = Verdict.REVISE if judged == "sent_back" else Verdict.PASS
        operations.sign_review(review=review, score=80, verdict=verdict, comment="好", by=make.as_person(who), **TIMES)
    with pytest.raises(CapstoneRefused, match="评阅") as no:
        _assign(found, role, who)
    assert no.value.code == "judges"
    if judged == "asked":  # who was asked in vain is free again
        operations.cancel_review(review=review, by=SYSTEM, now=NOW)
        assert _assign(found, role, who).person_id == who.id


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize("is_recorded", [False, True])
def test_who_sits_in_the_panel_does_not_become_supervisor(session: Session, role: SupervisorRole, is_recorded: bool) -> None:
    found = make.handed_in()
    who = _able(found, role)
    panel = [ground.person(), ground.person(), who]
    slot = _placed(session, found, panel)
    if is_recorded:
        operations.record_defence(
            slot=slot, scores={one.id: 80 for one in panel}, questions="问", verdict=Verdict.PASS, by=_secretary(session, slot), **TIMES
        )
    with pytest.raises(CapstoneRefused, match="答辩") as no:
        _assign(found, role, who)
    assert no.value.code == "judges"


def test_the_secretary_judges_nothing_and_may_supervise(session: Session) -> None:
    """As when the timetable is made: the secretary keeps the record and gives no points."""
    found = make.handed_in()
    slot = _placed(session, found, [ground.person() for _n in range(3)])
    who = session.get_one(Person, session.get_one(DefenceGroup, slot.group_id).secretary_id)
    ground.teacher(of=found.programme, who=who)
    assert _assign(found, SCHOOL, who).person_id == who.id


@pytest.mark.parametrize("role", list(SupervisorRole))
@pytest.mark.parametrize("mode", list(PlanMode))
def test_no_plan_proposes_who_judges(session: Session, mode: PlanMode, role: SupervisorRole) -> None:
    found = make.case(has_supervisors=False)
    make.submit(found)
    reviewer, sits, free = (_able(found, role) for _n in range(3))
    operations.ask_review(capstone=found.capstone, person=reviewer, kind=READS[role], due_on=TODAY, by=SYSTEM, **TIMES)
    _placed(session, found, [ground.person(), ground.person(), sits])
    problem, _names = planning.case_of(found.programme, found.student.cohort_id, mode, TODAY)
    plan = solve(problem, seed=1)
    assert {int(person) for person in plan.assigned.values()} == {free.id}
    assert {one.person_id for one in queries.wishable(found.capstone, role, TODAY)}.isdisjoint({reviewer.id, sits.id})


def test_the_board_warns_of_who_judges(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.handed_in()
    who = _able(found, SCHOOL)
    operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    key, person_id, programme_id = found.capstone.id, who.id, found.programme.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "评阅" in head.get(f"/capstones/{key}/supervisors/check?role=school&person_id={person_id}").text


# -- and again when signing ---------------------------------------------------------------------------------------------


def test_a_review_is_not_signed_by_who_stands_near_the_student_meanwhile(session: Session) -> None:
    found = make.handed_in()
    who = make.signer()
    review = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    conflict = operations.record_conflict(person=who, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    sign = {"review": review, "score": 95, "verdict": Verdict.PASS, "comment": "好", "by": make.as_person(who), **TIMES}
    with pytest.raises(CapstoneRefused, match="回避") as no:
        operations.sign_review(**sign)
    assert no.value.code == "conflict"
    operations.lift_conflict(conflict=conflict, reason="登记有误", by=SYSTEM, now=NOW)
    assert operations.sign_review(**sign).signed_at == NOW


def test_a_panel_gives_points_without_who_stands_near_the_student(session: Session) -> None:
    """The member leaves for this student: the others' points are the score, and at least two of them judge."""
    found = make.handed_in()
    panel = [ground.person() for _n in range(3)]
    slot = _placed(session, found, panel)
    operations.record_conflict(person=panel[2], student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    record = {"slot": slot, "questions": "问", "verdict": Verdict.PASS, "by": _secretary(session, slot), **TIMES}
    with pytest.raises(CapstoneRefused, match="回避") as no:
        operations.record_defence(scores={panel[0].id: 80, panel[1].id: 90, panel[2].id: 100}, **record)
    assert no.value.field == "scores"
    operations.record_defence(scores={panel[0].id: 80, panel[1].id: 90}, **record)
    assert (slot.score_x10, set(slot.scores)) == (850, {str(panel[0].id), str(panel[1].id)})


def test_one_member_alone_is_no_panel(session: Session) -> None:
    found = make.handed_in()
    panel = [ground.person() for _n in range(3)]
    slot = _placed(session, found, panel)
    for who in panel[1:]:
        operations.record_conflict(person=who, student=found.student, reason="亲属", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="两位"):
        operations.record_defence(slot=slot, scores={panel[0].id: 80}, questions="问", verdict=Verdict.PASS, by=_secretary(session, slot), **TIMES)


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_a_grade_is_not_signed_by_a_supervisor_who_stands_near_the_student(session: Session, role: SupervisorRole) -> None:
    found = make.handed_in()
    mine = found.school if role is SCHOOL else found.field
    assert mine is not None
    operations.record_conflict(person=mine, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="回避") as no:
        make.grade(found, role, 95)
    assert no.value.code == "conflict"
    assert operations.against_grade(found.capstone, role, NOW) is not None  # the page says so before
    other = _able(found, role)
    _assign(found, role, other)
    operations.grade(capstone=found.capstone, role=role, points=make.points(70), by=make.as_person(other), **TIMES)


def test_a_result_with_the_grade_of_who_stands_near_is_looked_at_again_before_it_is_published(session: Session) -> None:
    found = make.graded(90, 90)
    assert found.school is not None
    operations.record_conflict(person=found.school, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="复核") as no:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert no.value.code == "partial"
    operations.moderate(capstone=found.capstone, reason="利益关系", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=800, note="另请两位教师复看", by=SYSTEM, **TIMES)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).state is CapstoneState.PASSED


def test_a_third_grade_is_not_signed_by_who_stands_near_the_student(session: Session) -> None:
    found = make.graded(60, 90)
    third = make.signer()
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    operations.record_conflict(person=third, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    with pytest.raises(CapstoneRefused, match="回避"):
        operations.grade_third(capstone=found.capstone, points=make.points(90), by=make.as_person(third), **TIMES)


def test_an_expert_of_a_spot_check_has_judged_the_thesis_nowhere_before(session: Session) -> None:
    found = make.graded()
    experts = [make.expert() for _n in range(3)]
    slot = _placed(session, found, [ground.person(), ground.person(), experts[0]])
    slot.scores, slot.score_x10, slot.verdict, slot.recorded_at = {str(experts[0].id): 800}, 800, Verdict.PASS, NOW
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    with pytest.raises(CapstoneRefused, match="答辩"):
        operations.send_to_experts(item=queries.spot_items(check.id)[0][0], people=experts, by=SYSTEM, **TIMES)


# -- a conflict that is recorded against who is in office -----------------------------------------------------------------


def test_a_conflict_with_who_is_in_office_is_told_and_shown(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """On the capstone's page with what to do, as a figure of the cohort that leads to the list, and to the persons concerned."""
    found = make.handed_in()
    assert found.school is not None
    account = identity.account(person=found.school)
    head_account = identity.account()
    identity.grant(head_account, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.flush()
    conflict = operations.record_conflict(person=found.school, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    assert make.told(account.id, "capstones.conflict")
    assert make.told(head_account.id, "capstones.conflict")
    assert found.school.name in make.told(head_account.id, "capstones.conflict")[0]
    key, code, name = found.capstone.id, found.programme.code, found.school.name
    cohort = session.get_one(Cohort, found.student.cohort_id)
    year, cohort_id, programme_id, conflict_id = cohort.year, cohort.id, found.programme.id, conflict.id
    other = make.case(programme=found.programme, enterprise=found.enterprise)
    other_name = session.get_one(Person, other.student.person_id).name
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(f"/capstones/{key}").text
    assert "须回避" in page
    assert name in page
    assert f"/capstones/{key}/supervisors" in page
    assert f"/capstones/?state=barred&amp;cohort={cohort_id}" in head.get(f"/capstones/cohorts/{code}/{year}").text
    shown = head.get(f"/capstones/?state=barred&cohort={cohort_id}").text
    assert f'/capstones/{key}"' in shown
    assert other_name not in shown
    operations.lift_conflict(conflict=session.get_one(Conflict, conflict_id), reason="登记有误", by=SYSTEM, now=NOW)
    session.commit()
    assert "须回避" not in head.get(f"/capstones/{key}").text


def test_what_no_longer_stands_in_the_way_is_no_exception(session: Session) -> None:
    """A supervisor of before, a review that was taken back: nothing is left to do."""
    from enterprises.capstones.queries.impartiality import exceptions_of

    found = make.handed_in()
    assert found.school is not None
    who = make.signer()
    review = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    assert exceptions_of([found.capstone]) == {}
    operations.record_conflict(person=who, student=found.student, reason="舅舅", by=SYSTEM, now=NOW)
    operations.record_conflict(person=found.school, student=found.student, reason="姑姑", by=SYSTEM, now=NOW)
    assert [(one.person_id, one.reason) for one in exceptions_of([found.capstone])[found.capstone.id]] == [
        (found.school.id, "姑姑"),
        (who.id, "舅舅"),
    ]
    operations.cancel_review(review=review, by=SYSTEM, now=NOW)
    _assign(found, SCHOOL, _able(found, SCHOOL))
    assert exceptions_of([found.capstone]) == {}
    assert session.get(Review, review.id) is not None
