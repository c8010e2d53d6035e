"""The door of `trainhub.oversight.chains`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask, url_for

from trainhub.certificates.types import EVIDENCE_PAGES, PRESENT_FACTS
from trainhub.kernel import audit_words
from trainhub.kernel.access import Role, register_permissions
from trainhub.kernel.i18n import _l
from trainhub.kernel.jobs import register_periodic, register_task
from trainhub.kernel.nav import Entry, register_nav
from trainhub.ledger.types import MOVED
from trainhub.oversight.chains import cli, mending, operations, permissions, tasks, views
from trainhub.oversight.chains.permissions import Can
from trainhub.people.types import HUMANS

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {"chains": cli.chains}


THINGS = {
    "chains.programme": _l("专业培养证书"),
}
"""How the audit log calls the things of this part."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    register_permissions(app, permissions.GRANTS)
    app.register_blueprint(views.blueprint)
    for kind in ("milestone", "weeks", "cohort"):
        app.extensions.setdefault(EVIDENCE_PAGES, {})[kind] = lambda keys, is_own: dict.fromkeys(keys, url_for("chains.mine")) if is_own else {}
    app.extensions.setdefault(MOVED, []).append(mending.hear)
    app.extensions.setdefault(HUMANS, []).append(mending.hear)
    register_task(app, mending.TASK, tasks.judge)
    register_periodic(app, tasks.SWEEP, tasks.sweep, every=timedelta(days=1), title=tasks.SWEEPING)
    app.extensions.setdefault(PRESENT_FACTS, {})["programme"] = operations.present_facts
    register_nav(
        app,
        Entry("mine", _l("我的培养链条"), "chains.mine", "link", roles=(Role.STUDENT,), order=45),
        Entry("programme", _l("培养链条"), "chains.index", "link", can=Can.LIST, order=60),
    )
