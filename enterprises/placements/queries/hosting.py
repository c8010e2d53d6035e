"""Whether who offers a place can still take somebody: in use, verified, at the base, and willing that year (IPLUS-3.3.2)."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.bases.models import EnterpriseInterest
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, Position, PositionSeats, Preference, Round, Term
from enterprises.placements.types import Gone, OfferState, PlacementState, SeatDecision
from trainhub.kernel.db import session
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.people.models import Student

Unit = tuple[int, int | None]
"""An enterprise, and the base at which it takes students, if at one."""


@cache
def open_seats(*, despite: Gone | None = None) -> sa.ColumnElement[bool]:
    """Of positions joined with their seats: those that the school of the term has approved, and that an enterprise which is verified and in use
    still offers, at a base that is in use and which it has not left, in a year for which it did not say no. `despite`: as if this one thing
    (UNVERIFIED, LEFT_BASE) were not so. Built once: it has five aliases, and each copies every column of its table."""
    return sa.and_(
        Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]),
        PositionSeats.decision == SeatDecision.APPROVED,
        _takes_students(despite),
    )


def open_terms(position_ids: Collection[int], *, despite: Gone | None = None) -> dict[int, set[int]]:
    """By position the terms in which its seats are to be had (`open_seats`); one that is to be had in none is left out."""
    statement = (
        select(Position.id, PositionSeats.term_id)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .where(Position.id.in_(list(position_ids)), PositionSeats.seats > 0, open_seats(despite=despite))
    )
    found: dict[int, set[int]] = {}
    for position_id, term_id in session().execute(statement):
        found.setdefault(position_id, set()).add(term_id)
    return found


def _takes_students(despite: Gone | None) -> sa.ColumnElement[bool]:
    enterprise, base, term = sa.orm.aliased(Organisation), sa.orm.aliased(Organisation), sa.orm.aliased(Term)
    states = [OrganisationState.VERIFIED, *([OrganisationState.REGISTERED] if despite is Gone.UNVERIFIED else [])]
    verified = select(enterprise.id).where(enterprise.state.in_(states))
    closed = select(base.id).where(base.id == Position.base_id, base.state == OrganisationState.CLOSED).correlate(Position)
    declined = (
        select(EnterpriseInterest.year)
        .join(term, sa.extract("year", term.starts_on) == EnterpriseInterest.year)
        .where(
            EnterpriseInterest.enterprise_id == Position.enterprise_id, term.id == PositionSeats.term_id, EnterpriseInterest.is_interested.is_(False)
        )
        .correlate(Position, PositionSeats)
    )
    ended, standing = (_hosting(is_standing=one) for one in (False, True))
    is_there = sa.true() if despite is Gone.LEFT_BASE else ~sa.and_(ended.exists(), ~standing.exists())
    return sa.and_(Position.enterprise_id.in_(verified), ~closed.exists(), is_there, ~declined.exists())


def _hosting(*, is_standing: bool) -> sa.Select[int]:
    """The partnerships of a position's enterprise at its base that stand, or that are over (`host_ids` counts them the same way)."""
    host = sa.orm.aliased(BaseHost)
    over = host.until.is_(None) if is_standing else host.until.is_not(None)
    return select(host.id).where(host.base_id == Position.base_id, host.organisation_id == Position.enterprise_id, over).correlate(Position)


def gone_among(units: Collection[Unit]) -> dict[Unit, Gone]:
    """Of enterprises (at bases) those that take nobody any more, whatever the year, with why; in two queries."""
    wanted = set(units)
    ids = {key for unit in wanted for key in unit if key is not None}
    states: dict[int, OrganisationState] = {
        key: state for key, state in session().execute(select(Organisation.id, Organisation.state).where(Organisation.id.in_(ids)))
    }
    left = left_bases(ids)
    found: dict[Unit, Gone] = {}
    for enterprise_id, base_id in wanted:
        if states[enterprise_id] is OrganisationState.CLOSED:
            found[enterprise_id, base_id] = Gone.ENTERPRISE_CLOSED
        elif base_id is not None and states[base_id] is OrganisationState.CLOSED:
            found[enterprise_id, base_id] = Gone.BASE_CLOSED
        elif (enterprise_id, base_id) in left:  # for good: no verification brings it back
            found[enterprise_id, base_id] = Gone.LEFT_BASE
        elif states[enterprise_id] is not OrganisationState.VERIFIED:
            found[enterprise_id, base_id] = Gone.UNVERIFIED
    return found


