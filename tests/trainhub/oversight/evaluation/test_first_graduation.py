"""Whoever may apply first: a programme whose first cohort trained by the 卓越计划 plan has graduated (PETOE-P5, 002:211)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation.workflow import queries
from trainhub.people import operations as people
from trainhub.people.models import PetoeSpan
from trainhub.people.types import StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import RequirementStandard

GRADUATION = date(2026, 6, 30)
W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}

pytestmark = pytest.mark.database


def graduated(state: StudentState = StudentState.GRADUATED, left_on: date | None = GRADUATION) -> factory.Built:
    """A cohort of two that graduated; both left the school as said."""
    built = factory.bare(students=2)
    for student in built.students:
        people.change_student(student=student, state=state, left_on=left_on, left_reason="转学" if state is StudentState.WITHDRAWN else "", **W)
    programmes.change_cohort(cohort=built.cohort, graduated_on=GRADUATION, **W)
    return built


@pytest.mark.parametrize(
    ("until", "counts"),
    [
        (None, True),
        (GRADUATION, True),
        (GRADUATION + timedelta(days=1), True),
        (GRADUATION - timedelta(days=1), False),
        (date(2022, 10, 1), False),
    ],
)
def test_who_left_the_plan_before_was_not_trained_by_it(session: Session, until: date | None, counts: bool) -> None:
    built = graduated()
    session.execute(sa.update(PetoeSpan).values(until=until))
    assert queries.first_graduation(built.programme.id) == (GRADUATION if counts else None)


def test_who_graduated_before_the_cohort_stayed_until_then(session: Session) -> None:
    early = date(2026, 1, 31)
    built = graduated(left_on=early)
    session.execute(sa.update(PetoeSpan).values(until=early))
    assert queries.first_graduation(built.programme.id) == GRADUATION
    session.execute(sa.update(PetoeSpan).values(until=early - timedelta(days=1)))
    assert queries.first_graduation(built.programme.id) is None


def test_who_withdrew_did_not_graduate(session: Session) -> None:
    built = graduated(StudentState.WITHDRAWN, date(2025, 1, 1))
    assert queries.first_graduation(built.programme.id) is None
    people.change_student(student=built.students[0], state=StudentState.GRADUATED, left_on=GRADUATION, **W)
    session.execute(sa.update(PetoeSpan).where(PetoeSpan.student_id == built.students[0].id).values(until=None))
    assert queries.first_graduation(built.programme.id) == GRADUATION


def test_who_joined_after_the_graduation_says_nothing_of_it(session: Session) -> None:
    built = graduated()
    session.execute(sa.update(PetoeSpan).values(since=GRADUATION + timedelta(days=1), until=None))
    assert queries.first_graduation(built.programme.id) is None


def test_the_standards_are_covered_by_the_plan_of_every_judged_cohort(session: Session) -> None:
    built = factory.meeting(students=2)
    for student in built.students:
        people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, **W)
    programmes.change_cohort(cohort=built.cohort, graduated_on=GRADUATION, **W)
    day = GRADUATION + timedelta(days=60)
    older = programmes.create_version(programme=built.programme, label="旧版", from_cohort_year=2021, copy_from=built.version, **W)
    cohort = programmes.create_cohort(programme=built.programme, year=2021, version=older, **W)
    student = ground.student(built.programme, year=2021, petoe_since=date(2021, 9, 1))
    people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, **W)
    programmes.change_cohort(cohort=cohort, graduated_on=GRADUATION, **W)
    assert queries.uncovered_standards(built.programme.id, day) == ()
    mine = [row.id for row in programme_queries.requirements_of(older.id)]
    session.execute(
        sa.delete(RequirementStandard).where(RequirementStandard.requirement_id.in_(mine), RequirementStandard.standard_code.in_(["G3", "G7"]))
    )
    assert queries.uncovered_standards(built.programme.id, day) == ("G3", "G7")
