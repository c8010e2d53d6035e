"""The door of the room `enterprises`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from enterprises.awards import models as awards_models
from enterprises.capstones import models as capstones_models

TABLES: tuple[ModuleType, ...] = (capstones_models, awards_models)
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
