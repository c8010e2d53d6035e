"""Late entries that were counted by a former rule are counted anew."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from tests.courses.discussion.test_migration import AT, put
from trainhub.kernel import migrations


def test_late_entries_are_counted_anew(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0125")
    with engine.begin() as connection:
        put(connection, "region", code="350000", name="福建省", level="province")
        facts = {"name": "目标", "state": "open", "counting_rule": "distinct_persons", "target": 10, "unit": "人", "region_code": "350000"}
        span = {"starts_on": AT.date(), "deadline": AT.date(), "source": "x"}
        for key, late in ((1, {"late_by_unit": {"350100": 3}}), (2, {})):
            put(connection, "goal", id=key, code=f"g{key}", categories=[], created_at=AT, **late, **facts, **span)
    migrations.upgrade(engine, "0128")
    assert _late(engine) == [None, None]
    migrations.downgrade(engine, "0125")
    assert _late(engine) == [None, None], "the older program counts it anew"


def _late(engine: sa.Engine) -> list[object]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT late_by_unit FROM goal ORDER BY id")))
