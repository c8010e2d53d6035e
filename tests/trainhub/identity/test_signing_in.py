"""Signing in over HTTP: names, lockout, the second factor, sessions, where to go after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import notice, queries, rules
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, ApiToken, Consent, SignInAttempt, UserSession
from trainhub.identity.operations._support import token_hash
from trainhub.identity.operations.signing_in import count_attempt
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import now, today
from trainhub.kernel.db import db, transaction
from trainhub.notifications.operations import notify
from trainhub.people import operations as people
from trainhub.people.models import Person

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def _account(app: Flask, **more: Any) -> int:
    with app.app_context(), transaction():
        return make.account(password=make.PASSWORD, **more).id


def _post(client: FlaskClient, username: str = "lin", password: str = make.PASSWORD, **more: str) -> TestResponse:
    return client.post("/login", data={"username": username, "password": password, **more})


def _is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_sign_in_and_out(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    assert client.get("/login").status_code == 200
    assert client.get("/account").location == "/login?next=/account"
    answer = _post(client, "LIN ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert _is_in(client)
    assert client.get("/login").status_code == 303
    cookie = client.get_cookie("trainhub")
    assert client.post("/logout").location == "/login"
    assert not _is_in(client)
    assert cookie is not None
    client.set_cookie("trainhub", cookie.value)
    assert not _is_in(client)  # the session ended on the server, not only in the browser
    assert client.post("/logout").status_code == 303


def test_wrong_password_and_unknown_name_look_the_same(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    known, unknown = _post(client, "lin", "nope"), _post(client, "nobody", "nope")
    assert (known.status_code, unknown.status_code) == (422, 422)
    assert known.text.count("登录名或密码不正确") == unknown.text.count("登录名或密码不正确") > 0


def test_names(app: Flask) -> None:
    logins = [(LoginKind.PHONE, "138 0013 8000", ""), (LoginKind.EMAIL, "Lin@Example.edu.cn", ""), (LoginKind.STUDENT_NO, "20230001", "10386")]
    _account(app, username="lin", logins=logins)
    for name in ("lin", "+8613800138000", "lin@example.EDU.cn", "20230001", "10386/20230001"):
        assert _post(app.test_client(), name).status_code == 303, name
    assert _post(app.test_client(), "10384/20230001").status_code == 422


def test_a_number_of_two_universities_asks_for_the_code(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin", logins=[(LoginKind.STUDENT_NO, "20230001", "10386")])
    _account(app, username="chen", logins=[(LoginKind.STUDENT_NO, "20230001", "10384")])
    answer = _post(client, "20230001")
    assert answer.status_code == 422
    assert "12345/20230001" in answer.text  # an invented code: which schools have the number is not told
    assert _post(client, "10384/20230001").status_code == 303


def test_four_failures_do_not_lock(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    _account(app, username="lin")
    for _n in range(4):
        assert _post(client, password="wrong").status_code == 422
    assert _post(client).status_code == 303


def test_five_failures_lock_for_a_quarter_of_an_hour(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    account_id = _account(app, username="lin", logins=[(LoginKind.PHONE, "13800138000", "")])
    for name in ("lin", "13800138000", "lin", "13800138000", "lin"):
        assert _post(client, name, "wrong").status_code == 422
    answer = _post(client)
    assert answer.status_code == 429
    assert "09:15" in answer.text
    assert int(answer.headers["Retry-After"]) == 15 * 60 + 1
    clock.shift(timedelta(minutes=15, seconds=-1))
    assert _post(client).status_code == 429
    clock.shift(timedelta(seconds=1))
    assert _post(client).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(SignInAttempt.id)).all() == []
        did = db.session.scalars(select(audit.AuditEvent.did).where(audit.AuditEvent.on_id == str(account_id))).all()
        assert did.count("identity.account.locked") == 1


def test_a_success_resets_the_count(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    _account(app, username="lin")
    for _round in range(2):
        for _n in range(4):
            _post(client, password="wrong")
        assert _post(client).status_code == 303
        client.post("/logout")


def test_unknown_names_lock_too(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    assert [_post(client, "nobody", "x").status_code for _n in range(6)] == [422] * 5 + [429]


def test_an_address_with_many_failures_waits(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    _account(app, username="lin")
    with app.app_context(), transaction() as current:
        current.add_all(SignInAttempt(name_hash=str(n), origin="127.0.0.1", at=START) for n in range(rules.ORIGIN_FAILURES - 1))
    assert _post(client).status_code == 303
    client.post("/logout")
    with app.app_context(), transaction() as current:
        current.add(SignInAttempt(name_hash="last", origin="127.0.0.1", at=START))
    assert _post(client).status_code == 429
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}, environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 303


def test_the_addresses_of_one_connection_are_counted_together(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    """Whoever has a connection of IPv6 has 2^64 addresses to guess from."""
    _account(app, username="lin")
    data = {"username": "lin", "password": make.PASSWORD}
    for n in range(rules.ORIGIN_FAILURES):
        with app.app_context(), transaction():
            count_attempt(counted_as=str(n), origin=f"2001:db8::{n:x}", now=START, today=START.date())
    assert client.post("/login", data=data, environ_base={"REMOTE_ADDR": "2001:db8::ffff"}).status_code == 429
    assert client.post("/login", data=data, environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"}).status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example/x", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_open_redirect(app: Flask, client: FlaskClient, target: str) -> None:
    _account(app, username="lin")
    assert _post(client, next=target).location == "/"
    assert client.get("/login", query_string={"next": target}).location == "/"


def test_next_is_followed(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    assert 'value="/account/tokens?x=1"' in client.get("/login?next=/account/tokens%3Fx%3D1").text
    assert _post(client, next="/account/tokens?x=1").location == "/account/tokens?x=1"


def test_the_visitors_cookie_does_not_survive(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    with client.session_transaction() as cookie:
        cookie.update(_user_id="planted", planted=1, lang="en")
    _post(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "planted"
        assert "planted" not in cookie
        assert cookie["lang"] == "en"


@pytest.mark.parametrize("state", [AccountState.DISABLED, AccountState.INVITED, AccountState.DELETED])
def test_only_active_accounts_enter(app: Flask, client: FlaskClient, state: AccountState) -> None:
    account_id = _account(app, username="lin")
    _post(client)
    with app.app_context(), transaction() as current:
        current.get_one(Account, account_id).state = state
    assert not _is_in(client)
    assert _post(app.test_client()).status_code == 422


def test_a_session_ends(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    _account(app, username="lin")
    _post(client)
    for _hour in range(12):
        clock.shift(timedelta(minutes=59))
        assert _is_in(client)
    clock.shift(timedelta(minutes=13))
    assert not _is_in(client)  # twelve hours are over


def test_an_idle_browser_is_signed_out(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    _account(app, username="lin")
    _post(client)
    clock.shift(timedelta(minutes=60))
    assert _is_in(client)
    clock.shift(timedelta(minutes=60, seconds=1))
    assert not _is_in(client)


def test_a_revoked_session_is_a_visitor(app: Flask) -> None:
    account_id = _account(app, username="lin")
    here, there = app.test_client(), app.test_client()
    _post(here)
    _post(there)
    with app.app_context():
        rows = db.session.scalars(select(UserSession).where(UserSession.account_id == account_id).order_by(UserSession.id)).all()
        second = rows[1].id
    assert "退出其他全部设备" in here.get("/account/sessions").text
    assert here.post(f"/account/sessions/{second}/revoke").status_code == 303
    assert (_is_in(here), _is_in(there)) == (True, False)


def test_nobody_revokes_the_sessions_of_others(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    _post(client)
    with app.app_context():
        session_id = db.session.scalars(select(UserSession.id)).one()
    other = make.signed_in_client(app)
    for foreign in (session_id, 999_999):
        refused = other.post(f"/account/sessions/{foreign}/revoke")
        assert refused.status_code == 404
        assert "没有这个登录会话" in refused.text
    assert _is_in(client)


def test_changing_the_password_ends_the_other_sessions(app: Flask) -> None:
    _account(app, username="lin")
    here, there = app.test_client(), app.test_client()
    _post(here)
    _post(there)
    new = "Another-horse-8"
    assert here.post("/account/password", data={"old": "wrong", "new": new, "again": new}).status_code == 422
    assert here.post("/account/password", data={"old": make.PASSWORD, "new": new, "again": "x"}).status_code == 422
    assert "常见" in here.post("/account/password", data={"old": make.PASSWORD, "new": "password1", "again": "password1"}).text
    assert "最近3次" in here.post("/account/password", data={"old": make.PASSWORD, "new": make.PASSWORD, "again": make.PASSWORD}).text
    assert here.post("/account/password", data={"old": make.PASSWORD, "new": new, "again": new}).status_code == 303
    assert (_is_in(here), _is_in(there)) == (True, False)
    assert _post(there).status_code == 422
    assert _post(there, password=new).status_code == 303


FULL_WIDTH = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789ABCDEF"}
"""What a Chinese keyboard makes of digits and letters."""


def test_second_factor(app: Flask, clock: time_machine.Traveller) -> None:
    account_id = _account(app, username="lin")
    here, there = app.test_client(), app.test_client()
    _post(here)
    assert here.post("/account/second-factor/start", data={"password": make.PASSWORD}).status_code == 303
    page = here.get("/account/second-factor").text
    assert "<svg" in page
    with app.app_context():
        secret = ops.pending_secret(queries.account(account_id)).replace(" ", "")
    totp = pyotp.TOTP(secret)
    assert here.post("/account/second-factor/confirm", data={"code": "000000"}).status_code == 422
    answer = here.post("/account/second-factor/confirm", data={"code": totp.at(START)})
    assert answer.text.count("<li><code>") == 10
    recovery = answer.text.split("<li><code>")[1].split("<")[0]

    assert _post(there, next="/account").location == "/login/code"
    assert not _is_in(there)
    assert there.post("/login/code", data={"code": totp.at(START)}).status_code == 422  # a replay of the step that confirmed
    clock.shift(timedelta(seconds=30))
    code = totp.at(START + timedelta(seconds=30))
    assert there.post("/login/code", data={"code": f"{code[:3]}-{code[3:]}".translate(FULL_WIDTH)}).location == "/account"
    assert _is_in(there)
    third = app.test_client()
    _post(third)
    assert third.post("/login/code", data={"code": code}).status_code == 422
    typed = recovery.upper().replace("-", " ").translate(FULL_WIDTH)
    assert third.post("/login/code", data={"code": typed}).status_code == 303
    fourth = app.test_client()
    _post(fourth)
    assert fourth.post("/login/code", data={"code": recovery}).status_code == 422  # each recovery code once
    clock.shift(timedelta(minutes=5, seconds=1))
    assert fourth.post("/login/code", data={"code": totp.at(START + timedelta(minutes=6))}).location == "/login"

    fifth = app.test_client()
    _post(fifth)
    clock.shift(timedelta(seconds=40))
    with app.app_context(), transaction():
        ops.set_password(account=queries.account(account_id), password="New-horse-99", by=SYSTEM, now=START + timedelta(minutes=6, seconds=11))
    code = totp.at(START + timedelta(minutes=6, seconds=11))
    assert fifth.post("/login/code", data={"code": code}).status_code == 422  # who knew only the former password does not get on

    assert there.post("/account/second-factor/remove", data={"password": "wrong"}).status_code == 422
    assert there.post("/account/second-factor/remove", data={"password": "New-horse-99"}).status_code == 303
    assert _post(app.test_client(), password="New-horse-99").location == "/"


def test_the_language_of_the_account_counts_whichever_way_led_in(app: Flask, clock: time_machine.Traveller) -> None:
    account_id = _account(app, username="lin")
    with app.app_context(), transaction():
        queries.account(account_id).language = "en"
    plain = app.test_client()
    _post(plain)
    assert '<html lang="en"' in plain.get("/account").text
    with app.app_context(), transaction():
        secret = ops.start_totp(account=queries.account(account_id), password=make.PASSWORD, by=SYSTEM)
        ops.confirm_totp(account=queries.account(account_id), code=pyotp.TOTP(secret).at(START), by=SYSTEM, now=START)
    for turn, (chosen, lang) in enumerate(((None, "en"), ("zh", "zh-CN")), 1):
        clock.shift(timedelta(seconds=30))
        visitor = app.test_client()
        visitor.get("/login" + (f"?lang={chosen}" if chosen else ""))
        _post(visitor)
        visitor.post("/login/code", data={"code": pyotp.TOTP(secret).at(START + timedelta(seconds=30 * turn))})
        assert f'<html lang="{lang}"' in visitor.get("/account").text


def test_wrong_codes_lock_like_wrong_passwords(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    account_id = _account(app, username="lin")
    with app.app_context(), transaction():
        account = queries.account(account_id)
        secret = ops.start_totp(account=account, password=make.PASSWORD, by=SYSTEM)
        ops.confirm_totp(account=account, code=pyotp.TOTP(secret).at(START), by=SYSTEM, now=START)
    _post(client)
    assert [client.post("/login/code", data={"code": "000000"}).status_code for _n in range(6)] == [422] * 5 + [429]
    assert _post(client).status_code == 429


def test_nobody_reaches_the_second_step_without_the_first(client: FlaskClient) -> None:
    assert client.get("/login/code").location == "/login"
    assert client.post("/login/code", data={"code": "123456"}).location == "/login"


def test_csrf_is_enforced(app: Flask, client: FlaskClient) -> None:
    _account(app, username="lin")
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = _post(client)
        assert answer.status_code == 400
        assert "安全校验" in answer.text
        token = client.get("/login").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        assert _post(client, csrf_token=token).status_code == 303
        assert client.post("/logout").status_code == 400
        assert _is_in(client)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize(
    "data", [{}, {"username": "lin"}, {"password": "x"}, {"username": "a\x00b", "password": "x"}, {"username": "x" * 201, "password": "x"}]
)
def test_bad_input(client: FlaskClient, data: dict[str, str]) -> None:
    assert client.post("/login", data=data).status_code == 422


def test_language(app: Flask, client: FlaskClient) -> None:
    assert '<html lang="zh-CN"' in client.get("/login", headers={"Accept-Language": "en"}).text
    assert '<html lang="en"' in client.get("/login?lang=en").text
    assert '<html lang="en"' in client.get("/login").text
    assert client.post("/language", data={"lang": "zh", "next": "//evil.example"}).location == "/"
    assert '<html lang="zh-CN"' in client.get("/login").text
    client.post("/language", data={"lang": "xx"})
    assert '<html lang="zh-CN"' in client.get("/login").text


def test_one_query_identifies(app: Flask, count_queries: list[str]) -> None:
    client = make.signed_in_client(app, Role.AUDITOR, Role.EXPERT)
    count_queries.clear()
    client.get("/privacy")
    assert len(count_queries) == 1
    count_queries.clear()
    client.get("/static/css/base.css")
    assert count_queries == []


def test_unread_comes_with_the_identity(session: Session) -> None:
    one = make.account()
    for _n in range(2):
        notify(account_ids=[one.id], kind="test", message="测试", now=make.NOW, unique_key="a")
    assert queries.identity_of(one.id, today=make.NOW.date()).unread == 1


def test_grants_count_only_on_their_days(session: Session) -> None:
    one = make.account()
    make.grant(one, Role.EXPERT, since=make.NOW.date(), until=make.NOW.date())
    roles = [queries.identity_of(one.id, today=make.NOW.date() + timedelta(days=n)).roles for n in (-1, 0, 1)]
    assert roles == [frozenset(), {Role.EXPERT}, frozenset()]


def test_consent_is_asked_before_anything_else(app: Flask) -> None:
    with app.app_context(), transaction():
        person_id = ground.person("林晓彤", is_demo=False).id
    client = make.signed_in_client(app, person_id=person_id, has_consented=False)
    assert client.get("/account").location == "/consent?next=/account"
    assert client.post("/account/preferences", data={"language": "zh"}).status_code == 403
    assert client.get("/privacy").status_code == 200
    assert client.get("/my-data").status_code == 200
    assert client.post("/consent", data={"next": "/account"}).status_code == 422
    assert client.post("/consent", data={"consent": "y", "notice": notice.VERSION, "next": "/account"}).location == "/account"
    assert _is_in(client)
    client.post("/my-data/withdraw")
    assert client.get("/account").location == "/consent?next=/account"


def test_a_new_notice_loses_nothing_that_was_being_written(app: Flask) -> None:
    """What is sent from a page opened before is taken, bars go on, the next page asks once; who never agreed or took it back is held up as ever."""
    with app.app_context(), transaction():
        person_id = ground.person("林晓彤", is_demo=False).id
    client = make.signed_in_client(app, person_id=person_id)
    with app.app_context(), transaction() as current:
        current.execute(update(Consent).values(notice_version="2000-01-01"))
    assert client.post("/account/preferences", data={"language": "zh"}).status_code not in (403, 302)
    assert client.get("/account", headers={"HX-Request": "true"}).status_code == 200
    assert client.get("/account").location == "/consent?next=/account"
    assert client.post("/consent", data={"consent": "y", "notice": notice.VERSION, "next": "/account"}).location == "/account"
    assert client.get("/account").status_code == 200  # once
    with app.app_context(), transaction() as current:
        assert [row.notice_version for row in current.scalars(select(Consent).order_by(Consent.id))] == ["2000-01-01", notice.VERSION]
        current.execute(update(Consent).values(withdrawn_at=make.NOW))
    assert client.post("/account/preferences", data={"language": "zh"}).status_code == 403


def test_who_has_not_consented_may_do_what_any_visitor_may(app: Flask) -> None:
    with app.app_context(), transaction():
        person_id = ground.person(is_demo=False).id
    client = make.signed_in_client(app, person_id=person_id, has_consented=False)
    for page in ("/verify", "/help", "/policy", "/privacy"):
        assert client.get(page).status_code == 200, page
    asked = client.post("/verify", data={"number": "FJ-0", "code": ""})
    assert asked.status_code not in (303, 403)
    assert client.get("/").location == "/consent?next=/"
    assert client.get("/notifications").location == "/consent?next=/notifications"


def test_tokens_end_with_the_consent(app: Flask, session: Session) -> None:
    one = make.account(person=ground.person("林晓彤", is_demo=False), username="lin")
    _row, token = ops.make_token(account=one, label="表", scopes=("people:",), days=30, by=SYSTEM, now=make.NOW, today=make.NOW.date())
    assert queries.by_api_token(token_hash(token), now=make.NOW, today=make.NOW.date(), origin="") is not None
    assert ops.withdraw_consent(account=one, by=SYSTEM, now=make.NOW) == 1
    assert queries.by_api_token(token_hash(token), now=make.NOW, today=make.NOW.date(), origin="") is None


def test_consent_is_asked_again_after_three_years(app: Flask, client: FlaskClient, clock: time_machine.Traveller) -> None:
    with app.app_context(), transaction():
        make.account(person=ground.person("林晓彤", is_demo=False), username="lin", password=make.PASSWORD)
    clock.move_to(datetime(2029, 3, 1, 1, 0, tzinfo=UTC))
    _post(client)
    assert _is_in(client)
    client.post("/logout")
    clock.move_to(datetime(2029, 3, 2, 1, 0, tzinfo=UTC))
    _post(client)
    assert client.get("/account").location == "/consent?next=/account"


def test_a_new_password_ends_what_the_old_one_opened(session: Session) -> None:
    """A link to reset it that is still in a mailbox, and the tokens of programs."""
    account = make.account(username="lin", password=make.PASSWORD)
    link = ops.reset_link(account=account, by=SYSTEM, today=make.NOW.date(), now=make.NOW)
    token = ApiToken(account_id=account.id, label="t", token_hash="x", scopes=[], created_at=make.NOW, expires_at=make.NOW + timedelta(days=9))
    session.add(token)
    session.flush()
    later = make.NOW + timedelta(minutes=1)
    ops.change_password(account=account, old=make.PASSWORD, new="Neues-Wort-2026", by=SYSTEM, now=later)
    session.expire_all()
    assert token.revoked_at == later
    with pytest.raises(ops.LinkRefused) as refused:
        ops.open_link(token=link.rpartition("/")[2], now=later)
    assert refused.value.code == "link_expired"


def test_consent_is_to_the_notice_that_was_shown(app: Flask) -> None:
    with app.app_context(), transaction():
        person_id = ground.person("林晓彤", is_demo=False).id
    client = make.signed_in_client(app, person_id=person_id, has_consented=False)
    assert f'value="{notice.VERSION}"' in client.get("/consent").text
    answer = client.post("/consent", data={"consent": "y", "notice": "2000-01-01", "next": "/account"})
    assert (answer.status_code, "隐私说明已有新版本" in answer.text, f'value="{notice.VERSION}"' in answer.text) == (422, True, True)
    assert client.get("/account").location == "/consent?next=/account"


@pytest.mark.parametrize(("days", "is_asked"), [(-1, False), (0, False), (1, True)])
def test_who_turns_out_to_be_a_child_is_asked_for_the_guardian(app: Flask, days: int, is_asked: bool) -> None:
    """A consent that was given as a grown-up's is none of a child below 14 (PIPL-31)."""
    born = today().replace(year=today().year - 14) + timedelta(days=days)
    with app.app_context(), transaction():
        person_id = ground.person("林小", is_demo=False, id_type=None, birth_on=date(1990, 1, 1)).id
    client = make.signed_in_client(app, person_id=person_id)
    with app.app_context(), transaction() as current:
        current.execute(update(Consent).values(guardian_name="", guardian_phone=""))
    assert client.get("/account").status_code == 200
    with app.app_context(), transaction() as current:
        people.change_person(person=current.get_one(Person, person_id), birth_on=born, by=SYSTEM, now=now())
    assert (client.get("/account").location == "/consent?next=/account") is is_asked
    if not is_asked:
        return
    data = {"consent": "y", "notice": notice.VERSION, "next": "/account"}
    assert client.post("/consent", data=data).status_code == 422
    assert client.post("/consent", data={**data, "guardian_name": "林父", "guardian_phone": "13800000000"}).location == "/account"
    assert client.get("/account").status_code == 200
