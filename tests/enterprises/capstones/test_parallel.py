"""Two sessions on one capstone at once, each with its own connection and commit: nothing is lost, and the second is told."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, DefenceSlot, Review, SpotCheck, SpotItem, SpotOpinion
from enterprises.capstones.types import CapstoneState, ReviewKind, SpotOutcome, SpotVerdict, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.programmes.models import Cohort

SCHOOL, ENTERPRISE = SupervisorRole
TIMES = {"today": TODAY, "now": NOW}


def _grade(key: int, role: SupervisorRole, by: Identity, points: int) -> Callable[[], object]:
    return lambda: operations.grade(capstone=session().get_one(Capstone, key), role=role, points=make.points(points), by=by, **TIMES)


def _correct(key: int, role: SupervisorRole, by: Identity, points: int) -> Callable[[], object]:
    return lambda: operations.correct_grade(grade=queries.grades_of(key)[role], points=make.points(points), reason="误", by=by, **TIMES)


def test_two_sessions_at_once_lose_nothing_and_the_second_is_told(committed: Flask) -> None:
    with committed.app_context(), transaction():
        cases = [make.case() for _n in range(3)]
        for found in cases:
            make.submit(found)
        keys = [found.capstone.id for found in cases]
        by = [{role: found.by(role) for role in SupervisorRole} for found in cases]
        head = make.head_of(cases[2].programme)

    def stands(key: int) -> tuple[CapstoneState, int | None, int]:
        with committed.app_context():
            row = session().get_one(Capstone, key)
            return row.state, row.score_x10, len(queries.grade_history(key))

    # both sides sign at once: each would miss the other's grade, and the capstone would never be graded
    assert together(committed, _grade(keys[0], SCHOOL, by[0][SCHOOL], 80), _grade(keys[0], ENTERPRISE, by[0][ENTERPRISE], 90)) == ["", ""]
    assert stands(keys[0]) == (CapstoneState.GRADED, 850, 2)
    # one person in two windows: one signature
    mine = by[1][SCHOOL]
    assert together(committed, _grade(keys[1], SCHOOL, mine, 70), _grade(keys[1], SCHOOL, mine, 75)) == ["", "already_graded"]
    assert stands(keys[1]) == (CapstoneState.SUBMITTED, None, 1)
    # a result is published while a side corrects its grade: what was published is what stands
    for role in SupervisorRole:
        assert together(committed, _grade(keys[2], role, by[2][role], 80)) == [""]
    finish = lambda: operations.finish(capstone=session().get_one(Capstone, keys[2]), by=head, **TIMES)  # noqa: E731
    assert together(committed, finish, _correct(keys[2], SCHOOL, by[2][SCHOOL], 60)) == ["", "wrong_state"]
    assert stands(keys[2]) == (CapstoneState.PASSED, 800, 2)


def test_a_record_that_is_being_signed_survives_a_new_timetable(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = [make.case()]
        found.append(make.case(programme=found[0].programme, enterprise=found[0].enterprise))
        cohort_id = found[0].student.cohort_id
        found[1].student.cohort_id = cohort_id
        panel = [*(ground.person() for _n in range(3)), make.signer()]
        for one in found:
            make.submit(one)
        cohort = session().get_one(Cohort, cohort_id)
        group = operations.form_group(
            cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:3], secretary=panel[3],
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
        (_first, *_a), (second, *_b) = queries.slots_of_group(group.id)
        slot_id, group_id, secretary = second.id, group.id, make.as_person(panel[3])
        scores = {person.id: 80 for person in panel[:3]}

    def record() -> object:
        slot = session().get_one(DefenceSlot, slot_id)
        return operations.record_defence(slot=slot, scores=scores, questions="问答", verdict=Verdict.PASS, by=secretary, **TIMES)

    def again() -> object:
        return operations.timetable(cohort=session().get_one(Cohort, cohort_id), by=SYSTEM, **TIMES)

    assert together(committed, record, again) == ["", ""]
    with committed.app_context():
        slots = [(slot.starts_minute, slot.score_x10) for slot, *_rest in queries.slots_of_group(group_id)]
        assert slots == [(570, 800), (600, None)]  # who was to come first and was not there comes after the last record


def test_the_last_two_experts_at_once_bring_a_spot_check_to_its_end(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.case()
        check = SpotCheck(
            university_id=found.student.university_id, year=2025, percent=2, seed=1, population=[found.capstone.id], drawn_by_id=None, drawn_at=NOW
        )
        session().add(check)
        session().flush()
        item = SpotItem(check_id=check.id, capstone_id=found.capstone.id)
        session().add(item)
        session().flush()
        people = [ground.person() for _n in range(3)]
        asked = [SpotOpinion(item_id=item.id, person_id=person.id, stage=1, asked_at=NOW) for person in people]
        session().add_all(asked)
        session().flush()
        item_id, opinions, experts = item.id, [row.id for row in asked], [make.as_person(person) for person in people]

    def sign(number: int) -> Callable[[], object]:
        return lambda: operations.give_opinion(
            opinion=session().get_one(SpotOpinion, opinions[number]), verdict=SpotVerdict.QUALIFIED, comment="合格", by=experts[number], **TIMES
        )

    assert together(committed, sign(0)) == [""]
    assert together(committed, sign(1), sign(2)) == ["", ""]
    with committed.app_context():
        assert session().get_one(SpotItem, item_id).outcome is SpotOutcome.FINE


def test_a_reviewer_and_a_secretary_in_two_windows_sign_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.case()
        make.submit(found)
        reader, panel = make.signer(), [*(ground.person() for _n in range(3)), make.signer()]
        review_id = operations.ask_review(capstone=found.capstone, person=reader, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES).id
        cohort = session().get_one(Cohort, found.student.cohort_id)
        group = operations.form_group(
            cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:3], secretary=panel[3],
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
        slot_id = queries.slots_of_group(group.id)[0][0].id
        reads, writes, members = make.as_person(reader), make.as_person(panel[3]), [person.id for person in panel[:3]]

    def sign(score: int) -> Callable[[], object]:
        return lambda: operations.sign_review(
            review=session().get_one(Review, review_id), score=score, verdict=Verdict.PASS, comment=f"意见 {score}", by=reads, **TIMES
        )

    def record(score: int) -> Callable[[], object]:
        return lambda: operations.record_defence(
            slot=session().get_one(DefenceSlot, slot_id),
            scores=dict.fromkeys(members, score),
            questions="问答",
            verdict=Verdict.PASS,
            by=writes,
            **TIMES,
        )

    assert together(committed, sign(90), sign(40)) == ["", "already_graded"]
    assert together(committed, record(90), record(40)) == ["", "already_graded"]
    with committed.app_context():
        assert session().get_one(Review, review_id).score_x10 == session().get_one(DefenceSlot, slot_id).score_x10 == 900


def test_a_third_grade_and_a_review_are_signed_once_whatever_the_other_window_shows(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.graded(school=95, enterprise=40)
        third, reader = make.signer(), make.signer()
        operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
        other = make.case()
        make.submit(other)
        review_id = operations.ask_review(capstone=other.capstone, person=reader, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES).id
        key, signs, reads = found.capstone.id, make.as_person(third), make.as_person(reader)

    def grade(points: int) -> Callable[[], object]:
        def act() -> object:
            shown = queries.third_of(key)  # as the page holds it
            assert shown is not None
            return operations.grade_third(capstone=session().get_one(Capstone, key), points=make.points(points), by=signs, **TIMES)

        return act

    def sign() -> object:
        review = session().get_one(Review, review_id)
        return operations.sign_review(review=review, score=80, verdict=Verdict.PASS, comment="好", by=reads, **TIMES)

    def cancel() -> object:
        review = session().get_one(Review, review_id)
        return operations.cancel_review(review=review, by=SYSTEM, now=NOW)

    assert together(committed, grade(70), grade(20)) == ["", "already_graded"]
    assert together(committed, sign, cancel)[0] == ""
    with committed.app_context():
        third_grade, review = queries.third_of(key), session().get_one(Review, review_id)
        assert third_grade is not None
        assert (third_grade.score_x10, review.cancelled_at) == (700, None)
