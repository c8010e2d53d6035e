"""The door of `trainhub.oversight.search`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.oversight.search import views

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    app.register_blueprint(views.blueprint)
