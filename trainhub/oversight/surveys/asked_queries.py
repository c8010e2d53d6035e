"""Whom a survey of demand asks, and who has not answered: what the office that opened it calls after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from trainhub.identity.queries import without_holder
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.surveys.models import DemandAnswer, Survey

ASKED = (Organisation.kind == OrganisationKind.ENTERPRISE, Organisation.state != OrganisationState.CLOSED)


@dataclass(frozen=True, slots=True)
class Silent:
    """An enterprise that has not answered; `has_nobody`: no account answers for it, so that nobody is told."""

    code: str
    name: str
    city: str
    has_nobody: bool


def demand_counts(survey_id: int) -> tuple[int, int]:
    """(asked, answered) of a survey of demand: enterprises in use now, and those that have an answer that stands."""
    asked = session().scalar(select(func.count(Organisation.id)).where(*ASKED)) or 0
    answered = session().scalar(select(func.count(Organisation.id)).where(*ASKED, Organisation.id.in_(_answered(survey_id)))) or 0
    return asked, answered


def silent_listing(survey: Survey) -> Any:
    """The enterprises that have not answered, by city and name."""
    city = aliased(Region)
    return (
        select(Organisation.id, Organisation.code, Organisation.name, city.name.label("city"))
        .outerjoin(Region, Region.code == Organisation.region_code)
        .outerjoin(city, city.code == Region.reporting_code)
        .where(*ASKED, Organisation.id.not_in(_answered(survey.id)))
        .order_by(Region.reporting_code, Organisation.pinyin, Organisation.id)
    )


def as_silent(rows: Collection[Any]) -> list[Silent]:
    """Rows of the listing with whether anybody can answer for each."""
    nobody = without_holder(Role.ENTERPRISE_COORDINATOR, [row.id for row in rows]) if rows else frozenset()
    return [Silent(row.code, row.name, row.city or "", row.id in nobody) for row in rows]


def _answered(survey_id: int) -> Any:
    return select(DemandAnswer.organisation_id).where(DemandAnswer.survey_id == survey_id, DemandAnswer.replaced_at.is_(None))
