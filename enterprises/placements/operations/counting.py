"""A finished placement as a training of the goal (FJ-16c), by the rule of courses and rosters: a person counts once."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import parameter
from enterprises.placements.operations.certifying import credited_days
from trainhub.kernel.access import Identity
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people


def record_training(*, placement: Placement, person_id: int, title: str, today: date, by: Identity, now: datetime) -> bool:
    """Record a placement at an internet enterprise as training of a worker, in the learner's county, else in that of the post.

    False when nothing is recorded: another enterprise, no credited day, no county. own.goal.placements_counted says whether it counts.
    """
    enterprise = organisations.by_id(placement.enterprise_id)
    days = credited_days([placement], today=today)[placement.id]
    if enterprise is None or not enterprise.is_internet_enterprise or not days:
        return False
    person, position = people.person(person_id), queries.position(placement.position_id)
    assert person is not None
    assert position is not None
    county = person.county_code or position.county_code or enterprise.region_code
    if county is None:
        return False
    ledger.record_training(
        person_id=person_id,
        organisation_id=enterprise.id,
        course=title[:200],
        category=Category.WORKER,
        county_code=county,
        hours_x10=days * position.hours_per_day * 10,
        completed_on=today,
        is_counted=parameter("own.goal.placements_counted", today).flag,
        source=Source.PLACEMENT,
        source_id=placement.id,
        by=by,
        now=now,
    )
    return True
