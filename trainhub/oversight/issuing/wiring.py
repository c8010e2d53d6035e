"""The door of `trainhub.oversight.issuing`: what it registers with the app. Its permissions are those of batches of certificates."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.oversight.issuing import views

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Its blueprint."""
    app.register_blueprint(views.blueprint)
