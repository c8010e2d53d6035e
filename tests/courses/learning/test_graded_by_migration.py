"""Completions that are there keep their marks when what they were graded by is removed, wherever what is there today gives that mark."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import a_unit, put
from trainhub.kernel import migrations


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0102")


def told(connection: sa.Connection) -> list[Any]:
    """What the completions keep, in order."""
    return [json.loads(one) if isinstance(one, str) else one for one in connection.scalars(sa.text("SELECT missed FROM enrolment ORDER BY id"))]


def test_who_made_a_course_is_told_by_the_log(before: sa.Engine) -> None:
    with before.connect() as connection:
        put(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
        for key in (1, 2):
            put(connection, "course", id=key, code=f"C{key}", title="t", owner_id=1, family="professional", education_type="degree")
        put(connection, "audit_event", id=1, account_id=7, did="courses.course.created", on_kind="course", on_id="2", actor="x", hash="a")
        connection.commit()
    migrations.upgrade(before, "0105")
    with before.connect() as connection:
        assert list(connection.execute(sa.text("SELECT id, made_by_id FROM course ORDER BY id"))) == [(1, None), (2, 7)]
    migrations.downgrade(before, "0102")


def test_what_gives_the_mark_today_is_kept_and_back(before: sa.Engine) -> None:
    with before.connect() as connection:
        a_unit(connection)
        for n, weight in ((1, 10), (2, 30), (3, 20)):
            block = {"key": f"b{n}", "kind": "quiz", "body_format": "markdown", "is_graded": True, "weight_x10": weight, "is_published": n < 3}
            put(connection, "course_block", id=n, run_id=1, unit_id=1, **block)
        missed = {"blocks": [2], "columns": None}
        for key, score, state in ((1, 200, "completed"), (2, 800, "completed"), (3, None, "active")):
            put(connection, "person", id=key, name="张三", gender="unknown", nationality_kind="china")
            day = sa.func.current_date() if state == "completed" else None
            kept = sa.type_coerce(missed if state == "completed" else None, sa.JSON(none_as_null=True))
            put(connection, "enrolment", id=key, run_id=1, person_id=key, state=state, completed_on=day, score_x10=score, missed=kept)
            put(connection, "block_progress", id=key, enrolment_id=key, block_id=1, score_x10=800, is_done=True)
            put(connection, "block_progress", id=key + 10, enrolment_id=key, block_id=3, score_x10=100, is_done=True)  # of what is not shown
        connection.commit()
    migrations.upgrade(before, "0105")
    with before.connect() as connection:
        assert told(connection) == [{**missed, "graded": [[1, 10], [2, 30]]}, missed, None]  # the second has another mark: as before
    migrations.downgrade(before, "0102")
    with before.connect() as connection:
        assert told(connection) == [missed, missed, None]
