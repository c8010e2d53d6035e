"""Selects on accounts and consents that have served their time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from trainhub.identity.models import Account, ApiToken, Consent, DataRequest, RoleGrant
from trainhub.identity.queries.grants import active
from trainhub.identity.types import AccountState, RequestState
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.people.models import Person
from trainhub.people.queries import Use, is_free, is_used

_LAST = func.coalesce(Account.last_sign_in_at, Account.created_at)


def _asks(account: object) -> sa.ColumnElement[bool]:
    """SQL: the account has a request about its data that nobody has answered."""
    return sa.exists().where(DataRequest.account_id == account, DataRequest.state == RequestState.OPEN)


def person_asks(person: Any) -> sa.ColumnElement[bool]:
    """SQL: the person a column names waits for the answer to a request about their data; nothing of theirs goes meanwhile."""
    own = sa.orm.aliased(Account)
    return sa.exists().where(own.person_id == person, DataRequest.account_id == own.id, DataRequest.state == RequestState.OPEN)


def kept_accounts() -> sa.Select[int]:
    """Accounts of which nothing may be erased: a legal hold stands on their person, or a request about their data is open."""
    return select(Account.id).where(or_(_asks(Account.id), sa.and_(Account.person_id.is_not(None), ~is_free(Account.person_id))))


def account_uses(since: datetime) -> list[Use]:
    """Who has signed in, or got an account, since an instant."""
    return [Use(Account.person_id, since <= _LAST)]


def unused_accounts(*, before: datetime, now: datetime, today: date, uses: Iterable[Use], after: int, limit: int) -> list[int]:
    """Accounts, in order, by which nobody has signed in since an instant.

    Left out: persons who still study, teach or guide, legal holds, open requests, live tokens (a program works by them), and
    system administrators while no other one has signed in since.
    """
    admins = select(RoleGrant.account_id).where(RoleGrant.role == Role.SYSTEM_ADMIN, active(today))
    has_other_admin = sa.exists().where(Account.id.in_(admins), Account.state == AccountState.ACTIVE, Account.last_sign_in_at >= before)
    seen_admin = bool(session().scalar(select(has_other_admin)))
    statement = select(Account.id).where(
        Account.id > after,
        Account.state != AccountState.DELETED,
        before > _LAST,
        or_(Account.person_id.is_(None), ~is_used(Account.person_id, uses)),
        Account.id.not_in(kept_accounts()),
        ~sa.exists().where(
            ApiToken.account_id == Account.id, ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
        ),
    )
    if not seen_admin:
        statement = statement.where(Account.id.not_in(admins))
    return list(session().scalars(statement.order_by(Account.id).limit(limit)))


def consents_of_grown(*, born_before: date, after: int, limit: int) -> list[int]:
    """Consents, in order, that name the guardian of somebody born before a day."""
    statement = (
        select(Consent.id)
        .join(Account, Account.id == Consent.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(
            Consent.id > after,
            or_(Consent.guardian_name != "", Consent.guardian_phone != ""),
            Person.birth_on < born_before,
            is_free(Person.id),
        )
    )
    return list(session().scalars(statement.order_by(Consent.id).limit(limit)))
