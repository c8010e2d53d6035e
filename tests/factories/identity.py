"""Accounts for tests, made through operations; and browsers that are signed in for real (a session row and a cookie)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from trainhub.identity import operations
from trainhub.identity.models import Account, RoleGrant
from trainhub.identity.types import AccountState
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session, transaction
from trainhub.people.models import Person

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PASSWORD = "Correct-horse-7"
_numbers = itertools.count(1)


def account(
    *,
    person: Person | None = None,
    username: str | None = None,
    password: str | None = None,
    name: str | None = None,
    roles: tuple[Role, ...] = (),
    organisation_id: int | None = None,
    programme_id: int | None = None,
    region_code: str | None = None,
    has_consented: bool = True,
    now: datetime = NOW,
    **more: Any,
) -> Account:
    """An active account; without `password` it has none (the hash is slow) and cannot sign in by one."""
    n = next(_numbers)
    made = operations.create_account(
        person=person,
        display_name=name or (person.name if person else f"测试用户{n}"),
        username=username or f"user{n}",
        password=password,
        by=SYSTEM,
        now=now,
        **more,
    )
    made.state = AccountState.ACTIVE
    for role in roles:
        grant(made, role, organisation_id=organisation_id, programme_id=programme_id, region_code=region_code)
    if person is not None and has_consented:
        operations.give_consent(account=made, by=SYSTEM, now=clock.now(), guardian_name="监护人", guardian_phone="13800138000")
    session().flush()
    return made


def grant(
    account: Account,
    role: Role,
    *,
    organisation_id: int | None = None,
    programme_id: int | None = None,
    region_code: str | None = None,
    since: date = date(2020, 1, 1),
    until: date | None = None,
) -> RoleGrant:
    """A grant, also over a scope that the operation would refuse for the role (a test may ask what happens then)."""
    row = RoleGrant(
        account_id=account.id,
        role=role,
        scope_kind=operations.scope_kind(organisation_id, programme_id, region_code),
        organisation_id=organisation_id,
        programme_id=programme_id,
        region_code=region_code,
        since=since,
        until=until,
        granted_at=NOW,
    )
    session().add(row)
    session().flush()
    return row


def sign_in(app: Flask, made: Account) -> FlaskClient:
    """A browser that is signed in by an account."""
    with transaction():
        token = _open_session(made)
    return _browser(app, token)


def _open_session(made: Account) -> str:
    return operations.open_session(account=made, origin="127.0.0.1", agent="pytest", now=clock.now(), today=clock.today())


def _browser(app: Flask, token: str) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
        cookie["seen"] = int(clock.now().timestamp())
    return client


def signed_in_client(
    app: Flask,
    *roles: Role,
    organisation_id: int | None = None,
    programme_id: int | None = None,
    region_code: str | None = None,
    person_id: int | None = None,
    **more: Any,
) -> FlaskClient:
    """A browser of somebody who holds the roles over one scope; with `person_id` it is that person's account (made when missing)."""
    from trainhub.identity import queries

    with app.app_context():
        with transaction():
            made = queries.account_of_person(person_id) if person_id is not None else None
            if made is None:
                person = session().get(Person, person_id) if person_id is not None else None
                made = account(person=person, **more)
            for role in roles:
                grant(made, role, organisation_id=organisation_id, programme_id=programme_id, region_code=region_code)
            token = _open_session(made)
        return _browser(app, token)


__all__ = ["NOW", "PASSWORD", "account", "grant", "sign_in", "signed_in_client"]
