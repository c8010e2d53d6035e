"""The own password is asked again before anything that would keep the holder out; who finds a browser open does not guess it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import identity as make
from trainhub.identity import queries
from trainhub.identity.models import Account
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.policy.book import book

ADD = {"kind": "username", "value": "lin.neu"}
TOKEN = {"label": "x", "days": "30", "scopes": ["identity:"]}
NEW = "Neues-Wort-2026"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return make.signed_in_client(app, username="lin", password=make.PASSWORD, logins=[(LoginKind.EMAIL, "lin@example.cn", "")])


def tries() -> int:
    """How many wrong ones are taken."""
    return int(book().at("own.lockout.attempts", on=clock.today()).number)


def account_of(session: Session) -> Account:
    """The one there is."""
    session.expire_all()
    login = queries.login_name(LoginKind.USERNAME, "lin")
    assert login is not None
    return queries.account(login.account_id)


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/account/logins", "password", ADD),
        ("/account/logins/remove", "password", {"login_id": "0"}),
        ("/account/password", "old", {"new": NEW, "again": NEW}),
        ("/account/second-factor/start", "password", {}),
        ("/account/tokens", "password", TOKEN),
        ("/account/second-factor/codes", "password", {}),
        ("/account/second-factor/remove", "password", {}),
    ],
)
def test_guesses_are_counted(app: Flask, client: FlaskClient, session: Session, path: str, field: str, more: dict[str, Any]) -> None:
    account = account_of(session)
    if "second-factor" in path and not path.endswith("start"):
        account.totp_secret_encrypted, account.totp_confirmed_at = b"x", make.NOW
    if path.endswith("logins/remove"):
        more = {"login_id": str(next(one.id for one in queries.login_names(account.id) if one.kind is LoginKind.EMAIL))}
    session.commit()
    answers = [client.post(path, data={field: "falsch-geraten", **more}).status_code for _n in range(tries() + 1)]
    assert answers == [422] * tries() + [429]
    assert client.post(path, data={field: make.PASSWORD, **more}).status_code == 429, "the right one comes too late"


def test_the_right_one_is_no_guess(client: FlaskClient, session: Session) -> None:
    """Whatever else is refused: who knows it shuts nobody out, and earlier slips are forgotten."""
    for _n in range(tries() + 1):
        slip = client.post("/account/password", data={"old": make.PASSWORD, "new": "kurz", "again": "kurz"})
        assert slip.status_code == 422
    for _n in range(tries() - 1):
        assert client.post("/account/logins", data={**ADD, "password": "falsch-geraten"}).status_code == 422
    assert client.post("/account/logins", data={**ADD, "password": make.PASSWORD}).status_code == 303
    assert client.post("/account/logins", data={**ADD, "value": "lin.drei", "password": "falsch-geraten"}).status_code == 422


def test_which_names_are_taken_is_not_tried_out(app: Flask, client: FlaskClient, session: Session) -> None:
    make.account(username="wang")
    session.commit()
    data = {"kind": "username", "value": "wang", "password": make.PASSWORD}
    assert [client.post("/account/logins", data=data).status_code for _n in range(tries() + 1)] == [422] * tries() + [429]


def test_the_second_factor_is_begun_with_the_password(client: FlaskClient, session: Session) -> None:
    assert 'name="password"' in client.get("/account/second-factor").text
    assert client.post("/account/second-factor/start", data={"password": "falsch-geraten"}).status_code == 422
    assert account_of(session).totp_secret_encrypted is None
    session.commit()
    assert client.post("/account/second-factor/start", data={"password": make.PASSWORD}).status_code == 303
    assert account_of(session).totp_secret_encrypted is not None
