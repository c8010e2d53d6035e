"""Accounts as they stand, for what a restore has to name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from trainhub.identity.models import Account, LoginName, RoleGrant
from trainhub.kernel.db import session


@dataclass(frozen=True, slots=True)
class Standing:
    """An account: its state, when its password was set and its second factor begun, its grants (ended ones apart), by what it is signed in to.

    A grant is known by what it gives and since when it was given: rows made anew after a restore may bear the id of another.
    """

    name: str
    state: str
    password_set_at: datetime | None
    second_factor_at: datetime | None
    held: frozenset[tuple[object, ...]]
    ended: frozenset[tuple[object, ...]]
    logins: frozenset[tuple[str, str, str]]


Known = Mapping[int, Standing]


def accounts_as_they_stand() -> Known:
    """Every account by its id."""
    held, ended = defaultdict[int, set[tuple[object, ...]]](set), defaultdict[int, set[tuple[object, ...]]](set)
    what = (RoleGrant.role, RoleGrant.organisation_id, RoleGrant.programme_id, RoleGrant.region_code, RoleGrant.granted_at)
    for account_id, ended_at, *grant in session().execute(select(RoleGrant.account_id, RoleGrant.ended_at, *what)):
        (held if ended_at is None else ended)[account_id].add(tuple(grant))
    logins = defaultdict[int, set[tuple[str, str, str]]](set)
    for account_id, kind, scope, value in session().execute(select(LoginName.account_id, LoginName.kind, LoginName.scope, LoginName.value)):
        logins[account_id].add((kind.value, scope, value))
    rows = session().execute(select(Account.id, Account.display_name, Account.state, Account.password_set_at, Account.totp_confirmed_at))
    return {
        key: Standing(name, state.value, set_at, second_at, frozenset(held[key]), frozenset(ended[key]), frozenset(logins[key]))
        for key, name, state, set_at, second_at in rows
    }
