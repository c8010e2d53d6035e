"""Who had said a number of themselves before claims were kept waits for a word too; the older program knows no mask without a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

SAID, BY_OFFICE, CLOSED, NOBODY = range(1, 5)


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0102")


def test_what_was_said_before_waits_and_back(before: sa.Engine) -> None:
    with before.connect() as connection:
        for key in (SAID, BY_OFFICE, CLOSED, NOBODY):
            number: dict[str, Any] = (
                {} if key == NOBODY else {"id_type": "resident_id", "id_number_hash": str(key), "id_number_encrypted": b"x", "id_mask": "3501*"}
            )
            said = {"number_by_holder": key in (SAID, CLOSED)}
            put(connection, "person", id=key, name="张三", gender="unknown", nationality_kind="china", **said, **number)
            put(connection, "account", id=key + 100, person_id=key, display_name="x", state="deleted" if key == CLOSED else "active")
        put(connection, "job", id=1, task="x", state="queued", args="{}", title="x")
        connection.commit()
    migrations.upgrade(before, "0103")
    with before.connect() as connection:
        claims = connection.execute(sa.text("SELECT account_id, id_type, number_hash, id_mask, state, reason FROM number_claim")).all()
        assert [tuple(row) for row in claims] == [(SAID + 100, "resident_id", str(SAID), "3501*", "open", "")]
        assert connection.execute(sa.text("SELECT asked_from FROM job")).scalars().all() == [""]
        connection.execute(
            sa.text("UPDATE person SET number_by_holder = :yes, id_mask = '3501*', id_type = 'resident_id' WHERE id = :key"),
            {"yes": True, "key": NOBODY},
        )
        connection.commit()
    migrations.downgrade(before, "0102")
    with before.connect() as connection:
        rows = connection.execute(sa.text("SELECT id, number_by_holder, id_mask FROM person ORDER BY id")).all()
        assert [(key, bool(said), mask) for key, said, mask in rows] == [
            (SAID, True, "3501*"),
            (BY_OFFICE, False, "3501*"),
            (CLOSED, True, "3501*"),
            (NOBODY, False, ""),
        ]
        assert "number_claim" not in sa.inspect(connection).get_table_names()
