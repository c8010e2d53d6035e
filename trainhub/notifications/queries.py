"""Questions about notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from trainhub.identity.models import Account
from trainhub.kernel.db import session
from trainhub.notifications.models import Notice


def unread_of(account_id: Any) -> sa.ScalarSelect[int]:
    """How many notices of an account are unread, as a part of a larger statement."""
    return (
        select(func.count()).select_from(Notice).where(Notice.account_id == account_id, Notice.read_at.is_(None)).correlate(Account).scalar_subquery()
    )


def known_keys(keys: Iterable[str]) -> set[str]:
    """Which unique keys were told before; asked in portions, because a database takes so many values at once."""
    wanted = list(keys)
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        known.update(k for k in session().scalars(select(Notice.unique_key).where(Notice.unique_key.in_(wanted[start : start + 500]))) if k)
    return known


def wanting_email(account_ids: Collection[int]) -> set[int]:
    """Which of the accounts want e-mail."""
    wanted = list(account_ids)
    found: set[int] = set()
    for start in range(0, len(wanted), 500):
        found.update(session().scalars(select(Account.id).where(Account.id.in_(wanted[start : start + 500]), Account.wants_email.is_(True))))
    return found
