"""The door of `trainhub.people`: what it registers with the app."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.kernel import audit_words
from trainhub.kernel.access import Role, register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.organisations.types import PANELS
from trainhub.people import (
    api,
    background_views,
    cli,
    employment_views,
    identity_models,
    models,
    moving_views,
    panels,
    permissions,
    person_api,
    person_views,
    queries,
    reach,
    searching,
    study_models,
    teacher_api,
    teacher_views,
    views,
)
from trainhub.programmes.types import COUNTS

TABLES: tuple[ModuleType, ...] = (models, identity_models, study_models)
COMMANDS: dict[str, click.Command] = cli.COMMANDS
# Importing teacher_views, employment_views, background_views, moving_views and person_views has put their pages on the blueprint, teacher_api and person_api their resources.
PAGES: tuple[ModuleType, ...] = (views, teacher_views, employment_views, background_views, moving_views, person_views)
RESOURCES: tuple[ModuleType, ...] = (api, teacher_api, person_api)


THINGS = {
    "people.contact": _l("联系方式"),
    "people.employment": _l("工作经历"),
    "people.stay": _l("境外经历"),
    "people.degree": _l("学历"),
    "people.guardian": _l("监护人联系方式"),
    "people.hold": _l("数据保全"),
    "people.number": _l("证件号码"),
    "people.pair": _l("疑似同一人"),
    "people.person": _l("人员"),
    "people.student": _l("学生"),
    "people.teacher": _l("教师"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "person": Kind(_l("人员"), "name", "people.person", {"person_id": "id"}),
    "student": Kind(_l("学生"), "person_id.name", "people.student", {"student_id": "id"}),
    "teacher": Kind(_l("教师"), "person_id.name", "people.teacher", {"teacher_id": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, and what people tell the pages below."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    register_permissions(app, permissions.GRANTS)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(api.blueprint)
    searching.init_app(app)
    app.extensions.setdefault(PANELS, []).append(panels.school_panel)
    reach.register_beyond(app, "people", reach.with_places_elsewhere)
    app.extensions[COUNTS] = queries.counts_by_cohort
    can = permissions.Can
    register_nav(
        app,
        Entry("mine", _l("我的任教与经历"), "people.my_teaching", icon="user", roles=(Role.LECTURER, Role.SCHOOL_SUPERVISOR), order=60),
        Entry("people", _l("学生"), "people.students", icon="users", can=can.STUDENT_LIST, order=20),
        Entry("people", _l("教师"), "people.teachers", icon="user", can=can.TEACHER_LIST, order=30),
        Entry("people", _l("人员"), "people.persons", icon="search", can=can.PERSON_LIST, order=40),
        Entry("people", _l("疑似同一人"), "people.same", icon="copy", can=can.PAIR_DECIDE, order=50),
    )
