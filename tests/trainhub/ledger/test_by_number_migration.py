"""What a roster had brought when the column came, and who had given a number up before that was kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

CLAIMANT, HOLDER, STRANGER = 1, 2, 3


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0102")


def test_rosters_are_by_number_and_those_who_gave_one_up_wait(before: sa.Engine) -> None:
    with before.connect() as connection:
        for key, proven in ((CLAIMANT, None), (HOLDER, "1"), (STRANGER, "2")):
            number = {"id_number_hash": proven, "id_number_encrypted": b"x"} if proven else {}
            name = "单小明" if key != STRANGER else "林一"
            put(connection, "person", id=key, name=name, gender="unknown", nationality_kind="china", birth_on=date(1990, 5, 17), **number)
        put(connection, "audit_event", id=1, did="people.number.yielded", on_kind="person", on_id=str(CLAIMANT), data="{}", hash="1")
        put(connection, "region", code="350102", name="鼓楼区", level="county")
        put(connection, "organisation", id=1, code="B-01", name="x", kind="base", state="verified")
        put(connection, "roster_batch", id=1, file_name="a.csv", sha256="x")
        facts = {"organisation_id": 1, "county_code": "350102", "category": "founder", "hours_x10": 1, "is_counted": True}
        put(connection, "training_record", id=1, person_id=CLAIMANT, course="a", source="roster", batch_id=1, **facts)
        put(connection, "training_record", id=2, person_id=STRANGER, course="b", source="roster", **facts)
        put(connection, "training_record", id=3, person_id=STRANGER, course="c", source="course", **facts)
        connection.commit()
    migrations.upgrade(before, "0104")
    with before.connect() as connection:
        assert list(connection.scalars(sa.text("SELECT id FROM training_record WHERE by_number ORDER BY id"))) == [1, 2]
        assert [tuple(row) for row in connection.execute(sa.text("SELECT person_id, other_person_id FROM possible_duplicate"))] == [(CLAIMANT, HOLDER)]
    migrations.downgrade(before, "0102")
    with before.connect() as connection:
        assert "by_number" not in {column["name"] for column in sa.inspect(connection).get_columns("training_record")}
