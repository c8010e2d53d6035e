"""The door of `trainhub.ledger`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from trainhub.identity import groups, retention
from trainhub.identity.my_data import register_exports
from trainhub.kernel import access, audit_words, jobs, nav
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import N_, _l
from trainhub.ledger import cli, course_views, models, own_queries, permissions, queries, tasks, trainee_queries, trainings, views
from trainhub.ledger.holidays import views as holidays
from trainhub.ledger.operations import yielding
from trainhub.ledger.rosters import pairing
from trainhub.people import queries as people
from trainhub.people.types import CHANGED, HUMANS, NAMED, PROVED, YIELDED

TABLES: tuple[ModuleType, ...] = (models,)
PAGES: tuple[ModuleType, ...] = (course_views,)
"""Pages that hang themselves onto a blueprint of another module."""
COMMANDS: dict[str, click.Command] = cli.COMMANDS


THINGS = {
    "ledger.course": _l("培训课程"),
    "ledger.day": _l("已确认的实习日"),
    "ledger.days": _l("实习日台账"),
    "ledger.duplicate": _l("疑似重复学员"),
    "ledger.holiday": _l("放假安排"),
    "ledger.milestone": _l("培养环节"),
    "ledger.record": _l("培训记录"),
    "ledger.roster": _l("培训花名册"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "holiday_day": Kind(_l("放假安排"), "name"),
    "milestone": Kind(_l("培养环节"), "title"),
    "possible_duplicate": Kind(_l("疑似重复学员"), "person_id.name"),
    "roster_batch": Kind(_l("培训花名册")),
    "training_course": Kind(_l("培训课程"), "title"),
    "training_record": Kind(_l("培训记录"), "person_id.name", "ledger.show", {"record_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(holidays.blueprint)
    access.register_permissions(app, permissions.GRANTS)
    jobs.register_task(app, tasks.IMPORT, tasks.import_roster)
    jobs.register_periodic(app, "ledger.sweep", tasks.sweep, every=timedelta(hours=12), title=N_("删除到期的导入文件"))
    source = groups.Source(
        trainee_queries.KIND,
        _l("培训学员"),
        trainee_queries.trainee_group,
        trainee_queries.trainees_named,
        trainee_queries.trainee_members,
        trainee_queries.trainee_listing,
        key_label=_l("证件号码"),
    )
    groups.register_source(app, source)
    app.extensions.setdefault(people.ROSTERS, []).append(trainee_queries.organisations_of_trainees)
    retention.register_use(app, "ledger", queries.completions_since, are_completions=True)
    register_exports(
        app,
        (
            ("trainings", _l("培训记录"), own_queries.trainings, models.TrainingRecord),
            ("cancelled_trainings", _l("作废的培训记录"), own_queries.cancellations, models.RecordCancellation),
            ("milestones", _l("已完成的学习与实践"), own_queries.milestones, models.Milestone),
            ("confirmed_days", _l("已确认的实习日"), own_queries.confirmed_days, models.ConfirmedDay),
            ("possible_duplicates", _l("名册导入时的重复核对"), own_queries.possible_duplicates, models.PossibleDuplicate),
        ),
    )
    app.extensions.setdefault(YIELDED, []).append(yielding.follow_number)
    app.extensions.setdefault(CHANGED, []).append(trainings.follow_county)
    app.extensions.setdefault(HUMANS, []).append(trainings.follow_joining)
    app.extensions.setdefault(PROVED, []).append(pairing.follow_proof)
    app.extensions.setdefault(NAMED, []).append(yielding.was_named)
    nav.register_nav(
        app,
        nav.Entry("province", _l("培训学员"), "ledger.index", "users", can=permissions.Can.LIST, roles=permissions.READERS, order=20),
        nav.Entry("province", _l("导入花名册"), "ledger.rosters.index", "upload", can=permissions.Can.IMPORT, roles=permissions.IMPORTERS, order=22),
        nav.Entry("province", _l("疑似重复"), "ledger.duplicates.index", "copy", can=permissions.Can.DECIDE, order=24),
        nav.Entry("practice", _l("放假安排"), "holidays.index", "calendar", can=permissions.Can.HOLIDAY_EDIT, order=60),
    )
