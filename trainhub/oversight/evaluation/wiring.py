"""The door of `trainhub.oversight.evaluation`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
