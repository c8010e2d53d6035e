"""The points that a person typed get a column of their own; marks of before keep their share."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from tests.courses.discussion.test_migration import a_unit, put
from trainhub.kernel import migrations


def test_marks_of_before_keep_their_share_and_back(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0128")
    with engine.connect() as connection:
        a_unit(connection)
        put(connection, "course_block", id=1, run_id=1, unit_id=1, key="b", kind="quiz", body_format="markdown")
        put(connection, "person", id=1, name="张三", gender="unknown", nationality_kind="china")
        put(connection, "question", id=1, course_id=1, kind="essay", key="q", difficulty="medium")
        put(connection, "question_version", id=1, question_id=1, number=1)
        put(connection, "attempt", id=1, block_id=1, person_id=1, number=1, state="submitted", submitted_at=sa.func.current_timestamp())
        put(connection, "attempt_answer", id=1, attempt_id=1, version_id=1, position=1, points_x10=300, share_x1000=667)
        connection.commit()
    migrations.upgrade(engine, "0133")
    with engine.connect() as connection:
        assert list(connection.execute(sa.text("SELECT share_x1000, points_x100 FROM attempt_answer"))) == [(667, None)]
    migrations.downgrade(engine, "0128")
    with engine.connect() as connection:
        assert list(connection.execute(sa.text("SELECT share_x1000 FROM attempt_answer"))) == [(667,)]
