"""The door of `trainhub.oversight.goals`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType

import click
from flask import Flask

from trainhub.identity.my_data import register_export
from trainhub.kernel import access, audit_words, clock, jobs, nav
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import N_, _l
from trainhub.oversight.goals import api, cli, enrolment_views, keeper_views, models, operations, own_queries, permissions, reported_views, tasks
from trainhub.people.types import STAMPED

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = cli.COMMANDS
PAGES = (keeper_views.blueprint, enrolment_views.blueprint, reported_views.blueprint)

THINGS = {
    "goals.goal": _l("培训目标"),
    "goals.snapshot": _l("目标快照"),
    "goals.target": _l("分目标"),
    "goals.period": _l("统计时段"),
    "goals.figure": _l("上报数字"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "goal": Kind(_l("培训目标"), "name", "goals.show", {"code": "code"}),
    "goal_closing": Kind(_l("统计时段"), "goal_id.name", "goals.keeping", {"code": "goal_id.code"}),
    "goal_figure": Kind(_l("上报数字"), "goal_id.name", "goals.reported", {"code": "goal_id.code"}),
    "goal_review": Kind(_l("目标核对"), "goal_id.name", "goals.keeping", {"code": "goal_id.code"}),
    "goal_snapshot": Kind(_l("目标快照"), "goal_id.name", "goals.snapshot_page", {"code": "goal_id.code", "snapshot_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    app.register_blueprint(PAGES[0])
    app.register_blueprint(api.blueprint)
    access.register_permissions(app, permissions.GRANTS)
    app.extensions.setdefault(STAMPED, []).append(operations.after_given_out)
    register_export(app, "goals", _l("计入的培训目标"), own_queries.counted_for, tables=(models.GoalPerson,))
    nav.register_nav(
        app,
        nav.Entry("province", _l("培训目标"), "goals.index", "target", can=permissions.Can.VIEW, roles=permissions.VIEWERS, order=10),
    )
    jobs.register_periodic(app, "goals.refresh", tasks.refresh, every=timedelta(minutes=1), title=N_("更新目标统计"))


def load_reference(folder: Path) -> dict[str, int]:
    """The goals of the documents."""
    return {"goals": operations.load_definitions(folder / "goals.json", now=clock.now())}
