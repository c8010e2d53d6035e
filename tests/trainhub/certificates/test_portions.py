"""A portion of a batch takes as long at the end of a large one as at its beginning: what is known already is found by indexes."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, WRITER
from trainhub.certificates import queries
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.db import is_postgresql


def test_what_is_known_already_is_found_without_looking_at_every_certificate(session: Session) -> None:
    if is_postgresql():
        pytest.skip("how it is found is told by SQLite's plan; PostgreSQL plans by the size of its tables")
    issuer = ground.university()
    given: dict[str, Any] = {
        "title": "一期",
        "kind": Kind.TRAINING,
        "source": BatchSource.SELECTION,
        "issuer": issuer,
        "by": WRITER,
        "now": ground.NOW,
    }
    batch = batches.prepare(rows=[Wanted(ground.person().id, FACTS[Kind.TRAINING])], **given)
    asked: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    queries.known_of(batch, [1])
    sa.event.remove(connection, "before_cursor_execute", note)
    raw: Any = connection.connection.driver_connection
    plans = [str(row[3]) for statement, parameters in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any("ix_certificate_person_id" in one for one in plans)
    assert [one for one in plans if one.startswith("SCAN certificate")] == []
