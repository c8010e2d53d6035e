"""Trainees of reports, of the incentives and of goals are counted by one rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.awards.queries.companies import company_case
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.goals import queries as goals
from trainhub.oversight.reports.queries import facts
from trainhub.oversight.reports.types import Asked, ReportKind

pytestmark = pytest.mark.database
NOW, LATER = datetime(2016, 4, 1, 2, tzinfo=UTC), datetime(2016, 6, 1, 2, tzinfo=UTC)
DAY, YEAR = date(2016, 3, 1), {"since": date(2016, 1, 1), "until": date(2016, 12, 31)}


def _trained(person: Any, organisation: Any, *, is_counted: bool = True, source: Source = Source.COURSE) -> Any:
    row, _is_new = ledger.record_training(
        person_id=person.id, organisation_id=organisation.id, course="电商", category=Category.WORKER, county_code="350102", hours_x10=160,
        completed_on=DAY, is_counted=is_counted, source=source, by=SYSTEM, now=NOW,
    )  # fmt: skip
    return row


def _asked(organisation: Any, known_at: datetime) -> Asked:
    return Asked(kind=ReportKind.CSR, organisation_id=organisation.id, known_at=known_at, **YEAR)


def test_reports_incentives_and_goals_count_the_same_trainees(session: Session) -> None:
    """Who was not looked at, what does not count, and what one human did under two rows is left out everywhere."""
    company = ground.organisation(OrganisationKind.ENTERPRISE)
    first, second = ground.person("林一", now=NOW), ground.person("林一", now=NOW)
    alone = ground.person("单小明", number_by_holder=True, now=NOW)
    for person in (first, second, alone):
        _trained(person, company)
    _trained(ground.person("陈二", now=NOW), company, is_counted=False)
    ground.merge(first, second)
    session.commit()
    goal = goals.by_code("fj-400k")
    assert goal is not None
    progress = goals.progress(goal, goals.counted(goal))
    assert (progress.by_base[company.id], progress.enrolments) == (1, 1)
    assert facts.trained(_asked(company, datetime(2026, 4, 1, tzinfo=UTC))) == {company.id: (1, 1, 1)}
    assert facts.trained(_asked(company, LATER)) == {company.id: (2, 2, 1)}, "they were joined after the moment of the report"
    case = company_case(company, 2016, date(2016, 12, 31))
    assert case.figures.get("counted_completions") == 1
