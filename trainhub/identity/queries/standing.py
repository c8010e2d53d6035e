"""Accounts as they stand, for what a restore has to name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel.db import session

Known = dict[int, tuple[str, str, datetime | None, frozenset[int]]]


def accounts_as_they_stand() -> Known:
    """By account: name, state, when its password was set, and its grants that were ended."""
    ended: dict[int, set[int]] = {}
    for account_id, key in session().execute(select(RoleGrant.account_id, RoleGrant.id).where(RoleGrant.ended_at.is_not(None))):
        ended.setdefault(account_id, set()).add(key)
    rows = session().execute(select(Account.id, Account.display_name, Account.state, Account.password_set_at))
    return {key: (name, state.value, set_at, frozenset(ended.get(key, ()))) for key, name, state, set_at in rows}
