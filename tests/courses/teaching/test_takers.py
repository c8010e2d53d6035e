"""Who takes an optional course is listed before anybody is marked: by student numbers, by ticks, once, and not past a mark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.curriculum import marking
from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
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
