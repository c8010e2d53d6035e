"""The door of `trainhub.oversight.evaluation`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from courses.curriculum import holds as curriculum_holds
from trainhub.identity.my_data import register_export, register_exports
from trainhub.kernel import audit_words, jobs
from trainhub.kernel.access import register_permissions
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import N_, _l
from trainhub.kernel.nav import Entry, register_nav
from trainhub.oversight.evaluation import (
    attainment_views,
    cli,
    course_holds,
    labels,
    list_table_views,
    matrix_views,
    models,
    outlook_views,
    own_queries,
    permissions,
    register_views,
    standard_views,
    tasks,
    views,
)
from trainhub.oversight.evaluation.operations import listing
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.oversight.evaluation.store import drawing_views, package_views
from trainhub.oversight.evaluation.store import models as store_models
from trainhub.oversight.evaluation.store import views as store_views
from trainhub.oversight.evaluation.store.operations import drawing, packing
from trainhub.oversight.evaluation.workflow import group_views, list_views, outcome_queries, reopen_views, visit_views
from trainhub.oversight.evaluation.workflow import models as workflow_models
from trainhub.oversight.evaluation.workflow import views as workflow_views
from trainhub.programmes import holds

TABLES: tuple[ModuleType, ...] = (models, store_models, workflow_models)
COMMANDS: dict[str, click.Command] = {"evaluation": cli.evaluation}


PAGES: tuple[ModuleType, ...] = (
    list_table_views,
    register_views,
    matrix_views,
    attainment_views,
    outlook_views,
    standard_views,
    store_views,
    package_views,
    drawing_views,
    workflow_views,
    visit_views,
    list_views,
    group_views,
    reopen_views,
)
"""They add their pages to the blueprint of `views`."""
THINGS = {
    "evaluation.application": _l("评价申请"),
    "evaluation.consensus": _l("专家组意见"),
    "evaluation.document": _l("评价文件"),
    "evaluation.package": _l("整理的评价材料"),
    "evaluation.evidence": _l("佐证材料"),
    "evaluation.expert": _l("考查专家"),
    "evaluation.form": _l("现场考查评价表"),
    "evaluation.list": _l("公布名单"),
    "evaluation.opinion": _l("专家意见"),
    "evaluation.passage": _l("自评报告位置"),
    "evaluation.report": _l("补充报告"),
    "evaluation.rule": _l("规则变动"),
    "evaluation.table": _l("专业评价表格"),
    "evaluation.verdict": _l("评价结论"),
    "evaluation.visit": _l("现场考查"),
    "evaluation.activity": _l("国际化举措"),
    "evaluation.budget": _l("经费预算"),
    "evaluation.case": _l("课程案例与项目"),
    "evaluation.centre_mentor": _l("中心指导教师队伍"),
    "evaluation.need": _l("经费需要"),
    "evaluation.output": _l("教师教研成果"),
    "evaluation.review": _l("合作教育质量评价"),
    "evaluation.scheme": _l("专职教师考核办法"),
    "evaluation.criterion": _l("评价要点"),
    "evaluation.decision": _l("评价结论"),
    "evaluation.entry": _l("登记条目"),
    "evaluation.judgement": _l("专家评判"),
    "evaluation.mark_source": _l("成绩来源"),
    "evaluation.quality": _l("质量记录"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "evaluation_application": Kind(_l("评价申请"), "programme_id.name", "evaluation.application", {"key": "id"}),
    "evaluation_publication": Kind(_l("公布名单")),
    "evidence_item": Kind(_l("佐证材料"), "title", "evaluation.evidence_item", {"code": "programme_id.code", "key": "id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    register_permissions(app, permissions.GRANTS)
    register_exports(
        app,
        (
            ("exchanges", _l("国际交流经历"), own_queries.exchanges, models.ExchangeRecord),
            ("teacher_incentives", _l("教师激励"), own_queries.incentives, models.Incentive),
            ("teacher_outputs", _l("教师教研成果"), own_queries.outputs, models.TeacherOutput),
            ("frozen_readiness", _l("提交评价时固定的达标情况"), own_queries.handed_in, store_models.FrozenReadiness),
            ("reopened_findings", _l("评价中重新核查的要点"), own_queries.reopened, workflow_models.Reopening),
            ("decision_findings", _l("评价结论的固定依据"), own_queries.decided, models.EvaluationDecision),
        ),
    )
    register_export(app, "expert_visits", _l("专家考查任务"), own_queries.visits, tables=(workflow_models.VisitExpert,), of="account")
    register_export(app, "expert_opinions", _l("专家意见"), own_queries.opinions, tables=(workflow_models.VisitOpinion,), of="account")
    register_export(app, "expert_judgements", _l("对评价要点的判断"), own_queries.judgements, tables=(models.ExpertJudgement,), of="account")
    assert all(PAGES)
    app.add_template_filter(FOUND.told, "finding_words")
    app.add_template_filter(labels.titled, "titled")
    app.add_template_filter(labels.worded, "worded")
    app.register_blueprint(views.blueprint)
    jobs.register_periodic(app, "evaluation.remember", tasks.remember_readiness, every=timedelta(days=1), title=N_("记录各专业的达标情况"))
    jobs.register_periodic(
        app, "evaluation.end_outlived_grants", tasks.end_outlived_grants, every=timedelta(days=1), title=N_("结束不合现行规则的评价专家授权")
    )
    jobs.register_task(app, packing.TASK, tasks.pack)
    jobs.register_task(app, listing.TASK, tasks.list_programmes)
    jobs.register_periodic(app, "evaluation.forget_tables", tasks.forget_tables, every=timedelta(days=1), title=N_("清除保存期限届满的评价表格"))
    jobs.register_task(app, drawing.TASK, tasks.draw_report)
    curriculum_holds.register_hold(app, "evaluation", course_holds.why_course_stays)
    holds.register_hold(app, "evaluation", outcome_queries.why_not_accredited_here)
    register_nav(
        app,
        Entry(
            "programme", _l("评价申请"), "evaluation.applications", icon="clipboard", can=permissions.Can.LIST, roles=permissions.VIEWERS, order=31
        ),
        Entry("programme", _l("专业评价"), "evaluation.index", icon="scale", can=permissions.Can.LIST, roles=permissions.VIEWERS, order=30),
    )
