"""Names without what nobody sees: it would stand in accounts and in the audit log for ever, and turn round what follows it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import notice
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, Registration
from trainhub.identity.operations import AccountRefused
from trainhub.identity.types import Channel
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.characters import BadCharacters
from trainhub.kernel.db import transaction
from trainhub.notifications.models import MailMessage

pytestmark = pytest.mark.database
NOTHING = ["\u200b\u2060", "\ufeff", "\u3164", "\u200d", "\u00ad \u200b"]


@pytest.fixture
def form(app: Flask, session: Session) -> dict[str, Any]:
    """A good form of who registers."""
    with transaction():
        organisation = ground.enterprise()
        organisation.allows_self_registration = True
        key = organisation.id
    return {
        "organisation_id": str(key), "name": "王明", "birth_on": "2000-05-06", "channel": "email", "address": "wang@example.edu.cn",
        "username": "wang", "password": make.PASSWORD, "consent": "y", "notice": notice.VERSION,
    }  # fmt: skip


def test_a_name_is_cleaned_at_the_form(client: FlaskClient, session: Session, form: dict[str, Any]) -> None:
    guardian = {"birth_on": clock.today().replace(day=1, year=clock.today().year - 10).isoformat(), "guardian_phone": "13800138000"}
    data = form | guardian | {"name": "王\u200b明\u00ad", "guardian_name": "王\u2060父"}
    assert client.post("/register", data=data).status_code == 303
    row = session.scalars(select(Registration)).one()
    assert (row.name, row.guardian_name) == ("王明", "王父")


@pytest.mark.parametrize("name", NOTHING)
def test_a_name_of_nothing_is_refused_before_a_code_is_sent(client: FlaskClient, session: Session, form: dict[str, Any], name: str) -> None:
    answer = client.post("/register", data=form | {"name": name})
    assert (answer.status_code, "请填写真实姓名" in answer.text) == (422, True)
    assert 'value="wang"' in answer.text, "what was typed stays"
    assert session.scalar(select(func.count()).select_from(MailMessage)) == 0
    assert session.scalar(select(func.count()).select_from(Registration)) == 0


@pytest.mark.parametrize("sign", ["\u202e", "\u202a", "\u2066", "\u2069", "\x9f", "\ue000"])
@pytest.mark.parametrize("field", ["name", "guardian_name"])
def test_what_turns_the_direction_is_refused_at_the_form(client: FlaskClient, session: Session, form: dict[str, Any], sign: str, field: str) -> None:
    answer = client.post("/register", data=form | {field: f"王明{sign}"})
    assert answer.status_code == 422
    assert "无法识别的字符" in answer.text or "看不见的控制字符" in answer.text
    assert session.scalar(select(func.count()).select_from(MailMessage)) == 0


@pytest.mark.parametrize("name", [*NOTHING, "  "])
def test_the_operation_refuses_a_name_of_nothing_too(app: Flask, session: Session, form: dict[str, Any], name: str) -> None:
    wish = ops.Wish(
        organisation_id=int(form["organisation_id"]), name=name, username="wang", password=make.PASSWORD, channel=Channel.EMAIL,
        address="wang@example.edu.cn", birth_on=clock.today().replace(year=2000, day=1), has_consented=True, notice_version=notice.VERSION,
    )  # fmt: skip
    with pytest.raises(AccountRefused) as refused:
        ops.count_registration(wish=wish, origin="127.0.0.1", now=clock.now(), today=clock.today())
    assert refused.value.field == "name"


def test_accounts_however_they_are_made(app: Flask, session: Session) -> None:
    with transaction():
        account = ops.create_account(person=None, display_name="教务\u200b  同步\u202e", username="sync", by=SYSTEM, now=clock.now())
    assert session.get_one(Account, account.id).display_name == "教务 同步"
    for name in NOTHING:
        with pytest.raises(AccountRefused, match="姓名"):
            ops.create_account(person=None, display_name=name, by=SYSTEM, now=clock.now())
    with pytest.raises(BadCharacters) as refused:
        ops.create_account(person=None, display_name="同步\ue000", by=SYSTEM, now=clock.now())
    assert refused.value.field == "display_name"


def test_the_page_of_accounts(app: Flask, session: Session) -> None:
    client = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    given = {"username": "new-auditor", "role": "auditor"}
    before = session.scalar(select(func.count()).select_from(Account))
    assert [client.post("/accounts/new", data={**given, "name": name}).status_code for name in NOTHING] == [422] * len(NOTHING)
    assert session.scalar(select(func.count()).select_from(Account)) == before
    client.post("/accounts/new", data={**given, "name": "林\u200b新到"})
    assert session.scalars(select(Account.display_name).order_by(Account.id.desc())).first() == "林新到"
