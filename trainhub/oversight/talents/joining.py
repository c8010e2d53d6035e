"""One human has one entry in a database: what follows when two persons turn out to be one, or two again."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.oversight.talents import award_queries, queries
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.types import OPEN_STATES, TalentState


def settle(person_id: int, by: Identity, now: datetime) -> None:
    """Of the standing entries of a human in one database the furthest stays; the others are set aside and keep what they were. What was set
    aside for somebody who is another human again comes back, unless that person was nominated anew since. See `people.types.HUMANS`."""
    for row in queries.set_aside_of(person_id):
        other = session().get_one(Talent, row.instead_id)
        if not queries.is_one_human(row, other) and queries.open_of(row.person_id, row.kind) is None:
            _bring_back(row, by)
    stands: dict[str, Talent] = {}
    for row in sorted(queries.standing_of(person_id), key=_first):
        first = stands.setdefault(row.kind, row)
        if first is not row:
            _set_aside(row, first, by, now)


def _first(row: Talent) -> tuple[int, int, int]:
    """The furthest entry first; of equal ones that whose money goes furthest, then the earlier."""
    order = [state.value for state in award_queries.STANDS]
    money = [order.index(one.state) for one in award_queries.awards_of(row) if one.talent_id == row.id and one.state in order]
    return -OPEN_STATES.index(row.state), -max(money, default=-1), row.id


def _set_aside(row: Talent, stands: Talent, by: Identity, now: datetime) -> None:
    today = local(now).date()
    row.instead_id, row.instead_state, row.instead_until = stands.id, row.state.value, row.valid_until
    if row.state is TalentState.RECOGNISED:
        row.state, row.valid_until = TalentState.ENDED, min(row.valid_until or today, today)
    else:
        row.state = TalentState.REJECTED
    session().flush()
    audit.record(by=by, did="talents.talent.joined", on=row, data={"into": stands.id, "before": row.instead_state})


def _bring_back(row: Talent, by: Identity) -> None:
    row.state, row.valid_until = TalentState(row.instead_state or TalentState.NOMINATED), row.instead_until
    row.instead_id = row.instead_state = row.instead_until = None
    session().flush()
    audit.record(by=by, did="talents.talent.parted", on=row, data={"state": row.state})
