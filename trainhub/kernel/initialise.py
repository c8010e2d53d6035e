"""Bring an instance into being: keys, migrations, reference seeds. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from trainhub.kernel import keys, migrations
from trainhub.kernel.db import db, transaction

Loader = Callable[[Path], dict[str, int]]


def register_reference(app: Flask, folder: Path, loaders: list[Loader]) -> None:
    """Called by the roof: who loads which reference seeds, in the order of the doors."""
    app.extensions["trainhub.reference"] = (folder, loaders)


def load_reference() -> dict[str, int]:
    """Load the reference seeds of every room; returns rows by table. The caller holds the transaction."""
    folder, loaders = current_app.extensions["trainhub.reference"]
    loaded: dict[str, int] = {}
    for load in loaders:
        loaded.update(load(folder))
    return loaded


def initialise() -> dict[str, Any]:
    """Make the keys if there are none, migrate, load reference seeds. Raises WrongSecret when the keys do not open."""
    settings = current_app.config["SETTINGS"]
    settings.instance.mkdir(parents=True, exist_ok=True)
    made = keys.make(settings.instance, settings.secret_key)
    keys.keyring()
    migrations.upgrade(db.engine)
    with transaction():
        loaded = load_reference()
    return {"instance": str(settings.instance), "keys_made": made, "revision": migrations.head(), "reference": loaded}