def left_bases(ids: Collection[int]) -> set[Unit]:
    """Of enterprises and bases the pairs whose partnership is over; one that never had any is no such pair."""
    statement = (
        select(BaseHost.organisation_id, BaseHost.base_id, func.count(BaseHost.id).filter(BaseHost.until.is_(None)))
        .where(BaseHost.base_id.in_(list(ids)), BaseHost.organisation_id.in_(list(ids)))
        .group_by(BaseHost.organisation_id, BaseHost.base_id)
    )
    return {(enterprise_id, base_id) for enterprise_id, base_id, standing in session().execute(statement) if not standing}


def gone_hosts(placements: Collection[Placement]) -> dict[int, Gone]:
    """By placement that is not over why its enterprise or base takes nobody any more; without those that do."""
    going = [row for row in placements if row.state in (PlacementState.PLANNED, PlacementState.ACCEPTED, PlacementState.STARTED)]
    gone = gone_among({(row.enterprise_id, row.base_id) for row in going}) if going else {}
    return {row.id: gone[row.enterprise_id, row.base_id] for row in going if (row.enterprise_id, row.base_id) in gone}


def wishes_gone(round: Round) -> int:
    """How many ranked positions of a round are on offer in none of its terms now: a plan leaves them out."""
    offered = (
        select(PositionSeats.position_id)
        .join(Position, Position.id == PositionSeats.position_id)
        .where(PositionSeats.term_id.in_(list(round.term_ids)), open_seats())
    )
    statement = select(func.count(Preference.id)).where(Preference.round_id == round.id, Preference.position_id.not_in(offered))
    return session().scalar(statement) or 0


def has_declined(enterprise_id: int, year: int) -> bool:
    """Whether an enterprise said that it takes nobody in a year."""
    said = session().get(EnterpriseInterest, (enterprise_id, year))
    return said is not None and not said.is_interested


def offers_of_unit(unit_id: int) -> list[Position]:
    """The positions of an enterprise, or at a base, that were handed in or approved."""
    is_theirs = sa.or_(Position.enterprise_id == unit_id, Position.base_id == unit_id)
    statement = select(Position).where(is_theirs, Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]))
    return list(session().scalars(statement.order_by(Position.id)))


def going_at_unit(unit_id: int) -> list[Placement]:
    """The placements at an enterprise, or at a base, that stand and are not over."""
    going = (PlacementState.PLANNED, PlacementState.ACCEPTED, PlacementState.STARTED)
    is_theirs = sa.or_(Placement.enterprise_id == unit_id, Placement.base_id == unit_id)
    return list(session().scalars(select(Placement).where(is_theirs, Placement.state.in_(going)).order_by(Placement.id)))


class There(NamedTuple):
    """A placement that stands, with whom it concerns."""

    id: int
    student: int
    """The student's person."""
    mentor: int | None
    programme_id: int
    university_id: int


def people_at_unit(unit_id: int, base_id: int | None = None) -> list[There]:
    """The placements at an enterprise that stand and are not over (at one of its bases), with student, mentor, programme and university."""
    going = (PlacementState.PLANNED, PlacementState.ACCEPTED, PlacementState.STARTED)
    statement = (
        select(Placement.id, Student.person_id, Mentor.person_id, Student.programme_id, Student.university_id)
        .join(Student, Student.id == Placement.student_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .where(Placement.enterprise_id == unit_id, Placement.state.in_(going))
        .order_by(Placement.id)
    )
    if base_id is not None:
        statement = statement.where(Placement.base_id == base_id)
    return [There(*row) for row in session().execute(statement)]
