"""API tokens: shown once, narrowed by their scopes, dead when revoked or expired; no cookie opens the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as make
from trainhub.identity import labels, queries
from trainhub.identity import operations as ops
from trainhub.identity.models import ApiToken
from trainhub.identity.operations._support import token_hash
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role, may
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import MailMessage, Notice

TODAY = make.NOW.date()
PATH = "/api/v1/openapi.json"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _make(app: Flask, *roles: Role, scopes: tuple[str, ...] = ("identity:",), days: int = 30) -> tuple[int, str]:
    with app.app_context(), transaction():
        account = make.account(roles=roles)
        row, token = ops.make_token(
            account=account,
            label="测试",
            scopes=scopes,
            days=days,
            by=queries.identity_of(account.id, today=clock.today()),
            now=clock.now(),
            today=clock.today(),
        )
        return row.id, token


def test_a_token_is_shown_once(app: Flask) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN, password=make.PASSWORD)
    form = {"label": "教务同步", "days": "30", "scopes": ["identity:"], "submission_key": "s1", "password": make.PASSWORD}
    page = client.post("/account/tokens", data=form).text
    token = "th_" + page.split("<code>th_")[1].split("<")[0]
    with app.app_context():
        stored = db.session.scalars(select(ApiToken)).one()
        assert stored.token_hash == token_hash(token)
        assert token not in (stored.label, stored.token_hash)
    assert token not in client.get("/account/tokens").text
    again = client.post("/account/tokens", data=form).text  # a double click: only this second answer is seen, and it has no token
    assert ("th_" in again, "只显示一次" in again, "撤销" in again) == (False, True, True)
    with app.app_context():
        assert len(db.session.scalars(select(ApiToken)).all()) == 1


def test_one_is_asked_for_the_password_and_told(app: Flask) -> None:
    """A token outlives the session of an open browser, so that whoever finds one shall not make it, nor make it unseen."""
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN, password=make.PASSWORD, logins=[(LoginKind.EMAIL, "lin@example.cn", "")])
    form: dict[str, object] = {"label": "教务同步", "days": "30", "scopes": ["identity:"]}
    for wrong in ({}, {"password": "falsch-geraten"}):
        assert client.post("/account/tokens", data={**form, **wrong}).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(ApiToken)).all() == []
        assert db.session.scalars(select(Notice)).all() == []
    assert client.post("/account/tokens", data={**form, "password": make.PASSWORD}).status_code == 200
    with app.app_context():
        told = db.session.scalars(select(Notice)).one()
        assert (told.kind, told.url, told.values) == ("identity.token", "/account/tokens", {"label": "教务同步"})
        mail = db.session.scalars(select(MailMessage)).one()
        assert (mail.address, "教务同步" in mail.text) == ("lin@example.cn", True)


@pytest.mark.parametrize(
    "data",
    [
        {"label": "", "days": "30", "scopes": ["identity:"]},
        {"label": "x", "days": "0", "scopes": ["identity:"]},
        {"label": "x", "days": "366", "scopes": ["identity:"]},
        {"label": "x", "days": "x", "scopes": ["identity:"]},
        {"label": "x", "days": "30", "scopes": []},
        {"label": "x", "days": "30", "scopes": ["*"]},
    ],
)
def test_bad_tokens_are_refused(app: Flask, data: dict[str, object]) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN, password=make.PASSWORD)
    assert client.post("/account/tokens", data={**data, "password": make.PASSWORD}).status_code == 422


def test_a_forged_scope_is_refused_in_the_language_of_the_page(app: Flask) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN, password=make.PASSWORD)
    page = client.post("/account/tokens", data={"label": "x", "days": "30", "scopes": ["*", "root:"], "password": make.PASSWORD}).text
    assert "有的选项不存在，或已不再提供，请重新勾选。" in page
    assert "valid choice" not in page


def test_a_year_is_the_longest(app: Flask) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN, password=make.PASSWORD)
    assert client.post("/account/tokens", data={"label": "x", "days": "365", "scopes": ["identity:"], "password": make.PASSWORD}).status_code == 200


def test_bearer(app: Flask, client: FlaskClient) -> None:
    token_id, token = _make(app, Role.SYSTEM_ADMIN)
    assert client.get(PATH, headers=_bearer(token)).status_code == 200
    for headers in (_bearer("th_wrong"), _bearer(""), {"Authorization": "Basic eDp5"}, {"Authorization": token}):
        answer = client.get(PATH, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.get_json()["code"] == "token_invalid"
    with app.app_context(), transaction():
        row = db.session.get_one(ApiToken, token_id)
        ops.revoke_token(account_id=row.account_id, token_id=token_id, by=SYSTEM, now=clock.now())
    assert client.get(PATH, headers=_bearer(token)).status_code == 401


def test_a_program_is_told_about_tokens_and_addresses_not_about_pages(client: FlaskClient) -> None:
    nobody = client.get("/api/v1/organisations").get_json()
    assert (nobody["code"], nobody["detail"]) == (
        "sign_in_needed",
        "请求没有带接口令牌。请在“我的账户 — 接口令牌”中新建令牌，以 Authorization: Bearer 方式发送。",
    )
    assert client.get("/api/v1/nothing").get_json()["detail"] == "接口没有这个地址，可用的地址见 /api/v1/docs。"


def test_a_token_expires(session: Session) -> None:
    account = make.account()
    _row, token = ops.make_token(account=account, label="x", scopes=["identity:"], days=1, by=SYSTEM, now=make.NOW, today=TODAY)
    hashed = token_hash(token)
    just = make.NOW + timedelta(days=1, seconds=-1)
    assert queries.by_api_token(hashed, now=just, today=TODAY, origin="") is not None
    assert queries.by_api_token(hashed, now=make.NOW + timedelta(days=1), today=TODAY, origin="") is None


def test_scopes_narrow_the_account(app: Flask, session: Session) -> None:
    account = make.account(roles=(Role.SYSTEM_ADMIN,))

    def holds(*scopes: str) -> tuple[bool, bool]:
        _row, token = ops.make_token(account=account, label="x", scopes=scopes, days=1, by=SYSTEM, now=make.NOW, today=TODAY)
        known = queries.by_api_token(token_hash(token), now=make.NOW, today=TODAY, origin="")
        assert known is not None
        return may(known.identity, Can.ACCOUNT_LIST), may(known.identity, Can.AUDIT_VIEW)

    assert holds("identity:") == (True, False)
    assert holds("audit:event:view") == (False, True)
    assert holds("identity:account:view") == (False, False)
    assert holds("identity:", "audit:") == (True, True)


def test_a_refusal_says_that_it_is_the_tokens_scope(app: Flask, session: Session) -> None:
    account = make.account(roles=(Role.SYSTEM_ADMIN,))
    _row, token = ops.make_token(account=account, label="x", scopes=("people:",), days=1, by=SYSTEM, now=clock.now(), today=clock.today())
    session.commit()
    answer = app.test_client().get("/api/v1/goals", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"], "令牌的权限范围" in answer.json["detail"]) == (403, "token_scope", True)  # type: ignore[index]


def test_a_token_never_exceeds_its_account(session: Session) -> None:
    account = make.account(roles=(Role.STUDENT,))
    _row, token = ops.make_token(account=account, label="x", scopes=["identity:"], days=1, by=SYSTEM, now=make.NOW, today=TODAY)
    known = queries.by_api_token(token_hash(token), now=make.NOW, today=TODAY, origin="")
    assert known is not None
    assert not may(known.identity, Can.ACCOUNT_LIST)


def test_a_cookie_does_not_open_the_api(app: Flask) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert client.get("/api/v1/organisations").status_code == 401
    assert client.get("/api/v1/docs").status_code == 200


def test_a_token_does_not_open_pages(app: Flask, client: FlaskClient) -> None:
    _id, token = _make(app, Role.SYSTEM_ADMIN)
    assert client.get("/account", headers=_bearer(token)).status_code == 303


def test_nobody_revokes_the_tokens_of_others(app: Flask, client: FlaskClient) -> None:
    token_id, token = _make(app, Role.SYSTEM_ADMIN)
    make.signed_in_client(app, Role.SYSTEM_ADMIN).post(f"/account/tokens/{token_id}/revoke")
    assert client.get(PATH, headers=_bearer(token)).status_code == 200


def test_revoking_what_is_not_mine_says_so(app: Flask) -> None:
    theirs, token = _make(app, Role.SYSTEM_ADMIN)
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for token_id in (theirs, 999_999):
        answer = client.post(f"/account/tokens/{token_id}/revoke", follow_redirects=True)
        assert ("令牌已撤销" in answer.text, "没有这个令牌" in answer.text, answer.status_code) == (False, True, 404)
    assert client.get(PATH, headers=_bearer(token)).status_code == 200


def test_the_pages_say_that_tokens_end_with_the_password(app: Flask) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for page in ("/account/tokens", "/account/password"):
        assert "令牌全部失效" in client.get(page).text, page
    with app.app_context(), transaction():
        account = make.account(username="lin", password=make.PASSWORD)
        link = ops.reset_link(account=account, by=SYSTEM, today=clock.today(), now=clock.now())
        fresh = make.account(username="chen")
        fresh.state = AccountState.INVITED
        invitation = ops.invite(account=fresh, by=SYSTEM, today=clock.today(), now=clock.now())
    for address, says in ((link, True), (invitation, False)):
        assert ("接口令牌全部失效" in app.test_client().get("/link/" + address.rsplit("/", 1)[1]).text) is says


def test_every_part_that_a_token_may_be_narrowed_to_has_a_name(app: Flask) -> None:
    with app.app_context():
        rooms = {scope[:-1] for scope in ops.known_scopes() if scope.endswith(":")}
    assert rooms - set(labels.ROOMS) == set()
