"""By what an account is signed in to can be changed: by who may reset it, by its holder with a code, and after the person's file."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.models import Account
from trainhub.identity.operations import AccountRefused, GrantRefused
from trainhub.identity.types import Channel, LoginKind
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.notifications.queries import notices_of
from trainhub.people import operations as people
from trainhub.people.models import Person

TODAY = make.NOW.date()
Sent = list[tuple[str, str]]


@pytest.fixture
def sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What an installation with e-mail and short messages would send: to, text."""
    messages: Sent = []
    for channel in Channel:
        monkeypatch.setitem(app.extensions["trainhub.channels"], channel, lambda to, _subject, text, _now: messages.append((to, text)))
    return messages


def lin(**person: Any) -> Account:
    who = ground.person("林晓彤", **person)
    return make.account(person=who, username="lin", password=make.PASSWORD, logins=[(LoginKind.EMAIL, "old@example.cn", "")])


def admin() -> Identity:
    return queries.identity_of(make.account(roles=(Role.SYSTEM_ADMIN,)).id, today=TODAY)


def names(account: Account) -> list[str]:
    return sorted(one.value for one in queries.login_names(account.id))


# -- by who may reset it ------------------------------------------------------------------------------------------------


def test_an_administrator_replaces_an_address(session: Session, sent: Sent) -> None:
    account, by = lin(), admin()
    ops.reset_link(account=account, by=by, today=TODAY, now=make.NOW)
    sent.clear()
    new = ops.give_login(account=account, kind=LoginKind.EMAIL, value="New@example.cn", by=by, today=TODAY, now=make.NOW)
    assert ops.give_login(account=account, kind=LoginKind.EMAIL, value="new@example.cn", by=by, today=TODAY, now=make.NOW).id == new.id
    ((to, text),) = sent
    assert (to, "n***@example.cn" in text, "new@" in text) == ("old@example.cn", True, False)
    old = next(one.id for one in queries.login_names(account.id) if one.value == "old@example.cn")
    ops.take_login(account=account, login_id=old, by=by, today=TODAY, now=make.NOW)
    ops.take_login(account=account, login_id=old, by=by, today=TODAY, now=make.NOW)
    assert names(account) == ["lin", "new@example.cn"]
    assert queries.email_of(account.id) == "new@example.cn"
    assert [one[0] for one in sent[1:]] == ["old@example.cn", "new@example.cn"]
    session.expire_all()
    assert queries.live_links(account.id, make.NOW) == [], "a link that waits in a mailbox which is not theirs any more"


def test_names_are_changed_inside_ones_scope_only(session: Session) -> None:
    university = ground.university()
    by = queries.identity_of(make.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=university.id).id, today=TODAY)
    account = make.account(roles=(Role.SYSTEM_ADMIN,))
    with pytest.raises(GrantRefused):
        ops.give_login(account=account, kind=LoginKind.EMAIL, value="new@example.cn", by=by, today=TODAY, now=make.NOW)
    with pytest.raises(GrantRefused):
        ops.take_login(account=account, login_id=queries.login_names(account.id)[0].id, by=by, today=TODAY, now=make.NOW)
    own = session.get_one(Account, by.account_id)
    with pytest.raises(AccountRefused) as refused:
        ops.give_login(account=own, kind=LoginKind.EMAIL, value="new@example.cn", by=by, today=TODAY, now=make.NOW)
    assert refused.value.code == "own_account"


def test_an_enterprise_that_changes_a_name_had_a_way_in(session: Session) -> None:
    enterprise = ground.enterprise()
    by = queries.identity_of(make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id).id, today=TODAY)
    account = lin()
    make.grant(account, Role.MENTOR, organisation_id=enterprise.id)
    old = next(one.id for one in queries.login_names(account.id) if one.value == "old@example.cn")
    ops.take_login(account=account, login_id=old, by=by, today=TODAY, now=make.NOW)
    assert (account.handled_at, account.handled_by_id) == (make.NOW, by.account_id)


