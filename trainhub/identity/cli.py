"""Commands of accounts: an administrator for an installation without demo data, links and unlocking from the server."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from trainhub.identity import groups, labels, queries, rules, tasks
from trainhub.identity import operations as ops
from trainhub.identity.groups import Why
from trainhub.identity.models import Account
from trainhub.identity.slips import SLIP_COLUMNS, slip_rows
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock, downloads, site
from trainhub.kernel.access import Role
from trainhub.kernel.commands import AGAIN, Group, edge, operator, progress
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

accounts = Group("accounts", help="账号 / accounts and their links.")


def _named(name: str) -> Account:
    """The account that signs in by a name. Raises NotFound, or AccountRefused when a university's code is needed."""
    ids = {login.account_id for login in queries.names_typed(rules.typed_name(name))}
    if len(ids) > 1:
        raise ops.AccountRefused(_("有多所学校使用这个学号，请写成“学校代码/学号”。"), code="name_ambiguous")
    if not ids:
        raise NotFound(_("没有以“%(name)s”登录的账号。", name=name))
    return queries.account(ids.pop())


def _ask(text: str, *, option: str, **how: Any) -> str:
    """Ask at the terminal, on stderr. Raises AccountRefused where nobody is there to answer."""
    try:
        return str(click.prompt(text, err=True, **how))
    except click.Abort as nobody:
        raise ops.AccountRefused(_("没有终端可以输入，请用 %(option)s 给出。", option=option), code="input_missing") from nobody


@edge("create-admin", human=lambda r: _("已建立系统管理员 %(username)s。", **r))
@click.option("--username", default="", help="登录名 / what the administrator signs in by")
@click.option("--name", default="", help="显示的姓名，默认用登录名 / the name that is shown (default: the user name)")
@click.option("--email", default="", help="邮箱，也可用来登录 / an e-mail address, also for signing in")
@click.option("--password-stdin", is_flag=True, help="从标准输入读取密码，不再询问 / read the password from standard input instead of asking for it")
def create_admin(username: str, name: str, email: str, password_stdin: bool) -> dict[str, Any]:
    """建立系统管理员 / make a system administrator.

    Example: trainhub accounts create-admin --username root1 --password-stdin < secret.txt
    """
    if not username:
        username = _ask("用户名 / username", option="--username")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = _ask("密码 / password", option="--password-stdin", hide_input=True, confirmation_prompt=AGAIN)
    by, now, today = operator(), clock.now(), clock.today()
    with transaction():
        account = ops.create_account(
            person=None,
            display_name=name or username,
            by=by,
            now=now,
            username=username,
            password=password,
            logins=[(LoginKind.EMAIL, email, "")] if email else (),
        )
        ops.grant_role(account=account, role=Role.SYSTEM_ADMIN, by=by, today=today, now=now)
        return {"account": account.id, "username": username, "role": Role.SYSTEM_ADMIN.value}


@edge("list")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="只列有这个角色的账号 / only holders of this role")
@click.option("--text", default="", help="姓名或登录名的一部分 / part of a name or login name")
def list_(role: str | None, text: str) -> dict[str, Any]:
    """列出账号 / list accounts with their roles.

    Example: trainhub accounts list --role system_admin --json
    """
    today = clock.today()
    rows = queries.all_accounts(queries.AccountFilter(text=text, role=Role(role) if role else None), operator(), today=today)
    roles, logins = queries.roles_and_logins([row.id for row in rows], today=today, is_masked=False)  # by these names the commands are called
    return {
        "accounts": [
            {"account": r.id, "name": r.display_name, "state": r.state.value, "roles": [x.value for x in roles[r.id]], "logins": logins[r.id]}
            for r in rows
        ]
    }


