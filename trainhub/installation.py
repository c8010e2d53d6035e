"""Commands of an installation as a whole: init, serve, worker, keys, audit."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import click
from flask import current_app

from trainhub import config
from trainhub.kernel import audit, backup, clock, file_checks, files, folders, keys, migrations, restoring
from trainhub.kernel.commands import AGAIN, Group, edge, operator, say
from trainhub.kernel.db import db, looking_engine, read_at_once, session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.initialise import initialise

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound by default


@edge("init")
@click.option(
    "--new-keys",
    is_flag=True,
    help="数据库的密钥已彻底丢失：另生成一套，见 docs/operations.md 的 Keys / the database's keys are lost for good: make others",
)
def init(new_keys: bool) -> dict[str, Any]:
    """建库、迁移、生成密钥并载入参考数据，可重复执行 / migrate, make keys, load reference seeds.

    Example: TRAINHUB_SECRET_KEY=... trainhub init
    """
    made = initialise(has_lost_keys=new_keys, by=operator())
    if told := folders.why_open(current_app.config["SETTINGS"].instance):
        say(told)
    return made


@edge("serve", needs_app=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="接受连接的地址 / address to listen on")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="端口 / port")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="进程数；大于 1 时用 gunicorn，任务由 trainhub worker 执行 / more than 1: gunicorn, with jobs by trainhub worker",
)
@click.option("--no-jobs", is_flag=True, help="本进程不执行后台任务 / do not run background jobs in this process")
def serve(host: str, port: int, workers: int, no_jobs: bool) -> None:
    """启动服务 / run the production server.

    Example: trainhub serve --host 0.0.0.0 --port 8000
    """
    from trainhub import serving

    config.load()  # before an address is filled in: mail needs the one that people type
    if not os.environ.get("TRAINHUB_BASE_URL", "").strip():  # one that is set to nothing is not set
        os.environ["TRAINHUB_BASE_URL"] = f"http://{serving.in_address('127.0.0.1' if host in ANY_ADDRESS else host)}:{port}"
    settings = config.load()
    config.check_serving(settings)
    folders.demand_there(settings.instance)
    if told := folders.why_open(settings.instance):
        say(told)
    if not (settings.instance / restoring.NOTE).exists():  # else the server looks when it has put the right keys there
        keys.check(settings.instance, settings.secret_key)
        _look(settings)
    say(f"trainhub: {os.environ['TRAINHUB_BASE_URL']}")
    if not (settings.is_reachable or settings.is_demo):
        say(
            "TRAINHUB_BASE_URL 没有设为别人能打开的网址：邀请、重置和首次登录链接不会生成，证书不能打印 / TRAINHUB_BASE_URL is no address that others reach: links and certificates are refused until it is"
        )
    if workers > 1:
        serving.serve_many(host, port, workers)
    serving.serve_here(host, port, with_jobs=not no_jobs)


def _look(settings: config.Settings) -> None:
    """At database and file store before gunicorn takes this process's place, whose workers would only say that they do not start."""
    engine = looking_engine(settings.database_url)
    try:
        migrations.check(engine)
        if told := files.look(settings, engine):
            say(told)
    finally:
        engine.dispose()


@edge("worker")
@click.option("--once", is_flag=True, help="执行到期的任务后退出 / run what is due and stop")
def worker(once: bool) -> dict[str, Any] | None:
    """执行后台任务 / run background jobs until stopped.

    Example: trainhub worker
    """
    from trainhub.kernel import jobs, key_marks
    from trainhub.kernel.worker import work

    instance = current_app.config["SETTINGS"].instance
    folders.demand_there(instance)
    if told := folders.why_open(instance):
        say(told)
    migrations.check(db.engine)
    key_marks.check()
    if told := files.look(current_app.config["SETTINGS"], db.engine):
        say(told)
    if once:
        return {"jobs": jobs.run_all()}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work(current_app._get_current_object(), stop, name=f"worker-{os.uname().nodename}-{os.getpid()}")  # type: ignore[attr-defined]
    return None


