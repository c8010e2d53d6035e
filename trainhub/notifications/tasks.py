"""Background work of notices: composing and sending e-mails."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from email.errors import MessageError
from typing import Any

import structlog
from flask import current_app

from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.notifications import operations, queries
from trainhub.notifications.mail import Mailer, Unreachable

BATCH = 200
log = structlog.get_logger("notifications")


def sweep(_running: Running) -> Mapping[str, Any]:
    """Delete notices and e-mails past their time, and erase addresses that belong to nobody any more; what is large is read before anything waits."""
    to_nobody = queries.sent_to_nobody()
    with transaction():
        return {**operations.sweep(now=clock.now(), today=clock.today()), "addresses": operations.forget_addresses(to_nobody)}


def send_mail(_running: Running) -> Mapping[str, Any]:
    """Compose what waits, then send what is due; the network is used between transactions. Without SMTP the queue just fills.

    A server that cannot be reached ends the run: this e-mail has had its try, the others wait for the next minute, and so do no other jobs.
    """
    with transaction():
        composed = operations.compose_mail(now=clock.now())
    settings = current_app.config["SETTINGS"]
    sent, failed, is_away = 0, 0, False
    if settings.smtp_url:
        mailer = Mailer(settings.smtp_url, settings.mail_from)
        try:
            while sent + failed < BATCH and not is_away:
                problem = ""
                with transaction():
                    row = operations.claim_mail(now=clock.now())
                    taken = None if row is None else (row.id, row.address, row.subject, row.text)
                if taken is None:
                    break
                try:
                    mailer.send(*taken[1:])
                except Unreachable as error:
                    problem, is_away = str(error), True
                    log.warning("mail.unreachable", problem=problem)
                except (smtplib.SMTPException, OSError, ValueError, MessageError) as error:
                    problem = f"{type(error).__name__}: {error}"
                with transaction():
                    operations.settle_mail(mail_id=taken[0], now=clock.now(), problem=problem)
                sent, failed = sent + (not problem), failed + bool(problem)
        finally:
            mailer.close()
        if sent + failed >= BATCH and not is_away:
            with transaction():
                operations.ask_to_send()
    return {"composed": composed, "sent": sent, "failed": failed}
