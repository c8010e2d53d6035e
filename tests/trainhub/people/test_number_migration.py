"""Who said the numbers that are there when the column comes: the holder alone, or an office by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

ALONE, BY_OFFICE, OWN, CORRECTED, LISTED, VERIFIED, BY_COMMAND, OFFICE_OWN, NOBODY, RETURNED = range(1, 11)


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database at the revision before this one."""
    return history("0081")


def test_only_who_said_it_alone_is_marked_and_back(before: sa.Engine) -> None:
    numbers = iter(range(1, 99))
    with before.connect() as connection:

        def event(did: str, kind: str, key: int, account_id: int | None) -> None:
            n = next(numbers)
            put(connection, "audit_event", id=n, did=did, on_kind=kind, on_id=str(key), account_id=account_id, data="{}", hash=str(n))

        for key in range(1, 11):
            number: dict[str, Any] = {} if key == NOBODY else {"id_number_hash": str(key), "id_number_encrypted": b"x"}
            put(connection, "person", id=key, name="张三", gender="unknown", nationality_kind="china", is_verified=key == VERIFIED, **number)
            put(connection, "account", id=key + 100, person_id=key, display_name="x", state="active")
        put(connection, "account", id=200, display_name="管理员", state="active")
        for key in (ALONE, BY_OFFICE, CORRECTED, LISTED, VERIFIED, BY_COMMAND, NOBODY, RETURNED):
            event("identity.account.registered", "account", key + 100, None)
        event("people.person.registered", "person", ALONE, None)
        event("people.person.registered", "person", RETURNED, 200)
        event("people.number.given", "person", OWN, OWN + 100)
        event("people.number.given", "person", BY_OFFICE, 200)
        event("people.number.given", "person", BY_COMMAND, None)
        event("people.number.corrected", "person", CORRECTED, 200)
        event("people.number.given", "person", OFFICE_OWN, OFFICE_OWN + 100)
        event("people.number.corrected", "person", OFFICE_OWN, 200)
        put(connection, "organisation", id=1, code="10386", name="x", kind="university", state="verified")
        put(connection, "teacher", id=1, person_id=LISTED, university_id=1, staff_no="1", kind="full_time")
        connection.commit()
    migrations.upgrade(before, "0082")
    with before.connect() as connection:
        said = set(connection.scalars(sa.text("SELECT id FROM person WHERE number_by_holder")))
    assert said == {ALONE, OWN}
    migrations.downgrade(before, "0081")
    with before.connect() as connection:
        assert "number_by_holder" not in {column["name"] for column in sa.inspect(connection).get_columns("person")}
