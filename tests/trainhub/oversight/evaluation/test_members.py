"""Who is listed beside the judged group: those of its own cohorts."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.people import operations as people
from trainhub.people.types import StudentState

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


def test_who_dropped_out_is_listed_with_the_own_cohort(session: Session) -> None:
    built = factory.bare(students=3)
    later = ground.student(built.programme, year=2024, petoe_since=date(2024, 9, 1))
    for student in (built.students[0], later):
        people.change_student(student=student, state=StudentState.WITHDRAWN, left_on=date(2026, 1, 31), left_reason="转学", **W)
    group = members_of(built.programme.id, factory.TODAY).group
    assert group.cohort_years == (built.cohort.year,)
    assert [built.students[0].student_no in line for line in group.withdrawn] == [True], "not who dropped out of a cohort that is not judged"
    everybody = members_of(built.programme.id, factory.TODAY, (2024,)).group
    assert everybody.cohort_years == ()
    assert len(everybody.withdrawn) == 1
    assert later.student_no in everybody.withdrawn[0]
