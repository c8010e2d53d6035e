"""Accounts that had begun anew before the database said so, and the requests that closed one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

DAYS = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 9)]


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before these."""
    return history("0079")


def test_what_the_log_says_is_kept_and_back(before: sa.Engine) -> None:
    with before.connect() as connection:
        for key, state in ((1, "deleted"), (2, "deleted"), (3, "active")):
            put(connection, "account", id=key, display_name="x", state=state)
            asked = {"account_id": key, "text": "x", "asked_at": DAYS[0], "decided_at": DAYS[2]}
            put(connection, "data_request", id=key, kind="deletion", state="done", **asked)
        put(connection, "data_request", id=4, account_id=1, kind="correction", state="done", text="x", asked_at=DAYS[0], decided_at=DAYS[2])
        for n, (key, day) in enumerate(((2, 3), (2, 5), (3, 4))):
            event = {"did": "identity.account.reopened", "on_kind": "account", "on_id": str(key), "at": DAYS[day], "hash": str(n)}
            put(connection, "audit_event", id=n + 1, data="{}", **event)
        connection.commit()
    migrations.upgrade(before, "0081")
    with before.connect() as connection:
        closed = list(connection.scalars(sa.text("SELECT id FROM data_request WHERE closed_account ORDER BY id")))
        anew = list(connection.execute(sa.text("SELECT id, reopened_at FROM account ORDER BY id")))
    assert closed == [1], "the second was opened again since, the third stands, the fourth asked for something else"
    assert [(key, str(at)[:10] if at else None) for key, at in anew] == [(1, None), (2, "2026-01-06"), (3, "2026-01-05")]
    migrations.downgrade(before, "0079")
    with before.connect() as connection:
        assert "reopened_at" not in {column["name"] for column in sa.inspect(connection).get_columns("account")}
