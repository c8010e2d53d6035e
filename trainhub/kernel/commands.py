"""The command line's edge: every command answers in words or with `--json`, and refuses with exit status 1.

A command returns a dict; the edge prints it. `needs_app=False` marks a command that works on files alone: the app, its
database and its settings are never touched. The factory of the app travels in the click context, put there by
`trainhub.cli` (and by tests). Nothing of the database or the log is loaded before it is needed: that would be half the start of a
command on files.
"""

from __future__ import annotations

import errno
import getpass
import json
import secrets
import sqlite3
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from trainhub.config import HalfConfigured
from trainhub.kernel.errors import Refused
from trainhub.kernel.roles import SYSTEM, Grant, Identity, Role

if TYPE_CHECKING:
    from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError

Human = Callable[[Mapping[str, Any]], str]


AGAIN = "再输入一次 / once more"
"""What asks for a secret a second time."""

HEADINGS = {"Options": "选项 / Options", "Commands": "命令 / Commands"}


class Formatter(click.HelpFormatter):
    """Help whose own words are in both languages, as everything that commands say of themselves."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "用法 / Usage: " if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(HEADINGS.get(heading, heading))


class Context(click.Context):
    """What a command is called in."""

    formatter_class = Formatter


class _InBoth(click.Command):
    """Help in both languages, Chinese first."""

    context_class = Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = "显示说明后退出 / show this and exit"
        return found


class Group(_InBoth, click.Group):
    """Commands under one word."""


class Edge(_InBoth):
    """A command of the product."""

    needs_app: bool = True
    app_when: Callable[[Mapping[str, Any]], bool] | None = None
    human: Human | None = None

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.pop("as_json", False))
        try:
            result = self._run(ctx)
        except Refused as refused:
            _say_refused(refused, as_json=as_json)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo(err=True)
            _say_refused(Refused("已被中断。没有写完的已撤回，之前完成的都保留；可以重新执行。", code="interrupted"), as_json=as_json)
            ctx.exit(1)
        except click.Abort:
            click.echo(err=True)
            _say_refused(Refused("没有得到确认，什么都没有改变。需要无人值守时请加 --yes。", code="not_confirmed"), as_json=as_json)
            ctx.exit(1)
        if result is not None:
            if as_json:
                click.echo(json.dumps(result, ensure_ascii=False, default=str))
            else:
                click.echo(self.human(result) if self.human else as_text(result))
        return result

    def _run(self, ctx: click.Context) -> Any:
        needs_app = self.app_when(ctx.params) if self.app_when else self.needs_app
        with ctx.find_root().obj["create_app"]().app_context() if needs_app else nullcontext():
            try:
                return super().invoke(ctx)
            except BrokenPipeError:  # whoever read the output has left: nobody is there to be told
                raise
            except (Refused, HalfConfigured, click.ClickException, click.Abort, click.exceptions.Exit):
                raise
            except Exception as problem:
                raise (_known(problem) or _bug(problem)) from problem


def _say_refused(refused: Refused, *, as_json: bool) -> None:
    """The answer of a command that is refused: for a program on stdout, for a person on stderr."""
    if as_json:
        click.echo(json.dumps({"error": refused.as_dict()}, ensure_ascii=False, default=str))
        return
    click.echo(f"错误：{refused.message}", err=True)
    for row in refused.details[:50]:
        click.echo("  " + "  ".join(f"{k}={v}" for k, v in row.items() if v not in (None, "")), err=True)


OF_THE_MACHINE = {
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EFBIG,
    errno.EIO,
}


def _known(problem: Exception) -> Refused | None:
    """A problem that is no bug of ours, in words."""
    from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError

    from trainhub.kernel import file_store

    if isinstance(problem, IntegrityError):
        return _taken(problem)
    if file_store.is_away(problem):
        if "://" not in str(problem):  # a folder, which no variable opens
            return Refused(f"存放文件的文件夹不能使用：{file_store.reason(problem)}。请检查路径、权限和剩余空间后重新执行。", code="no_store")
        return Refused(
            f"存放文件的地方不能使用：{file_store.reason(problem)}。没有写完的已撤回；请核对 TRAINHUB_FILES_URL 和 AWS_* 各项（见 docs/operations.md）、网络和剩余空间后重新执行。",
            code="no_store",
        )
    return _of_the_machine(problem) if isinstance(problem, OSError | OperationalError | ProgrammingError | InternalError) else None


def _of_the_machine(problem: OSError | OperationalError | ProgrammingError | InternalError) -> Refused | None:
    """What the operator can mend, in words: a path, a full disk, a database that is away or not set up. None: a bug of ours."""
    if isinstance(problem, OSError):
        if problem.errno not in OF_THE_MACHINE:
            return None
        return Refused(f"无法读写 {problem.filename or '文件'}：{problem.strerror}。请检查路径、权限和剩余空间。", code="cannot_access")
    from sqlalchemy.exc import InternalError

    return _not_taken(problem) or (None if isinstance(problem, InternalError) else _of_the_database())


def _taken(problem: IntegrityError) -> Refused | None:
    """Two brought the same thing at the same moment, as `kernel.web` tells it to whoever comes second. None: another breach, a bug."""
    from trainhub.kernel.db import is_taken

    if not is_taken(problem):
        return None
    return Refused(
        f"已有相同的内容，很可能是另一个人或另一条命令刚刚写入的（{_reason(problem)}）。"
        "没有写完的已撤回，也没有覆盖对方的内容；请核对现有内容，仍然需要时重新执行。",
        code="taken",
    )


def _bug(problem: Exception) -> Refused:
    """A bug of ours: the trace goes to the log under a number, whoever ran the command gets a sentence and the number."""
    import structlog

    number = secrets.token_hex(4)
    if structlog.is_configured():
        structlog.get_logger("command").error("bug", error_id=number, exc_info=problem)
    else:  # a command without the app: what structlog does by itself goes to stdout
        traceback.print_exception(problem, file=sys.stderr)
    what = str(problem).strip().splitlines()
    return Refused(
        f"发生了意外的错误（{type(problem).__name__}：{what[0] if what else ''}）。没有写完的已撤回；请保留上面的日志，连同编号 {number} 报告给系统管理员。",
        code="unexpected",
    )


def _of_the_database() -> Refused | None:
    """What is wrong with the database as it is now: it cannot be reached or read, or was not migrated. None: nothing is."""
    from sqlalchemy.exc import OperationalError

    from trainhub.kernel import migrations
    from trainhub.kernel.db import db

    try:
        with db.engine.connect() as connection:
            revision = migrations.revision_of(connection)
            # A SQLite file that cannot be read for want of room lists no columns of any table, which looks like an empty one.
            if revision is None and connection.dialect.name == "sqlite":
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    except OperationalError as away:
        return _not_taken(away) or Refused(
            f"数据库无法连接：{_reason(away)}。请检查 TRAINHUB_DATABASE_URL；新实例请先执行 trainhub init。", code="no_database"
        )
    try:
        migrations.refuse_other(revision)
    except Refused as refused:
        return refused
    return None


def _not_taken(problem: OperationalError | ProgrammingError | InternalError) -> Refused | None:
    """Whether the database itself says that it takes nothing: its disk is full or faulty, or it is a copy that is only read."""
    from trainhub.kernel.db import Unwritable, unwritable

    why = unwritable(problem)
    if why is Unwritable.FULL:
        return Refused(f"数据库所在的磁盘已满：{_reason(problem)}。没有写完的已撤回，之前完成的都保留；请腾出空间后重新执行。", code=why.value)
    if why is Unwritable.READ_ONLY:
        return Refused(f"数据库现在只能读取：{_reason(problem)}。没有写入任何内容；请在可写的主库上执行，或待其恢复可写后重新执行。", code=why.value)
    if getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR:
        return Refused(
            f"数据库文件无法读写：{_reason(problem)}。磁盘可能已满或有故障。没有写完的已撤回，之前完成的都保留；请检查剩余空间后重新执行。",
            code="disk_full",
        )
    return None


def _reason(problem: IntegrityError | OperationalError | ProgrammingError | InternalError) -> str:
    return str(problem.orig).strip().splitlines()[0]


def as_text(result: Mapping[str, Any], indent: str = "") -> str:
    """A plain listing of a result for people."""
    lines = []
    for name, value in result.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}:", as_text(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            lines.append(f"{indent}{name}: ({len(value)})")
            lines += [f"{indent}  - " + ", ".join(f"{k}={v}" for k, v in row.items()) for row in value]
        else:
            lines.append(f"{indent}{name}: {value}")
    return "\n".join(line for line in lines if line)


def edge(
    name: str, *, needs_app: bool = True, app_when: Callable[[Mapping[str, Any]], bool] | None = None, human: Human | None = None
) -> Callable[[Callable[..., Any]], Edge]:
    """Declare a command; its docstring is its help (one-line meaning, then an example).

    `app_when` says by the options given whether this call needs the app: the same command then also works where nothing is installed.
    """

    def decorate(function: Callable[..., Any]) -> Edge:
        made = click.command(name, cls=Edge)(function)
        made.needs_app, made.app_when = needs_app, app_when
        made.human = human
        made.params.append(click.Option(["--json", "as_json"], is_flag=True, help="只输出一个 JSON 对象 / print exactly one JSON object on stdout"))
        return made

    return decorate


def operator() -> Identity:
    """Who acts when a command is run on the server: the operating system's user, as the system."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return Identity(account_id=None, person_id=None, name=f"{SYSTEM.name}（{user}）", grants=(Grant(Role.SYSTEM_ADMIN),), origin="command line")


def say(text: str) -> None:
    """Progress for the person at the terminal; never on stdout."""
    click.echo(text, err=True)


def progress(done: int, total: int, label: str) -> None:
    """A progress bar on a terminal, nothing elsewhere."""
    if sys.stderr.isatty():
        width = 30
        full = width if not total else width * done // total
        end = "\n" if done >= total else ""
        click.echo(f"\r{label} [{'#' * full}{'.' * (width - full)}] {done}/{total}{end}", err=True, nl=False)
