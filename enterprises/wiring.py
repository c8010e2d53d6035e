"""The door of the room `enterprises`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from enterprises.awards import cli as awards_cli
from enterprises.awards import models as awards_models
from enterprises.bases import models as bases_models
from enterprises.capstones import cli as capstones_cli
from enterprises.capstones import models as capstones_models
from enterprises.mentors import models as mentors_models
from enterprises.permissions import GRANTS
from enterprises.placements import models as placements_models
from trainhub.kernel import access

TABLES: tuple[ModuleType, ...] = (bases_models, mentors_models, placements_models, capstones_models, awards_models)
COMMANDS: dict[str, click.Command] = {**capstones_cli.COMMANDS, **awards_cli.COMMANDS}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    access.register_permissions(app, GRANTS)
