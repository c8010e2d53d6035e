"""A database whose transactions are really committed, for tests with several connections."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from trainhub.app import create_app
from trainhub.config import Settings
from trainhub.kernel import keys
from trainhub.kernel.db import Base, db, transaction
from trainhub.kernel.initialise import load_reference

SECRET = "a secret for tests only, long enough to be taken"


@pytest.fixture
def committed(tmp_path: Path) -> Iterator[Flask]:
    """An app over a database of its own, where transactions are really committed."""
    given = os.environ.get("TRAINHUB_TEST_DATABASE_URL", "")
    url, drop = f"sqlite:///{tmp_path / 'parallel.sqlite3'}", None
    if given.startswith("postgresql"):
        url = given.replace("postgresql://", "postgresql+psycopg://", 1)
        name = f"parallel_{os.getpid()}"
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        drop = (server, name)
        url = sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    keys.make(tmp_path, SECRET)
    app = create_app(Settings(instance=tmp_path, database_url=url, secret_key=SECRET, is_testing=True))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
    yield app
    with app.app_context():
        db.engine.dispose()
    if drop is not None:
        with drop[0].connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {drop[1]}"))
        drop[0].dispose()
