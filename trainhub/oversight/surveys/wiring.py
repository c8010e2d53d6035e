"""The door of `trainhub.oversight.surveys`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from trainhub.identity.my_data import register_export
from trainhub.kernel import access, audit_words, jobs, nav
from trainhub.kernel.access import Role
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import N_, _l
from trainhub.oversight.surveys import models, own_queries, permissions, tasks, views

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {}
THINGS = {"surveys.survey": _l("调查"), "surveys.answer": _l("调查答卷")}
"""How the audit log calls the things of this part."""
KINDS = {
    "survey": Kind(_l("调查"), "title", "surveys.show", {"survey_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprint, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    app.register_blueprint(views.blueprint)
    access.register_permissions(app, permissions.GRANTS)
    register_export(app, "graduate_answers", _l("毕业生答卷"), own_queries.graduate_answers, tables=(models.GraduateAnswer,))
    register_export(app, "demand_answers", _l("代企业填报的需求答卷"), own_queries.demand_answers, tables=(models.DemandAnswer,))
    jobs.register_periodic(app, "surveys.forget", tasks.forget, every=timedelta(days=1), title=N_("抹去保存期限届满的毕业生答卷"))
    jobs.register_periodic(app, tasks.TELL, tasks.tell, every=timedelta(days=1), title=N_("通知调查的填报对象"))
    nav.register_nav(
        app,
        nav.Entry("mine", _l("待填调查"), "surveys.mine", "clipboard", roles=(Role.STUDENT, Role.ENTERPRISE_COORDINATOR), order=80),
        nav.Entry("province", _l("调查"), "surveys.index", "clipboard", can=permissions.Can.LIST, order=65),
    )
