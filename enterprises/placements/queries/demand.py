"""Seats and demand of the schools that a reader answers for: their terms, the seats approved in them, the wishes for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from enterprises.permissions import SCHOOL
from enterprises.placements.models import Position, PositionSeats, Preference, Round, Term
from enterprises.placements.queries.hosting import open_seats
from enterprises.placements.queries.offers import of_own_schools, own_schools
from enterprises.placements.types import RoundState
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.programmes.models import Programme

OVERSEERS = (Role.DEPT_EDU, Role.AUDITOR)
"""Who reads the seats of every school of a region."""


def seat_terms(identity: Identity, since: date, until: date) -> list[tuple[Term, str]]:
    """The terms that share a day with the span, with the school: of the reader's schools, and for overseers of those in their region; in time."""
    seen = organisations.scope(identity, OVERSEERS, organisations=(Term.university_id,), region=Organisation.region_code)
    statement = (
        select(Term, Organisation.name)
        .join(Organisation, Organisation.id == Term.university_id)
        .where(or_(of_own_schools(identity), seen), Term.starts_on <= until, Term.ends_on >= since)
        .order_by(Organisation.pinyin, Term.starts_on, Term.id)
    )
    return [(term, name) for term, name in session().execute(statement)]


def rounds_wished(identity: Identity, term_ids: Collection[int]) -> list[int]:
    """The rounds over any of the terms whose wishes the reader may count: of their own programmes since the window opened, for overseers
    once the round is published (before that nothing of a round is visible to others)."""
    own = organisations.scope(identity, SCHOOL, organisations=(Programme.university_id,), programmes=(Programme.id,))
    seen = organisations.scope(identity, OVERSEERS, organisations=(Programme.university_id,), region=Organisation.region_code)
    statement = (
        select(Round.id, Round.term_ids)
        .join(Programme, Programme.id == Round.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(or_(sa.and_(own, Round.state != RoundState.DRAFT), sa.and_(seen, Round.state == RoundState.PUBLISHED)))
    )
    wanted = set(term_ids)
    return [key for key, terms in session().execute(statement) if wanted & set(terms)]


def seats_by_county(term_ids: Collection[int], round_ids: Collection[int] = ()) -> list[Any]:
    """By county of approved positions: seats and taken in terms, positions, first choices and all choices in rounds."""
    wishes = (
        select(
            Preference.position_id,
            func.count(Preference.id).label("wishes"),
            func.sum(sa.case((Preference.rank == 1, 1), else_=0)).label("first"),
        )
        .where(Preference.round_id.in_(list(round_ids)))
        .group_by(Preference.position_id)
        .subquery()
    )
    seats = (
        select(PositionSeats.position_id, func.sum(PositionSeats.seats).label("seats"), func.sum(PositionSeats.taken).label("taken"))
        .join(Position, Position.id == PositionSeats.position_id)
        .where(PositionSeats.term_id.in_(list(term_ids)), open_seats())
        .group_by(PositionSeats.position_id)
        .subquery()
    )
    statement = (
        select(
            Position.county_code,
            func.count(Position.id).label("positions"),
            func.sum(seats.c.seats).label("seats"),
            func.sum(seats.c.taken).label("taken"),
            func.coalesce(func.sum(wishes.c.wishes), 0).label("wishes"),
            func.coalesce(func.sum(wishes.c.first), 0).label("first"),
        )
        .join(seats, seats.c.position_id == Position.id)
        .outerjoin(wishes, wishes.c.position_id == Position.id)
        .group_by(Position.county_code)
    )
    return list(session().execute(statement))


def free_by_majors(term_ids: Collection[int]) -> dict[int, dict[tuple[str, ...], int]]:
    """By term how many seats are free at approved positions, by the majors they accept; none named: any."""
    statement = (
        select(PositionSeats.term_id, Position.majors, PositionSeats.seats - PositionSeats.taken)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .where(open_seats(), PositionSeats.term_id.in_(list(term_ids)))
        .order_by(Position.id)
    )
    found: dict[int, dict[tuple[str, ...], int]] = defaultdict(lambda: defaultdict(int))
    for term_id, majors, free in session().execute(statement):
        found[term_id][tuple(sorted(majors))] += max(0, free)
    return found


def majors_known(identity: Identity) -> list[tuple[int, str, str, str]]:
    """(university, its name, major, a name) of the programmes in the 卓越计划 of the reader's schools, and for overseers of those in their region;
    of one that has no term yet as well."""
    seen = organisations.scope(identity, OVERSEERS, organisations=(Programme.university_id,), region=Organisation.region_code)
    statement = (
        select(Programme.university_id, Organisation.name, Programme.major_code, func.min(Programme.name))
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(Programme.is_petoe, or_(own_schools(identity, Programme.university_id), seen))
        .group_by(Programme.university_id, Organisation.name, Organisation.pinyin, Programme.major_code)
        .order_by(Organisation.pinyin, Programme.university_id, Programme.major_code)
    )
    return [(key, school, code, name) for key, school, code, name in session().execute(statement)]
