"""What an archive had on its way is not sent once more."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from tests.factories import identity as make
from trainhub.identity.types import LoginKind
from trainhub.kernel import audit, backup, clock, migrations
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction
from trainhub.notifications import operations, restoring
from trainhub.notifications.models import MailMessage, Notice
from trainhub.notifications.types import MailState

pytestmark = pytest.mark.database


def test_mails_that_waited_are_given_up_and_said(committed: Flask, tmp_path: Path) -> None:
    with committed.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrations.head()})
        with transaction():
            key = make.account(logins=[(LoginKind.EMAIL, "lin@example.edu.cn", "")]).id
            operations.notify(account_ids=[key], kind="x", message="你好", now=clock.now())
            for n in range(3):
                operations.queue_mail(f"m{n}@example.edu.cn", "邀请", "正文", clock.now())
            session().scalars(select(MailMessage).order_by(MailMessage.id)).all()[0].state = MailState.SENT
        backup.backup(tmp_path / "all.tar.gz")
        told = backup.restore(tmp_path / "all.tar.gz", by=SYSTEM, now=clock.now())
    assert told["mails"] == {"mails": 2, "notices": 1, "next": restoring.NEXT}
    with committed.app_context():
        assert operations.compose_mail(now=clock.now()) == 0
        assert operations.claim_mail(now=clock.now()) is None
        assert list(session().scalars(select(MailMessage.state).order_by(MailMessage.id))) == [MailState.SENT, MailState.FAILED, MailState.FAILED]
        assert session().scalar(select(Notice.read_at)) is None, "it is told in the app as before"
        assert "notifications.mail.stopped" in session().scalars(select(audit.AuditEvent.did)).all()
        with transaction():
            assert operations.retry_mail(by=SYSTEM, now=clock.now()) == 2
