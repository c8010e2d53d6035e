"""The door of the room `courses`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from courses.assessment import models as assessment_models
from courses.assessment.views import bank as bank_pages
from courses.assessment.views import common as assessment_views
from courses.assessment.views import exchange as exchange_pages
from courses.assessment.views import quizzes as quiz_pages
from courses.assessment.views import statistics as statistics_pages
from courses.assignments import models as assignments_models
from courses.assignments import tasks as assignments_tasks
from courses.assignments.operations import releasing
from courses.assignments.views import common as assignments_common
from courses.assignments.views import learner, reviews, setting_up
from courses.assignments.views import staff as assignments_staff
from courses.catalogue import api as catalogue_api
from courses.catalogue import authoring, authoring_outline, authoring_parts, authoring_versions
from courses.catalogue import models as catalogue_models
from courses.catalogue import views as catalogue_views
from courses.curriculum import models as curriculum_models
from courses.curriculum import views as curriculum_views
from courses.gradebook import models as gradebook_models
from courses.gradebook import tasks as gradebook_tasks
from courses.gradebook.views import book as gradebook_views
from courses.gradebook.views import tables as gradebook_tables
from courses.interop import cli as interop_cli
from courses.interop import tasks as interop_tasks
from courses.interop import views as interop_views
from courses.learning import api as learning_api
from courses.learning import models as learning_models
from courses.learning import queries as learning_queries
from courses.learning import tasks as learning_tasks
from courses.learning.views import authors, common, course, doing, marking, player, quiz, staff
from courses.permissions import AUTHORS, GRANTS, RECOGNITION_READERS, Can
from courses.recognition import models as recognition_models
from courses.recognition import panels as recognition_panels
from courses.recognition import views as recognition_views
from courses.standards import models as standards_models
from courses.teaching import models as teaching_models
from trainhub.identity import retention
from trainhub.kernel import audit_words, jobs
from trainhub.kernel.access import Role, register_permissions
from trainhub.kernel.i18n import _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.people.panels import STUDENT_PANELS

TABLES: tuple[ModuleType, ...] = (
    catalogue_models,
    assessment_models,
    learning_models,
    curriculum_models,
    standards_models,
    teaching_models,
    assignments_models,
    gradebook_models,
    recognition_models,
)
COMMANDS: dict[str, click.Command] = {**interop_cli.COMMANDS}
AUTHORING_PAGES = (authoring_outline, authoring_parts, authoring_versions)
LEARNING_PAGES = (course, player, quiz, doing)
ASSESSMENT_PAGES = (bank_pages, quiz_pages, exchange_pages, statistics_pages)
ASSIGNMENT_PAGES = (learner, reviews, setting_up, assignments_staff)
GRADEBOOK_PAGES = (gradebook_tables,)
"""Modules that put their routes on the blueprint of their feature when they are imported."""


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
    app.extensions.setdefault(STUDENT_PANELS, []).append(recognition_panels.student_panel)
    for blueprint in (
        catalogue_views.blueprint,
        authoring.blueprint,
        assessment_views.blueprint,
        common.blueprint,
        staff.blueprint,
        assignments_common.blueprint,
        gradebook_views.blueprint,
        recognition_views.blueprint,
        marking.blueprint,
        authors.blueprint,
        doing.reports,
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
        Entry("learn", _l("学分认定"), "recognition.mine", "award", roles=(Role.STUDENT,), order=15),
        Entry("learn", _l("学分认定"), "recognition.index", "award", can=Can.RECOGNITION_LIST, roles=RECOGNITION_READERS, order=40),
        Entry("learn", _l("我教的课程"), "authoring.index", "edit", can=Can.RUN_LIST, roles=AUTHORS, order=30),
    )
    jobs.register_periodic(
        app, gradebook_tasks.HAND_DOWN, gradebook_tasks.hand_down_marks, every=timedelta(minutes=1), title="Compute totals that may have changed"
    )
    jobs.register_task(app, releasing.RELEASE_TASK, assignments_tasks.release_marks)
    jobs.register_periodic(
        app, assignments_tasks.TEND_PEERS, assignments_tasks.tend_peer_review, every=timedelta(minutes=5), title="Give out and close peer reviews"
    )
    jobs.register_task(app, interop_tasks.TASK, interop_tasks.import_package)
    jobs.register_periodic(
        app, learning_tasks.CLOSE_OVERDUE, learning_tasks.close_overdue, every=timedelta(minutes=1), title="Hand in quizzes whose time is over"
    )
    jobs.register_periodic(app, learning_tasks.FORGET, learning_tasks.forget, every=timedelta(days=1), title="抹去保存期限届满的作答与署名")
    retention.register_use(app, "courses", learning_queries.enrolments_since)
    jobs.register_periodic(app, learning_tasks.SETTLE, learning_tasks.settle_merged, every=timedelta(minutes=5), title="归并同一人的重复报名")
