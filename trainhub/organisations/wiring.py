"""The door of `trainhub.organisations`: what it registers with the app."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import audit_words, clock
from trainhub.kernel.access import register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.organisations import api, cli, models, permissions, places, reference, views

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = cli.COMMANDS


def load_reference(folder: Path) -> dict[str, int]:
    """Divisions and institutions; idempotent."""
    return reference.load(folder, now=clock.now())


THINGS = {
    "organisations.host": _l("共建单位"),
    "organisations.organisation": _l("机构"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "organisation": Kind(_l("机构"), "name", "organisations.show", {"code": "code"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    register_permissions(app, permissions.GRANTS)
    app.jinja_env.filters["place"] = places.place
    app.register_blueprint(views.blueprint)
    app.register_blueprint(api.blueprint)
    register_nav(app, Entry("people", _l("机构"), "organisations.index", icon="building", can=permissions.Can.VIEW, order=10))
