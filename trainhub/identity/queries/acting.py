"""Who acts: the identity behind a session, a token or an account, in one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import func, or_, select

from trainhub.identity.models import Account, ApiToken, Consent, RoleGrant, UserSession
from trainhub.identity.queries.accounts import names_typed
from trainhub.identity.queries.grants import active, rests
from trainhub.identity.rules import as_grant, typed_name
from trainhub.identity.types import AccountState
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations.queries import Statement
from trainhub.people.models import Person

Counter = Callable[[Any], sa.ScalarSelect[int]]


def unread_counter() -> Counter | None:
    """How a room above counts unread notices of an account (registered by its wiring; a correlated scalar select)."""
    counter: Counter | None = current_app.extensions.get("trainhub.unread")
    return counter


@dataclass(frozen=True, slots=True)
class Known:
    """An identity with what the edge wants to know in the same query."""

    identity: Identity
    language: str
    consented_version: str | None
    consented_at: datetime | None
    needs_consent: bool
    birth_on: date | None = None
    has_guardian: bool = False
    """Whether the consent was a guardian's."""


TODAY: Any = sa.bindparam("today")


@cache
def _identity_select(counter: Counter | None) -> Statement:
    """Account, its active grants on the day `today`, unread notices and consent: one statement, one row per grant.

    It is asked with every request, and to put it together takes longer than to ask it: that is done once.
    """
    last_consent = (
        select(func.max(Consent.id)).where(Consent.account_id == Account.id, Consent.withdrawn_at.is_(None)).correlate(Account).scalar_subquery()
    )
    statement: Statement = (
        select(
            Account.id,
            func.coalesce(Person.merged_into_id, Account.person_id).label("person_id"),  # a second account of one human acts as that human
            Account.display_name,
            Account.language,
            Person.is_demo,
            Person.birth_on,
            Consent.guardian_name,
            Consent.notice_version,
            Consent.given_at,
            RoleGrant.role,
            RoleGrant.scope_kind,
            RoleGrant.organisation_id,
            RoleGrant.programme_id,
            RoleGrant.region_code,
            (counter(Account.id) if counter is not None else sa.literal(0)).label("unread"),
        )
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(Consent, Consent.id == last_consent)
        .outerjoin(RoleGrant, sa.and_(RoleGrant.account_id == Account.id, active(TODAY), ~rests()))
        .where(Account.state == AccountState.ACTIVE)
        .order_by(RoleGrant.id)
    )
    return statement


def _known(rows: list[Any], *, origin: str, session_id: int | None = None, scopes: Iterable[str] | None = None) -> Known | None:
    if not rows:
        return None
    first = rows[0]
    grants = tuple(as_grant(r.role, r.scope_kind, r.organisation_id, r.programme_id, r.region_code) for r in rows if r.role is not None)
    identity = Identity(
        account_id=first.id,
        person_id=first.person_id,
        name=first.display_name,
        grants=grants,
        origin=origin,
        token_scopes=None if scopes is None else frozenset(scopes),
        session_id=session_id,
        unread=first.unread or 0,
    )
    needs_consent = first.person_id is not None and not first.is_demo
    return Known(
        identity, first.language, first.notice_version, first.given_at, needs_consent, first.birth_on, has_guardian=bool(first.guardian_name)
    )


@cache
def _of_account(counter: Counter | None) -> Statement:
    return _identity_select(counter).where(Account.id == sa.bindparam("account_id"))


@cache
def _of_session(counter: Counter | None) -> Statement:
    statement: Statement = (
        _identity_select(counter)
        .add_columns(UserSession.id.label("session_id"))
        .join(UserSession, UserSession.account_id == Account.id)
        .where(UserSession.token_hash == sa.bindparam("token_hash"), UserSession.revoked_at.is_(None), UserSession.expires_at > sa.bindparam("now"))
    )
    return statement


@cache
def _of_token(counter: Counter | None) -> Statement:
    statement: Statement = (
        _identity_select(counter)
        .add_columns(ApiToken.scopes)
        .join(ApiToken, ApiToken.account_id == Account.id)
        .where(
            ApiToken.token_hash == sa.bindparam("token_hash"),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > sa.bindparam("now")),
        )
    )
    return statement


def identity_of(account_id: int, *, today: date, origin: str = "") -> Identity:
    """The identity of an active account on a day, for jobs, tests and commands. Raises NotFound."""
    rows = session().execute(_of_account(unread_counter()), {"account_id": account_id, "today": today})
    known = _known(list(rows), origin=origin)
    if known is None:
        raise NotFound(_("账号不存在或已停用。"))
    return known.identity


def identity_named(name: str, *, today: date, origin: str = "") -> Identity:
    """The same of the account that signs in by a name. Raises NotFound, also when a student's number needs its university's code."""
    ids = {login.account_id for login in names_typed(typed_name(name))}
    if len(ids) != 1:
        raise NotFound(_("没有以“%(name)s”登录的账号。", name=name[:80]))
    return identity_of(ids.pop(), today=today, origin=origin)


def by_session(token_hash: str, *, now: datetime, today: date, origin: str) -> Known | None:
    """Who signed in with this session, or None when it is unknown, revoked or expired: one query."""
    rows = list(session().execute(_of_session(unread_counter()), {"token_hash": token_hash, "now": now, "today": today}))
    return _known(rows, origin=origin, session_id=rows[0].session_id) if rows else None


def by_api_token(token_hash: str, *, now: datetime, today: date, origin: str) -> Known | None:
    """Whose API token this is, narrowed by its scopes; None when unknown, revoked or expired: one query."""
    rows = list(session().execute(_of_token(unread_counter()), {"token_hash": token_hash, "now": now, "today": today}))
    return _known(rows, origin=origin, scopes=rows[0].scopes) if rows else None
