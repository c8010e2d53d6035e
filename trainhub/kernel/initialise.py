"""Bring an instance into being: keys, migrations, reference seeds. Doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from trainhub.kernel import key_marks, keys, migrations
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import db, transaction
from trainhub.kernel.folders import private_folder

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


def initialise(*, has_lost_keys: bool = False, by: Identity = SYSTEM) -> dict[str, Any]:
    """Make the keys if there are none, migrate, load reference seeds.

    Raises WrongSecret when the keys do not open, OtherKeys when they are not the database's, KeysElsewhere when there are none for a
    database that is in use, unless `has_lost_keys`: then new ones are made, and what the old ones wrapped stays closed.
    """
    settings = current_app.config["SETTINGS"]
    private_folder(settings.instance)
    if not (settings.instance / keys.FILE).exists() and not has_lost_keys:
        key_marks.refuse_new()
    made = keys.make(settings.instance, settings.secret_key)
    keys.keyring()
    if not made:
        key_marks.check()
    migrations.install(db.engine)
    with transaction():
        key_marks.put(replaces=made and has_lost_keys, by=by)
        loaded = load_reference()
    return {"instance": str(settings.instance), "keys_made": made, "revision": migrations.head(), "reference": loaded}
