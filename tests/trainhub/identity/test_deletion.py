"""A request about one's data, from asking to what remains: the answer reaches who asked, a granted deletion erases what nothing keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, DataRequest, OneTimeLink
from trainhub.identity.operations import AccountRefused
from trainhub.identity.types import AccountState, Channel, LinkPurpose, RequestKind, RequestState
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Messages an installation with e-mail would send: to, subject, text; the app of the run keeps its own channel."""
    messages: list[tuple[str, str, str]] = []
    monkeypatch.setitem(app.extensions["trainhub.channels"], Channel.EMAIL, lambda to, subject, text, _now: messages.append((to, subject, text)))
    return messages


def asked(kind: RequestKind = RequestKind.DELETION, text: str = "请删除我的手机号和账号", **person: str) -> tuple[Person, Account, DataRequest]:
    who = ground.person("林晓彤", phone="13900000001", **person)
    account = make.account(person=who, username="lin", password=make.PASSWORD)
    return who, account, ops.ask_about_data(account=account, kind=kind, text=text, by=SYSTEM, now=make.NOW)


def grant(row: DataRequest, **more: bool) -> bool:
    return ops.decide_request(row=row, state=RequestState.DONE, answer="已删除，培训记录保存三十年", by=SYSTEM, now=LATER, **more)


def test_a_granted_deletion_erases_the_contacts_that_nothing_uses(session: Session) -> None:
    who, account, row = asked(email="lin@example.edu.cn")
    grant(row, closes_account=True)
    session.expire_all()
    assert (account.state, who.phone, who.email, who.name) == (AccountState.DELETED, "", "", "林晓彤")


def test_a_granted_deletion_leaves_no_address_behind(session: Session) -> None:
    """The contacts of a record that was merged into the person, the address a link went to, the telephone of the guardian."""
    who, account, row = asked(email="lin@example.edu.cn")
    twin = ground.person("林晓彤", phone="13900000002", email="old@example.edu.cn")
    twin.merged_into_id = who.id
    consent = ops.give_consent(account=account, by=SYSTEM, now=make.NOW, guardian_name="林父", guardian_phone="13800000000")
    link = OneTimeLink(
        account_id=account.id,
        purpose=LinkPurpose.PASSWORD_RESET,
        token_hash="t",
        address="lin@example.edu.cn",
        created_at=make.NOW,
        expires_at=make.NOW,
    )
    session.add(link)
    session.flush()
    grant(row, closes_account=True)
    session.expire_all()
    assert (twin.phone, twin.email, link.address) == ("", "", "")
    assert (consent.guardian_name, consent.guardian_phone) == ("林父", ""), "who consented is proof until its period is over"


def test_contacts_of_who_still_studies_stay_with_the_school(session: Session) -> None:
    who, account, row = asked()
    ground.student(who=who)
    grant(row, closes_account=True)
    session.expire_all()
    assert (account.state, who.phone) == (AccountState.DELETED, "13900000001")


def test_an_answer_that_closes_nothing_erases_nothing(session: Session) -> None:
    who, account, row = asked()
    grant(row)
    session.expire_all()
    assert (account.state, who.phone) == (AccountState.ACTIVE, "13900000001")


@pytest.mark.parametrize("closes", [True, False])
def test_the_answer_is_sent_before_the_address_is_erased(app: Flask, session: Session, sent: list[tuple[str, str, str]], closes: bool) -> None:
    _who, _account, row = asked(email="lin@example.edu.cn")
    grant(row, closes_account=closes)
    ((to, _subject, text),) = sent
    assert (to, "已删除，培训记录保存三十年" in text, "请删除我的手机号和账号" in text, "账号已注销" in text) == (
        "lin@example.edu.cn",
        True,
        True,
        closes,
    )


@pytest.mark.parametrize(("email", "told"), [("lin@example.edu.cn", "答复已寄往申请人的邮箱"), ("", "请另行告知")])
def test_the_office_is_told_whether_the_answer_reached_anybody(
    app: Flask, session: Session, sent: list[tuple[str, str, str]], email: str, told: str
) -> None:
    _who, _account, row = asked(email=email)
    session.commit()
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    said = {"state": "done", "answer": "已删除", "closes_account": "y"}
    page = admin.post(f"/data-requests/{row.id}", data=said, follow_redirects=True).text
    assert (told in page, len(sent)) == (True, bool(email))


def test_no_account_is_closed_over_another_request_that_waits_for_an_answer(session: Session) -> None:
    who, account, row = asked()
    other = ops.ask_about_data(account=account, kind=RequestKind.CORRECTION, text="出生日期有误", by=SYSTEM, now=make.NOW)
    with pytest.raises(AccountRefused, match="更正"), session.begin_nested():
        grant(row, closes_account=True)
    session.refresh(row)
    ops.decide_request(row=other, state=RequestState.REFUSED, answer="与证件一致", by=SYSTEM, now=LATER)
    grant(row, closes_account=True)
    session.expire_all()
    assert (account.state, who.phone) == (AccountState.DELETED, "")
    assert session.scalars(select(DataRequest.state).where(DataRequest.account_id == account.id).order_by(DataRequest.id)).all() == [
        RequestState.DONE,
        RequestState.REFUSED,
    ]