@edge("invite", human=lambda r: str(r["link"]))
@click.argument("name")
def invite(name: str) -> dict[str, Any]:
    """重新生成邀请链接 / make a new invitation link for an account without a password.

    Example: trainhub accounts invite 4135010386/20230001
    """
    with transaction():
        link = ops.invite(account=_named(name), by=operator(), today=clock.today(), now=clock.now())
    return {"name": name, "link": link}


@edge("reset-link", human=lambda r: str(r["link"]))
@click.argument("name")
def reset_link(name: str) -> dict[str, Any]:
    """生成重置密码链接 / make a one-time link to set a new password.

    Example: trainhub accounts reset-link admin
    """
    with transaction():
        link = ops.reset_link(account=_named(name), by=operator(), today=clock.today(), now=clock.now())
    return {"name": name, "link": link}


CHOSEN = {kind.value: kind for kind in ops.CHANGEABLE}


@edge("add-login", human=lambda r: _("现在也可以用 %(value)s 登录。", **r))
@click.argument("name")
@click.argument("kind", type=click.Choice(list(CHOSEN)))
@click.argument("value")
def add_login(name: str, kind: str, value: str) -> dict[str, Any]:
    """添加登录名 / let an account sign in by one more name.

    Example: trainhub accounts add-login lin email lin@example.edu.cn
    """
    with transaction():
        account = _named(name)
        login = ops.give_login(account=account, kind=CHOSEN[kind], value=value, by=operator(), today=clock.today(), now=clock.now())
        return {"account": account.id, "kind": kind, "value": login.value}


@edge("remove-login", human=lambda r: _("不能再用 %(name)s 登录。", **r))
@click.argument("name")
def remove_login(name: str) -> dict[str, Any]:
    """删除登录名 / keep an account from signing in by this name; its others stay.

    Example: trainhub accounts remove-login lin@old.example.cn
    """
    with transaction():
        account, typed = _named(name), rules.typed_name(name)
        for login in queries.names_typed(typed):
            ops.take_login(account=account, login_id=login.id, by=operator(), today=clock.today(), now=clock.now())
        return {"account": account.id, "name": name}


@edge("unlock", human=lambda r: _("已清除 %(failures)s 次失败记录。", **r))
@click.argument("name")
def unlock(name: str) -> dict[str, Any]:
    """解除登录锁定 / end the lock of an account.

    Example: trainhub accounts unlock lin
    """
    with transaction():
        return {"name": name, "failures": ops.unlock(account=_named(name), by=operator(), today=clock.today())}


def _opened(result: Mapping[str, Any]) -> str:
    r = result
    lines = [_("%(title)s：共 %(members)s 人。", title=r["title"], members=r["members"])]
    if r["dry_run"]:
        lines.append(_("将开通 %(opened)s 个账号（其中 %(invited)s 人用邮件邀请），已有账号 %(had_account)s 人。什么都没有改变。", **r))
        lines += [_("将为已有账号的 %(granted)s 人授予角色。", **r)] if r["granted"] else []
    else:
        lines.append(_("已开通 %(opened)s 个账号（其中 %(invited)s 人已用邮件邀请），此前已有账号 %(had_account)s 人。", **r))
        lines += [_("已为此前有账号的 %(granted)s 人授予角色。", **r)] if r["granted"] else []
    if r["slips"]:
        lines.append(_("已把 %(slips)s 份首次登录链接写入 %(file)s，只写这一次；请当面转交本人。", **r))
    elif r["without_email"]:
        lines.append(_("还有 %(n)s 人没有使用账号、也收不到邮件：用 --slips FILE 写出首次登录链接。", n=r["without_email"]))
    if r["left"]:
        lines.append(_("名单中的 %(left)s 人已毕业、退学或离职，不再开通。", **r))
    if r["not_opened"]:
        lines.append(_("没有开通的 %(n)s 人：", n=len(r["not_opened"])))
        lines += [f"  {row['name']} {row['key']}  {row['reason']}" for row in r["not_opened"]]
    return "\n".join(lines)


