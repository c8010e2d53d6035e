"""What a roster had brought when the column came, and who had given a number up before that was kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

CLAIMANT, HOLDER, STRANGER, ALONE, VERIFIED, GIVEN, NOBODY, BACK, TWICE, SPELLED = range(1, 11)

THEN, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
TWICE_AT = "2026-02-14"
SINCE = "SELECT id, identified_at, identified_how, identified_by_id FROM person WHERE identified_at IS NOT NULL"


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0102")


def test_rosters_are_by_number_and_those_who_gave_one_up_wait(before: sa.Engine) -> None:
    with before.connect() as connection:
        for key, proven in ((CLAIMANT, None), (HOLDER, "1"), (STRANGER, "2"), (SPELLED, "3")):
            number = {"id_number_hash": proven, "id_number_encrypted": b"x"} if proven else {}
            name = {STRANGER: "林一", SPELLED: "单 小明"}.get(key, "单小明")
            put(
                connection,
                "person",
                id=key,
                name=name,
                gender="unknown",
                nationality_kind="china",
                birth_on=date(1990, 5, 17),
                created_at=THEN,
                **number,
            )
        for key in (ALONE, VERIFIED, GIVEN, NOBODY, BACK, TWICE):
            number = {"id_number_hash": str(key), "id_number_encrypted": b"x"} if key in (ALONE, GIVEN) else {}
            flags = {"is_verified": key in (VERIFIED, BACK, TWICE), "number_by_holder": key == ALONE}
            put(connection, "person", id=key, name="陈二", gender="unknown", nationality_kind="china", created_at=THEN, **number, **flags)
        put(connection, "audit_event", id=1, did="people.number.yielded", on_kind="person", on_id=str(CLAIMANT), data={}, hash="1")
        events: list[tuple[int, str, int | None, dict[str, Any]]]
        events = [(key, "people.person.registered", None, {"id_mask": ""}) for key in (VERIFIED, GIVEN, NOBODY, BACK, TWICE)]
        events += [
            (VERIFIED, "people.person.changed", 200, {"fields": ["phone"]}),
            (VERIFIED, "people.person.changed", 200, {"fields": ["is_verified"]}),
        ]
        events += [(BACK, "people.person.changed", 200, {"fields": ["is_verified"]})] * 2  # looked at when registered, taken back, looked at again
        events += [(TWICE, "people.person.changed", 200, {"fields": ["is_verified"]})] * 3
        events += [(GIVEN, "people.number.given", 200, {"id_mask": "x"}), (NOBODY, "people.person.changed", 200, {"fields": ["phone"]})]
        for number_of, (key, did, by, data) in enumerate(events, start=2):
            said = {
                "account_id": by,
                "data": data,
                "hash": str(number_of),
                "at": THEN if by is None else LATER + timedelta(days=number_of if key == TWICE else 0),
            }
            put(connection, "audit_event", id=number_of, did=did, on_kind="person", on_id=str(key), **said)
        put(connection, "region", code="350102", name="鼓楼区", level="county")
        put(connection, "organisation", id=1, code="B-01", name="x", kind="base", state="verified")
        put(connection, "roster_batch", id=1, file_name="a.csv", sha256="x")
        facts = {"organisation_id": 1, "county_code": "350102", "category": "founder", "hours_x10": 1, "is_counted": True}
        put(connection, "training_record", id=1, person_id=CLAIMANT, course="a", source="roster", batch_id=1, **facts)
        put(connection, "training_record", id=2, person_id=STRANGER, course="b", source="roster", **facts)
        put(connection, "training_record", id=3, person_id=STRANGER, course="c", source="course", **facts)
        put(connection, "training_record", id=4, person_id=CLAIMANT, course="d", source="roster", **facts)
        connection.commit()
    migrations.upgrade(before, "0104")
    with before.connect() as connection:
        assert list(connection.scalars(sa.text("SELECT id FROM training_record WHERE by_number ORDER BY id"))) == [1, 2]
        assert [tuple(row) for row in connection.execute(sa.text("SELECT person_id, other_person_id FROM possible_duplicate"))] == [
            (CLAIMANT, HOLDER),
            (CLAIMANT, SPELLED),
        ]
        found = {key: (str(at)[:10], how, by) for key, at, how, by in connection.execute(sa.text(SINCE))}
    assert found == {HOLDER: ("2026-01-01", "earlier", None), STRANGER: ("2026-01-01", "earlier", None),
                     SPELLED: ("2026-01-01", "earlier", None), BACK: ("2026-01-01", "earlier", None), TWICE: (TWICE_AT, "document", 200),
                     VERIFIED: ("2026-02-01", "document", 200), GIVEN: ("2026-02-01", "number", 200)}  # fmt: skip
    migrations.downgrade(before, "0102")
    with before.connect() as connection:
        assert "by_number" not in {column["name"] for column in sa.inspect(connection).get_columns("training_record")}
        assert "identified_at" not in {column["name"] for column in sa.inspect(connection).get_columns("person")}
