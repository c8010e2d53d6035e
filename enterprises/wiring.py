"""The door of the room `enterprises`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask, url_for

from enterprises.awards import cli as awards_cli
from enterprises.awards import credit_views as awards_credit_views
from enterprises.awards import fund_models as awards_funds
from enterprises.awards import fund_views as awards_fund_views
from enterprises.awards import models as awards_models
from enterprises.awards import views as awards_views
from enterprises.awards.operations import figures_changed, region_entered
from enterprises.bases import history_views as bases_history_views
from enterprises.bases import leading_queries as bases_leading
from enterprises.bases import models as bases_models
from enterprises.bases import operations as bases_operations
from enterprises.bases import partner_views as bases_partner_views
from enterprises.bases import queries as bases_queries
from enterprises.bases import tasks as bases_tasks
from enterprises.bases import views as bases_views
from enterprises.capstones import api as capstones_api
from enterprises.capstones import cli as capstones_cli
from enterprises.capstones import models as capstones_models
from enterprises.capstones import operations as capstones_operations
from enterprises.capstones import tasks as capstones_tasks
from enterprises.capstones import views as capstones_views
from enterprises.capstones.operations import certifying as capstones_certifying
from enterprises.capstones.operations import concluding as capstones_concluding
from enterprises.capstones.queries import judging as capstones_judges
from enterprises.capstones.queries import signing as capstones_signing
from enterprises.capstones.views import archiving as capstones_archiving
from enterprises.capstones.views import board as capstones_board
from enterprises.capstones.views import capstones as capstones_pages
from enterprises.capstones.views import checking as capstones_checking
from enterprises.capstones.views import cohorts as capstones_cohorts
from enterprises.capstones.views import defending as capstones_defending
from enterprises.capstones.views import grading as capstones_grading
from enterprises.capstones.views import judging as capstones_judging
from enterprises.capstones.views import links as capstones_links
from enterprises.capstones.views import outputs as capstones_outputs
from enterprises.capstones.views import rounds as capstones_rounds
from enterprises.capstones.views import staging as capstones_staging
from enterprises.capstones.views import tables as capstones_tables
from enterprises.capstones.views import topics as capstones_topics
from enterprises.capstones.views import wishing as capstones_wishing
from enterprises.capstones.views import working as capstones_working
from enterprises.contributions import views as contributions_views
from enterprises.mentors import address_views as mentors_address_views
from enterprises.mentors import addresses as mentors_addresses
from enterprises.mentors import api as mentors_api
from enterprises.mentors import cli as mentors_cli
from enterprises.mentors import models as mentors_models
from enterprises.mentors import operations as mentors_operations
from enterprises.mentors import proof_queries as mentors_proofs
from enterprises.mentors import proof_views as mentors_proof_views
from enterprises.mentors import queries as mentors_queries
from enterprises.mentors import views as mentors_views
from enterprises.own import register as own
from enterprises.permissions import CAPSTONE_VIEWERS, GRANTS, PLACEMENT_VIEWERS, SCHOOL, SUBSIDY_VIEWERS, TOPIC_SIDES, WEEKS_VIEWERS, Can
from enterprises.placements import api as placements_api
from enterprises.placements import cli as placements_cli
from enterprises.placements import models as placements_models
from enterprises.placements import operations as placements_operations
from enterprises.placements import panels as placements_panels
from enterprises.placements import queries as placements_queries
from enterprises.placements import tasks as placements_tasks
from enterprises.placements.operations import certifying as placements_certifying
from enterprises.placements.operations import joining as placements_joining
from enterprises.placements.queries import signing as placements_signing
from enterprises.placements.views import (
    agreements,
    byhand,
    confirming,
    events,
    exporting,
    links,
    logs,
    offers,
    overview,
    papers,
    placing,
    planitems,
    plans,
    progress,
    rounds,
    selffound,
    shared,
    students,
)
from enterprises.subsidies import cli as subsidies_cli
from enterprises.subsidies import models as subsidies_models
from enterprises.subsidies import tasks as subsidies_tasks
from enterprises.subsidies import views as subsidies_views
from enterprises.subsidies.operations import moving as subsidies_moving
from trainhub.certificates.types import EVIDENCE_PAGES, PRESENT_FACTS
from trainhub.identity import groups, retention
from trainhub.identity import queries as identity_queries
from trainhub.kernel import access, audit_words, ical, jobs, nav
from trainhub.kernel.access import Role
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.i18n import N_, _l
from trainhub.ledger.types import HOURS, Source
from trainhub.organisations import operations as organisation_operations
from trainhub.people import queries as people_queries
from trainhub.people import reach
from trainhub.people.types import CHANGED, FORGOTTEN, HUMANS, TERM_CHANGED, YIELDED
from trainhub.programmes.operations import plans as programme_plans

PAGES: tuple[ModuleType, ...] = (
    mentors_proof_views,
    mentors_address_views,
    bases_partner_views,
    bases_history_views,
    awards_fund_views,
    awards_credit_views,
)
"""Pages that hang themselves onto a blueprint of another module."""
TABLES: tuple[ModuleType, ...] = (bases_models, mentors_models, placements_models, capstones_models, awards_models, awards_funds, subsidies_models)
COMMANDS: dict[str, click.Command] = {
    **mentors_cli.COMMANDS,
    **placements_cli.COMMANDS,
    **capstones_cli.COMMANDS,
    **awards_cli.COMMANDS,
    **subsidies_cli.COMMANDS,
}

DECIDERS = (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST)
PLANNERS = tuple(role for role in SCHOOL if role is not Role.SYSTEM_ADMIN)
"""Who has planning at hand; the administrator of the system may open it and finds it by search."""


THINGS = {
    "awards.award": _l("奖补申请"),
    "awards.company": _l("企业扶持政策"),
    "awards.credit": _l("信用名单"),
    "awards.pool": _l("奖补资金"),
    "subsidies.claim": _l("补助申领"),
    "subsidies.item": _l("补助条目"),
    "subsidies.rate": _l("补助标准"),
    "bases.acceptance": _l("基地认定与验收"),
    "bases.agreement": _l("合作协议"),
    "bases.base": _l("实践基地"),
    "bases.finding": _l("基地整改问题"),
    "bases.inspection": _l("基地检查"),
    "bases.interest": _l("企业接收意向"),
    "bases.leader": _l("基地负责人"),
    "bases.period": _l("基地学期接收能力"),
    "bases.type": _l("基地类型"),
    "capstones.appeal": _l("成绩申诉"),
    "capstones.capstone": _l("毕业设计"),
    "capstones.conflict": _l("回避关系"),
    "capstones.defence": _l("毕业设计答辩"),
    "capstones.enterprise": _l("企业参与毕业设计"),
    "capstones.extension": _l("毕业设计延期"),
    "capstones.grade": _l("毕业设计评分"),
    "capstones.guidance": _l("指导记录"),
    "capstones.link": _l("一次性链接"),
    "capstones.moderation": _l("成绩复核"),
    "capstones.paper": _l("毕业设计材料"),
    "capstones.plan": _l("导师安排方案"),
    "capstones.review": _l("毕业设计评阅"),
    "capstones.round": _l("选题轮次"),
    "capstones.rubric": _l("毕业设计评分标准"),
    "capstones.choices": _l("选题志愿"),
    "capstones.spot_check": _l("毕业论文抽检"),
    "capstones.stage": _l("毕业设计阶段"),
    "capstones.supervisor": _l("毕业设计导师"),
    "capstones.team": _l("毕业设计小组"),
    "capstones.thesis": _l("论文"),
    "capstones.anonymous": _l("匿名稿"),
    "capstones.supervisor_leaves": _l("毕业设计导师任期到期"),
    "capstones.third_grade": _l("第三方评分"),
    "capstones.topic": _l("毕业设计选题"),
    "capstones.wishes": _l("导师志愿"),
    "capstones.window": _l("毕业设计时间安排"),
    "mentors.account": _l("指导教师账号"),
    "mentors.account_code": _l("指导教师核对码"),
    "mentors.address": _l("指导教师联系方式"),
    "mentors.appraisal": _l("指导教师考核"),
    "mentors.conflict": _l("指导教师回避"),
    "mentors.mentor": _l("企业指导教师"),
    "placements.agreement": _l("实习协议"),
    "placements.day": _l("实习日"),
    "placements.days": _l("实习日"),
    "placements.event": _l("实习记事"),
    "placements.insurance": _l("实习保险"),
    "placements.log": _l("实习周志"),
    "placements.mentor": _l("实习指导教师"),
    "placements.mentor_leaves": _l("指导教师聘任到期"),
    "placements.mentor_link": _l("导师一次性链接"),
    "placements.paper": _l("实习材料"),
    "placements.photo": _l("实习照片"),
    "placements.rating": _l("实习互评"),
    "placements.placement": _l("实习"),
    "placements.plan": _l("企业培养方案"),
    "placements.plan_item": _l("培养方案条目"),
    "placements.plan_signature": _l("企业培养方案的签署"),
    "placements.position": _l("实习岗位"),
    "placements.preferences": _l("实习志愿"),
    "placements.round": _l("实习轮次"),
    "placements.safety": _l("安全教育"),
    "placements.self_found": _l("自主联系的实习单位"),
    "placements.table": _l("自评表格"),
    "placements.term": _l("实习学期"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "award": Kind(_l("奖补申请"), "base_id.name", "awards.show", {"award_id": "id"}),
    "base": Kind(_l("实践基地"), "name", "bases.show", {"code": "code"}, table="organisation"),
    "capstone": Kind(_l("毕业设计"), "student_id.person_id.name", "capstones.show", {"capstone_id": "id"}),
    "capstone_conflict": Kind(_l("回避关系"), "person_id.name"),
    "capstone_reconsideration": Kind(_l("成绩申诉与复核"), "capstone_id.student_id.person_id.name", "capstones.show", {"capstone_id": "capstone_id"}),
    "capstone_round": Kind(_l("选题轮次"), "programme_id.name", "capstones.choice_round", {"round_id": "id"}),
    "capstone_rubric": Kind(_l("毕业设计评分标准"), "version_id.label"),
    "capstone_team": Kind(_l("毕业设计小组"), "name"),
    "capstone_topic": Kind(_l("毕业设计选题"), "title", "capstones.topic", {"topic_id": "id"}),
    "company_figure": Kind(_l("企业数据"), "organisation_id.name", "awards.company", {"code": "organisation_id.code"}),
    "credit_listing": Kind(_l("信用名单"), "name"),
    "defence_group": Kind(_l("毕业设计答辩"), "name"),
    "enterprise": Kind(_l("企业"), "name", "organisations.show", {"code": "code"}, table="organisation"),
    "fund_pool": Kind(_l("奖补资金"), "name"),
    "mentor": Kind(_l("企业指导教师"), "person_id.name", "mentors.show", {"mentor_id": "id"}),
    "placement": Kind(_l("实习"), "student_id.person_id.name", "placements.show", {"placement_id": "id"}),
    "placement_round": Kind(_l("实习轮次"), "title", "placements.show_round", {"round_id": "id"}),
    "placement_term": Kind(_l("实习学期"), "title"),
    "plan_item": Kind(_l("培养方案条目"), "title"),
    "position": Kind(_l("实习岗位"), "title", "placements.show_position", {"position_id": "id"}),
    "self_found_place": Kind(_l("自主联系的实习单位"), "title", "placements.show_self_found", {"row_id": "id"}),
    "spot_check": Kind(_l("毕业论文抽检"), "university_id.name", "capstones.spot_check", {"check_id": "id"}),
    "spot_item": Kind(_l("抽检的毕业论文"), "capstone_id.student_id.person_id.name", "capstones.spot_check", {"check_id": "check_id"}),
    "subsidy_claim": Kind(_l("补助申领"), "organisation_id.name", "subsidies.show", {"claim_id": "id"}),
    "subsidy_item": Kind(_l("补助条目"), "person_id.name", "subsidies.show", {"claim_id": "claim_id"}),
    "subsidy_rate": Kind(_l("补助标准")),
    "supervisor_plan": Kind(_l("导师安排方案"), "programme_id.name"),
    "weekly_log": Kind(_l("实习周志"), "placement_id.student_id.person_id.name", "placements.show", {"placement_id": "placement_id"}),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


CAPSTONE_PAGES: tuple[ModuleType, ...] = (
    capstones_pages, capstones_archiving, capstones_board, capstones_checking, capstones_cohorts, capstones_defending, capstones_grading,
    capstones_judging, capstones_links, capstones_outputs, capstones_rounds, capstones_staging, capstones_tables, capstones_topics,
    capstones_wishing, capstones_working,
)  # fmt: skip
"""Modules of pages of capstones: importing one puts its routes on the blueprint."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    audit_words.keep_blind(app, "capstones.review", "capstones.spot_check")  # who reads a thesis is often of another school, and not told to it
    name_kinds(app, KINDS)
    access.register_permissions(app, GRANTS)
    _bases_mentors_placements(app)
    _capstones(app)
    _awards(app)
    _subsidies(app)
    own.register(app)


