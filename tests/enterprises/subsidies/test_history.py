"""Items that named the head of merged persons, taken into a history in which each names the person of its record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

DAY, NOW = date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)


def _items(connection: sa.Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(sa.text("SELECT id, person_id, course_key FROM subsidy_item ORDER BY id"))]


def test_what_was_paid_twice_for_a_record_is_marked_and_stays(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0072")
    with engine.connect() as connection:
        put(connection, "organisation", id=1, kind="base", code="b1", name="n", state="verified")
        put(connection, "region", code="350102", name="n", level="county")
        for key in (1, 2):
            put(connection, "person", id=key, name="n", gender="unknown", nationality_kind="china")
        put(
            connection,
            "training_record",
            id=5,
            person_id=2,
            organisation_id=1,
            course="甲",
            completed_on=DAY,
            category="worker",
            source="roster",
            county_code="350102",
        )
        put(connection, "subsidy_claim", id=1, organisation_id=1, since=DAY, until=DAY, state="paid")
        for key, person, state in ((1, 1, "paid"), (2, 2, "paid"), (3, 2, "refused")):
            put(
                connection, "subsidy_item", id=key, claim_id=1, person_id=person, record_id=5, course="甲", course_key="甲", amount_fen=1, state=state
            )
        connection.commit()
    migrations.upgrade(engine, "0073")
    with engine.connect() as connection:
        assert _items(connection) == [(1, 2, "甲"), (2, 2, "甲#2"), (3, 2, "甲")]
    migrations.downgrade(engine, "0072")
    with engine.connect() as connection:
        assert len(_items(connection)) == 3
