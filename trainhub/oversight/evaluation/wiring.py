"""The door of `trainhub.oversight.evaluation`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel.access import register_permissions
from trainhub.oversight.evaluation import cli, models, permissions

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {"evaluation": cli.evaluation}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    register_permissions(app, permissions.GRANTS)