@edge("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> dict[str, Any]:
    """把数据库、文件和密钥写入一个归档 / write database, files and keys into one archive, with checksums.

    Example: trainhub backup trainhub-2026-11-22.tar.gz
    """
    made = backup.backup(file)
    backup.note_made(current_app.config["SETTINGS"].instance, clock.now())
    return made | {"audited": backup.tell(made, by=operator())}


@edge("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="不再询问：本实例的全部数据都会被替换 / do not ask: everything in this instance is replaced")
def restore_command(file: Path, yes: bool) -> dict[str, Any]:
    """用归档替换本实例的全部数据 / replace everything in this instance by an archive.

    Example: trainhub restore trainhub-2026-11-22.tar.gz --yes
    """
    file.open("rb").close()  # one that cannot be read is told before anything is asked
    backup.refuse_running(now=clock.now())
    if not yes:
        click.confirm("本实例现有的全部数据将被替换，继续吗？", abort=True, err=True)
    return backup.restore(file, by=operator(), now=clock.now())


@click.group("keys", cls=Group)
def keys_group() -> None:
    """密钥 / the installation's keys."""


@keys_group.add_command
@edge("rewrap")
@click.option(
    "--new-secret",
    prompt="新的 TRAINHUB_SECRET_KEY / the new secret",
    hide_input=True,
    confirmation_prompt=AGAIN,
    help="新的密钥，不给出时会询问 / the new secret; asked for when left out",
)
def rewrap(new_secret: str) -> dict[str, Any]:
    """换一个 TRAINHUB_SECRET_KEY 包裹密钥 / wrap the same keys by a new secret; then start with it.

    请先记下新的密钥：它不会再显示，此后旧的也打不开 / write the new secret down first: nothing shows it again, and the old one opens nothing then.

    Example: trainhub keys rewrap
    """
    settings = current_app.config["SETTINGS"]
    new_secret = new_secret.strip()  # as the setting is read: with blanks around it the keys would never open again
    if len(new_secret) < 32:
        raise Refused("新的密钥少于 32 个字符，请使用更长的随机文本。")
    with transaction() as current:
        audit.record(by=operator(), did="kernel.keys.rewrapped", on=("keys", "instance"))
        audit.write_pending(current)
        current.flush()  # what cannot be written down fails before the secret is changed, not after
        keys.rewrap(settings.instance, settings.secret_key, new_secret)
    return {
        "rewrapped": True,
        "next": "请在下次启动前把 TRAINHUB_SECRET_KEY 设为新的密钥 / set TRAINHUB_SECRET_KEY to the new secret before the next start",
    }


@click.group("audit", cls=Group)
def audit_group() -> None:
    """审计日志 / the audit log."""


@audit_group.add_command
@edge("verify")
@click.option(
    "--at",
    type=click.IntRange(1),
    help="给出第这么多条之后的链头，与另存的对照 / tell the head after so many events, to compare it with one that was kept elsewhere",
)
def verify(at: int | None) -> dict[str, Any]:
    """校验审计日志的哈希链 / recompute the hash chain of the audit log.

    The head it tells belongs outside this machine: see docs/operations.md for what the chain cannot prove.

    Example: trainhub audit verify --json
    """
    read_at_once()  # else what is written meanwhile looks like an event that is missing
    check = audit.verify(session(), at=at)
    if check.broken_at is not None:
        where = f"第 {check.events} 条之后" if check.broken_at == audit.AT_THE_END else f"第 {check.events} 条（编号 {check.broken_at}）处"
        raise Refused(
            f"审计日志的哈希链在{where}断裂：{check.problem}。请保留现场并对照备份核查。",
            code="audit_broken",
        )
    if at is not None and at > check.events:
        raise Refused(f"审计日志只有 {check.events} 条，没有第 {at} 条。如果当时记下的条数更多，日志已被改写，请保留现场。", code="audit_shorter")
    return {"events": check.events, "holds": True, "at": at or check.events, "head": check.head}


@click.group("files", cls=Group)
def files_group() -> None:
    """保存的文件 / the files that people handed in."""


@files_group.add_command
@edge("check")
@click.option(
    "--content",
    is_flag=True,
    help="读取每个文件核对校验和，不只看在不在和大小 / read every file and compare its checksum, not only whether it is there with its size",
)
def check_files(content: bool) -> dict[str, Any]:
    """核对保存的文件是否都在 / look for every stored file; what is lost is named and shown to the administrator.

    Example: trainhub files check --content --json
    """
    told = file_checks.check(now=clock.now(), is_read=lambda _prefix: content)
    _count, found = file_checks.lost(1_000)
    return told | {"names": [{"id": row.id, "name": row.name, "sha256": row.sha256} for row in found]}


COMMANDS: dict[str, click.Command] = {
    "init": init,
    "serve": serve,
    "worker": worker,
    "backup": backup_command,
    "restore": restore_command,
    "keys": keys_group,
    "audit": audit_group,
    "files": files_group,
}
