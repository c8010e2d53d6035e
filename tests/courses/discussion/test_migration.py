"""Posts of the first release become threads, and the columns that follow from the log are filled; also the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from trainhub.kernel import migrations

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    revision = ScriptDirectory.from_config(migrations.config()).get_revision("0008")
    assert revision is not None
    return history(str(revision.down_revision))


EMPTY: tuple[tuple[type[Any], Any], ...] = (
    (sa.DateTime, AT),
    (sa.Date, AT.date()),
    (sa.Boolean, False),
    (sa.Integer, 0),
    (sa.Numeric, 0),
    (sa.JSON, {}),
)


def put(connection: sa.Connection, table_name: str, /, **given: Any) -> None:
    """One row; columns that must have a value and were not given get an empty one."""
    table = sa.Table(table_name, sa.MetaData(), autoload_with=connection)
    values = dict(given)
    for column in table.columns:
        if column.name not in values and not column.nullable and column.name != "id":
            values[column.name] = next((empty for kind, empty in EMPTY if isinstance(column.type, kind)), "")
    connection.execute(table.insert().values(**values))


def a_unit(connection: sa.Connection) -> None:
    """A published unit and what it stands in, each with the number 1."""
    put(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
    put(connection, "course", id=1, code="C", title="t", owner_id=1, family="professional", education_type="degree")
    given = {"course_id": 1, "mode": "open", "state": "published", "goal_category": "worker", "completion_share_x1000": 1000}
    put(connection, "course_run", id=1, code="R", **given)
    put(connection, "course_section", id=1, run_id=1, key="s", is_published=True)
    put(connection, "course_unit", id=1, run_id=1, section_id=1, key="u", is_published=True)


def a_run_with_learners(connection: sa.Connection) -> None:
    """The rows that posts and logs point at."""
    for number in (1, 2):
        put(connection, "person", id=number, name="张三", gender="unknown", nationality_kind="china")
    put(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
    put(connection, "course", id=1, code="C", title="t", owner_id=1, family="professional", education_type="degree")
    put(connection, "course_run", id=3, course_id=1, code="R", mode="open", state="published", goal_category="worker", completion_share_x1000=1000)
    put(connection, "course_section", id=1, run_id=3, key="s")
    put(connection, "course_unit", id=1, run_id=3, section_id=1, key="u")
    for number, kind in ((5, "discussion"), (6, "video")):
        put(connection, "course_block", id=number, run_id=3, unit_id=1, key=kind, kind=kind, body_format="markdown")
    put(connection, "enrolment", id=7, run_id=3, person_id=1, state="active")


def test_posts_become_threads_and_back(before: sa.Engine) -> None:
    with before.connect() as connection:
        a_run_with_learners(connection)
        put(connection, "course_post", id=11, block_id=5, person_id=1, body="第一<b>条</b>", posted_at=AT)
        put(connection, "course_post", id=12, block_id=5, person_id=2, body="回复", posted_at=AT, thread_id=11)
        put(connection, "course_post", id=13, block_id=5, person_id=2, body="撤回", posted_at=AT, thread_id=11, removed_at=AT)
        put(connection, "block_progress", id=1, enrolment_id=7, block_id=6)
        for number, to in enumerate((20, 12.5), start=1):
            put(connection, "learning_event", id=number, enrolment_id=7, block_id=6, kind="video_watched", data={"from": 0, "to": to}, at=AT)
        connection.commit()
    migrations.upgrade(before, "0008")
    with before.connect() as connection:
        threads = connection.execute(sa.text("SELECT id, run_id, block_id, title, posts FROM discussion_thread")).all()
        assert [tuple(row) for row in threads] == [(11, 3, 5, "第一<b>条</b>", 2)]
        posts = connection.execute(sa.text("SELECT id, thread_id, body_html FROM discussion_post ORDER BY id")).all()
        assert [tuple(row) for row in posts][:2] == [(11, 11, "<p>第一&lt;b>条&lt;/b></p>"), (12, 11, "<p>回复</p>")]
        assert connection.scalar(sa.text("SELECT position_x10 FROM block_progress")) == 125
        assert connection.scalar(sa.text("SELECT last_active_at FROM enrolment")) is not None
        put(connection, "discussion_thread", run_id=3, person_id=1, title="新话题")  # the counter goes on behind the copied ids
        connection.commit()
        assert connection.scalar(sa.text("SELECT max(id) FROM discussion_thread")) == 12
    revision = ScriptDirectory.from_config(migrations.config()).get_revision("0008")
    assert revision is not None
    migrations.downgrade(before, str(revision.down_revision))
    with before.connect() as connection:
        back = connection.execute(sa.text("SELECT id, thread_id, body FROM course_post ORDER BY id")).all()
    assert [tuple(row) for row in back] == [(11, None, "第一<b>条</b>"), (12, 11, "回复"), (13, 11, "撤回")]
