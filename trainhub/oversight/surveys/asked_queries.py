"""Whom a survey of demand asks, and who has not answered: what the office that opened it calls after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from trainhub.identity.queries import without_holder
from trainhub.kernel import clock
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation, OrganisationPast, Region
from trainhub.organisations.queries import within_regions
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.surveys.models import DemandAnswer, Survey


@dataclass(frozen=True, slots=True)
class Silent:
    """An enterprise that has not answered; `has_nobody`: no account answers for it, so that nobody is told."""

    code: str
    name: str
    city: str
    has_nobody: bool


def _asked(survey: Survey) -> tuple[ColumnElement[bool], ...]:
    """SQL: the enterprises a survey asks, or asked: those that were there and in use on its last day, so that what came later changes no old share."""
    past = (OrganisationPast.organisation_id == Organisation.id, OrganisationPast.key == "is_closed", OrganisationPast.until > survey.closes_on)
    first = select(OrganisationPast.value).where(*past).order_by(OrganisationPast.until, OrganisationPast.id).limit(1).correlate(Organisation)
    was_closed = func.coalesce(first.scalar_subquery(), Organisation.state == OrganisationState.CLOSED)
    ends = clock.start_of(survey.closes_on + timedelta(days=1))
    return Organisation.kind == OrganisationKind.ENTERPRISE, Organisation.created_at < ends, was_closed.is_(False)


def demand_counts(survey: Survey) -> tuple[int, int]:
    """(asked, answered) of a survey of demand: the enterprises it asks, and those of them that have an answer that stands."""
    asked = _asked(survey)
    whole = session().scalar(select(func.count(Organisation.id)).where(*asked)) or 0
    answered = session().scalar(select(func.count(Organisation.id)).where(*asked, Organisation.id.in_(_answered(survey.id)))) or 0
    return whole, answered


def silent_listing(survey: Survey, region: str = "") -> Any:
    """The enterprises that have not answered, by city and name; in a city or county, if one is said."""
    city = aliased(Region)
    return (
        select(Organisation.id, Organisation.code, Organisation.name, city.name.label("city"))
        .outerjoin(Region, Region.code == Organisation.region_code)
        .outerjoin(city, city.code == Region.reporting_code)
        .where(
            *_asked(survey), Organisation.id.not_in(_answered(survey.id)), *([within_regions(Organisation.region_code, [region])] if region else [])
        )
        .order_by(Region.reporting_code, Organisation.pinyin, Organisation.id)
    )


def as_silent(rows: Collection[Any]) -> list[Silent]:
    """Rows of the listing with whether anybody can answer for each."""
    nobody = without_holder(Role.ENTERPRISE_COORDINATOR, [row.id for row in rows]) if rows else frozenset()
    return [Silent(row.code, row.name, row.city or "", row.id in nobody) for row in rows]


def _answered(survey_id: int) -> Any:
    return select(DemandAnswer.organisation_id).where(DemandAnswer.survey_id == survey_id, DemandAnswer.replaced_at.is_(None))
