"""For whose students mentors sign, and which students have to do with an enterprise: the rooms below ask it of every feature."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from enterprises.bases import queries as bases
from enterprises.mentors.models import Mentor
from enterprises.permissions import SCHOOL
from enterprises.placements.models import AgreementSignature, DayEntry, Placement, Position, PositionSeats, Preference, Term
from enterprises.placements.queries.placing import DECIDED, GOING, LIVE
from enterprises.placements.types import DayState, OfferState
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student


def guided() -> sa.Select[Any]:
    """(person_id, programme_id, university_id) of mentors whose placements go on, or ended without a mark or with days that wait."""
    waits = sa.exists().where(DayEntry.placement_id == Placement.id, DayEntry.state == DayState.PENDING)
    statement: Any = (
        select(Mentor.person_id, Student.programme_id, Student.university_id)
        .join(Placement, Placement.mentor_id == Mentor.id)
        .join(Student, Student.id == Placement.student_id)
        .where(or_(Placement.state.in_(GOING), sa.and_(Placement.state.in_(DECIDED), or_(Placement.mentor_score_x10.is_(None), waits))))
    )
    return statement  # type: ignore[no-any-return]


def guides(mentor_ids: Collection[int], since: date, until: date, _today: date) -> list[tuple[int, int]]:
    """(mentor, student) of the placements that stand and share a day with a span."""
    statement = select(Placement.mentor_id, Placement.student_id).where(
        Placement.mentor_id.in_(list(mentor_ids)), LIVE, Placement.starts_on <= until, Placement.ends_on >= since
    )
    return [(mentor_id, student_id) for mentor_id, student_id in session().execute(statement) if mentor_id is not None]


def partners(identity: Identity) -> sa.Select[Any]:
    """The enterprises where the reader's schools have or had students, or that offer seats in their terms."""
    placed = (
        select(Placement.enterprise_id)
        .join(Student, Student.id == Placement.student_id)
        .where(
            organisations.scope(
                identity, (*SCHOOL, Role.SCHOOL_SUPERVISOR), organisations=(Student.university_id,), programmes=(Student.programme_id,)
            )
        )
    )
    offered = (
        select(Position.enterprise_id)
        .join(PositionSeats, PositionSeats.position_id == Position.id)
        .join(Term, Term.id == PositionSeats.term_id)
        .where(Position.state.in_([OfferState.SUBMITTED, OfferState.APPROVED]), Term.university_id.in_(bases.universities_of(identity)))
    )
    return sa.union(placed, offered).subquery().select()


def students_at(enterprise_id: int, student_ids: Collection[int]) -> set[int]:
    """Which students are or were placed at an enterprise, or ranked a position of it."""
    placed = select(Placement.student_id).where(Placement.enterprise_id == enterprise_id, Placement.student_id.in_(list(student_ids)))
    ranked = (
        select(Preference.student_id)
        .join(Position, Position.id == Preference.position_id)
        .where(Position.enterprise_id == enterprise_id, Preference.student_id.in_(list(student_ids)))
    )
    return set(session().scalars(sa.union(placed, ranked)))


def signed_by(account_ids: Collection[int]) -> list[Placement]:
    """The placements that go on or run, under whose agreement somebody signed on the page by one of some accounts."""
    signed = select(AgreementSignature.placement_id).where(
        AgreementSignature.recorded_by_id.in_(list(account_ids)), AgreementSignature.file_id.is_(None)
    )
    return list(session().scalars(select(Placement).where(Placement.id.in_(signed), Placement.state.in_(GOING)).order_by(Placement.id)))


def signed_of(placement_ids: Collection[int]) -> frozenset[int]:
    """Those of some placements under whose agreement somebody has signed."""
    statement = select(AgreementSignature.placement_id).where(AgreementSignature.placement_id.in_(list(placement_ids)))
    return frozenset(session().scalars(statement.distinct()))