def test_the_page_of_an_account(app: Flask) -> None:
    with app.app_context(), transaction():
        account = lin(email="file@example.cn")
        account_id, login_id = account.id, next(one.id for one in queries.login_names(account.id) if one.value == "lin")
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    page = client.get(f"/accounts/{account_id}").text
    assert "更改登录名" in page
    assert "登录的邮箱与人员登记的不同" in page
    assert client.post(f"/accounts/{account_id}/logins", data={"kind": "phone", "value": "123"}).status_code == 422
    assert client.post(f"/accounts/{account_id}/logins", data={"kind": "phone", "value": "13800138000"}).status_code == 303
    assert client.post(f"/accounts/{account_id}/logins/{login_id}/remove").status_code == 303
    with app.app_context():
        assert names(queries.account(account_id)) == ["13800138000", "old@example.cn"]
    assert make.signed_in_client(app, Role.STUDENT).post(f"/accounts/{account_id}/logins").status_code == 403


# -- by the holder ------------------------------------------------------------------------------------------------------


def ask(account: Account, **given: Any) -> ops.NewName | None:
    wish = {"kind": LoginKind.EMAIL, "value": "new@example.cn", "password": make.PASSWORD, **given}
    by = queries.identity_of(account.id, today=TODAY)
    return ops.ask_login(account=account, by=by, origin="o", now=make.NOW, today=TODAY, **wish)


def confirm(account: Account, asked: ops.NewName | None, code: str, *, minutes: int = 1) -> Any:
    assert asked is not None
    by = queries.identity_of(account.id, today=TODAY)
    return ops.confirm_login(account=account, asked=asked, code=code, by=by, origin="o", now=make.NOW + timedelta(minutes=minutes), today=TODAY)


def code_in(text: str) -> str:
    found = re.search(r"\d{6}", text)
    assert found is not None
    return found.group()


@pytest.mark.parametrize(("kind", "value"), [(LoginKind.EMAIL, "new@example.cn"), (LoginKind.PHONE, "13800138000")])
def test_the_holder_proves_a_new_address(session: Session, sent: Sent, kind: LoginKind, value: str) -> None:
    account = lin()
    asked = ask(account, kind=kind, value=value)
    ((to, text),) = sent
    assert (to, names(account)) == (value, ["lin", "old@example.cn"]), "nothing is added before the code"
    code = code_in(text)
    assert confirm(account, asked, f"{(int(code) + 1) % 1_000_000:06d}") is None
    assert confirm(account, asked, code).verified_at is not None
    assert value in names(account)
    assert sent[-1][0] == "old@example.cn"
    assert account.handled_at is None, "what the holder does alone lets nobody in"


def test_a_code_ends_with_its_minutes(session: Session, sent: Sent) -> None:
    account = lin()
    asked = ask(account)
    with pytest.raises(AccountRefused):
        confirm(account, asked, code_in(sent[0][1]), minutes=10)
    assert confirm(account, asked, code_in(sent[0][1]), minutes=9) is not None


def test_codes_are_not_guessed(session: Session, sent: Sent) -> None:
    account = lin()
    asked = ask(account)
    wrong = f"{(int(code_in(sent[0][1])) + 1) % 1_000_000:06d}"
    assert [confirm(account, asked, wrong) for _n in range(5)] == [None] * 5
    with pytest.raises(ops.Locked):
        confirm(account, asked, code_in(sent[0][1]))


def test_the_password_is_asked(session: Session, sent: Sent) -> None:
    account = lin()
    with pytest.raises(ops.PasswordRefused):
        ask(account, password="wrong")
    login = queries.login_names(account.id)[0]
    with pytest.raises(ops.PasswordRefused):
        ops.drop_login(account=account, login_id=login.id, password="wrong", by=SYSTEM, now=make.NOW)
    assert sent == []


def test_that_somebody_has_an_address_is_told_to_the_address(session: Session, sent: Sent) -> None:
    make.account(logins=[(LoginKind.EMAIL, "new@example.cn", "")])
    asked = ask(lin())
    ((to, text),) = sent
    assert (to, re.search(r"\d{6}", text)) == ("new@example.cn", None)
    assert asked is not None


