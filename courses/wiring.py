"""The door of the room `courses`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from courses.agenda import models as agenda_models
from courses.agenda import tasks as agenda_tasks
from courses.agenda import views as agenda_views
from courses.analytics import models as analytics_models
from courses.analytics import tasks as analytics_tasks
from courses.analytics import views as analytics_views
from courses.assessment import models as assessment_models
from courses.assessment import queries as assessment
from courses.assessment.views import bank as bank_pages
from courses.assessment.views import common as assessment_views
from courses.assessment.views import exchange as exchange_pages
from courses.assessment.views import quizzes as quiz_pages
from courses.assessment.views import statistics as statistics_pages
from courses.assessment.views import trying as trying_pages
from courses.assignments import models as assignments_models
from courses.assignments import tasks as assignments_tasks
from courses.assignments.operations import lateness, releasing
from courses.assignments.views import common as assignments_common
from courses.assignments.views import learner, reviews, setting_up
from courses.assignments.views import staff as assignments_staff
from courses.catalogue import api as catalogue_api
from courses.catalogue import authoring, authoring_outline, authoring_parts, authoring_versions, marks_inside
from courses.catalogue import models as catalogue_models
from courses.catalogue import queries as catalogue_queries
from courses.catalogue import views as catalogue_views
from courses.catalogue.empties import QUESTION_COUNTS
from courses.catalogue.operations import live
from courses.copies import views as copies_views
from courses.curriculum import editing_views as curriculum_editing
from courses.curriculum import holds
from courses.curriculum import marking_views as curriculum_marks
from courses.curriculum import models as curriculum_models
from courses.discussion import models as discussion_models
from courses.discussion import staff_views as discussion_staff_views
from courses.discussion import tasks as discussion_tasks
from courses.discussion import views as discussion_views
from courses.gradebook import feed_queries
from courses.gradebook import holding as gradebook_holding
from courses.gradebook import models as gradebook_models
from courses.gradebook import tasks as gradebook_tasks
from courses.gradebook.views import book as gradebook_views
from courses.gradebook.views import sources as gradebook_sources
from courses.gradebook.views import tables as gradebook_tables
from courses.interop import cli as interop_cli
from courses.interop import tasks as interop_tasks
from courses.interop import views as interop_views
from courses.learning import api as learning_api
from courses.learning import cli as learning_cli
from courses.learning import intakes, regrading, removed_queries
from courses.learning import models as learning_models
from courses.learning import queries as learning_queries
from courses.learning import tables as learner_tables
from courses.learning import tasks as learning_tasks
from courses.learning.operations import certified
from courses.learning.views import authors, common, course, doing, entry, marking, notes, player, quiz, staff
from courses.learning.views import intakes as intake_pages
from courses.learning.views import tables as table_pages
from courses.messages import models as message_models
from courses.messages import operations as message_operations
from courses.messages import tasks as message_tasks
from courses.messages import views as message_views
from courses.own import register as own
from courses.paths import models as path_models
from courses.paths import views as path_views
from courses.permissions import AUTHORS, GRANTS, RECOGNITION_READERS, Can
from courses.recognition import holding as recognition_holding
from courses.recognition import models as recognition_models
from courses.recognition import panels as recognition_panels
from courses.recognition import views as recognition_views
from courses.standards import models as standards_models
from courses.standards import views as standards_views
from courses.teaching import holding as teaching_holding
from courses.teaching import models as teaching_models
from courses.teaching import seats
from courses.teaching import taking_views as teaching_taking
from trainhub.certificates.types import EVIDENCE_PAGES, PRESENT_FACTS
from trainhub.identity import retention
from trainhub.kernel import audit_words, jobs
from trainhub.kernel.access import Identity, Role, register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.forms import fresh_key
from trainhub.kernel.i18n import N_, _l
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
    discussion_models,
    message_models,
    agenda_models,
    path_models,
    analytics_models,
)
interop_cli.group.add_command(learning_cli.recompute)
COMMANDS: dict[str, click.Command] = {**interop_cli.COMMANDS}
AUTHORING_PAGES = (authoring_outline, authoring_parts, authoring_versions)
LEARNING_PAGES = (course, entry, notes, player, quiz, doing, table_pages, intake_pages, discussion_staff_views)
ASSESSMENT_PAGES = (bank_pages, quiz_pages, exchange_pages, statistics_pages, trying_pages)
ASSIGNMENT_PAGES = (learner, reviews, setting_up, assignments_staff)
CURRICULUM_PAGES = (curriculum_marks, curriculum_editing)
GRADEBOOK_PAGES = (gradebook_tables, gradebook_sources)
"""Modules that put their routes on a blueprint of another module when they are imported."""


THINGS = {
    "courses.announcement": _l("课程公告"),
    "courses.asset": _l("课程文件"),
    "courses.assignment": _l("作业"),
    "courses.calendar": _l("日历订阅"),
    "courses.category": _l("题目分类"),
    "courses.grade": _l("成绩"),
    "courses.gradebook": _l("成绩册"),
    "courses.group": _l("学员分组"),
    "courses.lab": _l("虚拟仿真实验"),
    "courses.message": _l("师生消息"),
    "courses.path": _l("学习路径"),
    "courses.peer": _l("同伴互评"),
    "courses.poll": _l("投票"),
    "courses.questions": _l("题库"),
    "courses.recognition": _l("学分认定"),
    "courses.staff": _l("教学团队"),
    "courses.submission": _l("作业提交"),
    "courses.thread": _l("讨论话题"),
    "courses.attempt": _l("测验作答"),
    "courses.certificate": _l("课程证书"),
    "courses.content": _l("课程内容"),
    "courses.course": _l("课程"),
    "courses.curriculum": _l("课程设置"),
    "courses.feed": _l("成绩来源"),
    "courses.item": _l("考核方式"),
    "courses.objective": _l("课程目标"),
    "courses.enrolment": _l("课程报名"),
    "courses.post": _l("讨论帖"),
    "courses.progress": _l("学习进度"),
    "courses.question": _l("试题"),
    "courses.quiz": _l("测验"),
    "courses.run": _l("开课期次"),
    "courses.standards": _l("培养标准"),
    "courses.teaching": _l("教学任务"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "assignment": Kind(_l("作业"), "block_id.title", "assignments.submissions", {"block_id": "block_id"}),
    "attempt": Kind(_l("测验作答"), "person_id.name", "marking.attempt", {"attempt_id": "id"}),
    "course": Kind(_l("课程"), "title", "learning.course", {"code": "code"}),
    "course_block": Kind(_l("课程内容"), "title", "authoring.edit_block", {"block_id": "id"}),
    "course_offering": Kind(_l("开课安排"), "course_id.name"),
    "course_run": Kind(_l("开课期次"), "code", "authoring.contents", {"run_id": "id"}),
    "course_section": Kind(_l("课程章节"), "title", "authoring.section", {"section_id": "id"}),
    "course_unit": Kind(_l("课程单元"), "title", "authoring.unit", {"unit_id": "id"}),
    "credit_claim": Kind(_l("学分认定"), "title", "recognition.show", {"claim_id": "id"}),
    "credit_mapping": Kind(_l("课程对应关系"), "course_id.title"),
    "curriculum_course": Kind(_l("课程设置"), "name", "curriculum.course", {"version_id": "version_id", "course_id": "id"}),
    "discussion_post": Kind(_l("讨论帖"), "thread_id.title", "discussion.thread", {"thread_id": "thread_id"}),
    "discussion_thread": Kind(_l("讨论话题"), "title", "discussion.thread", {"thread_id": "id"}),
    "enrolment": Kind(_l("课程报名"), "person_id.name", "staff.learner", {"enrolment_id": "id"}),
    "gradebook": Kind(_l("成绩册"), "run_id.code", "gradebook.show", {"run_id": "run_id"}),
    "industry_standard": Kind(_l("行业标准"), "title"),
    "lab_launch": Kind(_l("虚拟仿真实验"), "person_id.name"),
    "learning_path": Kind(_l("学习路径"), "title", "paths.show", {"code": "code"}),
    "part_time_appointment": Kind(_l("兼职教师聘任"), "teacher_id.person_id.name", "people.teacher", {"teacher_id": "teacher_id"}),
    "peer_example": Kind(_l("互评示例"), "title"),
    "peer_review": Kind(_l("同伴互评"), "assignment_id.block_id.title"),
    "question": Kind(_l("试题"), "name"),
    "run_announcement": Kind(_l("课程公告"), "title"),
    "run_asset": Kind(_l("课程文件"), "name"),
    "run_conversation": Kind(_l("师生消息")),
    "run_group": Kind(_l("学员分组"), "name"),
    "secondment": Kind(_l("企业挂职"), "teacher_id.person_id.name", "people.teacher", {"teacher_id": "teacher_id"}),
    "staff_invitation": Kind(_l("教学团队"), "person_id.name"),
    "submission": Kind(_l("作业提交"), "assignment_id.block_id.title", "assignments.grade", {"submission_id": "id"}),
    "submission_comment": Kind(_l("作业批注"), "submission_id.assignment_id.block_id.title", "assignments.grade", {"submission_id": "submission_id"}),
    "teaching_task": Kind(_l("教学任务"), "title"),
    "work_team": Kind(_l("作业小组"), "name"),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def _teaches(identity: Identity) -> bool:
    """Who may make courses, and who was named on the staff of one: an assistant needs no role."""
    return identity.has(*AUTHORS) or catalogue_queries.teaches(identity.person_id)


def _has_dates(identity: Identity) -> bool:
    return identity.has(Role.STUDENT, Role.TRAINEE) or _teaches(identity)


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    register_permissions(app, GRANTS)
    app.jinja_env.globals["may_in_run"] = authoring.may_in_run
    app.jinja_env.globals["counts_nowhere"] = authoring.counts_nowhere
    app.jinja_env.globals["fresh_key"] = fresh_key
    app.extensions[QUESTION_COUNTS] = assessment.item_counts
    app.extensions.setdefault(STUDENT_PANELS, []).append(recognition_panels.student_panel)
    app.extensions.setdefault(EVIDENCE_PAGES, {})["enrolment"] = staff.evidence_pages
    app.extensions.setdefault(PRESENT_FACTS, {})["course"] = certified.present_facts
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
        interop_views.exporting,
        copies_views.blueprint,
        catalogue_api.blueprint,
        learning_api.blueprint,
        curriculum_marks.blueprint,
        standards_views.blueprint,
        teaching_taking.blueprint,
        discussion_views.blueprint,
        message_views.blueprint,
        agenda_views.blueprint,
        path_views.blueprint,
        analytics_views.blueprint,
    ):
        app.register_blueprint(blueprint)
    register_nav(
        app,
        Entry("learn", _l("我的课程"), "learning.mine", "book", roles=(Role.STUDENT, Role.TRAINEE), order=10),
        Entry("learn", _l("课程目录"), "catalogue.index", "grid", order=20),
        Entry("learn", _l("学分认定"), "recognition.mine", "award", roles=(Role.STUDENT,), order=15),
        Entry("learn", _l("学习路径"), "paths.index", "network", order=22),
        Entry("learn", _l("课程日历"), "agenda.month", "calendar", when=_has_dates, order=24),
        Entry("learn", _l("课程消息"), "messages.mine", "mail", roles=(Role.STUDENT, Role.TRAINEE), order=26),
        Entry("learn", _l("关注的讨论"), "discussion.followed", "chat", roles=(Role.STUDENT, Role.TRAINEE, Role.LECTURER), order=28),
        Entry("learn", _l("我教的课程"), "authoring.index", "edit", can=Can.RUN_LIST, when=_teaches, order=30),
        Entry("learn", _l("学分认定"), "recognition.index", "award", can=Can.RECOGNITION_LIST, roles=RECOGNITION_READERS, order=40),
    )
    jobs.register_task(app, analytics_tasks.SUMMARISE, analytics_tasks.summarise)
    jobs.register_periodic(app, analytics_tasks.SUMMARISE_ALL, analytics_tasks.summarise_all, every=timedelta(days=1), title=N_("汇总有人学习的课程"))
    jobs.register_task(app, live.TASK, agenda_tasks.tell_live)
    jobs.register_task(app, message_tasks.SEND, message_tasks.send)
    jobs.register_task(app, message_operations.TELL, message_tasks.tell)
    jobs.register_periodic(app, message_tasks.PUBLISH, message_tasks.publish_due, every=timedelta(minutes=1), title=N_("发布到时的公告"))
    jobs.register_periodic(
        app, discussion_tasks.TELL, discussion_tasks.tell_followers, every=timedelta(hours=6), title=N_("通知关注讨论的人有新发言")
    )
    jobs.register_periodic(
        app, gradebook_tasks.HAND_DOWN, gradebook_tasks.hand_down_marks, every=timedelta(minutes=1), title=N_("重新计算可能变动的总评")
    )
    jobs.register_periodic(app, gradebook_tasks.FEED, gradebook_tasks.feed_plans, every=timedelta(hours=1), title=N_("成绩册的成绩计入培养方案"))
    jobs.register_task(app, releasing.RELEASE_TASK, assignments_tasks.release_marks)
    jobs.register_task(app, lateness.RECOUNT_TASK, assignments_tasks.recount_lateness)
    jobs.register_periodic(
        app, assignments_tasks.TEND_PEERS, assignments_tasks.tend_peer_review, every=timedelta(minutes=5), title=N_("分发和结束互评")
    )
    jobs.register_task(app, interop_tasks.TASK, interop_tasks.import_package)
    jobs.register_task(app, interop_tasks.EXPORT, interop_tasks.export_package)
    jobs.register_periodic(
        app, learning_tasks.CLOSE_OVERDUE, learning_tasks.close_overdue, every=timedelta(minutes=1), title=N_("交卷：时间已到的测验")
    )
    jobs.register_task(app, learner_tables.TASK, learning_tasks.make_table)
    learner_tables.register(app, "learners", learner_tables.Kind(_l("学员"), "staff.learners", learning_tasks.workbook))
    learner_tables.register(app, "grades", learner_tables.Kind(_l("成绩册"), "gradebook.show", gradebook_tasks.workbook))
    marks = learner_tables.Kind(_l("作业成绩"), "assignments.submissions", assignments_tasks.workbook, Can.RUN_GRADE, assignments_tasks.place)
    learner_tables.register(app, "marks", marks)
    jobs.register_task(app, intakes.TASK, intakes.take)
    said, headings = gradebook_tables.said, gradebook_tables.headings
    intakes.register(app, "grades", intakes.Kind(_l("成绩册"), "gradebook.show", gradebook_tasks.take_table, said, headings))
    said, headings = assignments_staff.said, assignments_staff.headings
    taken = intakes.Kind(_l("作业成绩"), "assignments.submissions", assignments_tasks.take_table, said, headings, place=assignments_tasks.place)
    intakes.register(app, "marks", taken)
    jobs.register_task(app, learning_tasks.JUDGE, learning_tasks.judge_anew, is_needed=True)  # learners wait for it
    jobs.register_task(app, learning_tasks.PROMOTE, learning_tasks.promote, is_needed=True)  # who waits, and who comes meanwhile
    jobs.register_task(app, regrading.TASK, regrading.regrade)
    jobs.register_periodic(app, learning_tasks.CLOSE_WAITING, learning_tasks.close_waiting, every=timedelta(days=1), title=N_("结束已结束课程的候补"))
    jobs.register_periodic(
        app, learning_tasks.PROMOTE_LEFT, learning_tasks.promote_left, every=timedelta(minutes=5), title=N_("为候补学员安排空出的名额")
    )
    jobs.register_periodic(app, learning_tasks.CERTIFY, learning_tasks.certify, every=timedelta(days=1), title=N_("补发没有签发成的结业证书"))
    jobs.register_periodic(app, learning_tasks.FORGET, learning_tasks.forget, every=timedelta(days=1), title=N_("抹去保存期限届满的作答"))
    jobs.register_periodic(app, discussion_tasks.FORGET, discussion_tasks.forget, every=timedelta(days=1), title=N_("去除保存期限届满的发言署名"))
    holds.register_hold(app, "teaching", teaching_holding.why_course_stays)
    seats.register_seated(app, feed_queries.seated_students)
    holds.register_taught(app, teaching_holding.taught_to)
    holds.register_hold(app, "gradebook", gradebook_holding.why_course_stays)
    holds.register_hold(app, "recognition", recognition_holding.why_course_stays)
    marks_inside.register_marks_inside(app, removed_queries.at_stake)
    own.register(app)
    retention.register_use(app, "courses", learning_queries.enrolments_since)
    jobs.register_periodic(app, learning_tasks.SETTLE, learning_tasks.settle_merged, every=timedelta(minutes=5), title=N_("归并同一人的重复报名"))
