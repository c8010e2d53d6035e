"""A finished placement as a training of the goal (FJ-16c), by the rule of courses and rosters: a person counts once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import parameter
from enterprises.placements.operations.certifying import credited_days, has_brought
from trainhub.kernel.access import Identity
from trainhub.ledger import operations as ledger
from trainhub.ledger import training_queries, trainings
from trainhub.ledger.types import Category, Source
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people


def record_training(*, placement: Placement, person_id: int, title: str, today: date, by: Identity, now: datetime) -> bool:
    """Record a placement at an internet enterprise as training of a worker, in the learner's county, else in that of the post
    (where that is the whole province, in the one that another row of the same human tells).

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
        completed_on=min(today, placement.ends_on),  # registered the day after or later, done on its last day
        is_counted=parameter("own.goal.placements_counted", today).flag,
        source=Source.PLACEMENT,
        source_id=placement.id,
        by=by,
        now=now,
    )
    if person.county_code is None:
        trainings.place(person_id, by, now)
    return True


def hours_of(placement_id: int, today: date) -> int:
    """Tenths of hours that the days of a placement earn by a day: what its training has when an office restores it."""
    placement = queries.placement(placement_id)
    position = queries.position(placement.position_id) if placement is not None else None
    return credited_days([placement], today=today)[placement_id] * position.hours_per_day * 10 if placement and position else 0


def settle_trainings(*, placements: Iterable[Placement], reason: str, today: date, by: Identity, now: datetime) -> int:
    """After days were withdrawn or restored, or holidays changed what they earn: the trainings of placements that are over, or were and go on, have the
    hours of their days, and none counts whose days are all gone. What an office cancelled stays cancelled. How many were wrong."""
    ended = [one for one in placements if has_brought(one)]
    credited = credited_days(ended, today=today)
    return sum(_settle(one, credited[one.id], reason, today, by, now) for one in ended)


def _settle(placement: Placement, days: int, reason: str, today: date, by: Identity, now: datetime) -> bool:
    student, position = queries.student(placement.student_id), queries.position(placement.position_id)
    last = training_queries.last_of(person_id=student.person_id, source=Source.PLACEMENT, source_id=placement.id)
    if last is None:  # it ended without a day; the first one was confirmed afterwards
        is_due = bool(days) and placement.mentor_score_x10 is not None
        title = queries.title_of(placement.id)
        return is_due and record_training(placement=placement, person_id=student.person_id, title=title, today=today, by=by, now=now)
    record, cancellation = last
    assert position is not None
    hours_x10 = days * position.hours_per_day * 10
    if cancellation is not None:
        if not days or not cancellation.reason.startswith(ledger.NO_DAYS):
            return False
    elif not days:
        ledger.cancel_record(record_id=record.id, reason=f"{ledger.NO_DAYS}：{reason}", by=by, now=now)
        return True
    elif record.hours_x10 == hours_x10:
        return False
    trainings.renew(record=record, hours_x10=hours_x10, reason=reason, by=by, now=now)
    if cancellation is not None:  # a county may have been entered while it did not stand
        trainings.place(record.person_id, by, now)
    return True
