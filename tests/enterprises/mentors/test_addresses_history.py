"""Whose address is vouched for at the upgrade: what the log says an office entered, as the last who did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask

from enterprises.mentors.address_queries import digest_of
from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

AT = datetime(2026, 1, 5, tzinfo=UTC)
OFFICE, HOST, BOTH, NOBODY = 1, 2, 3, 4
REGISTERED, CHANGED, MERGED = "people.person.registered", "people.person.changed", "people.person.merged"
PHONE, EMAIL = "138 0000 4321", "A@b.cn"
EVENTS: dict[int, list[tuple[str, int | None, Any]]] = {
    1: [(REGISTERED, OFFICE, {})],
    2: [(REGISTERED, HOST, {})],
    3: [(REGISTERED, BOTH, {})],
    4: [(REGISTERED, OFFICE, {}), (CHANGED, HOST, {"fields": ["name", "phone"]})],
    5: [(REGISTERED, HOST, {}), (CHANGED, OFFICE, {"fields": ["phone"]})],
    6: [(REGISTERED, None, {})],
    8: [(REGISTERED, OFFICE, {})],
    7: [(REGISTERED, OFFICE, {}), (MERGED, OFFICE, {"into": 8})],
    9: [(REGISTERED, OFFICE, {}), (CHANGED, HOST, {"fields": ["name"]}), (CHANGED, NOBODY, {"fields": ["email"]})],
    10: [(REGISTERED, OFFICE, {})],  # on no register of mentors
    11: [],
}


def test_what_an_office_entered_last_is_vouched_for_by_it(app: Flask, history: Callable[[str], sa.Engine]) -> None:
    engine = history("0094")
    with engine.connect() as connection:
        put(connection, "organisation", id=1, code="E", name="x", kind="enterprise", state="verified")
        for key, roles in (
            (OFFICE, ["programme_admin"]),
            (HOST, ["enterprise_coordinator"]),
            (BOTH, ["programme_admin", "centre_leader"]),
            (NOBODY, []),
        ):
            put(connection, "account", id=key, display_name="x", state="active")
            for role in roles:
                put(connection, "role_grant", account_id=key, role=role, scope_kind="organisation", organisation_id=1)
        number = 0
        for key in sorted(EVENTS, reverse=True):
            merged = {"merged_into_id": 8} if key == 7 else {}
            put(connection, "person", id=key, name="张三", gender="unknown", nationality_kind="china", phone=PHONE, email=EMAIL, **merged)
        for key, events in EVENTS.items():
            if key != 10:
                put(connection, "mentor", person_id=key, enterprise_id=1, skills=[], since=date(2025, 1, 1), created_at=AT)
            for did, by, data in events:
                number += 1
                put(
                    connection, "audit_event", id=number, did=did, on_kind="person", on_id=str(key), account_id=by, data=data, at=AT, hash=str(number)
                )
        connection.commit()
    with app.app_context():
        migrations.upgrade(engine, "0095")
        phone, email = digest_of(PHONE), digest_of(EMAIL)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT person_id, digest, how, vouched_by_id FROM mentor_address")).all()
    expected = {(1, phone), (1, email), (4, email), (5, phone), (9, phone)}
    assert sorted(tuple(row) for row in found) == sorted((key, digest, "", OFFICE) for key, digest in expected)
    migrations.downgrade(engine, "0094")
