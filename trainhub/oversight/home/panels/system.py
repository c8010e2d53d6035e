"""The system's administrator: jobs, worker, audit chain, accounts, requests."""

from __future__ import annotations

from datetime import date, timedelta

from flask import current_app

from trainhub.kernel import backup, clock
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _, format_datetime, format_number
from trainhub.kernel.job_control import FAULT_IS_NEWS
from trainhub.kernel.jobs import JobState
from trainhub.oversight.home.links import link, narrowed
from trainhub.oversight.home.queries import system
from trainhub.oversight.home.types import Block, Figure, Line, Nothing, Panel, Todo
from trainhub.policy.book import book

FAILED_DAYS = FAULT_IS_NEWS.days
WORKER_SECONDS = 60
"""A worker that was not seen for longer counts as stopped, as on /readyz."""


def _first_steps(identity: Identity, found: system.Health) -> list[Todo]:
    """What an installation needs before anything else can be entered; empty as soon as it is there."""
    todos = []
    if not found.has_programmes:
        said = _("还没有专业点，学生和教师的名单都按专业导入。先在“机构”核对学校，再“设立专业”，并为每一级“增加年级”")
        todos.append(Todo(_("建立专业和年级"), link(identity, "programmes.index"), _("去建立"), detail=said, urgency=1, icon="clipboard"))
    if not found.has_others:
        said = _("现在只有系统管理员。为各学校开通学校管理员，由其导入名单、为本校人员开通账号")
        todos.append(Todo(_("开通学校管理员的账号"), link(identity, "accounts.new"), _("去开通"), detail=said, urgency=1, icon="clipboard"))
    return todos


