"""Days of leaving, resting and enrolling stay in the study they belong to, and who left comes back by a change with its day."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.trainhub.people.test_changing_studies import DAY, ONE, in_programme, move, refused, roster, two_programmes
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations, queries
from trainhub.people.imports import students
from trainhub.people.models import Student
from trainhub.people.types import StudentState

pytestmark = pytest.mark.database


def put(student: Student, **facts: object) -> None:
    operations.change_student(student=student, by=SYSTEM, now=clock.now(), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "is_fine"), [(-1, False), (0, True), (1, True)])
def test_nobody_leaves_before_the_last_change(session: Session, days: int, is_fine: bool) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    move(student, new)
    left_on = DAY + days * ONE
    if not is_fine:
        with pytest.raises(operations.BadStudent, match=str(DAY)) as told:
            put(student, state=StudentState.WITHDRAWN, left_on=left_on, left_reason="转学")
        assert told.value.field == "left_on"
        head, line = roster(session, student, new).splitlines()
        assert refused(students.SPEC, f"{head},state,left_on\n{line},已退学,{left_on}\n")[0][0] == "left_on"
        return
    put(student, state=StudentState.WITHDRAWN, left_on=left_on, left_reason="转学")
    assert move(student, new, on=date(2025, 9, 1), is_return=True)
    assert student.state is StudentState.ENROLLED


@pytest.mark.parametrize(("days", "is_fine"), [(-1, False), (0, True)])
def test_nobody_rests_before_the_last_change(session: Session, days: int, is_fine: bool) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    move(student, new)
    given = {"state": StudentState.SUSPENDED, "state_on": DAY + days * ONE}
    if is_fine:
        put(student, **given)
        return
    with pytest.raises(operations.BadStudent, match=str(DAY)) as told:
        put(student, **given)
    assert told.value.field == "state_on"


def test_the_first_study_begins_on_the_day_of_enrolment(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    move(student, new)
    put(student, enrolled_on=date(2023, 8, 28))
    assert queries.former_studies_of([student.id])[student.id][0].since == date(2023, 8, 28)
    assert in_programme(session, old, date(2023, 8, 28)) == [student.id]
    with pytest.raises(operations.BadStudent) as told:
        put(student, enrolled_on=DAY)
    assert told.value.field == "enrolled_on"
    put(student, enrolled_on=DAY - ONE)


def test_who_left_comes_back_by_a_change_with_its_day(session: Session) -> None:
    old, _new = two_programmes()
    student = ground.student(old)
    put(student, state=StudentState.WITHDRAWN, left_on=date(2024, 3, 1), left_reason="转学")
    with pytest.raises(operations.BadStudent, match="学籍异动") as told:
        put(student, state=StudentState.ENROLLED, left_on=None)
    assert told.value.field == "state"
    head, line = roster(session, student, old).splitlines()
    ((column, words),) = refused(students.SPEC, f"{head},state\n{line},在读\n")
    assert (column, "学籍异动" in words) == ("state", True)
    move(student, old, is_return=True)
    assert in_programme(session, old, date(2024, 5, 1)) == []
    slip = ground.student(old)
    put(slip, state=StudentState.WITHDRAWN, left_on=clock.today())
    put(slip, state=StudentState.ENROLLED, left_on=None)
    assert slip.state is StudentState.ENROLLED, "who has not gone yet was entered by mistake"
