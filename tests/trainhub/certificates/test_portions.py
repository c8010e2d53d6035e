"""A portion of a batch takes as long at the end of a large one as at its beginning: what is known already is found by indexes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, TODAY, WRITER
from trainhub.certificates import queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.db import is_postgresql


@pytest.mark.parametrize("last", ["ix_certificate_issuer_id", "ix_certificate_kind", "ix_certificate_list"])
def test_what_is_known_already_is_found_without_looking_at_every_certificate(session: Session, last: str) -> None:
    """Nor at all those of an issuer: whichever index was made last, of two alike the planner took that."""
    index = next(one for one in Certificate.__table__.indexes if one.name == last)  # type: ignore[attr-defined]
    index.drop(session.connection())
    index.create(session.connection())
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
    plans = [line for statement, parameters in asked for line in _plan(connection, statement, parameters)]
    assert any("ix_certificate_holder" in one for one in plans)
    assert [one for one in plans if re.search(r"^SCAN certificate\b|Seq Scan on certificate\b|ix_certificate_(issuer_id|kind|list)", one)] == []


@pytest.mark.database
def test_a_portion_is_written_by_the_same_statements_however_many_are_in_it(session: Session, count_queries: list[str]) -> None:
    issuer = ground.university()

    def asked(count: int) -> tuple[int, list[str]]:
        rows = [Wanted(ground.person().id, FACTS[Kind.TRAINING]) for _one in range(count)]
        batch = batches.prepare(title="一期", kind=Kind.TRAINING, source=BatchSource.SELECTION, issuer=issuer, rows=rows, by=WRITER, now=ground.NOW)
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
        session.expire_all()
        count_queries.clear()
        assert batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW) == 0
        statements = len(count_queries)
        named = {one.certificate_id: one.person_id for one in queries.first_items(batch.id, count)}
        assert [queries.by_id(key).person_id for key in named] == list(named.values())  # type: ignore[union-attr, arg-type]
        return statements, [queries.by_id(key).number[11:17] for key in named]  # type: ignore[union-attr, arg-type]

    asked(1)  # the issuer gets its digits
    few, _numbers = asked(2)
    many, numbers = asked(30)
    assert (many, numbers) == (few, [f"{serial:06d}" for serial in range(4, 34)]), "serials follow the list"


def _plan(connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
    """How the database goes about it, a line a step; PostgreSQL, which reads small tables whole, is asked for what it would do with large ones."""
    raw: Any = connection.connection.driver_connection
    if is_postgresql():
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [str(row[0]) for row in raw.execute(f"EXPLAIN {statement}", parameters)]
    return [str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