def _chosen(members: Iterable[queries.Member], wanted: Iterable[str]) -> set[int]:
    """The persons of a list by name, or by the end of the number beside it (from four characters). Raises NotFound, or AccountRefused for several."""
    found = set()
    rows = list(members)
    for text in (one.strip() for one in wanted):
        same = {m.listed.person_id for m in rows if text and (m.listed.name == text or (len(text) >= 4 and m.listed.key.endswith(text)))}
        if not same:
            raise NotFound(_("名单中没有“%(name)s”。请写姓名，或学号、工号、证件号码的末尾几位。", name=text), code="unknown_person")
        if len(same) > 1:
            raise ops.AccountRefused(_("名单中有多人符合“%(name)s”，请改写其学号、工号或证件号码的末尾几位。", name=text), code="name_ambiguous")
        found |= same
    return found


@edge("open", human=_opened)
@click.option("--cohort", default="", help="一个年级的学生，专业点代码/年级 / the students of a cohort, PROGRAMME/YEAR")
@click.option("--teachers", default="", help="一所学校的教师 / the teachers of a school, by its code")
@click.option("--programme-teachers", default="", help="一个专业的教师 / the teachers of a programme, by its code")
@click.option("--mentors", default="", help="一家企业的指导教师 / the mentors of an enterprise, by its code")
@click.option(
    "--trainees",
    default="",
    help="一家机构某年结业的培训学员，代码/年份 / the trainees on an organisation's rosters by year of completion, CODE/YEAR",
)
@click.option(
    "--person",
    "persons",
    multiple=True,
    help="只为名单中的这个人，按姓名或证件号码末几位，可多次给出 / only this one of the list, by name or the end of the number; repeatable",
)
@click.option("--role", type=click.Choice([role.value for role in Role]), help="角色，名单可给几种角色时 / which role, where the list has several")
@click.option(
    "--slips",
    default="",
    type=click.Path(),
    help="把没有邮箱者的首次登录链接写入 CSV 或 XLSX 文件 / write first sign-in links of those without e-mail to this CSV or XLSX file",
)
@click.option("--dry-run", is_flag=True, help="只检查，不开通 / only check and report")
def open_(
    cohort: str,
    teachers: str,
    programme_teachers: str,
    mentors: str,
    trainees: str,
    persons: tuple[str, ...],
    role: str | None,
    slips: str,
    dry_run: bool,
) -> dict[str, Any]:
    """为一份名单批量开通账号，已有账号的加上角色 / open the accounts of a whole list for those who have none, and give the role to those who have one.

    Example: trainhub accounts open --cohort FZU-080901/2026 --slips slips.xlsx --dry-run
    """
    asked = {"cohort": cohort, "teachers": teachers, "programme-teachers": programme_teachers, "mentors": mentors, "trainees": trainees}
    named = [(kind, code) for kind, code in asked.items() if code]
    if len(named) != 1:
        raise click.UsageError("name one list: --cohort, --teachers, --programme-teachers, --mentors or --trainees")
    (kind, code), by = named[0], operator()
    found = groups.source(kind).find(code)
    group = groups.source(kind).load(found) if found is not None else None
    if group is None:
        raise NotFound(
            _("没有名为“%(code)s”的名单；年级写成“专业代码/年份”，培训学员写成“机构代码/年份”，学校和企业用代码。", code=code), code="unknown_group"
        )
    chosen = Role(role) if role else group.roles[0]
    ops.check_may_open(group, chosen, by=by)
    before = ops.members_of(group, today=clock.today())
    only = _chosen(before, persons) if persons else None
    before = before if only is None else [m for m in before if m.listed.person_id in only]
    why_not = [{"name": m.listed.name, "key": m.listed.key, "reason": str(labels.WHY_NOT[m.why])} for m in before if m.why not in (None, Why.LEFT)]
    due = [m for m in before if m.is_due]
    left = sum(m.why is Why.LEFT for m in before)
    answer: dict[str, Any] = {
        "left": left,
        "group": f"{kind}:{code}",
        "title": group.title,
        "role": chosen.value,
        "dry_run": dry_run,
        "file": slips,
        "slips": 0,
    }
    if dry_run:
        invited = sum(bool(m.email) for m in due) if ops.reaches_by_mail() else 0
        had, waiting = sum(m.account_id is not None for m in before), len(ops.waiting(before, everybody=False)) + len(due) - invited
        counts = {"members": len(before), "opened": len(due), "invited": invited, "had_account": had, "granted": sum(m.lacks_role for m in before)}
        return {**answer, **counts, "without_email": waiting, "not_opened": why_not}
    if slips:
        site.address()  # before anything: else accounts are opened whose slips cannot be made
    result = tasks.open_listed(group, chosen, by=by, tell=lambda done, total: progress(done, total, "accounts"), only=only)
    if slips:
        with transaction():
            made = list(ops.make_slips(group, everybody=False, by=by, today=clock.today(), now=clock.now(), only=only))
            downloads.write(slips, slip_rows(made), SLIP_COLUMNS, codes=["key", "sign_in"], private=True)
        answer["slips"] = len(made)
    after = [m for m in ops.members_of(group, today=clock.today()) if only is None or m.listed.person_id in only]
    waiting = len(ops.waiting(after, everybody=False))
    return {
        **answer,
        **{k: result[k] for k in ("members", "opened", "invited", "had_account", "granted")},
        "without_email": waiting,
        "not_opened": [*why_not, *result["refused"]],
    }


