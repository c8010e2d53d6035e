"""Who takes an optional course is listed before anybody is marked: by student numbers, by ticks, once, and not past a mark."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.curriculum import marking
from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum.models import AssessmentItem
from courses.curriculum.types import AssessmentKind
from courses.teaching import correcting, operations, queries, taking
from courses.teaching.models import Offering
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.ground import NOW
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.db import session as current
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort, Programme

W: dict[str, Any] = {"by": SYSTEM, "now": NOW}
FIRST = date(2025, 9, 8)


def offered(students: int = 3, *, is_optional: bool = True) -> tuple[Offering, list[Student]]:
    programme = ground.programme()
    row = course(ground.version(programme), is_optional=is_optional)
    cohort = ground.cohort(programme)
    found = [ground.student(programme, year=cohort.year) for _n in range(students)]
    return operations.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W), found


def on_list(offering: Offering) -> set[int]:
    return {row.student_id for row in queries.takers_of(offering.id)}


def test_listed_by_numbers_and_by_ticks(session: Session) -> None:
    offering, students = offered()
    numbers = [one.student_no for one in students]
    assert taking.list_numbers(offering=offering, text=f" {numbers[0]}，{numbers[1]}\n{numbers[0]} ", **W) == 2
    assert taking.list_numbers(offering=offering, text=numbers[0], **W) == 0, "again changes nothing"
    assert taking.list_takers(offering=offering, add=[students[2].id], remove=[students[0].id], **W) == 2
    assert on_list(offering) == {students[1].id, students[2].id}
    told = [note.data for note in session.info["audit"] if note.did == "courses.teaching.takers_listed"]
    assert told[-1] == {"added": [students[2].id], "removed": [students[0].id]}
    assert len(told) == 2


def test_who_cannot_be_listed(session: Session) -> None:
    offering, students = offered()
    elsewhere = ground.student()
    students[2].state, students[2].left_on = StudentState.WITHDRAWN, FIRST
    session.flush()
    for text in ("", " ,", f"{students[0].student_no} XX-1", elsewhere.student_no, students[2].student_no):
        with pytest.raises(operations.BadOffering) as refused:
            taking.list_numbers(offering=offering, text=text, **W)
        assert refused.value.field == "numbers", text
    with pytest.raises(operations.BadOffering):
        taking.list_takers(offering=offering, add=[elsewhere.id], **W)
    compulsory, others = offered(is_optional=False)
    with pytest.raises(operations.BadOffering, match="必修"):
        taking.list_takers(offering=compulsory, add=[others[0].id], **W)
    assert (on_list(offering), on_list(compulsory)) == (set(), set())


def test_who_was_marked_stays_and_the_list_goes_with_the_offering(session: Session) -> None:
    offering, students = offered()
    row = curriculum_queries.course(offering.course_id)
    assert row is not None
    taking.list_takers(offering=offering, add=[one.id for one in students], **W)
    item = curriculum.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=100, **W)
    marking.record_scores(course=row, marks=[(students[0].id, item, 800)], concluded_on=FIRST, **W)
    with pytest.raises(operations.BadOffering, match=students[0].student_no):
        taking.list_takers(offering=offering, add=[], remove=[one.id for one in students], **W)
    marking.record_scores(course=row, marks=[(students[0].id, item, None)], concluded_on=FIRST, **W)
    correcting.take_back_offering(offering=offering, reason="误排", **W)
    [said] = [note.data for note in session.info["audit"] if note.did == "courses.teaching.removed"]
    assert said["takers"] == sorted(one.id for one in students)


def test_who_went_to_another_cohort_is_shown_apart_and_let_go(session: Session, as_role: Callable[..., Any]) -> None:
    """Also when marked: what was marked speaks for the cohort they are in now."""
    with transaction():
        offering, students = offered()
        course_row = curriculum_queries.course(offering.course_id)
        assert course_row is not None
        taking.list_takers(offering=offering, add=[one.id for one in students], **W)
        cohort = current().get_one(Cohort, offering.cohort_id)
        programme = current().get_one(Programme, cohort.programme_id)
        item = curriculum.add_assessment(course=course_row, kind=AssessmentKind.EXAM, weight_percent=100, **W)
        marking.record_scores(course=course_row, marks=[(students[0].id, item, 800)], concluded_on=FIRST, **W)
        students[0].cohort_id = ground.cohort(programme, year=cohort.year + 1).id
        students[1].state, students[1].left_on = StudentState.WITHDRAWN, FIRST
        key, ids, numbers, at = offering.id, [str(one.id) for one in students], [one.student_no for one in students], programme.code
        programme_id = programme.id
    assert queries.takers_by_offering([key]) == {key: 1}
    assert queries.listed_students(offering.course_id, NOW) == {students[2].id}
    page = f"/teaching/programmes/{at}/offerings/{key}/takers"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    shown = head.get(page).get_data(as_text=True)
    assert [number in shown for number in numbers] == [True, True, True]
    assert "列入名单 1 人" in shown
    assert head.post(page, data={"shown": ids[:2], "was": ids[:2], "on": ids[1:2]}).status_code == 303
    assert {str(one) for one in on_list(offering)} == set(ids[1:])
    assert numbers[0] not in head.get(page).get_data(as_text=True)


def test_who_leaves_the_list_of_a_closed_course_leaves_it_with_a_reason(session: Session, as_role: Callable[..., Any]) -> None:
    """Whoever lacks a conclusion would leave 2.5 without a word: of a closed course, and of a cohort that graduated."""
    with transaction():
        offering, students = offered()
        taking.list_takers(offering=offering, add=[one.id for one in students], **W)
        taking.list_takers(offering=offering, add=[], remove=[students[0].id], **W)
        operations.close_offering(offering=offering, closed_on=FIRST, **W)
        programme = current().get_one(Programme, current().get_one(Cohort, offering.cohort_id).programme_id)
        page, programme_id = f"/teaching/programmes/{programme.code}/offerings/{offering.id}/takers", programme.id
        key, ids = offering.id, [str(one.id) for one in students]
    with pytest.raises(operations.BadOffering) as refused, transaction():
        taking.list_takers(offering=offering, add=[], remove=[students[1].id], reason=" ", **W)
    assert refused.value.field == "reason"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert 'name="reason"' in head.get(page).get_data(as_text=True)
    sent = {"shown": ids, "was": ids[1:], "on": ids[:1] + ids[2:]}
    refusal = head.post(page, data=sent)
    drawn = re.findall(r'name="on" value="(\d+)"[^>]* checked', refusal.get_data(as_text=True))
    assert (refusal.status_code, drawn) == (422, [ids[0], ids[2]]), "what was ticked is not lost"
    assert len(on_list(offering)) == 2
    assert head.post(page, data=sent | {"reason": "登记错误"}).status_code == 303
    assert {str(one) for one in on_list(offering)} == {ids[0], ids[2]}
    said = [note.data for note in organisations.history_of("course_offering", key) if note.did == "courses.teaching.takers_listed"]
    assert [one.get("reason") for one in said if one.get("reason")] == ["登记错误"]
    with transaction():
        row = queries.offering(key)
        assert row is not None
        row.closed_on = None
        current().get_one(Cohort, row.cohort_id).graduated_on = FIRST
    with pytest.raises(operations.BadOffering, match="理由"), transaction():
        taking.list_takers(offering=offering, add=[], remove=[students[2].id], **W)


def test_the_page(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        offering, students = offered()
        compulsory, _others = offered(is_optional=False)
        programme = current().get_one(Programme, current().get_one(Cohort, offering.cohort_id).programme_id)
        at, programme_id = f"/teaching/programmes/{programme.code}", programme.id
        of_other = current().get_one(Programme, current().get_one(Cohort, compulsory.cohort_id).programme_id)
        numbers, ids, key = [one.student_no for one in students], [str(one.id) for one in students], offering.id
        elsewhere, other_id = f"/teaching/programmes/{of_other.code}/offerings/{compulsory.id}/takers", of_other.id
    page = f"{at}/offerings/{key}/takers"
    assert as_role(Role.INSPECTOR).get(page).status_code == 403
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert page in head.get(at).get_data(as_text=True)
    refused = head.post(page, data={"numbers": "nobody"})
    assert (refused.status_code, "nobody" in refused.get_data(as_text=True)) == (422, True)
    assert head.post(page, data={"numbers": "\n".join(numbers[:2])}).status_code == 303
    shown = head.get(page).get_data(as_text=True)
    assert [shown.count(f'name="was" value="{one}"') for one in ids] == [1, 1, 0]
    assert head.post(page, data={"shown": ids, "was": ids[:2], "on": ids[1:]}).status_code == 303
    assert {str(one) for one in on_list(offering)} == set(ids[1:])
    assert head.post(page, data={"shown": ids[:1], "was": [], "on": []}).status_code == 303
    assert {str(one) for one in on_list(offering)} == set(ids[1:]), "who was not on the page stays"
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=other_id).get(elsewhere).status_code == 404


def test_listed_while_marks_come_in(committed: Flask) -> None:
    """Whoever is marked at that moment stays on the list."""
    with committed.app_context():
        with transaction():
            offering, students = offered()
            row = curriculum_queries.course(offering.course_id)
            assert row is not None
            item_id = curriculum.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=100, **W).id
            taking.list_takers(offering=offering, add=[one.id for one in students], **W)
            key, course_id, ids = offering.id, row.id, [one.id for one in students]
        current().rollback()

        def score() -> object:
            marked, item = curriculum_queries.course(course_id), current().get_one(AssessmentItem, item_id)
            assert marked is not None
            return marking.record_scores(course=marked, marks=[(ids[0], item, 800)], concluded_on=FIRST, **W)

        def let_go() -> object:
            row = queries.offering(key)
            assert row is not None
            return taking.list_takers(offering=row, add=[], remove=ids[:1], **W)

        assert together(committed, score, let_go) == ["", "bad_offering"]
        db.session.remove()


def test_listed_at_once(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            offering, students = offered()
            key, ids = offering.id, [one.id for one in students]
        current().rollback()

        def add(*which: int) -> Callable[[], object]:
            def act() -> object:
                row = queries.offering(key)
                assert row is not None
                return taking.list_takers(offering=row, add=[ids[n] for n in which], **W)

            return act

        assert together(committed, add(0, 1), add(1, 2)) == ["", ""]
        current().rollback()
        row = queries.offering(key)
        assert row is not None
        assert on_list(row) == set(ids)
        db.session.remove()
