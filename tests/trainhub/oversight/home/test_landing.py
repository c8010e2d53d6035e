"""What everybody reads of the number of trained persons tells of nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.oversight.home import landing
from trainhub.policy.book import book

pytestmark = pytest.mark.database
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


def test_the_trained_are_told_in_steps(session: Session) -> None:
    step, base, told = book().at("own.reports.small_cell_min", on=NOW.date()).number, ground.base().id, []
    for _n in range(step + 1):
        ledger.record_training(
            person_id=ground.person(now=NOW).id, organisation_id=base, course="电商", category=Category.WORKER, county_code="350102",
            hours_x10=10, completed_on=date(2026, 1, 1), is_counted=True, source=Source.COURSE, by=SYSTEM, now=NOW,
        )  # fmt: skip
        told.append(landing.sums(NOW).persons)
    assert told == [*[0] * (step - 1), step, step]
