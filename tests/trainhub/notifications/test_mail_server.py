"""A mail server that does not answer, drops the connection or cannot be signed in to holds up nothing but its own e-mails."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from trainhub.kernel import clock
from trainhub.kernel.db import db, transaction
from trainhub.kernel.jobs import Job, Running
from trainhub.notifications import mail, operations, tasks
from trainhub.notifications.models import MailMessage
from trainhub.notifications.types import MailState


class _Smtp(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP; hangs up after so many messages of one connection."""

    most = 99

    def handle(self) -> None:
        taken = 0
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250-test\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n")
            elif word == b"MAIL" and taken == self.most:
                return
            elif word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
                taken += 1
                self.wfile.write(b"250 ok\r\n")
            elif word == b"QUIT":
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class _Short(_Smtp):
    most = 2


@contextmanager
def _served(handler: type[_Smtp]) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _queued(*addresses: str) -> None:
    with transaction():
        for address in addresses:
            operations.queue_mail(address, "主题", "正文", clock.now())


def _send(app: Flask, url: str) -> Any:
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, smtp_url=url, mail_from="noreply@example.edu.cn")
    try:
        return tasks.send_mail(Running(0, {}, None))
    finally:
        app.config["SETTINGS"] = before


def _rows() -> list[tuple[MailState, int]]:
    return [(row.state, row.tries) for row in db.session.scalars(select(MailMessage).order_by(MailMessage.id))]


FIVE = [f"m{n}@example.edu.cn" for n in range(5)]


def test_a_server_that_does_not_answer_costs_one_try_a_run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.3)
    with app.app_context(), socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        _queued(*FIVE)
        assert _send(app, f"smtp://127.0.0.1:{silent.getsockname()[1]}") == {"composed": 0, "sent": 0, "failed": 1}
        assert _rows() == [(MailState.WAITING, 1), *[(MailState.WAITING, 0)] * 4]
        assert "timed out" in (db.session.scalar(select(MailMessage.problem).order_by(MailMessage.id).limit(1)) or "")
        assert db.session.scalar(select(func.count(Job.id))) == 0


def test_a_server_that_takes_so_many_of_a_connection_gets_the_others_by_the_next(app: Flask) -> None:
    with app.app_context(), _served(_Short) as port:
        _queued(*FIVE)
        assert _send(app, f"smtp://127.0.0.1:{port}") == {"composed": 0, "sent": 4, "failed": 1}
        assert [state for state, _tries in _rows()].index(MailState.WAITING) == 2


def test_a_password_that_cannot_be_said_is_the_servers_affair(app: Flask) -> None:
    with app.app_context(), _served(_Smtp) as port:
        _queued(*FIVE)
        assert _send(app, f"smtp://lin:%E5%AF%86%E7%A0%81@127.0.0.1:{port}") == {"composed": 0, "sent": 0, "failed": 1}
        assert _rows()[1] == (MailState.WAITING, 0)


def test_an_address_that_makes_no_message_is_settled_and_the_others_go(app: Flask) -> None:
    with app.app_context(), _served(_Smtp) as port:
        _queued("a\nb@example.edu.cn", *FIVE[:2])
        assert _send(app, f"smtp://127.0.0.1:{port}") == {"composed": 0, "sent": 2, "failed": 1}
        assert [state for state, _tries in _rows()] == [MailState.WAITING, MailState.SENT, MailState.SENT]
        assert db.session.scalar(select(MailMessage.problem).order_by(MailMessage.id).limit(1))


def test_a_run_that_stops_with_mail_due_asks_for_the_next(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest does not wait for the next minute, and goes behind what was asked meanwhile."""
    monkeypatch.setattr(tasks, "BATCH", 2)
    with app.app_context(), _served(_Smtp) as port:
        _queued(*FIVE[:3])
        assert [_send(app, f"smtp://127.0.0.1:{port}")["sent"] for _turn in range(2)] == [2, 1]
        assert db.session.scalar(select(func.count(Job.id))) == 1
