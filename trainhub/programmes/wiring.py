"""The door of `trainhub.programmes`: what it registers with the app."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import audit_words
from trainhub.kernel.access import register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.programmes import accreditation_views, api, models, permissions, plan_views, reference, views

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}


def load_reference(folder: Path) -> dict[str, int]:
    """The 11 general standards; idempotent."""
    return reference.load(folder)


THINGS = {
    "programmes.accreditation": _l("工程教育认证"),
    "programmes.cohort": _l("年级"),
    "programmes.point": _l("指标点"),
    "programmes.programme": _l("专业点"),
    "programmes.requirement": _l("毕业要求"),
    "programmes.version": _l("培养方案"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "cohort": Kind(_l("年级"), "programme_id.name", "programmes.show", {"code": "programme_id.code"}),
    "graduation_requirement": Kind(
        _l("毕业要求"), "title", "programmes.version", {"code": "version_id.programme_id.code", "version_id": "version_id"}
    ),
    "indicator_point": Kind(
        _l("指标点"),
        "number",
        "programmes.version",
        {"code": "requirement_id.version_id.programme_id.code", "version_id": "requirement_id.version_id"},
    ),
    "programme": Kind(_l("专业点"), "name", "programmes.show", {"code": "code"}),
    "programme_version": Kind(_l("培养方案"), "label", "programmes.version", {"code": "programme_id.code", "version_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    register_permissions(app, permissions.GRANTS)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(api.blueprint)
    register_nav(app, Entry("programme", _l("专业点"), "programmes.index", icon="graduate", can=permissions.Can.LIST, order=10))


# Importing these has put their pages on the blueprint; named here so that nobody takes the imports for unused.
PAGES: tuple[ModuleType, ...] = (views, plan_views, accreditation_views)
