"""Foreigners without a document who were kept as citizens before the nationality decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from tests.courses.discussion.test_migration import AT, put
from trainhub.kernel import migrations


def test_the_kind_follows_the_nationality_where_no_number_decided(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0119")
    number = {"id_type": "resident_id", "id_number_hash": "1", "id_number_encrypted": b"x", "is_verified": False}
    people: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("VN", "china", {}, "foreign"),
        ("HK", "china", {}, "hk_mo_tw"),
        ("TW", "foreign", {}, "hk_mo_tw"),
        ("CN", "china", {}, "china"),
        ("CN", "hk_mo_tw", {}, "hk_mo_tw"),
        ("DE", "foreign", {}, "foreign"),
        ("VN", "china", number, "china"),
        ("VN", "china", {"id_type": "resident_id", "id_mask": "3502**********1234", "number_by_holder": True}, "foreign"),  # a claim decides nothing
    )
    with engine.begin() as connection:
        for key, (code, kind, more, _wanted) in enumerate(people, start=1):
            facts = {"nationality": code, "nationality_kind": kind, "identified_at": AT if more is number else None}
            put(connection, "person", id=key, name="x", gender="unknown", **facts, **more)
    migrations.upgrade(engine, "0125")
    assert _kinds(engine) == [wanted for *_was, wanted in people]
    migrations.downgrade(engine, "0119")
    assert _kinds(engine) == [wanted for *_was, wanted in people], "the older program reads them alike"
    migrations.upgrade(engine, "0125")
    assert _kinds(engine) == [wanted for *_was, wanted in people]


def _kinds(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT nationality_kind FROM person ORDER BY id")))
