"""What everybody reads of the number of trained persons tells of nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.oversight.home import landing
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

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


@pytest.mark.parametrize(("role", "more", "told"), [(Role.INSPECTOR, {"region_code": "350100"}, 5), (Role.INSPECTOR, {}, 7)])
def test_whoever_watches_a_part_reads_the_students_of_all_in_steps(
    as_role: Callable[..., FlaskClient], session: Session, role: Role, more: dict[str, str], told: int
) -> None:
    """Two mornings would tell of one person more."""
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    for _n in range(7):
        ground.student(programme)
    session.commit()
    page = as_role(role, **more).get("/").text
    figure = re.search(r"在册学生.*?(\d+)", page, re.DOTALL)
    assert figure is not None
    assert int(figure[1]) == told
