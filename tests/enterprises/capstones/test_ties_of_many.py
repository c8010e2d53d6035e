"""The ties of more capstones than a database takes values in one question."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones.queries import impartiality


@pytest.mark.parametrize(("count", "asked"), [(0, 0), (1, 3), (1000, 3), (1001, 6)])
def test_they_are_asked_in_portions(session: Session, count: int, asked: int) -> None:
    seen: list[object] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "UNION ALL" in statement or "defence_slot" in statement:
            seen.append(statement)

    session.connection()
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        found = impartiality.ties_of_each({key: key for key in range(1, count + 1)})
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(found) == count
    assert len(seen) == asked


def test_of_a_whole_province(session: Session) -> None:
    assert len(impartiality.ties_of_each({key: key for key in range(1, 70_000)})) == 69_999
