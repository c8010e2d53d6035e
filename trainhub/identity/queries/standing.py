"""Accounts as they stand, for what a restore has to name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, select

from trainhub.identity.models import Account, Consent, LoginName, RoleGrant
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.programmes.models import Programme


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
    scopes: Mapping[tuple[object, ...], str]
    """The code of what each grant is over; empty over everything."""


Known = Mapping[int, Standing]


def withdrew() -> sa.ColumnElement[bool]:
    """SQL: the holder of an `Account` took their consent back and has given none since. Whoever was never asked has not, nor
    whoever was not asked since the account was opened again: to close it ends their consent, too."""
    given = select(Consent.id).where(Consent.account_id == Account.id, Consent.withdrawn_at.is_(None)).correlate(Account)
    since = sa.or_(Account.reopened_at.is_(None), Consent.withdrawn_at > Account.reopened_at)
    taken = select(Consent.id).where(Consent.account_id == Account.id, Consent.withdrawn_at.is_not(None), since)
    clause: sa.ColumnElement[bool] = sa.and_(taken.correlate(Account).exists(), ~given.exists())
    return clause


def accounts_as_they_stand(today: date) -> Known:
    """Every account by its id; a grant whose last day is over is neither held nor ended."""
    held, ended = defaultdict[int, set[tuple[object, ...]]](set), defaultdict[int, set[tuple[object, ...]]](set)
    scopes = defaultdict[int, dict[tuple[object, ...], str]](dict)
    what = (RoleGrant.role, RoleGrant.organisation_id, RoleGrant.programme_id, RoleGrant.region_code, RoleGrant.granted_at)
    statement = (
        select(
            RoleGrant.account_id,
            RoleGrant.ended_at,
            RoleGrant.until,
            func.coalesce(Organisation.code, Programme.code, RoleGrant.region_code, ""),
            *what,
        )
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .outerjoin(Programme, Programme.id == RoleGrant.programme_id)
    )
    for account_id, ended_at, until, scope, *grant in session().execute(statement):
        scopes[account_id][tuple(grant)] = scope
        if ended_at is not None:
            ended[account_id].add(tuple(grant))
        elif until is None or until >= today:
            held[account_id].add(tuple(grant))
    logins = defaultdict[int, set[tuple[str, str, str]]](set)
    for account_id, kind, scope, value in session().execute(select(LoginName.account_id, LoginName.kind, LoginName.scope, LoginName.value)):
        logins[account_id].add((kind.value, scope, value))
    rows = session().execute(select(Account.id, Account.display_name, Account.state, Account.password_set_at, Account.totp_confirmed_at))
    return {
        key: Standing(name, state.value, set_at, second_at, frozenset(held[key]), frozenset(ended[key]), frozenset(logins[key]), scopes[key])
        for key, name, state, set_at, second_at in rows
    }
