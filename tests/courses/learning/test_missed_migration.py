"""Completions that are there keep their marks: what has no score when the database is upgraded was counted as nothing by them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0078")


def test_what_has_no_score_was_missed_and_back(before: sa.Engine) -> None:
    with before.connect() as connection:
        put(connection, "person", id=1, name="张三", gender="unknown", nationality_kind="china")
        put(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
        put(connection, "course", id=1, code="C", title="t", owner_id=1, family="professional", education_type="degree")
        given = {"course_id": 1, "mode": "open", "state": "published", "goal_category": "worker", "completion_share_x1000": 1000}
        for run_id in (3, 4, 5):
            put(connection, "course_run", id=run_id, code=f"R{run_id}", **(given | ({"completion_share_x1000": 500} if run_id == 5 else {})))
            put(connection, "course_section", id=run_id, run_id=run_id, key="s")
            put(connection, "course_unit", id=run_id, run_id=run_id, section_id=run_id, key="u")
            for n in (1, 2, 3):
                block = {"key": f"b{n}", "kind": "quiz", "body_format": "markdown", "is_graded": True, "weight_x10": 10}
                put(connection, "course_block", id=run_id * 10 + n, run_id=run_id, unit_id=run_id, **block)
            put(connection, "enrolment", id=run_id, run_id=run_id, person_id=1, state="completed", completed_on=sa.func.current_date())
            put(connection, "block_progress", id=run_id, enrolment_id=run_id, block_id=run_id * 10 + 1, score_x10=800, is_done=True)
            put(connection, "block_progress", id=run_id + 10, enrolment_id=run_id, block_id=run_id * 10 + 3, is_done=True)  # seen, not graded
        put(connection, "gradebook", id=1, run_id=4)
        put(connection, "grade_category", id=1, book_id=1, name="x", weight_x10=10)
        for column_id, block_id in ((1, 41), (2, 42), (3, None), (4, None)):
            put(connection, "grade_column", id=column_id, book_id=1, category_id=1, title=str(column_id), block_id=block_id, max_x10=1000)
        put(connection, "grade", id=1, column_id=4, enrolment_id=4, kind="excused")
        connection.commit()
    migrations.upgrade(before, "0079")
    with before.connect() as connection:
        rows = [json.loads(one) if isinstance(one, str) else one for one in connection.scalars(sa.text("SELECT missed FROM enrolment ORDER BY id"))]
    # Where everything had to be done, what is not done was asked for later; where half was enough, it was left out and counted as nothing.
    assert rows == [{"blocks": [33], "columns": None}, {"blocks": [43], "columns": [2, 3]}, {"blocks": [52, 53], "columns": None}]
    migrations.downgrade(before, "0078")
    with before.connect() as connection:
        assert "missed" not in {column["name"] for column in sa.inspect(connection).get_columns("enrolment")}
