"""Whose turn it is with an application: the city's check, the rule's department, the joint conference, whoever pays.

What a person cannot do is not on their list: a department hears of the rules that are its own, and only when the city has checked; that a region is
missing stands with who may enter it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from enterprises.awards import queries
from enterprises.awards.company_rules import EVERYWHERE
from enterprises.awards.operations import may_act
from enterprises.awards.queries import Moving
from enterprises.awards.specs import terms_of
from enterprises.awards.types import LOCAL_GOVERNMENT, OF_BASES, AwardState, Who
from trainhub.kernel.access import Identity, Role
from trainhub.organisations.permissions import VERIFIERS


class Turn(StrEnum):
    """What there is to do with an application."""

    CHECK = "check"
    PLACE = "place"
    RECEIVE = "receive"
    ACCEPT = "accept"
    DECIDE = "decide"
    CONFER = "confer"
    PAY = "pay"
    REFUSE = "refuse"


AFTER = {AwardState.RECOGNISED: Turn.ACCEPT, AwardState.ACCEPTED: Turn.DECIDE}


def turn_of(row: Moving, identity: Identity, outdated: Collection[int] = ()) -> Turn | None:
    """What this identity has to do with an application now; None: nothing, it waits for somebody else.
    `outdated`: of which figures have changed since the check, which is then made again before anything else."""
    turn = None if row.is_mine else _next(row, identity, outdated)  # every further step is another's (`steps.is_own`)
    return None if turn is not None and _is_anothers(row, turn) else turn


def _is_anothers(row: Moving, turn: Turn) -> bool:
    """Whether the reader did before what bars them from a step (`operations.hand_before`). An enterprise's application that is received is decided."""
    if turn is Turn.PAY:
        return row.is_settled_by_me or row.is_conferred_by_me
    if turn is Turn.CONFER:
        return row.is_settled_by_me or row.is_checked_by_me
    return row.is_checked_by_me and (turn is Turn.DECIDE or (turn is Turn.RECEIVE and row.rule not in OF_BASES))


def _next(row: Moving, identity: Identity, outdated: Collection[int]) -> Turn | None:
    if row.id in outdated:
        return _check(row, identity)
    if row.state is AwardState.APPLIED and not row.is_checked:
        if row.is_checked is False and not row.is_added_to:
            return None  # who applied is asked for more
        return _check(row, identity)
    if row.state is AwardState.APPLIED:
        return Turn.RECEIVE if may_act(identity, row.rule, Who.DEPARTMENT) else None
    if row.state is AwardState.CONFERENCE:
        return Turn.CONFER if may_act(identity, row.rule, Who.CONFERENCE) else None
    if row.state is AwardState.DECIDED:
        is_local = row.is_in_my_city and row.decided_on is not None
        pays = is_local and terms_of(row.rule, queries.parameters(row.decided_on)).payer == LOCAL_GOVERNMENT  # type: ignore[arg-type]
        return Turn.PAY if pays or may_act(identity, row.rule, Who.PAYER) else None
    turn = AFTER[row.state] if row.is_checked else Turn.REFUSE  # checked again, and found against: nothing else is open
    return turn if may_act(identity, row.rule, Who.DEPARTMENT) else None


def _check(row: Moving, identity: Identity) -> Turn | None:
    """Who checks: the city; of who comes from elsewhere the department. Where the region that names the city is missing, who may enter it sees to that;
    of a rule that is of Fujian alone the department refuses who is of another province."""
    if row.is_placed:
        return Turn.CHECK if row.is_in_my_city else None
    is_elsewhere = row.rule in EVERYWHERE and not row.has_city
    if not is_elsewhere and not row.is_outside:
        return Turn.PLACE if identity.everywhere(*VERIFIERS) else None
    turn = Turn.CHECK if is_elsewhere else Turn.REFUSE
    return turn if may_act(identity, row.rule, Who.DEPARTMENT) else None


HANDLERS = (Role.PREFECTURE_OPERATOR, Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST, Role.DEPT_FIN, Role.SYSTEM_ADMIN)
"""Whose turn it can be at all; who applies and who looks on has none."""
MOST_ASKED = 20
"""Of how many enterprises, the oldest applications first, the rules are asked one by one whether figures that were entered since the check matter."""


def turns(identity: Identity, today: date) -> dict[Turn, list[int]]:
    """The applications that wait for an identity, by what there is to do."""
    found: dict[Turn, list[int]] = {}
    rows = queries.moving(identity)
    asked = [row.id for row in rows if row.may_be_outdated and turn_of(row, identity) != turn_of(row, identity, (row.id,))]
    outdated = queries.outdated_among(asked, today, MOST_ASKED) if asked else set()
    for row in rows:
        turn = turn_of(row, identity, outdated)
        if turn is not None:
            found.setdefault(turn, []).append(row.id)
    return found
