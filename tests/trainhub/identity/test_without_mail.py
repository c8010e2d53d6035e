"""Pages promise no e-mail where none is sent, and who knows a name ends no link that somebody handed over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.models import Account
from trainhub.identity.types import Channel, LoginKind
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import transaction

TODAY = make.NOW.date()


@pytest.fixture
def without_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that has no mail server."""
    known = app.extensions["trainhub.channels"]
    monkeypatch.setitem(app.extensions, "trainhub.channels", {key: send for key, send in known.items() if key is not Channel.EMAIL})


def lin() -> Account:
    return make.account(username="lin", logins=[(LoginKind.EMAIL, "lin@example.cn", "")])


def admin() -> Identity:
    return queries.identity_of(make.account(roles=(Role.SYSTEM_ADMIN,)).id, today=TODAY)


def ask(minutes: int = 1) -> None:
    ops.ask_reset(name="lin", origin="o", now=make.NOW + timedelta(minutes=minutes), today=TODAY)


def test_who_knows_a_name_ends_no_link_of_an_administrator(session: Session) -> None:
    account = lin()
    ops.reset_link(account=account, by=admin(), today=TODAY, now=make.NOW)
    (handed,) = queries.live_links(account.id, make.NOW)
    ask()
    ask(2)
    session.expire_all()
    asked, still = queries.live_links(account.id, make.NOW + timedelta(minutes=2))
    assert (still.id, asked.made_by_id) == (handed.id, account.id)


def test_a_link_of_an_administrator_ends_all_others(session: Session) -> None:
    account = lin()
    ask(0)
    ops.reset_link(account=account, by=admin(), today=TODAY, now=make.NOW + timedelta(minutes=1))
    session.expire_all()
    assert len(queries.live_links(account.id, make.NOW + timedelta(minutes=1))) == 1


def test_a_link_that_was_asked_for_hides_no_link_of_who_could_not_give_a_role(session: Session) -> None:
    university = ground.university()
    account = lin()
    make.grant(account, Role.LECTURER, organisation_id=university.id)
    low = queries.identity_of(make.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=university.id).id, today=TODAY)
    ops.reset_link(account=account, by=low, today=TODAY, now=make.NOW)
    ask()
    now = make.NOW + timedelta(minutes=2)
    ops.grant_role(account=account, role=Role.AUDITOR, by=admin(), today=TODAY, now=now)
    session.expire_all()
    assert [one.made_by_id for one in queries.live_links(account.id, now)] == [account.id]


def test_without_mail_nothing_is_made(session: Session, without_mail: None) -> None:
    account = lin()
    ask()
    assert queries.live_links(account.id, make.NOW + timedelta(minutes=1)) == []


def test_the_pages_promise_no_mail(app: Flask, client: FlaskClient, without_mail: None) -> None:
    with app.app_context(), transaction():
        account_id, cohort_id = lin().id, ground.student(year=2026).cohort_id
    for answer in (client.get("/forgot"), client.post("/forgot", data={"username": "lin"})):
        assert "尚未配置邮件发送" in answer.text
        assert "已经发出" not in answer.text
    signed_in = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    made = signed_in.post(f"/accounts/{account_id}/link").text
    assert "没有发送邮件" in made
    assert "已同时发送" not in made
    page = signed_in.get(f"/accounts/groups/cohort/{cohort_id}").text
    assert "尚未配置邮件发送" in page
    assert "邀请发到邮箱" not in page


def test_the_pages_say_where_mail_went(app: Flask) -> None:
    with app.app_context(), transaction():
        account_id, without = lin().id, make.account().id
    signed_in = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert "已同时发送到 lin@example.cn" in signed_in.post(f"/accounts/{account_id}/link").text
    assert "没有发送邮件" in signed_in.post(f"/accounts/{without}/link").text
