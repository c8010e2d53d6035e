"""Who is reached by another telephone or e-mail from now on is told at the old one, and among the own news."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity.types import AccountState, Channel, LoginKind
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import text_of
from trainhub.people import operations as people
from trainhub.people.models import Person

Sent = list[tuple[Channel, str, str]]


@pytest.fixture
def sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What goes out by e-mail and text message: channel, to, text."""
    messages: Sent = []
    for channel in Channel:
        monkeypatch.setitem(
            app.extensions["trainhub.channels"], channel, lambda to, _subject, text, _now, by=channel: messages.append((by, to, text))
        )
    return messages


def _news(session: Session, account_id: int) -> list[str]:
    rows = session.execute(select(Notice.message, Notice.values).where(Notice.account_id == account_id).order_by(Notice.id))
    return [text_of(message, values) for message, values in rows]


def _change(person: Person, **fields: str) -> None:
    people.change_person(person=person, by=SYSTEM, now=make.NOW, **fields)


def test_both_addresses_are_told_of(session: Session, sent: Sent) -> None:
    person = ground.person("林晓彤", email="old@example.edu.cn", phone="13900000001")
    account = make.account(person=person, username="lin")
    _change(person, email="new@example.edu.cn", phone="13900000002")
    assert sorted((channel, to) for channel, to, _text in sent) == [(Channel.EMAIL, "old@example.edu.cn"), (Channel.SMS, "13900000001")]
    mail = next(text for channel, _to, text in sent if channel is Channel.EMAIL)
    assert "林晓彤，你好" in mail
    assert "o***@example.edu.cn 改为 n***@example.edu.cn" in mail
    assert "new@example.edu.cn" not in mail
    assert sorted(_news(session, account.id)) == [
        "你登记的手机号已由 139****0001 改为 139****0002。不是你本人提出的，请联系所在单位的管理员。",
        "你登记的邮箱已由 o***@example.edu.cn 改为 n***@example.edu.cn。不是你本人提出的，请联系所在单位的管理员。",
    ]


def test_a_first_address_and_one_that_is_taken_away(session: Session, sent: Sent) -> None:
    person = ground.person("林晓彤")
    account = make.account(person=person)
    _change(person, email="new@example.edu.cn")
    _change(person, email="")
    assert [(channel, to) for channel, to, _text in sent] == [(Channel.EMAIL, "new@example.edu.cn")]
    assert [text[:13] for text in _news(session, account.id)] == ["你登记的邮箱已改为 n**", "你登记的邮箱 n***@e"]


def test_nobody_is_told_where_nothing_changed_or_nobody_signs_in(session: Session, sent: Sent) -> None:
    person, nobody, gone = (ground.person(email=f"old{n}@example.edu.cn") for n in range(3))
    account = make.account(person=person)
    make.account(person=gone).state = AccountState.DELETED
    session.flush()
    _change(person, email="old0@example.edu.cn", nationality="CN")
    _change(nobody, email="new@example.edu.cn")
    _change(gone, email="new@example.edu.cn")
    assert (sent, _news(session, account.id)) == ([], [])


def test_the_letter_is_in_the_language_of_the_account(session: Session, sent: Sent) -> None:
    person = ground.person("林晓彤", email="old@example.edu.cn")
    make.account(person=person).language = "en"
    session.flush()
    _change(person, email="new@example.edu.cn")
    ((_channel, _to, text),) = sent
    assert "Your registered e-mail was changed from o***@example.edu.cn to n***@example.edu.cn" in text
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in text.replace("林晓彤", ""))


def test_whoever_changes_it_on_the_page_and_what_the_log_keeps(app: Flask, sent: Sent) -> None:
    with app.app_context(), transaction():
        person = ground.person("林晓彤", email="old@example.edu.cn")
        make.account(person=person, logins=[(LoginKind.EMAIL, "login@example.edu.cn", "")])
        key, version = person.id, person.version
    admin: FlaskClient = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    form = {
        "name": "林晓彤",
        "email": "new@example.edu.cn",
        "nationality": "CN",
        "nationality_kind": "china",
        "gender": "unknown",
        "version": str(version),
    }
    page = admin.get(f"/people/persons/{key}/edit").text
    answer = admin.post(f"/people/persons/{key}/edit", data=form)
    assert answer.status_code == 303, (page, answer.text)
    assert [to for _channel, to, _text in sent] == ["old@example.edu.cn"]
    with app.app_context():
        kept = [str(data) for data in db.session.scalars(select(audit.AuditEvent.data))]
        assert not any(told in data for data in kept for told in ("example.edu.cn", "林晓彤"))