def test_the_pages_of_the_holder(app: Flask, sent: Sent) -> None:
    with app.app_context():
        with transaction():
            account = lin()
            account_id = account.id
        client = make.sign_in(app, account)
    form = {"kind": "email", "value": "new@example.cn", "password": make.PASSWORD}
    assert client.get("/account/logins").status_code == 200
    assert client.post("/account/logins", data=form | {"password": "x"}).status_code == 422
    assert client.post("/account/logins/code", data={"code": "123456"}).status_code == 422
    assert client.post("/account/logins", data=form).status_code == 303
    assert "new@example.cn" in client.get("/account/logins").text
    code = code_in(sent[0][1])
    assert "验证码不正确" in client.post("/account/logins/code", data={"code": f"{(int(code) + 1) % 1_000_000:06d}"}).text
    assert client.post("/account/logins/code", data={"code": code}).status_code == 303
    with app.app_context():
        old = next(one.id for one in queries.login_names(account_id) if one.value == "old@example.cn")
    drop = {"login_id": str(old), "password": make.PASSWORD}
    assert client.post("/account/logins/remove", data=drop | {"password": "x"}).status_code == 422
    assert client.post("/account/logins/remove", data=drop).status_code == 303
    assert client.post("/account/logins", data={"kind": "username", "value": "linxt", "password": make.PASSWORD}).status_code == 303
    with app.app_context():
        assert names(queries.account(account_id)) == ["lin", "linxt", "new@example.cn"]
        assert queries.email_of(account_id) == "new@example.cn"


# -- after the person's file --------------------------------------------------------------------------------------------


def change(account: Account, by: Identity = SYSTEM, **facts: Any) -> None:
    people.change_person(person=current().get_one(Person, account.person_id), by=by, now=make.NOW, **facts)


def test_a_corrected_name_is_the_accounts_too(session: Session) -> None:
    account = lin()
    change(account, name="林晓桐")
    assert account.display_name == "林晓桐"
    assert queries.identity_of(account.id, today=TODAY).name == "林晓桐"


def test_a_corrected_address_takes_the_mail_along(session: Session) -> None:
    account = lin(email="OLD@example.cn", phone="13800138000")
    ops.reset_link(account=account, by=admin(), today=TODAY, now=make.NOW)
    change(account, email="new@example.cn")
    assert (names(account), queries.email_of(account.id)) == (["lin", "new@example.cn"], "new@example.cn")
    session.expire_all()
    assert queries.live_links(account.id, make.NOW) == []


@pytest.mark.parametrize("why", ["other", "taken", "emptied", "own", "above"])
def test_an_address_that_does_not_follow_is_told(session: Session, why: str) -> None:
    account = lin(email="old@example.cn" if why != "other" else "else@example.cn")
    by = SYSTEM
    if why == "taken":
        make.account(logins=[(LoginKind.EMAIL, "new@example.cn", "")])
    if why == "own":
        by = queries.identity_of(account.id, today=TODAY)
    if why == "above":
        make.grant(account, Role.SYSTEM_ADMIN)
        by = queries.identity_of(make.account(roles=(Role.DEPT_HR,)).id, today=TODAY)
    change(account, by, email="" if why == "emptied" else "new@example.cn")
    assert names(account) == ["lin", "old@example.cn"]
    beside = queries.kinds_beside(account.id, session.get_one(Person, account.person_id))
    assert beside == ([] if why == "emptied" else [LoginKind.EMAIL])


# -- a name that is a student's number ----------------------------------------------------------------------------------


def test_nobody_is_called_like_a_students_number(session: Session) -> None:
    ground.student(student_no="S2023A7")
    with pytest.raises(AccountRefused) as refused:
        ops.add_login(account=make.account(), kind=LoginKind.USERNAME, value="s2023a7", by=SYSTEM, now=make.NOW)
    assert refused.value.code == "login_taken"


def test_the_holder_finds_it_among_their_news_where_nothing_can_be_sent(session: Session) -> None:
    account, by = lin(), admin()
    new = ops.give_login(account=account, kind=LoginKind.PHONE, value="13800138000", by=by, today=TODAY, now=make.NOW)
    ops.take_login(account=account, login_id=new.id, by=by, today=TODAY, now=make.NOW)
    told = [(row.kind, row.message[:8], row.values, row.url) for row in session.execute(notices_of(account.id))]
    assert told == [("identity.login", f"你的账号{word}了登", {"name": "138****8000"}, "/account") for word in ("删除", "增加")]
