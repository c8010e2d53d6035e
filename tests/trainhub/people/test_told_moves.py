"""What the report of a list of moves names: the day of the move where it is another one, and not where nobody moves."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.trainhub.people.test_changing_studies import DAY, move, two_programmes
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM
from trainhub.people.imports import moves
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database


def told(session: Session, student: Student, to: Programme, *, year: int, on: date, number: str = "") -> dict[str, object]:
    """{column: what comes} of one row."""
    name = session.get_one(Person, student.person_id).name
    head = "student_no,name,programme_code,cohort_year,moved_on,new_student_no,reason"
    text = f"{head}\n{student.student_no},{name},{to.code},{year},{on},{number},依据\n"
    found = imports.read(moves.SPEC, io.BytesIO(text.encode()), filename="a.csv")
    draft = imports.check(moves.SPEC, found, by=SYSTEM, today=clock.today())
    assert not draft.errors
    (planned,) = draft.planned
    return {cell.column: cell.new for cell in planned.cells}


def test_the_day_is_told_where_it_changes(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    assert told(session, student, new, year=2023, on=DAY)["moved_on"] == DAY
    assert move(student, new)
    assert set(told(session, student, new, year=2024, on=DAY)) == {"cohort_year"}, "a slip, corrected on its day"
    later = DAY + timedelta(days=1)
    assert told(session, student, new, year=2024, on=later) == {"cohort_year": 2024, "moved_on": later}


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_who_only_has_another_number_does_not_move(session: Session, days: int) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    assert move(student, new)
    assert told(session, student, new, year=2023, on=DAY + timedelta(days=days), number="N-9") == {"new_student_no": "N-9"}
