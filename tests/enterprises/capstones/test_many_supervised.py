"""What it costs to count the guidances of many capstones does not grow with how many one teacher supervises."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from enterprises.capstones.queries import facts
from trainhub.kernel.db import Base


def test_a_supervision_is_found_by_capstone_and_person() -> None:
    """SQLite without statistics takes whichever of two indexes of one column was made last: both columns leave it no choice."""
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    asked = facts._logs([1, 2], date(2026, 3, 2)).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert "SEARCH supervision USING INDEX ix_supervision_capstone_person (capstone_id=? AND person_id=?)" in plan
    engine.dispose()