def _told(found: Iterable[queries.Claimed]) -> list[dict[str, Any]]:
    rows = list(found)
    addresses = ops.masked(rows)
    return [
        {
            "claim": one.claim.id,
            "name": one.claimant.name,
            "reached_at": addresses.get(one.account.id, []),
            "asked_at": one.claim.asked_at.isoformat(),
            "on_file": one.known.name,
            "number": one.known.id_mask,
        }
        for one in rows
    ]


@edge("claims")
def claims_() -> dict[str, Any]:
    """列出待核实的注册 / list who registered with the number of somebody on file and waits to be verified.

    Example: trainhub accounts claims --json
    """
    return {"claims": _told(ops.claims_for(operator(), today=clock.today()))}


@edge("confirm-claim", human=lambda r: _("已认定为同一人。"))
@click.argument("claim", type=int)
@click.option("--reason", required=True, help="是如何核实本人的 / how the holder was looked at")
def confirm_claim(claim: int, reason: str) -> dict[str, Any]:
    """认定注册者就是登记的人员 / say that who registered is the person on file: their records become the account's.

    Example: trainhub accounts confirm-claim 12 --reason "identity card seen at the counter"
    """
    with transaction():
        row = ops.confirm_claim(claim_id=claim, reason=reason, by=operator(), today=clock.today(), now=clock.now())
        return {"claim": row.id, "state": row.state.value}


@edge("refuse-claim", human=lambda r: _("已记为不是同一人。"))
@click.argument("claim", type=int)
@click.option("--reason", required=True, help="理由，本人能看到 / why; the holder reads it")
@click.option("--has-account", is_flag=True, help="是同一人，另有账号 / one human, who signs in by another account")
def refuse_claim(claim: int, reason: str, has_account: bool) -> dict[str, Any]:
    """认定不是同一人 / say that who registered is not the person on file.

    Example: trainhub accounts refuse-claim 12 --reason "another person of the same name"
    """
    with transaction():
        row = ops.refuse_claim(claim_id=claim, reason=reason, by=operator(), today=clock.today(), now=clock.now(), is_other=not has_account)
        return {"claim": row.id, "state": row.state.value}


for command in (claims_, confirm_claim, refuse_claim, create_admin, list_, invite, reset_link, add_login, remove_login, unlock, open_):
    accounts.add_command(command)
