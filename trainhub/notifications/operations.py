"""Telling people: a notice in the app, and an e-mail for those who want it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from trainhub.kernel.db import session
from trainhub.notifications import queries
from trainhub.notifications.models import Notice
from trainhub.notifications.types import MailState


def notify(
    *,
    account_ids: Iterable[int],
    kind: str,
    message: str,
    values: Mapping[str, Any] | None = None,
    url: str = "",
    unique_key: str | None = None,
    now: datetime,
) -> int:
    """Tell each account once; returns how many notices were made.

    `message` is a Chinese message id with `%(name)s` placeholders for `values` (plain JSON values), shown to each reader in
    their language. `kind` groups notices (`placements.assigned`); `url` is a path of this site. With `unique_key` the same
    thing is told to the same account only once, however often it happens.
    """
    ids = sorted(set(account_ids))
    if unique_key is not None:
        keys = {f"{unique_key}:{account_id}"[:160]: account_id for account_id in ids}
        known = queries.known_keys(keys)
        ids = [account_id for key, account_id in keys.items() if key not in known]
    wanting = queries.wanting_email(ids)
    notices = [
        Notice(
            account_id=account_id,
            kind=kind,
            message=message,
            values=dict(values or {}),
            url=url,
            unique_key=f"{unique_key}:{account_id}"[:160] if unique_key is not None else None,
            created_at=now,
            mail_state=MailState.WAITING if account_id in wanting else MailState.NONE,
        )
        for account_id in ids
    ]
    session().add_all(notices)
    session().flush()
    return len(notices)


def mark_read(*, account_id: int, notice_id: int | None, now: datetime) -> int:
    """Mark one notice of an account as read, or all of them; returns how many were unread."""
    statement = update(Notice).where(Notice.account_id == account_id, Notice.read_at.is_(None))
    if notice_id is not None:
        statement = statement.where(Notice.id == notice_id)
    marked: int = session().execute(statement.values(read_at=now)).rowcount  # type: ignore[attr-defined]
    return marked