def _bases_mentors_placements(app: Flask) -> None:
    """Bases, mentors and placements; placements tell the pages of the others what they know."""
    for blueprint in (bases_views.blueprint, mentors_views.blueprint, mentors_api.blueprint, shared.blueprint, placements_api.blueprint):
        app.register_blueprint(blueprint)
    app.extensions.setdefault(bases_views.PANELS, []).append(placements_panels.of_base)
    placed = (organisation_operations.PLACED, region_entered), (organisation_operations.HOSTING, placements_operations.hosting_changed)
    for hook, follow in ((bases_operations.MOVED, placements_operations.move_onto_campus), (bases_operations.FIGURED, figures_changed), *placed):
        app.extensions.setdefault(hook, []).append(follow)
    app.extensions.setdefault(bases_operations.DECLINED, []).append(placements_operations.enterprise_declined)
    app.extensions.setdefault(organisation_operations.CLOSING, []).extend((placements_operations.unit_closed, capstones_operations.enterprise_closed))
    app.extensions.setdefault(organisation_operations.VERIFICATION, []).append(placements_operations.verification_changed)
    app.extensions.setdefault(bases_queries.SCHOOLS, []).append(placements_queries.schools_of)
    app.extensions.setdefault(people_queries.HOSTS, []).append(mentors_queries.enterprises_of_persons)
    app.extensions.setdefault(people_queries.KEPT, []).append(bases_leading.led_by)
    reach.register_beyond(app, "mentors", mentors_queries.persons_elsewhere)
    source = groups.Source(
        "mentors", _l("企业指导教师"), mentors_queries.account_group, identity_queries.organisation_named,
        mentors_queries.account_members, mentors_queries.account_listing,
    )  # fmt: skip
    groups.register_source(app, source)
    app.extensions.setdefault(HUMANS, []).extend((placements_joining.tell_own_mentors, placements_joining.tell_same_signers))
    app.extensions.setdefault(YIELDED, []).append(subsidies_moving.follow_number)  # after the ledger's own
    app.extensions[mentors_views.ADDRESSES] = mentors_address_views.panel
    app.extensions.setdefault(CHANGED, []).append(mentors_addresses.follow_person)
    forgetting = (mentors_addresses.forget, placements_operations.forget_addresses, capstones_operations.forget_addresses)
    app.extensions.setdefault(FORGOTTEN, []).extend(forgetting)
    app.extensions.setdefault(mentors_queries.GUIDES, []).extend((placements_signing.guides, capstones_signing.guides))
    app.extensions.setdefault(mentors_queries.PARTNERS, []).extend((bases_queries.partners, placements_signing.partners, capstones_signing.partners))
    app.extensions.setdefault(mentors_proofs.GUIDED, []).extend((placements_signing.guided, capstones_signing.guided))
    app.extensions.setdefault(mentors_views.KNOWN, []).extend((placements_signing.students_at, capstones_signing.students_at))
    app.extensions.setdefault(mentors_operations.DECLARED, []).extend((placements_operations.release_mentor, capstones_operations.conflict_declared))
    app.extensions.setdefault(EVIDENCE_PAGES, {})["placement"] = placements_panels.evidence_pages
    app.extensions.setdefault(PRESENT_FACTS, {})["placement"] = placements_certifying.present_facts
    app.extensions.setdefault(programme_plans.CHECKS, []).append(placements_operations.check_plan)
    app.extensions.setdefault(ical.SOURCES, []).append(placements_panels.calendar)
    app.extensions.setdefault(HOURS, {})[Source.PLACEMENT] = placements_operations.hours_of
    jobs.register_periodic(app, "bases.remind", bases_tasks.remind, every=timedelta(days=1), title=N_("提醒即将到期的合作协议"))
    jobs.register_task(app, "placements.plan", placements_tasks.plan)
    jobs.register_task(app, placements_operations.TABLE_TASK, placements_tasks.table)
    jobs.register_periodic(app, "placements.close", placements_tasks.close_rounds, every=timedelta(minutes=10), title=N_("关闭到期的实习轮次"))
    jobs.register_periodic(app, "placements.rejudge", placements_tasks.rejudge, every=timedelta(hours=6), title=N_("放假安排变动后重新核算实习周数"))
    jobs.register_periodic(app, "placements.remind", placements_tasks.remind, every=timedelta(days=1), title=N_("提醒指导教师确认实习日"))
    jobs.register_periodic(app, "placements.forget", placements_tasks.forget, every=timedelta(days=1), title=N_("抹去保存期限届满的实习日志"))
    retention.register_use(app, "mentors", mentors_queries.in_office_since)
    nav.register_nav(
        app,
        nav.Entry("mine", _l("我的实习"), "placements.mine", "briefcase", roles=(Role.STUDENT,), order=20),
        nav.Entry("mine", _l("待我确认"), "placements.confirm", "check-circle", can=Can.CONFIRM_LIST, roles=(Role.MENTOR,), order=21),
        nav.Entry("mine", _l("我的指导教师档案"), "mentors.mine", "user", roles=(Role.MENTOR,), order=22),
        nav.Entry("practice", _l("实习学生"), "placements.index", "users", can=Can.PLACEMENT_LIST, roles=(*PLACEMENT_VIEWERS, Role.MENTOR), order=10),
        nav.Entry("practice", _l("企业实习工作台"), "placements.enterprise", "factory", roles=(Role.ENTERPRISE_COORDINATOR,), order=5),
        nav.Entry("practice", _l("实习时间线"), "placements.timeline", "calendar", can=Can.PLACEMENT_LIST, roles=PLACEMENT_VIEWERS, order=11),
        nav.Entry("practice", _l("席位与需求"), "placements.seats_map", "map", can=Can.SEATS_LIST, roles=(*PLANNERS, Role.DEPT_EDU), order=22),
        nav.Entry(
            "practice", _l("请假与记事"), "placements.events_list", "bell", can=Can.EVENT_LIST, roles=(*PLACEMENT_VIEWERS, Role.MENTOR), order=12
        ),
        nav.Entry(
            "practice", _l("周志审阅"), "placements.reviews", "edit", can=Can.LOG_REVIEW_LIST, roles=(*PLANNERS, Role.SCHOOL_SUPERVISOR), order=13
        ),
        nav.Entry("practice", _l("学习周数"), "placements.progress", "chart", can=Can.WEEKS_LIST, roles=WEEKS_VIEWERS, order=15),
        nav.Entry(
            "practice", _l("实习岗位"), "placements.positions", "briefcase",
            can=Can.POSITION_LIST, roles=(*PLANNERS, Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER), order=20,
        ),
        nav.Entry("practice", _l("实习轮次"), "placements.rounds", "list", can=Can.ROUND_LIST, roles=PLANNERS, order=25),
        nav.Entry("practice", _l("自主联系"), "placements.self_found_list", "search", can=Can.ROUND_LIST, roles=PLANNERS, order=27),
        nav.Entry("practice", _l("实习学期"), "placements.terms", "calendar", can=Can.TERM_LIST, roles=PLANNERS, order=30),
        nav.Entry("practice", _l("实践基地"), "bases.index", "factory", can=Can.BASE_VIEW, order=40),
        nav.Entry(
            "practice", _l("接收意向"), "bases.interest", "flag",
            can=Can.INTEREST_LIST, roles=(*PLANNERS, Role.ENTERPRISE_COORDINATOR, Role.PREFECTURE_OPERATOR, Role.DEPT_EDU), order=42,
        ),
        nav.Entry("practice", _l("企业导师库"), "mentors.index", "user", can=Can.MENTOR_LIST, order=45),
        nav.Entry("practice", _l("指导教师核对码"), "mentors.codes", "key", can=Can.MENTOR_PROVE, roles=PLANNERS, order=46),
        nav.Entry("programme", _l("企业培养方案"), "placements.plans", "clipboard", can=Can.TERM_LIST, roles=PLANNERS, order=40),
    )  # fmt: skip


