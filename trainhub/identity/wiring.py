"""The door of `trainhub.identity`: what it registers with the app."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import click
from flask import Flask

from trainhub.identity import cli, cli_jobs, delivery, groups, guarding, models, my_data, operations, queries, restoring, retention, rules, tasks
from trainhub.identity.operations import addresses, studying
from trainhub.identity.permissions import GRANTS, Can
from trainhub.identity.types import Channel
from trainhub.identity.views import accounts, background, claims, doors, entrance, logins, opening, oversight, own, own_number, tokens
from trainhub.identity.views.signing_in import blueprint
from trainhub.kernel import access, audit_words, clock, jobs, nav, permission_words
from trainhub.kernel.access import Role
from trainhub.kernel.audit_kinds import Kind, name_kinds
from trainhub.kernel.backup import CARRIED, Carried
from trainhub.kernel.i18n import N_, _l, listed
from trainhub.kernel.nav import Entry
from trainhub.people import queries as persons
from trainhub.people import reach
from trainhub.people.panels import DOORS, LIST_DOORS
from trainhub.people.types import CHANGED, HUMANS, MOVED, NUMBERED, PROVED
from trainhub.programmes import holds

TABLES: tuple[ModuleType, ...] = (models,)
COMMANDS: dict[str, click.Command] = {"accounts": cli.accounts, "jobs": cli_jobs.jobs}
PAGES = (entrance, logins, own_number, tokens)
"""Views that hang on the blueprint of another module: importing them is what puts them there."""


THINGS = {
    "identity.account": _l("账号"),
    "identity.claim": _l("证件号码的认领"),
    "identity.consent": _l("隐私同意"),
    "identity.data_request": _l("个人信息申请"),
    "identity.login": _l("登录名"),
    "identity.password": _l("密码"),
    "identity.preferences": _l("语言与通知设置"),
    "identity.recovery_codes": _l("恢复码"),
    "identity.role": _l("角色"),
    "identity.session": _l("登录会话"),
    "identity.token": _l("接口令牌"),
    "identity.totp": _l("动态验证码"),
    "identity.invitation": _l("邀请链接"),
    "identity.password_reset": _l("密码重置链接"),
    "kernel.instance": _l("全部数据"),
    "kernel.job": _l("后台任务"),
    "kernel.keys": _l("数据密钥"),
}
"""How the audit log calls the things of this part."""
KINDS = {
    "account": Kind(_l("账号"), "display_name", "accounts.show", {"account_id": "id"}),
    "api_token": Kind(_l("接口令牌"), "label", "accounts.show", {"account_id": "account_id"}),
    "data_request": Kind(_l("个人信息申请"), "account_id.display_name", "data_requests.show", {"request_id": "id"}),
    "instance": Kind(_l("全部数据")),
    "job": Kind(_l("后台任务"), "task", "jobs.show", {"job_id": "id"}),
    "keys": Kind(_l("数据密钥")),
    "number_claim": Kind(_l("证件号码的认领"), "account_id.display_name", "accounts.show", {"account_id": "account_id"}),
    "one_time_link": Kind(_l("一次性链接"), "account_id.display_name", "accounts.show", {"account_id": "account_id"}),
    "retention": Kind(_l("保存期限")),
}
"""What the audit log calls the things that events happened to, with their names and pages."""


def register(app: Flask) -> None:
    """Blueprints, permissions, navigation, tasks."""
    audit_words.name_things(app, THINGS)
    name_kinds(app, KINDS)
    guarding.init_app(app)
    access.register_permissions(app, GRANTS)
    for page in (
        blueprint,
        own.blueprint,
        accounts.blueprint,
        opening.blueprint,
        claims.blueprint,
        oversight.permissions,
        oversight.audit,
        oversight.requests,
        background.blueprint,
    ):
        app.register_blueprint(page)
    nav.register_nav(
        app,
        Entry("mine", _l("我的账户"), "my_account.overview", "user", order=90),
        Entry("people", _l("账号"), "accounts.index", "key", can=Can.ACCOUNT_LIST, order=60),
        Entry("system", _l("权限表"), "permissions.index", "lock", roles=(Role.SYSTEM_ADMIN, Role.AUDITOR, Role.UNIVERSITY_ADMIN), order=40),
        Entry("system", _l("操作审计"), "audit.events", "history", can=Can.AUDIT_VIEW, order=50),
        Entry("system", _l("后台任务"), "jobs.index", "refresh", can=Can.JOB_VIEW, order=55),
        Entry("system", _l("个人信息申请"), "data_requests.listing", "clipboard", can=Can.REQUEST_DECIDE, order=60),
    )
    reach.register_beyond(app, "identity", lambda person_ids, by, today: queries.persons_above(person_ids, by, today=today))
    holds.register_same(app, queries.is_same_holder)
    app.extensions.setdefault(CARRIED, {})["access"] = Carried(restoring.look, restoring.put)
    app.extensions.setdefault(DOORS, []).append(doors.door)
    app.extensions.setdefault(CHANGED, []).extend([addresses.tell_of_change, operations.follow_person])  # told before the name to sign in by follows
    for name in (PROVED, HUMANS):
        app.extensions.setdefault(name, []).append(operations.settle_claims)
    app.extensions.setdefault(MOVED, []).append(studying.follow_move)
    app.extensions.setdefault(NUMBERED, []).append(studying.follow_number)
    app.extensions.setdefault(LIST_DOORS, []).append(opening.door_of_list)
    for one in (
        groups.Source("cohort", _l("学生"), queries.cohort_group, queries.cohort_named, queries.cohort_members, queries.cohort_listing),
        groups.Source(
            "teachers", _l("学校教师"), queries.teachers_group, queries.organisation_named, queries.teacher_members, queries.teachers_listing
        ),
        groups.Source(
            "programme-teachers",
            _l("专业教师"),
            queries.programme_teachers_group,
            queries.programme_named,
            queries.teacher_members,
            queries.programme_teachers_listing,
        ),
    ):
        groups.register_source(app, one)
    jobs.register_task(app, "identity.open_accounts", tasks.open_accounts)
    my_data.register_own(app)
    retention.register_own(app)
    persons.register_keeper(app, "data_requests", queries.person_asks)
    app.jinja_env.filters.update(
        masked_login=lambda login: rules.mask_login(login.kind, login.value),
        listed=listed,
        data_label=my_data.column_label,
        data_value=my_data.shown,
        device=rules.device,
        permission_words=permission_words.in_words,
    )
    jobs.register_periodic(app, "identity.sweep", tasks.sweep, every=timedelta(hours=6), title=N_("清理过期的登录与链接记录"))
    jobs.register_periodic(app, "identity.forget", tasks.forget, every=timedelta(days=1), title=N_("抹去保存期限届满的个人信息"))
    if app.config["SETTINGS"].is_demo:
        delivery.register_channel(app, Channel.SMS, delivery.log_adapter)
