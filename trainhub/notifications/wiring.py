"""The door of `trainhub.notifications`: what it registers with the app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

import click
from flask import Flask

from trainhub.identity import delivery, my_data
from trainhub.identity.types import Channel
from trainhub.kernel import access, audit_words, jobs, nav
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.backup import CARRIED, Carried
from trainhub.kernel.i18n import N_, _l
from trainhub.kernel.nav import Entry
from trainhub.notifications import models, operations, queries, restoring, tasks
from trainhub.notifications.permissions import GRANTS, Can
from trainhub.notifications.views import blueprint

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


THINGS = {
    "notifications.mail": _l("邮件"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "mail_queue": Kind(_l("邮件队列")),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    # The number beside the bell comes with the query that identifies the reader.
    app.extensions["trainhub.unread"] = queries.unread_of
    access.register_permissions(app, GRANTS)
    app.register_blueprint(blueprint)
    nav.register_nav(
        app,
        Entry("system", _l("邮件队列"), "notifications.outbox", "mail", can=Can.OUTBOX_VIEW, order=70),
    )
    jobs.register_periodic(app, operations.SEND_TASK, tasks.send_mail, every=timedelta(minutes=1), title=operations.SENDING)
    jobs.register_periodic(app, "notifications.sweep", tasks.sweep, every=timedelta(hours=12), title=N_("删除到期的通知"))
    my_data.register_export(app, "notices", _l("通知"), _rows, tables=(models.Notice,), of="account")
    my_data.register_export(app, "mails", _l("发给本人的邮件"), queries.mails_to, tables=(models.MailMessage,), of="account")
    app.extensions.setdefault(CARRIED, {})["mails"] = Carried(restoring.look, restoring.put)
    delivery.register_teller(app, operations.tell)
    settings = app.config["SETTINGS"]
    if settings.smtp_url or settings.is_demo or settings.is_testing:
        delivery.register_channel(app, Channel.EMAIL, operations.queue_mail)


def _rows(account_id: int) -> Sequence[dict[str, Any]]:
    return [
        {"created_at": row.created_at, "text": operations.text_of(row.message, row.values), "read_at": row.read_at}
        for row in queries.notices_told(account_id)
    ]
