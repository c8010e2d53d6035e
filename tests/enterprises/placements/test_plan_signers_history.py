"""What one enterprise had signed for all of a training plan, taken into a history in which each signs for itself; and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from tests.courses.discussion.test_migration import put
from trainhub.kernel import migrations

DAY = date(2026, 3, 2)


def a_plan(connection: sa.Connection, version: int, state: str, bases: Sequence[int | None], *, signer: int | None) -> None:
    """A version with an item at each base, which its enterprise (or, None: the school in its name) has signed."""
    put(connection, "programme_version", id=version, programme_id=1, label=f"{version}", from_cohort_year=2000 + version, state=state)
    for place, base in enumerate(bases, start=1):
        put(connection, "plan_item", version_id=version, position=place, title="t", weeks_x10=320, base_id=base, is_at_enterprise=True)
    put(connection, "plan_signature", version_id=version, side="enterprise", signed_name="总工", signed_on=DAY, organisation_id=signer)


def rows(connection: sa.Connection, table: str) -> list[Any]:
    return [tuple(row) for row in connection.execute(sa.text(f"SELECT version_id, organisation_id FROM {table} ORDER BY version_id"))]


@pytest.fixture
def before(history: Callable[[str], sa.Engine]) -> sa.Engine:
    """Two enterprises with a base each, the first of which signed four plans."""
    revision = ScriptDirectory.from_config(migrations.config()).get_revision("0049")
    assert revision is not None
    engine = history(str(revision.down_revision))
    with engine.connect() as connection:
        for number, kind in enumerate(("university", "enterprise", "enterprise", "base", "base"), start=1):
            put(connection, "organisation", id=number, code=f"{number}", name="x", kind=kind, state="verified")
        for base, host in ((4, 2), (5, 3)):
            put(connection, "base_host", base_id=base, organisation_id=host, side="enterprise", is_lead=True)
        put(connection, "programme", id=1, university_id=1, code="P", name="x", degree_level="bachelor")
        a_plan(connection, 1, "draft", [4], signer=2)
        a_plan(connection, 2, "draft", [4, 5], signer=2)
        a_plan(connection, 3, "published", [4, 5], signer=2)
        a_plan(connection, 4, "draft", [4, None], signer=2)
        a_plan(connection, 5, "draft", [4, 5], signer=None)
        connection.commit()
    return engine


def test_each_keeps_what_it_signed_and_drafts_wait_for_the_others(before: sa.Engine) -> None:
    migrations.upgrade(before, "0049")
    with before.connect() as connection:
        assert rows(connection, "plan_host_signature") == [(1, 2), (2, 2), (3, 2), (4, 2)]
        assert rows(connection, "plan_signature") == [(1, 2), (3, 2), (5, None)]
    migrations.downgrade(before, "0048")
    with before.connect() as connection:
        assert rows(connection, "plan_signature") == [(1, 2), (2, 2), (3, 2), (4, 2), (5, None)]


def test_there_is_no_way_back_over_what_several_signed(before: sa.Engine) -> None:
    migrations.upgrade(before, "0049")
    with before.connect() as connection:
        put(connection, "plan_host_signature", version_id=2, organisation_id=3, signed_name="厂长", signed_on=DAY)
        connection.commit()
    with pytest.raises(RuntimeError, match="1 training plans"):
        migrations.downgrade(before, "0048")
    with before.connect() as connection:
        assert len(rows(connection, "plan_host_signature")) == 5
