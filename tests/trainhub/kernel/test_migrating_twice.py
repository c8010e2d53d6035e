"""What a process that migrates more than once keeps of it, and what `init` looks at where there is nothing to migrate."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import batch

from tests.factories.ground import NOW
from tests.histories import Databases
from trainhub.kernel import migrations
from trainhub.kernel.errors import Refused
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind


def test_alembic_is_patched_once(databases: Databases) -> None:
    engine = databases.make("twice")
    migrations.install(engine)
    for _again in range(2):
        migrations.upgrade(engine)
    patched = [one.__name__ for one in batch.BatchOperationsImpl.__mro__]
    assert patched == ["OfOneTable", "BatchOperationsImpl", "object"]


def test_broken_references_are_told_where_nothing_is_to_migrate(databases: Databases) -> None:
    """SQLite alone: PostgreSQL lets nobody break one."""
    engine = databases.make("broken")
    migrations.install(engine)
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL lets nobody break a reference")
    migrations.install(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        facts = {"code": "E-1", "kind": OrganisationKind.ENTERPRISE, "name": "榕城智造", "created_at": NOW, "parent_id": 4711}
        connection.execute(sa.insert(Organisation).values(**facts))
        connection.commit()
        driver.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(Refused, match="organisation") as refused:
        migrations.install(engine)
    assert refused.value.code == "broken_references"
    migrations.install(engine, is_to_be_emptied=True)
