"""The door of `trainhub.programmes`: what it registers with the app."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.kernel.access import register_permissions
from trainhub.programmes import models, permissions, reference

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def load_reference(folder: Path) -> dict[str, int]:
    """The 11 general standards; idempotent."""
    return reference.load(folder)


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    register_permissions(app, permissions.GRANTS)
