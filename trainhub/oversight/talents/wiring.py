"""The door of `trainhub.oversight.talents`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.identity.my_data import register_export
from trainhub.kernel import access, audit_words, nav
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import _l
from trainhub.ledger.permissions import SEES_ALL
from trainhub.oversight.talents import (
    award_models,
    award_views,
    cli,
    joining,
    list_views,
    models,
    notice_views,
    own_queries,
    permissions,
    queries,
    views,
)
from trainhub.people import queries as people_queries
from trainhub.people.types import HUMANS

TABLES: tuple[ModuleType, ...] = (models, award_models)
COMMANDS: dict[str, click.Command] = cli.COMMANDS
PAGES = (list_views.blueprint, award_views.blueprint, notice_views.blueprint)
THINGS = {
    "talents.talent": _l("人才"),
    "talents.award": _l("人才资金支持"),
    "talents.exam": _l("考试合格人员"),
    "talents.shortage": _l("急需紧缺目录"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "exam_pass": Kind(_l("考试合格人员"), "certificate_no"),
    "shortage_item": Kind(_l("急需紧缺目录"), "code"),
    "talent": Kind(_l("人才"), "person_id.name", "talents.show", {"talent_id": "id"}),
    "talent_award": Kind(_l("人才资金支持"), "talent_id.person_id.name", "talents.show_award", {"award_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprint, permissions, navigation."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    app.register_blueprint(views.blueprint)
    access.register_permissions(app, permissions.GRANTS)
    app.extensions.setdefault(HUMANS, []).append(joining.settle)
    app.extensions.setdefault(people_queries.KEPT, []).append(queries.kept_of)
    register_export(app, "talents", _l("人才库"), own_queries.talents, tables=(models.Talent,))
    register_export(app, "talent_awards", _l("人才奖补"), own_queries.awards, tables=(award_models.TalentAward,))
    register_export(app, "exam_passes", _l("考试合格记录"), own_queries.exams, tables=(models.ExamPass,))
    nav.register_nav(
        app,
        nav.Entry("province", _l("人才库"), "talents.index", "users", can=permissions.Can.LIST, roles=permissions.VIEWERS, order=70),
        nav.Entry("province", _l("急需紧缺目录"), "talents.shortage", "list", roles=SEES_ALL, order=72),
    )
