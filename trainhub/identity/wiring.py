"""The door of `trainhub.identity`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.identity import guarding, models
from trainhub.identity.permissions import GRANTS
from trainhub.identity.views.signing_in import blueprint
from trainhub.kernel import access

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    guarding.init_app(app)
    access.register_permissions(app, GRANTS)
    app.register_blueprint(blueprint)
