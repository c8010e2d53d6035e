"""Signing in over HTTP."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import identity as make
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction


def _account(app: Flask, **more: object) -> None:
    with app.app_context(), transaction():
        make.account(password=make.PASSWORD, **more)


def _post(client: FlaskClient, username: str, password: str = make.PASSWORD, **more: str):
    return client.post("/login", data={"username": username, "password": password, **more})


def test_sign_in_and_out(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    assert client.get("/login").status_code == 200
    answer = _post(client, "LIN ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/login").status_code == 303
    assert client.post("/logout").status_code == 303
    assert client.get("/login").status_code == 200


def test_wrong_password(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    known, unknown = _post(client, "lin", "nope"), _post(client, "nobody", "nope")
    assert known.status_code == unknown.status_code == 422
    assert "登录名或密码不正确" in known.text


def test_signed_in_client(app: Flask) -> None:
    client = make.signed_in_client(app, Role.AUDITOR)
    assert client.get("/login").status_code == 303


def test_unread(session: Session) -> None:
    from trainhub.identity import queries
    from trainhub.notifications.operations import notify

    one = make.account()
    notify(account_ids=[one.id], kind="test", message="测试", now=make.NOW, unique_key="a")
    notify(account_ids=[one.id], kind="test", message="测试", now=make.NOW, unique_key="a")
    assert queries.identity_of(one.id, today=make.NOW.date()).unread == 1
