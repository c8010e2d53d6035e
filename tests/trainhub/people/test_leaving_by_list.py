"""Who leaves the 卓越计划 a while before the school, both said by one row of a list: what the check promises is what applying does."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM
from trainhub.people import queries
from trainhub.people.imports import students
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
SINCE = date(2024, 9, 1)


def bring(session: Session, student: Student, left_on: str, petoe_until: str, why: str = "") -> imports.Draft:
    code, name = session.get_one(Programme, student.programme_id).code, session.get_one(Person, student.person_id).name
    head = "student_no,name,programme_code,cohort_year,state,left_on,petoe_since,petoe_until,petoe_reason\n"
    text = f"{head}{student.student_no},{name},{code},2023,已毕业,{left_on},{SINCE},{petoe_until},{why}\n"
    return imports.execute_bytes(students.SPEC, text.encode(), filename="g.csv", by=SYSTEM, today=clock.today(), now=clock.now())


@pytest.mark.parametrize("until", ["2025-05-31", "2025-06-30"])
def test_the_plan_ends_when_the_row_says_so(session: Session, until: str) -> None:
    student = ground.student(petoe_since=SINCE)
    early = until == "2025-05-31"
    if early:
        with pytest.raises(imports.ImportRefused) as refused:
            bring(session, student, "2025-06-30", until)
        assert [one["column"] for one in refused.value.details] == ["petoe_reason"]
    draft = bring(session, student, "2025-06-30", until, "本人申请" * early)
    assert (draft.changed, draft.errors) == (1, [])
    assert (student.state, student.left_on) == (StudentState.GRADUATED, date(2025, 6, 30))
    assert [(span.since, str(span.until)) for span in queries.spans_of([student.id])[student.id]] == [(SINCE, until)]
    again = bring(session, student, "2025-06-30", until)
    assert (again.changed, again.unchanged, again.errors) == (0, 1, [])


def test_without_an_end_the_span_ends_with_the_last_day(session: Session) -> None:
    student = ground.student(petoe_since=SINCE)
    assert bring(session, student, "2025-06-30", "").errors == []
    assert [(span.since, span.until) for span in queries.spans_of([student.id])[student.id]] == [(SINCE, date(2025, 6, 30))]


def test_nobody_leaves_the_plan_after_the_school(session: Session) -> None:
    student = ground.student(petoe_since=SINCE)
    with pytest.raises(imports.ImportRefused) as refused:
        bring(session, student, "2025-06-30", "2025-07-01")
    assert [one["column"] for one in refused.value.details] == ["petoe_until"]
