"""The door of `trainhub.oversight.reports`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.organisations.permissions import VIEWERS
from trainhub.oversight.reports import policy_pages

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """The policy pages."""
    app.register_blueprint(policy_pages.blueprint)
    register_nav(app, Entry("system", _l("政策参数"), "policy.index", icon="book", roles=VIEWERS, order=10))
