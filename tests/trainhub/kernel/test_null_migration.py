"""What an earlier release wrote as JSON's word null becomes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import AT, put
from trainhub.kernel import migrations


@pytest.mark.slow
def test_the_word_null_becomes_nothing(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0066")
    table = "survey"
    with engine.begin() as connection:
        given = {"kind": "graduates", "title": "调查", "opens_on": AT.date(), "closes_on": AT.date(), "created_at": AT}
        for key, figures in ((1, "null"), (2, '{"asked": null}'), (3, None)):
            put(connection, table, id=key, year=2020 + key, **given)
            value = "CAST(:figures AS jsonb)" if connection.dialect.name == "postgresql" else ":figures"
            connection.execute(sa.text(f"UPDATE {table} SET figures = {value} WHERE id = :id"), {"figures": figures, "id": key})
    migrations.upgrade(engine, "0067")
    with engine.connect() as connection:
        assert connection.scalars(sa.text(f"SELECT id FROM {table} WHERE figures IS NULL ORDER BY id")).all() == [1, 3]
