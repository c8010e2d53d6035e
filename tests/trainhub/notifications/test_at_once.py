"""Several workers at once send each notice once, and a long list asks for no job of its own for each e-mail."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as make
from tests.factories.parallel import at_once
from trainhub.identity.types import LoginKind
from trainhub.kernel.db import db, transaction
from trainhub.kernel.jobs import Job, JobState
from trainhub.notifications import operations
from trainhub.notifications.models import MailMessage

NOW = make.NOW


@pytest.mark.database
@pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")
def test_two_workers_send_a_notice_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        account = make.account(username="lin", logins=[(LoginKind.EMAIL, "lin@example.edu.cn", "")])
        for n in range(3):
            operations.notify(
                account_ids=[account.id], kind="test", message="你被分配到%(base)s。", values={"base": f"{n}号"}, url="/account", now=NOW
            )

    def compose() -> None:
        operations.compose_mail(now=NOW)

    assert at_once(committed, compose, compose, holds=0.3) == ["", ""]
    with committed.app_context():
        assert len(db.session.scalars(select(MailMessage.id)).all()) == 3


@pytest.fixture
def with_smtp(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url="smtp://127.0.0.1:1", mail_from="a@example.edu.cn"))


def _jobs() -> list[JobState]:
    return list(db.session.scalars(select(Job.state).where(Job.task == operations.SEND_TASK)))


@pytest.mark.parametrize(
    ("mails", "jobs"),
    [(1, 1), (operations.MOST_ASKED, operations.MOST_ASKED), (operations.MOST_ASKED + 1, operations.MOST_ASKED), (50, operations.MOST_ASKED)],
)
def test_a_long_list_asks_for_few_jobs(session: Session, with_smtp: None, mails: int, jobs: int) -> None:
    """Each sends some hundreds that are due and asks for another run while there are more: one job for each of 20,000 would only keep everybody else's waiting."""
    for n in range(mails):
        operations.queue_mail(f"{n}@example.edu.cn", "主题", "正文", NOW)
    assert len(_jobs()) == jobs


def test_jobs_that_began_or_wait_for_later_count_for_nothing(session: Session, with_smtp: None) -> None:
    """They may have looked already, or look too late: what is queued now is asked for."""
    for _n in range(operations.MOST_ASKED):
        operations.queue_mail("a@example.edu.cn", "主题", "正文", NOW)
    first, second, *_ = session.scalars(select(Job).where(Job.task == operations.SEND_TASK).order_by(Job.id)).all()
    first.state, second.run_after_at = JobState.RUNNING, second.run_after_at + timedelta(hours=1)
    for more in (1, 2, 2):
        operations.queue_mail("a@example.edu.cn", "主题", "正文", NOW)
        assert len(_jobs()) == operations.MOST_ASKED + more
