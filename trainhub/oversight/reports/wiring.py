"""The door of `trainhub.oversight.reports`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import access, audit_words, jobs
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.organisations.permissions import VIEWERS
from trainhub.oversight.reports import cli, models, opendata, operations, permissions, policy_pages, tasks, views
from trainhub.oversight.surveys.types import TOLD

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = cli.COMMANDS
THINGS = {"reports.report": _l("统计报告")}
"""How the audit log calls the things of this part."""
KINDS = {
    "report": Kind(_l("报告"), "title", "reports.show", {"report_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Reports, open data, the policy pages."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    for blueprint in (views.blueprint, opendata.blueprint, policy_pages.blueprint):
        app.register_blueprint(blueprint)
    app.add_template_filter(policy_pages.cited)
    access.register_permissions(app, permissions.GRANTS)
    jobs.register_task(app, operations.TASK, tasks.make)
    app.extensions.setdefault(TOLD, []).append(operations.told_of)
    register_nav(
        app,
        Entry("province", _l("统计报告"), "reports.index", "chart", can=permissions.Can.LIST, roles=permissions.READERS, order=60),
        Entry("system", _l("政策参数"), "policy.index", icon="book", roles=VIEWERS, order=10),
    )