def admin(identity: Identity, today: date) -> Panel:
    """What keeps the installation running."""
    now = clock.now()
    attempts = book().at("own.lockout.attempts", on=today).number
    minutes = book().at("own.lockout.minutes", on=today).number
    found = system.health(locked_after=attempts, locked_since=now - timedelta(minutes=minutes), failed_since=now - FAULT_IS_NEWS)
    accounts_url, audit_url, outbox_url = link(identity, "accounts.index"), link(identity, "audit.events"), link(identity, "notifications.outbox")
    jobs_url = link(identity, "jobs.index")
    is_alive = found.worker_at is not None and (now - found.worker_at).total_seconds() <= WORKER_SECONDS
    todos = _first_steps(identity, found)
    if not is_alive:
        seen = _("最后一次出现：%(when)s", when=format_datetime(found.worker_at)) if found.worker_at else _("从未启动")
        todos.append(
            Todo(_("后台任务进程没有运行"), "", detail=_("%(seen)s。请在服务器上启动 trainhub worker。", seen=seen), urgency=0, icon="alert")
        )
    if found.failed_jobs:
        said = _("最近%(n)d天因系统原因失败；打开任务看原因和错误，排除后在那里重新执行", n=FAILED_DAYS)
        failed_url = narrowed(jobs_url, kept="fault")
        todos.append(Todo(_("处理失败的后台任务"), failed_url, _("去处理"), found.failed_jobs, said, urgency=0, icon="x-circle"))
    if found.requests:
        todos.append(
            Todo(
                _("处理个人信息申请"),
                link(identity, "data_requests.listing"),
                _("去处理"),
                found.requests,
                _("查阅、更正或删除的申请"),
                0,
                "clipboard",
            )
        )
    if found.lost_files:
        todos.append(
            Todo(
                _("从备份恢复丢失的文件"),
                "",
                count=found.lost_files,
                detail=_("存储中找不到内容，或内容与保存时不同；名称见下方，恢复后再次核对时消失"),
                urgency=0,
                icon="alert",
            )
        )
    settings = current_app.config["SETTINGS"]
    last = backup.last_made(settings.instance)
    if not settings.is_demo and (last is None or now - last > backup.STALE):
        said = _("上一次备份：%(when)s", when=format_datetime(last)) if last else _("还没有备份过")
        todos.append(
            Todo(
                _("备份本系统"),
                "",
                detail=_("%(said)s。请在服务器上执行 trainhub backup，并把归档存放在别的机器上，与 TRAINHUB_SECRET_KEY 分开。", said=said),
                urgency=1,
                icon="alert",
            )
        )
    has_smtp = bool(current_app.config["SETTINGS"].smtp_url)
    if found.mail_failed:
        url = f"{outbox_url}?state=failed" if outbox_url else ""
        todos.append(
            Todo(_("检查发送失败的邮件"), url, _("查看"), found.mail_failed, _("失败原因见列表，核对地址和邮件服务器后可重新发送"), 1, "mail")
        )
    if found.mail_waiting and not has_smtp:
        url = narrowed(outbox_url, state="waiting")
        todos.append(
            Todo(
                _("设置邮件服务器"),
                url,
                _("查看"),
                found.mail_waiting,
                _("设置 TRAINHUB_SMTP_URL、TRAINHUB_MAIL_FROM 和 TRAINHUB_BASE_URL 并重启后开始发送"),
                1,
                "mail",
            )
        )
    figures = [
        Figure(
            _("启用的账号"),
            format_number(found.accounts),
            _("个"),
            _("%(n)s 处因多次失败暂时锁定（登录、注册、找回密码和核对）", n=found.locked) if found.locked else _("没有因多次失败而锁定的"),
            narrowed(accounts_url, state="active"),
        ),
        Figure(
            _("排队任务"),
            found.jobs.get(JobState.QUEUED, 0),
            _("个"),
            _("%(n)s 个正在运行", n=found.jobs.get(JobState.RUNNING, 0)),
            narrowed(jobs_url, state="queued"),
        ),
        Figure(
            _("待发邮件"),
            format_number(found.mail_waiting),
            _("封"),
            url=narrowed(outbox_url, state="waiting"),
        ),
        Figure(
            _("审计记录"),
            format_number(found.audit_events),
            _("条"),
            _("最近 %(when)s", when=format_datetime(found.audit_at)) if found.audit_at else "",
            audit_url,
        ),
    ]
    lines = [
        Line(
            title,
            link(identity, "jobs.show", job_id=key),
            sub=message.strip().splitlines()[-1][:120] if message.strip() else "",
            pill=("failed", format_datetime(when) if when else _("失败")),
        )
        for key, title, message, when in found.failed
    ]
    if found.failed_jobs > len(lines):
        lines.append(Line(_("另有 %(n)s 项更早失败的任务", n=format_number(found.failed_jobs - len(lines)))))
    nothing = Nothing(
        _("没有失败的任务"),
        _(
            "最近%(n)d天没有任务因系统原因失败；导入、打印证书等任务因系统原因失败时，原因会显示在这里。文件内容有误的，由发起人在自己的页面上处理。",
            n=FAILED_DAYS,
        ),
        art="done",
    )
    worker = Line(
        _("后台任务进程"),
        pill=("ok", _("运行中")) if is_alive else ("bad", _("未运行")),
        sub=_("最后一次出现 %(when)s", when=format_datetime(found.worker_at)) if found.worker_at else _("从未启动"),
    )
    mail = Line(
        _("邮件服务器"),
        pill=("ok", _("已设置")) if has_smtp else ("pending", _("未设置")),
        sub=_("通知、邀请和重置链接由它发出") if has_smtp else _("设置 TRAINHUB_SMTP_URL、TRAINHUB_MAIL_FROM 和 TRAINHUB_BASE_URL 并重启后开始发送"),
    )
    lost = [
        Line(row.name, sub=_("编号 %(id)s · %(kind)s · SHA-256 %(sha)s…", id=row.id, kind=row.kind, sha=row.sha256[:12]), pill=("bad", _("丢失")))
        for row in found.lost
    ]
    if found.lost_files > len(lost):
        lost.append(Line(_("另有 %(n)s 个，见 trainhub files check", n=format_number(found.lost_files - len(lost)))))
    store = Line(
        _("保存的文件"),
        pill=("bad", _("%(n)s 个丢失", n=format_number(found.lost_files))) if found.lost_files else ("ok", _("没有发现丢失")),
        sub=_("每 6 小时核对一次是否都在，并轮流重读内容核对校验和"),
    )
    blocks = [
        *([Block(_("丢失的文件"), lines=lost)] if lost else []),
        Block(_("后台任务"), (_("全部任务"), jobs_url) if jobs_url else None, lines=lines, nothing=nothing),
        Block(_("运行状态"), lines=[worker, mail, store]),
    ]
    return Panel("system", _("系统运行"), todos, figures, blocks)
