"""The door of `trainhub.oversight.evaluation`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel.access import register_permissions
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.oversight.evaluation import cli, models, permissions, register_views, views

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {"evaluation": cli.evaluation}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    register_permissions(app, permissions.GRANTS)
    assert register_views.REGISTERS  # the registers add their pages to the same blueprint
    app.register_blueprint(views.blueprint)
    register_nav(
        app,
        Entry("programme", _l("专业评价"), "evaluation.index", icon="scale", can=permissions.Can.LIST, roles=permissions.VIEWERS, order=30),
    )