def _capstones(app: Flask) -> None:
    """Topics and capstones."""
    for blueprint in (capstones_views.blueprint, capstones_api.blueprint):
        app.register_blueprint(blueprint)
    app.extensions.setdefault(EVIDENCE_PAGES, {})["capstone"] = lambda keys, _is_own: {
        key: url_for("capstones.show", capstone_id=int(key)) for key in keys
    }
    app.extensions.setdefault(PRESENT_FACTS, {}).update(capstone=capstones_concluding.present_facts, supervision=capstones_certifying.present_facts)
    for changed in (TERM_CHANGED, mentors_operations.TERM_CHANGED):
        app.extensions.setdefault(changed, []).append(capstones_operations.term_changed)
    jobs.register_task(app, "capstones.supervisors", capstones_tasks.supervisors)
    jobs.register_periodic(app, "capstones.leaving", capstones_tasks.leaving, every=timedelta(days=1), title=N_("提醒任期早于毕业设计结束的导师"))
    jobs.register_periodic(app, "capstones.close", capstones_tasks.close_rounds, every=timedelta(minutes=10), title=N_("关闭到期的选题轮次"))
    jobs.register_periodic(app, "capstones.certify", capstones_tasks.certify, every=timedelta(days=1), title=N_("补发条件已齐备的毕业设计证明"))
    jobs.register_periodic(app, "capstones.forget", capstones_tasks.forget, every=timedelta(days=1), title=N_("抹去保存期限届满的指导记录"))
    topics = (*TOPIC_SIDES, Role.MENTOR, Role.STUDENT)
    nav.register_nav(
        app,
        nav.Entry("mine", _l("我的毕业设计"), "capstones.mine", "graduate", can=Can.CAPSTONE_OWN, roles=(Role.STUDENT,), order=39),
        nav.Entry(
            "mine", _l("我指导的毕业设计"), "capstones.supervised", "pen",
            can=Can.CAPSTONE_SUPERVISED, roles=(Role.MENTOR, Role.SCHOOL_SUPERVISOR), order=41,
        ),
        nav.Entry("mine", _l("毕业设计选题"), "capstones.choices", "list", can=Can.CHOICE_OWN, roles=(Role.STUDENT,), order=40),
        nav.Entry("mine", _l("我的评审任务"), "capstones.tasks", "clipboard", roles=capstones_judges.JUDGES, order=42),
        nav.Entry("mine", _l("我的评审任务"), "capstones.tasks", "clipboard", when=capstones_judges.judges_beside, order=42),
        nav.Entry(
            "practice", _l("本企业的毕业设计"), "capstones.my_enterprise", "factory",
            can=Can.CAPSTONE_LIST, roles=(Role.ENTERPRISE_COORDINATOR,), order=62,
        ),
        nav.Entry(
            "practice", _l("论文抽检"), "capstones.spot_checks", "search",
            can=Can.SPOT_CHECK_LIST, roles=(Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.SYSTEM_ADMIN), order=63,
        ),
        nav.Entry("practice", _l("毕业设计"), "capstones.index", "graduate", can=Can.CAPSTONE_LIST, roles=CAPSTONE_VIEWERS, order=60),
        nav.Entry("practice", _l("选题库"), "capstones.topics", "book", can=Can.TOPIC_LIST, roles=topics, order=61),
    )  # fmt: skip


