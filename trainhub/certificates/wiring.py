"""The door of `trainhub.certificates`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.certificates import models, permissions
from trainhub.kernel.access import register_permissions

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    register_permissions(app, permissions.GRANTS)
