"""The door of `trainhub.ledger`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.ledger import cli, models

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = cli.COMMANDS


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