def _awards(app: Flask) -> None:
    """Awards of bases, and what enterprises contribute."""
    for blueprint in (awards_views.blueprint, contributions_views.blueprint):
        app.register_blueprint(blueprint)
    nav.register_nav(
        app,
        nav.Entry("province", _l("基地奖励"), "awards.index", "award", can=Can.AWARD_LIST, order=40),
        nav.Entry("province", _l("企业扶持"), "awards.company_list", "factory", roles=DECIDERS, order=42),
        nav.Entry("province", _l("奖补资金"), "awards.pools", "chart", can=Can.POOL_LIST, roles=(*DECIDERS, Role.DEPT_FIN), order=50),
        nav.Entry("province", _l("企业参与人才培养"), "contributions.index", "chart", can=Can.CONTRIBUTION_LIST, order=61),
    )


def _subsidies(app: Flask) -> None:
    """Training subsidies."""
    app.register_blueprint(subsidies_views.blueprint)
    jobs.register_periodic(app, "subsidies.lapse", subsidies_tasks.lapse, every=timedelta(days=1), title=N_("清理逾期的补助申领草稿"))
    nav.register_nav(app, nav.Entry("province", _l("培训补助"), "subsidies.index", "list", can=Can.SUBSIDY_LIST, roles=SUBSIDY_VIEWERS, order=45))
