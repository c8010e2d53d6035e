"""Databases that stand at a point of the Alembic history, on the kind of database of the run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from trainhub.app import load_tables
from trainhub.kernel import migrations
from trainhub.kernel.db import prepare_engine

BY_FILES = "STRATEGY FILE_COPY"
"""How PostgreSQL copies a template: by its default every page of three hundred tables and their indexes goes through its memory and its log."""
REST = 20
"""After so many revisions a way rests at a copy, from which a later one to a nearer place begins: whichever is asked for first."""


class Databases:
    """Empty databases of their own, and copies of one that stands at a point of the history: of each way a process goes every part once, on SQLite only
    what no other process of the run has gone."""

    def __init__(self, folder: Path, kept: Path) -> None:
        """`kept`: where SQLite's databases stand at points of the history, common to all processes."""
        self.folder = folder
        self.kept = kept
        self.opened: list[sa.Engine] = []
        self.names: set[str] = set()
        self.stages: list[str] = []
        script = ScriptDirectory.from_config(migrations.config())
        self.order = {one.revision: place for place, one in enumerate(reversed(list(script.walk_revisions())), start=1)} | {"": 0}
        self.newest = str(script.get_current_head())
        url = os.environ.get("TRAINHUB_TEST_DATABASE_URL", "")
        self.server = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT") if url else None

    def make(self, name: str, *, like: str = "") -> sa.Engine:
        """A database, empty or as the one called `like` stands."""
        self.close()
        self.names.add(name)
        if self.server is None:
            file = self.folder / f"{name}.sqlite3"
            file.unlink(missing_ok=True)
            if like:
                shutil.copy(self.kept / f"{like}.sqlite3", file)
            made = sa.create_engine(f"sqlite:///{file}")
            prepare_engine(made)
        else:
            with self.server.connect() as connection:
                connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{_full(name)}"'))
                connection.execute(sa.text(f'CREATE DATABASE "{_full(name)}" TEMPLATE "{_full(like) if like else "template1"}" {BY_FILES}'))
            made = sa.create_engine(self.server.url.set(database=_full(name)))
        self.opened.append(made)
        return made

    def at(self, stage: str) -> sa.Engine:
        """A database of its own that stands there (`head`: at the newest revision)."""
        asked = self.newest if stage == "head" else stage
        if self.server is None:
            self.stages = [path.stem for path in self.kept.glob("*.sqlite3")]
        if asked not in self.stages:
            load_tables()
            last = max(("", *(one for one in self.stages if self.order[one] < self.order[asked])), key=self.order.__getitem__)
            for one, place in self.order.items():
                if self.order[last] < place <= self.order[asked] and (one == asked or place % REST == 0):
                    migrations.upgrade(self.make(one, like=last), one)
                    self.close()
                    if self.server is None:
                        (self.folder / f"{one}.sqlite3").replace(self.kept / f"{one}.sqlite3")
                    self.stages.append(one)
                    last = one
        return self.make("own", like=asked)

    def close(self) -> None:
        """Let go of every connection: a database that somebody reads is no template."""
        while self.opened:
            self.opened.pop().dispose()

    def drop(self) -> None:
        """Remove what was made on a server."""
        self.close()
        if self.server is not None:
            with self.server.connect() as connection:
                for name in self.names:
                    connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{_full(name)}"'))
            self.server.dispose()


def _full(name: str) -> str:
    return f"trainhub_migrations_{os.getpid()}_{name}"
