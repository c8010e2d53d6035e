"""Teachers in practice (教师践习), a scored figure of the contribution report: full-time teachers, in the enterprise while they taught."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.teaching import operations as teaching
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.reports.queries import facts
from trainhub.oversight.reports.types import Asked, ReportKind
from trainhub.people.types import TeacherKind


def _asked() -> Asked:
    return Asked(ReportKind.CONTRIBUTION, date(2026, 1, 1), date(2026, 2, 28), NOW)


@pytest.mark.parametrize(
    ("teacher", "work", "counted"),
    [
        ({}, {"since": date(2026, 1, 10), "until": None}, 1),
        ({}, {"since": date(2020, 1, 1), "until": date(2026, 1, 1)}, 1),
        ({}, {"since": date(2020, 1, 1), "until": date(2025, 12, 31)}, 0),
        ({"kind": TeacherKind.PART_TIME}, {"since": date(2026, 1, 10), "until": None}, 0),
        ({"since": date(2026, 1, 20)}, {"since": date(2010, 1, 1), "until": date(2026, 1, 19)}, 0),
        ({"since": date(2026, 1, 20)}, {"since": date(2010, 1, 1), "until": date(2026, 1, 20)}, 1),
        ({"until": date(2025, 12, 31)}, {"since": date(2025, 6, 1), "until": None}, 0),
    ],
)
def test_verified_work_of_a_full_time_teacher_counts_while_they_teach(
    session: Session, teacher: dict[str, Any], work: dict[str, Any], counted: int
) -> None:
    firm, who = ground.enterprise(), ground.person()
    ground.teacher(who=who, **{"since": date(2015, 9, 1), **teacher})
    ground.employment(who, organisation=firm, **work)
    session.flush()
    assert facts.practising_teachers(_asked()).get(firm.id, 0) == counted


def test_a_secondment_counts_once_beside_the_work_that_was_verified_for_it(session: Session) -> None:
    firm, who = ground.enterprise(), ground.person()
    plan = teaching.plan_secondment(
        teacher=ground.teacher(who=who),
        enterprise=firm,
        post="工艺",
        planned_since=date(2026, 1, 5),
        planned_until=date(2026, 6, 30),
        by=SYSTEM,
        now=NOW,
    )
    teaching.start_secondment(secondment=plan, started_on=date(2026, 1, 5), by=SYSTEM, now=NOW)
    assert facts.practising_teachers(_asked()) == {firm.id: 1}
    ground.employment(who, organisation=firm, since=date(2026, 1, 5), until=None)
    assert facts.practising_teachers(_asked()) == {firm.id: 1}
