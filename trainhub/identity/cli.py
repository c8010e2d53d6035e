"""Commands of accounts: an administrator for an installation without demo data, links and unlocking from the server."""

from __future__ import annotations

import sys
from typing import Any

import click

from trainhub.identity import operations as ops
from trainhub.identity import queries, rules
from trainhub.identity.models import Account
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import Role
from trainhub.kernel.commands import edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

accounts = click.Group("accounts", help="Accounts and their links / 账号。")


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
@click.option("--username", default="", help="What the administrator signs in by.")
@click.option("--name", default="", help="The name that is shown; default: the user name.")
@click.option("--email", default="", help="An e-mail address, also for signing in.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def create_admin(username: str, name: str, email: str, password_stdin: bool) -> dict[str, Any]:
    """Make a system administrator / 建立系统管理员.

    Example: trainhub accounts create-admin --username root1 --password-stdin < secret.txt
    """
    if not username:
        username = _ask("用户名 / username", option="--username")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = _ask("密码 / password", option="--password-stdin", hide_input=True, confirmation_prompt=True)
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
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only holders of this role.")
@click.option("--text", default="", help="Part of a name or login name.")
def list_(role: str | None, text: str) -> dict[str, Any]:
    """List accounts with their roles / 列出账号.

    Example: trainhub accounts list --role system_admin --json
    """
    today = clock.today()
    rows = queries.all_accounts(queries.AccountFilter(text=text, role=Role(role) if role else None), operator(), today=today)
    roles, logins = queries.roles_and_logins([row.id for row in rows], today=today)
    return {
        "accounts": [
            {"account": r.id, "name": r.display_name, "state": r.state.value, "roles": [x.value for x in roles[r.id]], "logins": logins[r.id]}
            for r in rows
        ]
    }


@edge("invite", human=lambda r: str(r["link"]))
@click.argument("name")
def invite(name: str) -> dict[str, Any]:
    """Make a new invitation link for an account without a password / 重新生成邀请链接.

    Example: trainhub accounts invite 10386/20230001
    """
    with transaction():
        link = ops.invite(account=_named(name), by=operator(), today=clock.today(), now=clock.now())
    return {"name": name, "link": link}


@edge("reset-link", human=lambda r: str(r["link"]))
@click.argument("name")
def reset_link(name: str) -> dict[str, Any]:
    """Make a one-time link to set a new password / 生成重置密码链接.

    Example: trainhub accounts reset-link admin
    """
    with transaction():
        link = ops.reset_link(account=_named(name), by=operator(), today=clock.today(), now=clock.now())
    return {"name": name, "link": link}


@edge("unlock", human=lambda r: _("已清除 %(failures)s 次失败记录。", **r))
@click.argument("name")
def unlock(name: str) -> dict[str, Any]:
    """End the lock of an account / 解除登录锁定.

    Example: trainhub accounts unlock lin
    """
    with transaction():
        return {"name": name, "failures": ops.unlock(account=_named(name), by=operator(), today=clock.today())}


for command in (create_admin, list_, invite, reset_link, unlock):
    accounts.add_command(command)
