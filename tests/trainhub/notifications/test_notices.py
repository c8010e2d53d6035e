"""Notices: told once, read, and sent by e-mail in the reader's language, one by one or as a digest."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import my_data
from trainhub.identity.models import Account
from trainhub.identity.operations import privacy
from trainhub.identity.queries import accounts
from trainhub.identity.types import AccountState, LoginKind, RequestKind, RequestState
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.jobs import Running
from trainhub.notifications import operations, queries, rules, tasks
from trainhub.notifications.mail import Mailer
from trainhub.notifications.models import MailMessage, Notice
from trainhub.notifications.types import MailState

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def _account(name: str = "lin", *, has_email: bool = True, **given: Any) -> int:
    logins = [(LoginKind.EMAIL, f"{name}@example.edu.cn", "")] if has_email else []
    account = make.account(username=name, logins=logins)
    for key, value in given.items():
        setattr(account, key, value)
    db.session.flush()
    return account.id


def test_after_a_year_notices_and_mails_are_gone(session: Session) -> None:
    _tell(_account())
    operations.compose_mail(now=NOW)
    session.flush()
    assert [len(session.scalars(select(kind)).all()) for kind in (Notice, MailMessage)] == [1, 1]
    for days, gone in ((365, 0), (366, 1)):
        now = NOW + timedelta(days=days)
        assert operations.sweep(now=now, today=now.date()) == {"notices": gone, "mails": gone}


def _tell(*account_ids: int, **given: Any) -> int:
    return operations.notify(
        **{"account_ids": account_ids, "kind": "test", "message": "你被分配到%(base)s。", "values": {"base": "甲基地"}, "url": "/account", "now": NOW}
        | given
    )


def test_told_once_by_key(session: Session) -> None:
    one, two = _account("lin"), _account("chen")
    assert _tell(one, one, two, unique_key="placed:7") == 2
    assert _tell(one, two, unique_key="placed:7") == 0
    assert _tell(one, two, _account("wang"), unique_key="placed:7") == 1
    assert _tell(one) == _tell(one) == 1
    assert _tell() == 0


def test_reading(app: Flask) -> None:
    with app.app_context():
        with transaction():
            account = make.account()
            account_id = account.id
            _tell(account_id)
            _tell(account_id, url="")
            _tell(account_id, url="//evil.example")
            foreign = make.account().id
            _tell(foreign)
        client = make.sign_in(app, account)
        page = client.get("/notifications").text
        assert page.count("你被分配到甲基地。") == 3
        assert "3 条未读" in page
        ids = db.session.scalars(select(Notice.id).where(Notice.account_id == account_id).order_by(Notice.id)).all()
        theirs = db.session.scalars(select(Notice.id).where(Notice.account_id == foreign)).one()
        locations = [client.post(f"/notifications/{notice_id}/open").location for notice_id in ids]
        assert locations == ["/account", "/notifications", "/"]
        assert client.post(f"/notifications/{theirs}/open").status_code == 404
        assert "没有未读通知" in client.get("/notifications?show=unread").text
        with transaction():
            _tell(account_id)
        assert client.post("/notifications/read").status_code == 303
        assert "条未读" not in client.get("/notifications").text
        assert db.session.scalars(select(Notice.read_at).where(Notice.id == theirs)).one() is None


@pytest.mark.parametrize(("hour", "minute", "day"), [(7, 59, 1), (8, 0, 2), (8, 1, 2), (23, 59, 2)])
def test_digest_cutoff(hour: int, minute: int, day: int) -> None:
    now = datetime(2026, 3, 2, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert rules.digest_cutoff(now) == datetime(2026, 3, day, 0, 0, tzinfo=UTC)


def test_a_digest_at_the_border_of_a_portion_is_one_mail(session: Session) -> None:
    one, digest = _account("lin"), _account("chen", wants_digest=True)
    for n in range(4):
        _tell(one, digest, now=NOW - timedelta(hours=2), values={"base": f"{n}号基地"})
    made = [operations.compose_mail(now=NOW, limit=6) for _portion in range(3)]
    assert made == [4, 1, 0]
    assert operations.compose_mail(now=NOW, limit=3) == 0
    for n in range(4):
        _tell(one, now=NOW, values={"base": f"{n}号基地"})
    assert operations.compose_mail(now=NOW, limit=3) == 3, "one reader with more than a portion has no border to wait for"


def test_waits_grow() -> None:
    assert [rules.wait_after(n).total_seconds() / 60 for n in (1, 2, 3, 9)] == [1, 4, 16, 1440]


def test_mail_in_the_readers_language_and_wish(session: Session) -> None:
    plain, digest = _account("lin"), _account("chen", wants_digest=True)
    silent, nowhere = _account("wang", wants_email=False), _account("zhou", has_email=False)
    for n in range(2):
        _tell(plain, digest, silent, nowhere, now=NOW - timedelta(hours=2), values={"base": f"{n}号基地"})
    _tell(digest, now=NOW)
    assert operations.compose_mail(now=NOW) == 3
    mails = session.scalars(select(MailMessage).order_by(MailMessage.id)).all()
    assert [m.address for m in mails] == ["lin@example.edu.cn"] * 2 + ["chen@example.edu.cn"]
    assert [m.subject for m in mails] == ["你被分配到0号基地。", "你被分配到1号基地。", "2条新通知"]
    assert "http://127.0.0.1:8000/account" in mails[0].text
    assert "1号基地" in mails[2].text
    assert operations.compose_mail(now=NOW) == 0
    assert operations.compose_mail(now=NOW + timedelta(days=1)) == 1
    states = dict(session.execute(select(Notice.account_id, Notice.mail_state).order_by(Notice.id)).all())
    assert (states[plain], states[silent], states[nowhere]) == (
        MailState.SENT,
        MailState.NONE,
        MailState.NONE,
    )  # no address is no failure: told in the app


def test_a_missing_value_does_not_fail(session: Session) -> None:
    assert operations.text_of("你被分配到%(base)s。", {}) == "你被分配到%(base)s。"
    assert operations.text_of("100% 完成", {}) == "100% 完成"


def test_the_queue(session: Session) -> None:
    operations.queue_mail("a@example.edu.cn", "主题\r\nBcc: x@example.com", "正文", NOW)
    for n in range(1, rules.MAX_TRIES + 1):
        row = operations.claim_mail(now=NOW + timedelta(days=n))
        assert row is not None
        assert operations.claim_mail(now=NOW + timedelta(days=n)) is None  # no second worker takes it
        assert "\n" not in row.subject
        state = operations.settle_mail(mail_id=row.id, now=NOW, problem="SMTPException: no")
        assert state is (MailState.FAILED if n == rules.MAX_TRIES else MailState.WAITING)
    assert operations.claim_mail(now=NOW + timedelta(days=99)) is None


class _Smtp(socketserver.StreamRequestHandler):
    """A server that speaks just enough SMTP; addresses with `refuse` are refused."""

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-test\r\n250 SMTPUTF8\r\n")
            elif word == b"RCPT" and b"refuse" in line:
                self.wfile.write(b"550 no such user\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                self.server.received.append(body)  # type: ignore[attr-defined]
                self.wfile.write(b"250 ok\r\n")
            elif word == b"QUIT":
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def smtp() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.received = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_sending(app: Flask, smtp: Any) -> None:
    from dataclasses import replace

    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, smtp_url=f"smtp://127.0.0.1:{smtp.server_address[1]}", mail_from="训练 <noreply@example.edu.cn>")
    try:
        with app.app_context():
            with transaction():
                _tell(_account("lin"), _account("refuse"))
            assert tasks.send_mail(Running(0, {}, None)) == {"composed": 2, "sent": 1, "failed": 1}
            rows = db.session.scalars(select(MailMessage).order_by(MailMessage.id)).all()
            assert [(m.state, bool(m.text), m.tries) for m in rows] == [(MailState.SENT, False, 1), (MailState.WAITING, True, 1)]
            assert "550" in rows[1].problem
    finally:
        app.config["SETTINGS"] = before
    assert len(smtp.received) == 1
    assert b"To: lin@example.edu.cn" in smtp.received[0]


def test_without_smtp_the_queue_fills(app: Flask) -> None:
    with app.app_context():
        with transaction():
            _tell(_account("lin"))
        assert tasks.send_mail(Running(0, {}, None)) == {"composed": 1, "sent": 0, "failed": 0}
    page = make.signed_in_client(app, Role.SYSTEM_ADMIN).get("/notifications/outbox").text
    assert "lin@example.edu.cn" in page
    assert "TRAINHUB_SMTP_URL" in page
    assert "127.0.0.1:8000/account" not in page  # texts hold links: only a demonstration shows them


def test_mails_given_up_are_sent_again_on_request(app: Flask) -> None:
    with app.app_context(), transaction():
        for name, state in (("a", MailState.FAILED), ("b", MailState.SENT), ("c", MailState.WAITING)):
            operations.queue_mail(f"{name}@example.edu.cn", "主题", "正文", NOW)
            row = db.session.scalars(select(MailMessage).order_by(MailMessage.id.desc())).first()
            assert row is not None
            row.state, row.tries, row.problem = state, rules.MAX_TRIES, "550"
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    home = admin.get("/").text
    assert "检查发送失败的邮件" in home
    assert "/notifications/outbox?state=failed" in home
    assert "设置邮件服务器" in home  # one waits, and there is no server
    assert "重新发送失败的 1 封" in admin.get("/notifications/outbox").text
    assert admin.post("/notifications/outbox/retry").status_code == 303
    with app.app_context():
        rows = db.session.execute(select(MailMessage.state, MailMessage.tries, MailMessage.problem).order_by(MailMessage.id)).all()
        assert [tuple(row) for row in rows] == [
            (MailState.WAITING, 0, ""),
            (MailState.SENT, rules.MAX_TRIES, "550"),
            (MailState.WAITING, rules.MAX_TRIES, "550"),
        ]
    assert "检查发送失败的邮件" not in admin.get("/").text
    assert make.signed_in_client(app, Role.AUDITOR).post("/notifications/outbox/retry").status_code == 403


def test_nobody_listens(session: Session) -> None:
    with pytest.raises(OSError):
        Mailer("smtp://127.0.0.1:1", "a@example.edu.cn").send("b@example.edu.cn", "x", "y")


def test_unread_of(session: Session) -> None:
    account_id = _account("lin")
    _tell(account_id)
    assert session.scalar(select(queries.unread_of(account_id))) == 1


def test_a_human_with_two_accounts_is_told_at_the_one_in_use(session: Session) -> None:
    """Whichever row is named: the account that is signed in to, and its address, language and wish for e-mail count."""
    stays, gone, alone, nobody = (ground.person() for _ in range(4))
    first, second = (make.account(person=one) for one in (stays, gone))
    only = make.account(person=alone)

    def chosen() -> list[int | None]:
        session.flush()
        found = accounts.accounts_of_persons([stays.id, gone.id, alone.id, nobody.id])
        assert nobody.id not in found
        return [found.get(one.id) for one in (stays, gone, alone)]

    assert chosen() == [first.id, second.id, only.id]  # two humans yet
    ground.merge(stays, gone)
    assert chosen() == [first.id, first.id, only.id]  # nobody ever used either: that of the person who stays
    second.last_sign_in_at = NOW
    assert chosen() == [second.id, second.id, only.id]
    first.last_sign_in_at = NOW + timedelta(seconds=1)
    assert chosen() == [first.id, first.id, only.id]
    first.state = AccountState.DISABLED
    assert chosen() == [second.id, second.id, only.id]
    second.state = AccountState.DELETED
    assert chosen() == [first.id, first.id, only.id]  # better one that may be opened again than none
    first.state = AccountState.DELETED
    assert chosen() == [None, None, only.id]


def test_a_human_with_two_accounts_reads_in_either_what_was_told_to_both(app: Flask) -> None:
    """Two persons who were merged may each have an account; notices go to that of the one who stays."""
    with app.app_context():
        with transaction():
            two = (ground.person(), ground.person())
            accounts = [make.account(person=one) for one in two]
            other = make.account(person=ground.person()).id
            ids = [account.id for account in accounts]
            for account_id in (*ids, other):
                _tell(account_id)
        assert [db.session.scalar(select(queries.unread_of(key))) for key in ids] == [1, 1]
        with transaction():
            ground.merge(*two)
        assert [db.session.scalar(select(queries.unread_of(key))) for key in (*ids, other)] == [2, 2, 1]
        second = make.sign_in(app, accounts[1])
        page = second.get("/notifications").text
        assert (page.count("你被分配到甲基地。"), "2 条未读" in page) == (2, True)
        first_notice = db.session.scalars(select(Notice.id).where(Notice.account_id == ids[0])).one()
        assert second.post(f"/notifications/{first_notice}/open").location == "/account"
        assert [db.session.scalar(select(queries.unread_of(key))) for key in (*ids, other)] == [1, 1, 1]
        assert second.post("/notifications/read").status_code == 303
        assert [db.session.scalar(select(queries.unread_of(key))) for key in (*ids, other)] == [0, 0, 1]
        assert [len(queries.notices_told(key)) for key in (*ids, other)] == [2, 2, 1]


@pytest.mark.parametrize(("has_email", "mail"), [(True, MailState.SENT), (False, MailState.WAITING)])
def test_a_decided_request_about_own_data_is_told_where_all_news_are(session: Session, has_email: bool, mail: MailState) -> None:
    account = session.get_one(Account, _account(has_email=has_email))
    row = privacy.ask_about_data(account=account, kind=RequestKind.CORRECTION, text="出生日期有误", by=SYSTEM, now=NOW)
    privacy.decide_request(row=row, state=RequestState.DONE, answer="已更正", by=SYSTEM, now=NOW)
    (notice,) = session.scalars(select(Notice).where(Notice.account_id == account.id)).all()
    assert operations.text_of(notice.message, notice.values) == "你关于更正个人信息的申请已办结，答复见“我的数据”。"
    assert (notice.url, notice.mail_state) == ("/my-data", mail)  # the answer itself went by e-mail: no second one
    assert len(session.scalars(select(MailMessage)).all()) == int(has_email)


def test_a_deletion_that_closes_the_account_leaves_no_notice(session: Session) -> None:
    account = session.get_one(Account, _account())
    row = privacy.ask_about_data(account=account, kind=RequestKind.DELETION, text="不再使用", by=SYSTEM, now=NOW)
    privacy.decide_request(row=row, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=NOW, closes_account=True)
    assert session.scalars(select(Notice).where(Notice.account_id == account.id)).all() == []


def test_the_address_of_a_sent_mail_goes_with_the_last_who_has_it(session: Session) -> None:
    """Who is deleted leaves no address in the list of mails; the mail that waits is sent first, and one that failed stays for the retry."""
    account = session.get_one(Account, _account())
    operations.queue_mail("LIN@example.edu.cn", "实习已安排", "正文", NOW)
    operations.queue_mail("stranger@example.edu.cn", "注册验证码", "正文", NOW)
    operations.queue_mail("down@example.edu.cn", "注册验证码", "正文", NOW)
    waiting, stranger, failed = session.scalars(select(MailMessage).order_by(MailMessage.id)).all()
    for row in (stranger, waiting):
        row.state = MailState.SENT
    failed.state = MailState.FAILED
    session.flush()
    assert queries.sent_to_nobody() == [stranger.id]
    assert (operations.forget_addresses([stranger.id]), operations.forget_addresses([stranger.id])) == (1, 0)
    row = privacy.ask_about_data(account=account, kind=RequestKind.DELETION, text="不再使用", by=SYSTEM, now=NOW)
    privacy.decide_request(row=row, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=NOW, closes_account=True)
    assert operations.forget_addresses(queries.sent_to_nobody()) == 1
    session.expire_all()
    rows = session.execute(select(MailMessage.address, MailMessage.state).order_by(MailMessage.id)).all()
    assert [tuple(row) for row in rows] == [
        ("", MailState.SENT),
        ("", MailState.SENT),
        ("down@example.edu.cn", MailState.FAILED),
        ("lin@example.edu.cn", MailState.WAITING),  # the answer, which has still to be sent
    ]


def test_the_sweep_erases_them(committed: Flask) -> None:
    with committed.app_context(), transaction():
        operations.queue_mail("stranger@example.edu.cn", "注册验证码", "正文", NOW)
        db.session.scalars(select(MailMessage)).one().state = MailState.SENT
    with committed.app_context(), time_machine.travel(NOW, tick=False):
        assert tasks.sweep(Running(0, {}, None)) == {"notices": 0, "mails": 0, "addresses": 1}
        assert tasks.sweep(Running(0, {}, None)) == {"notices": 0, "mails": 0, "addresses": 0}


def test_mails_to_a_person_are_among_their_own_data_without_what_they_hold(session: Session) -> None:
    account, other = _account(), _account("chen")
    operations.queue_mail("lin@example.edu.cn", "重设密码", "打开 https://x/link/secret", NOW)
    operations.queue_mail("LIN@example.edu.cn", "实习已安排", "正文", NOW)
    operations.queue_mail("chen@example.edu.cn", "别人的信", "正文", NOW)
    told = {part.name: part.rows for part in my_data.of_account(account, None)}["mails"]
    assert [(row["mail_subject"], row["state"]) for row in told] == [("重设密码", "等待发送"), ("实习已安排", "等待发送")]
    assert "secret" not in str(told)
    assert [row["mail_subject"] for row in {p.name: p.rows for p in my_data.of_account(other, None)}["mails"]] == ["别人的信"]


def test_whoever_took_consent_back_gets_no_mail_until_they_give_it_again(session: Session) -> None:
    """What is done with somebody's data from then on needs their consent; the notices themselves wait in the product."""
    key = _account()
    account = session.get_one(Account, key)
    privacy.give_consent(account=account, by=SYSTEM, now=NOW)
    _tell(key)  # waits already
    privacy.withdraw_consent(account=account, by=SYSTEM, now=NOW + timedelta(minutes=1))
    _tell(key)
    assert operations.compose_mail(now=NOW + timedelta(minutes=2)) == 0
    assert session.scalars(select(Notice.mail_state)).all() == [MailState.NONE, MailState.NONE]
    privacy.give_consent(account=account, by=SYSTEM, now=NOW + timedelta(minutes=3))
    assert operations.compose_mail(now=NOW + timedelta(minutes=4)) == 0, "what was told meanwhile is read in the product"
    _tell(key)
    assert operations.compose_mail(now=NOW + timedelta(minutes=5)) == 1
