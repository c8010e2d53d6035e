"""What becomes of an offer that was handed in: each school approves the seats in its own terms or gives them back; the enterprise closes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm.attributes import flag_modified

from enterprises.placements import queries
from enterprises.placements.models import Position, PositionSeats
from enterprises.placements.operations._support import BadPlacement, WrongState, tell_hosts
from enterprises.placements.operations.offers import HANDED_IN, check_enterprise, check_lawful, settle
from enterprises.placements.operations.onehuman import demand_not_host
from enterprises.placements.operations.resting import had, tell_back, tell_gone
from enterprises.placements.queries.hosting import open_terms
from enterprises.placements.types import OfferState, SeatDecision
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, listed


def _decided_by(position: Position, university_ids: Collection[int] | None, term_ids: Collection[int] | None = None) -> list[PositionSeats]:
    """The seats that some universities decide about, or of some terms; None: every one. Who decides at the same time waits."""
    session().flush()
    session().refresh(position, with_for_update={"key_share": True})
    rows = queries.seats_of_position(position.id)
    for row in rows:
        session().refresh(row)
    if term_ids is not None:
        rows = [row for row in rows if row.term_id in term_ids]
    if university_ids is None:
        return rows
    terms = {term.id for term in queries.terms_by_ids([row.term_id for row in rows]) if term.university_id in university_ids}
    return [row for row in rows if row.term_id in terms]


def approve_position(
    *, position: Position, by: Identity, now: datetime, university_ids: Collection[int] | None = None, version: int | None = None
) -> Position:
    """Approve an offer for the terms of some universities (None: all), so that their rounds use it; again changes nothing. Another
    school's seats wait for that school. `version`: what was read of it. Raises Stale when it was changed since, WrongState, also for whoever speaks for
    the enterprise."""
    rows = _decided_by(position, university_ids)
    if position.state is OfferState.CLOSED:
        raise WrongState(_("岗位已关闭，不能审核。"))
    if position.state is OfferState.DRAFT:
        raise WrongState(_("企业还没有提交这个岗位，不能审核。"))
    waiting = [row for row in rows if row.decision is SeatDecision.WAITING]
    if not waiting:
        return position
    check_version(position, version)
    demand_not_host(position.enterprise_id, by=by, today=local(now).date())
    check_enterprise(position)
    check_lawful(position, local(now).date())
    before = open_terms([position.id]).get(position.id, set())
    for row in waiting:
        row.decision, row.return_reason = SeatDecision.APPROVED, ""
    settle(position)
    flag_modified(position, "title")
    session().flush()
    audit.record(by=by, did="placements.position.approved", on=position, data={"terms": [row.term_id for row in waiting]})
    tell_back(position, [row.term_id for row in waiting], before=before, now=now)
    _tell_hosts(position, N_("岗位“%(title)s”已通过审核：%(terms)s。"), [row for row in waiting if row.seats] or waiting, by, now)
    return position


def return_position(
    *,
    position: Position,
    reason: str,
    by: Identity,
    now: datetime,
    university_ids: Collection[int] | None = None,
    term_ids: Collection[int] | None = None,
    tells_heads: bool = True,
) -> Position:
    """Give an offer back for the terms of some universities (None: all), or for some terms, with what has to change; what other schools approved stays
    approved. Who ranks it in a round that runs is told, and so are the round's heads (`tells_heads`; not who does it). Raises WrongState unless it is submitted or approved."""
    rows = _decided_by(position, university_ids, term_ids)
    if position.state not in HANDED_IN:
        raise WrongState(_("只有已提交的岗位可以退回。"))
    if not reason.strip():
        raise BadPlacement(_("请写明退回的理由。"), field="reason")
    lost = had(rows)
    for row in rows:
        row.decision, row.return_reason = SeatDecision.RETURNED, reason.strip()[:400]
    settle(position)
    flag_modified(position, "title")
    session().flush()
    terms = [row.term_id for row in rows]
    audit.record(by=by, did="placements.position.returned", on=position, data={"reason": reason.strip()[:400], "terms": terms})
    tell_gone(position, terms, by=by, now=now, tells_heads=tells_heads, lost=lost)
    _tell_hosts(
        position, N_("岗位“%(title)s”被退回：%(terms)s。理由写在岗位页面上，修改后可再提交。"), [row for row in rows if row.seats] or rows, by, now
    )
    return position


def close_position(*, position: Position, by: Identity, now: datetime) -> Position:
    """Take an offer back; students placed there stay, those who rank it in a round that runs are told, and so are its heads. Again changes nothing."""
    if position.state is not OfferState.CLOSED:
        position.state = OfferState.CLOSED
        session().flush()
        audit.record(by=by, did="placements.position.closed", on=position)
        tell_gone(position, by=by, now=now)
    return position


def _tell_hosts(position: Position, message: str, rows: Sequence[PositionSeats], by: Identity, now: datetime) -> None:
    """The enterprise learns what a school decided about its offer, and for which terms."""
    terms = listed(term.title for term in queries.terms_by_ids([row.term_id for row in rows]))
    tell_hosts(
        position.enterprise_id, by=by, kind="placements.offer_decided", message=message, url=f"/placements/positions/{position.id}", now=now,
        title=position.title, terms=terms,
    )  # fmt: skip
