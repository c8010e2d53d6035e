"""How many students a position takes in each term."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm.attributes import flag_modified

from enterprises.placements import queries
from enterprises.placements.models import Position, PositionSeats, Term
from enterprises.placements.operations._support import BadPlacement, WrongState
from enterprises.placements.operations.offers import HANDED_IN, check_lawful, check_year, settle
from enterprises.placements.operations.resting import demand_known, tell_gone, tell_resting
from enterprises.placements.types import OfferState, SeatDecision
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _


@dataclass(frozen=True, slots=True)
class _Change:
    """The seats of one term as they were and as they shall be."""

    term: Term
    row: PositionSeats | None
    seats: int
    was_offered: bool
    was_approved: bool
    is_new: bool
    is_more: bool


def set_seats(*, position: Position, term: Term, seats: int, by: Identity, now: datetime, goes_on: bool = True) -> PositionSeats:
    """The same for one term, see `set_seats_of_terms`."""
    return set_seats_of_terms(position=position, seats=[(term, seats)], by=by, now=now, goes_on=goes_on)[0]


def set_seats_of_terms(
    *, position: Position, seats: Collection[tuple[Term, int]], by: Identity, now: datetime, goes_on: bool = True
) -> list[PositionSeats]:
    """Say how many students a position takes in some terms, each named once; all or none of it. Raises BadPlacement below the seats already taken; of an
    approved position also what an offer is refused for (the base's capacity, an enterprise that takes nobody that year), and more seats
    of an offer that was handed in need the enterprise's word for the year as the offer itself did. A term that is over gets no more. More seats than were
    approved ask the school of the term again, and no other one; where students rank it somebody says `goes_on`, once for all terms: what the other terms
    still offer is seen from all that changes. The position's version counts up with its seats, so that two editors notice each other."""
    if any(not 0 <= count <= 10_000 for _term, count in seats):
        raise BadPlacement(_("席位应为 0 至 10000 的整数。"), field="seats")
    if position.state is OfferState.CLOSED:
        raise WrongState(_("岗位已关闭，不能再改席位。"))
    changes = _changes(position, seats)
    for one in changes:
        _check(position, one, local(now).date())
    raised = [one.term for one in changes if one.was_approved and one.is_more]
    gone = {one.term.id for one in changes if one.was_offered and not one.seats}
    if raised:
        demand_known(position, [term.id for term in raised], is_known=goes_on, titles=[term.title for term in raised], gone=gone)
    rows = [_written(position, one) for one in changes]
    if not any(one.is_new for one in changes):
        return rows
    flag_modified(position, "title")
    session().flush()
    if position.state is OfferState.APPROVED:
        check_lawful(position, local(now).date())
    if position.state in HANDED_IN:
        for one, row in zip(changes, rows, strict=True):
            if one.is_more:
                row.decision, row.return_reason = SeatDecision.WAITING, ""
        settle(position)
        session().flush()
    for one in changes:
        if one.is_new:
            data = {"term": one.term.code, "seats": one.seats, "state": position.state.value}
            audit.record(by=by, did="placements.position.seats_set", on=position, data=data)
    if raised:
        tell_resting(position, [term.id for term in raised], by=by, now=now)
    if gone:
        # Of seats that no school had approved the heads hear only where students rank them: they were told that the wish stays.
        missed = {key for round_, persons in queries.rankers_of(position.id, gone) if persons for key in round_.term_ids if key in gone}
        lost = {one.term.id for one in changes if one.was_approved and one.term.id in gone} | missed
        tell_gone(position, gone, by=by, now=now, tells_heads=bool(lost), lost=lost)
    return rows


def _changes(position: Position, seats: Collection[tuple[Term, int]]) -> list[_Change]:
    found, known = [], {row.term_id: row for row in queries.seats_of_position(position.id)}
    for term, count in seats:
        row = known.get(term.id)
        was_offered = row is not None and row.decision is not SeatDecision.RETURNED and row.seats > 0 and position.state in HANDED_IN
        was_approved = was_offered and row is not None and row.decision is SeatDecision.APPROVED
        before = row.seats if row is not None else 0
        found.append(_Change(term, row, count, was_offered, was_approved, is_new=row is None or before != count, is_more=count > before))
    return found


def _check(position: Position, one: _Change, today: date) -> None:
    if one.is_more and one.term.ends_on < today:
        raise BadPlacement(
            _("“%(term)s”已于 %(day)s 结束，不能再增加席位。", term=one.term.title, day=one.term.ends_on), field="seats", code="term_over"
        )
    if position.state is not OfferState.DRAFT and one.is_more:
        check_year(position, one.term.starts_on.year, needs_word=True)
    if one.row is not None and one.is_new and one.seats < one.row.taken:
        raise BadPlacement(_("“%(term)s”已安排 %(taken)d 名学生，席位不能少于此数。", term=one.term.title, taken=one.row.taken), field="seats")


def _written(position: Position, one: _Change) -> PositionSeats:
    row = one.row
    if row is None:
        row = PositionSeats(position_id=position.id, term_id=one.term.id, seats=one.seats, taken=0)
        session().add(row)
    row.seats = one.seats
    return row
