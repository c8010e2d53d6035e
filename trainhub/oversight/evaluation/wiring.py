"""The door of `trainhub.oversight.evaluation`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import audit_words
from trainhub.kernel.access import register_permissions
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.oversight.evaluation import cli, models, permissions, register_views, views
from trainhub.oversight.evaluation.sentences import FOUND

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {"evaluation": cli.evaluation}


THINGS = {
    "evaluation.budget": _l("经费预算"),
    "evaluation.decision": _l("评价结论"),
    "evaluation.entry": _l("登记条目"),
    "evaluation.judgement": _l("专家评判"),
    "evaluation.quality": _l("质量记录"),
}
"""How the audit log calls the things of this part."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    register_permissions(app, permissions.GRANTS)
    assert register_views.REGISTERS  # the registers add their pages to the same blueprint
    app.add_template_filter(FOUND.told, "finding_words")
    app.register_blueprint(views.blueprint)
    register_nav(
        app,
        Entry("programme", _l("专业评价"), "evaluation.index", icon="scale", can=permissions.Can.LIST, roles=permissions.VIEWERS, order=30),
    )
