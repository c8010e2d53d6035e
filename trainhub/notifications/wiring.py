"""The door of `trainhub.notifications`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.notifications import models, queries

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    # The number beside the bell comes with the query that identifies the reader.
    app.extensions["trainhub.unread"] = queries.unread_of
