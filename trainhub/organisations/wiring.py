"""The door of `trainhub.organisations`: what it registers with the app."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import clock
from trainhub.kernel.access import register_permissions
from trainhub.organisations import models, permissions, reference

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def load_reference(folder: Path) -> dict[str, int]:
    """Divisions and institutions; idempotent."""
    return reference.load(folder, now=clock.now())


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    register_permissions(app, permissions.GRANTS)
