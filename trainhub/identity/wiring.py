"""The door of `trainhub.identity`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.identity import models

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
