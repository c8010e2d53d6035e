"""The door of the room `courses`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from courses.assessment import models as assessment_models
from courses.assessment import views as assessment_views
from courses.catalogue import api as catalogue_api
from courses.catalogue import authoring
from courses.catalogue import models as catalogue_models
from courses.catalogue import views as catalogue_views
from courses.curriculum import models as curriculum_models
from courses.curriculum import views as curriculum_views
from courses.interop import cli as interop_cli
from courses.interop import tasks as interop_tasks
from courses.interop import views as interop_views
from courses.learning import api as learning_api
from courses.learning import models as learning_models
from courses.learning import queries as learning_queries
from courses.learning import tasks as learning_tasks
from courses.learning.views import common, course, player, quiz, staff
from courses.permissions import AUTHORS, GRANTS, Can
from courses.standards import models as standards_models
from courses.teaching import models as teaching_models
from trainhub.identity import retention
from trainhub.kernel import audit_words, jobs
from trainhub.kernel.access import Role, register_permissions
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav

TABLES: tuple[ModuleType, ...] = (
    catalogue_models,
    assessment_models,
    learning_models,
    curriculum_models,
    standards_models,
    teaching_models,
)
COMMANDS: dict[str, click.Command] = {**interop_cli.COMMANDS}
LEARNING_PAGES = (course, player, quiz)
"""Modules that put their routes on the blueprint `learning` when they are imported."""


THINGS = {
    "courses.attempt": _l("测验作答"),
    "courses.certificate": _l("课程证书"),
    "courses.content": _l("课程内容"),
    "courses.course": _l("课程"),
    "courses.curriculum": _l("课程设置"),
    "courses.enrolment": _l("课程报名"),
    "courses.post": _l("讨论帖"),
    "courses.progress": _l("学习进度"),
    "courses.question": _l("题目"),
    "courses.quiz": _l("测验"),
    "courses.run": _l("开课期次"),
    "courses.standards": _l("培养标准"),
    "courses.teaching": _l("教学任务"),
}
"""How the audit log calls the things of this part."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    register_permissions(app, GRANTS)
    for blueprint in (
        catalogue_views.blueprint,
        authoring.blueprint,
        assessment_views.blueprint,
        common.blueprint,
        staff.blueprint,
        interop_views.blueprint,
        catalogue_api.blueprint,
        learning_api.blueprint,
        curriculum_views.blueprint,
    ):
        app.register_blueprint(blueprint)
    register_nav(
        app,
        Entry("learn", _l("我的课程"), "learning.mine", "book", roles=(Role.STUDENT, Role.TRAINEE), order=10),
        Entry("learn", _l("课程目录"), "catalogue.index", "grid", order=20),
        Entry("learn", _l("我教的课程"), "authoring.index", "edit", can=Can.RUN_LIST, roles=AUTHORS, order=30),
    )
    jobs.register_task(app, interop_tasks.TASK, interop_tasks.import_package)
    jobs.register_periodic(
        app, learning_tasks.CLOSE_OVERDUE, learning_tasks.close_overdue, every=timedelta(minutes=1), title="Hand in quizzes whose time is over"
    )
    jobs.register_periodic(app, learning_tasks.FORGET, learning_tasks.forget, every=timedelta(days=1), title="抹去保存期限届满的作答与署名")
    retention.register_use(app, "courses", learning_queries.enrolments_since)
    jobs.register_periodic(app, learning_tasks.SETTLE, learning_tasks.settle_merged, every=timedelta(minutes=5), title="归并同一人的重复报名")
