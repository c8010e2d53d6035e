"""Offers that students rank in rounds that run, also while they are not on offer: whether they only rest, and who ranks them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select

from enterprises.placements.models import Position, PositionSeats, Preference, Round
from enterprises.placements.queries.hosting import gone_among
from enterprises.placements.types import Gone, OfferState, RoundState, SeatDecision
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation, Region
from trainhub.people.models import Student

RUNNING = (RoundState.OPEN, RoundState.CLOSED, RoundState.PLANNED)
"""Rounds that are still to be decided: students choose, or a plan is made and not published."""


class Resting(NamedTuple):
    """A position that is not on offer, and whether it only rests."""

    id: int
    title: str
    enterprise: str
    region: str | None
    rests: bool
    is_unverified: bool = False
    """Its enterprise is being verified: the school alone decides nothing."""


def of_wishes(position_ids: Collection[int], term_ids: Collection[int]) -> list[Resting]:
    """Positions that are not on offer now, by name: whether they rest only (`rests`), since a school has seats of theirs in some terms to decide, or
    the enterprise is being verified; what was closed, given back or is out of use comes back by nobody's decision alone."""
    decides = (
        select(PositionSeats.position_id)
        .where(
            PositionSeats.position_id == Position.id,
            PositionSeats.term_id.in_(list(term_ids)),
            PositionSeats.seats > 0,
            PositionSeats.decision != SeatDecision.RETURNED,
        )
        .correlate(Position)
        .exists()
    )
    handed_in = Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED])
    statement = (
        select(
            Position.id,
            Position.title,
            Position.base_id,
            Position.enterprise_id,
            Organisation.name.label("enterprise"),
            Region.name.label("region"),
            sa.case((sa.and_(handed_in, decides), True), else_=False).label("rests"),
        )
        .join(Organisation, Organisation.id == Position.enterprise_id)
        .outerjoin(Region, Region.code == Position.county_code)
        .where(Position.id.in_(list(position_ids)))
    )
    rows = list(session().execute(statement))
    gone = gone_among([(row.enterprise_id, row.base_id) for row in rows])
    over = {unit for unit, why in gone.items() if why is not Gone.UNVERIFIED}

    def resting(row: Any) -> Resting:
        unit = (row.enterprise_id, row.base_id)
        return Resting(row.id, row.title, row.enterprise, row.region, bool(row.rests) and unit not in over, gone.get(unit) is Gone.UNVERIFIED)

    return [resting(row) for row in rows]


def rankers_of(position_id: int, term_ids: Collection[int] | None = None) -> list[tuple[Round, list[int]]]:
    """The rounds that run in which a position is ranked (over some terms; None: any), with the persons who rank it."""
    rows = rankers_of_many([position_id])
    return [(round_, persons) for _position, round_, persons in rows if term_ids is None or set(term_ids) & set(round_.term_ids)]


def rankers_of_many(position_ids: Collection[int]) -> list[tuple[int, Round, list[int]]]:
    """The rounds that run in which one of some positions is ranked, by position and round, with the persons who rank it."""
    statement = (
        select(Preference.position_id, Round, Student.person_id)
        .join(Preference, Preference.round_id == Round.id)
        .join(Student, Student.id == Preference.student_id)
        .where(Preference.position_id.in_(list(position_ids)), Round.state.in_(RUNNING))
        .order_by(Preference.position_id, Round.id, Student.id)
    )
    found: dict[tuple[int, int], tuple[int, Round, list[int]]] = {}
    for position_id, round_, person_id in session().execute(statement):
        found.setdefault((position_id, round_.id), (position_id, round_, []))[2].append(person_id)
    return list(found.values())


def offered_terms(position_id: int) -> set[int]:
    """The terms in which a position has seats that were handed in and that no school gave back: on offer, or waiting for a decision."""
    statement = (
        select(PositionSeats.term_id)
        .join(Position, Position.id == PositionSeats.position_id)
        .where(
            Position.id == position_id,
            Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]),
            PositionSeats.seats > 0,
            PositionSeats.decision != SeatDecision.RETURNED,
        )
    )
    return set(session().scalars(statement))


def offered_by_enterprise(term_id: int) -> dict[int, int]:
    """By enterprise how many seats it offers in a term, handed in or approved."""
    statement = (
        select(Position.enterprise_id, sa.func.sum(PositionSeats.seats))
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .where(
            PositionSeats.term_id == term_id,
            PositionSeats.seats > 0,
            PositionSeats.decision != SeatDecision.RETURNED,
            Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]),
        )
        .group_by(Position.enterprise_id)
        .order_by(Position.enterprise_id)
    )
    return {key: int(seats) for key, seats in session().execute(statement)}
