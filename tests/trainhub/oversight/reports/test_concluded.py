"""Capstones in reports: what was judged in the span, and of that what was passed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from enterprises.capstones.types import CapstoneState
from tests.factories import capstones as make
from tests.factories import ground
from tests.trainhub.oversight.reports.test_reports import NOW
from trainhub.oversight.reports.queries import facts, schools
from trainhub.oversight.reports.types import Asked, ReportKind

SPAN = (date(2026, 1, 1), date(2026, 12, 31))
LATER = NOW.replace(year=2027)


@pytest.mark.parametrize(
    ("state", "day", "counts"),
    [
        (CapstoneState.PASSED, date(2025, 12, 31), (0, 0)),
        (CapstoneState.PASSED, date(2026, 1, 1), (1, 1)),
        (CapstoneState.FAILED, date(2026, 6, 1), (1, 0)),
        (CapstoneState.PASSED, date(2026, 12, 31), (1, 1)),
        (CapstoneState.PASSED, date(2027, 1, 1), (0, 0)),
        (CapstoneState.GRADED, None, (0, 0)),
        (CapstoneState.SUBMITTED, None, (0, 0)),
        (CapstoneState.WITHDRAWN, None, (0, 0)),
    ],
)
def test_only_what_was_judged_has_ended(session: Session, state: CapstoneState, day: date | None, counts: tuple[int, int]) -> None:
    found = make.case(enterprise=ground.enterprise())
    row = found.capstone
    row.state, row.finished_on, row.ends_on = state, day, date(2026, 6, 30)  # planned for a day inside the span, whatever became of it
    session.flush()
    asked = Asked(kind=ReportKind.QUALITY, since=SPAN[0], until=SPAN[1], known_at=LATER)
    assert schools.capstones_by_school(asked).get(found.student.university_id, (0, 0)) == counts
    assert facts.capstones(asked).get(row.enterprise_id, 0) == counts[1]


def test_a_conclusion_of_later_was_not_known_before(session: Session) -> None:
    found = make.case(enterprise=ground.enterprise())
    found.capstone.state, found.capstone.finished_on = CapstoneState.PASSED, date(2026, 6, 30)
    session.flush()
    before = NOW.replace(year=2026, month=6, day=29)
    for moment, counts in ((before, {}), (before + timedelta(days=3), {found.student.university_id: (1, 1)})):
        assert schools.capstones_by_school(Asked(kind=ReportKind.QUALITY, since=SPAN[0], until=SPAN[1], known_at=moment)) == counts
