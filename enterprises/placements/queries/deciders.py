"""Who an offer belongs to, and which schools decide about its seats."""

from __future__ import annotations

from sqlalchemy import select

from enterprises.placements.models import Position, PositionSeats, Term
from enterprises.placements.queries.offers import subject_of_university
from trainhub.kernel.access import Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.programmes.models import Programme


def subject_of_position(row: Position) -> Subject:
    """The enterprise and, when it stands at a base, the base (not the base's other hosts: an offer is the enterprise's own)."""
    enterprise = organisations.by_id(row.enterprise_id)
    assert enterprise is not None
    above = organisations.subject_of(enterprise)
    return Subject.of(organisations=(*above.organisations, row.base_id), regions=above.regions)


def subjects_of_schools(position_id: int) -> dict[int, Subject]:
    """By university in whose terms the position offers seats: the university with its programmes, which decides about those seats."""
    ids = select(Term.university_id).join(PositionSeats, PositionSeats.term_id == Term.id).where(PositionSeats.position_id == position_id)
    return {key: subject_of_university(key) for key in session().scalars(ids.distinct().order_by(Term.university_id))}


def subject_of_seats(position_id: int) -> Subject:
    """The universities (with their programmes) in whose terms the position offers seats: they approve it."""
    statement = (
        select(Term.university_id, Programme.id)
        .join(PositionSeats, PositionSeats.term_id == Term.id)
        .outerjoin(Programme, Programme.university_id == Term.university_id)
        .where(PositionSeats.position_id == position_id)
    )
    rows = session().execute(statement).all()
    return Subject.of(organisations=[row[0] for row in rows], programmes=[row[1] for row in rows])
