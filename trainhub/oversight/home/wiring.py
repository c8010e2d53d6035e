"""The door of `trainhub.oversight.home`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.oversight.home import views

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    app.register_blueprint(views.blueprint)
    register_nav(app, Entry("mine", _l("首页"), "home.index", icon="home", order=0))
