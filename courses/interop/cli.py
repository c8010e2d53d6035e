"""Commands of courses: list, import, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from courses.catalogue import choice_queries
from courses.interop import operations
from courses.interop.formats import opened
from courses.interop.olx.writer import write_olx
from courses.interop.packages import PackageRefused
from courses.interop.putting_out import asset_reader, course_doc
from trainhub.kernel import clock
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations

group = Group("courses", help="课程的查看、导入与导出 / courses: list, import, export")


@edge("list")
def list_() -> dict[str, Any]:
    """列出全部课程 / list every course with its owner and runs.

    \b
    Example: trainhub courses list --json
    """
    rows = choice_queries.all_courses()
    return {"courses": [{"code": r.code, "title": r.title, "owner": r.owner, "runs": r.runs, "published_runs": r.published} for r in rows]}


@edge("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--owner", default="", help="开课单位代码 / code of the organisation that owns the course")
@click.option("--code", default="", help="课程代码，默认用包内代码 / code of the course here (default: the package's)")
def import_(path: Path, owner: str, code: str) -> dict[str, Any]:
    """导入课程包（OLX、Common Cartridge、QTI；文件夹、.tar.gz 或 .zip）为草稿，有错误则什么都不写入 / import a course package (OLX, Common Cartridge, QTI; folder, .tar.gz or .zip) as a draft, all or nothing.

    \b
    Example: trainhub courses import course.tar.gz --owner 4135010386 --json
    """
    if not path.exists():
        raise PackageRefused(path.name, _("找不到这个文件或目录"), code="not_found")
    with opened(path) as course:
        ahead = operations.put_ahead(course)
        with transaction():
            now, by = clock.now(), operator()
            owned_by = organisations.by_code(owner) if owner else operations.owner_for(course.doc, by=by, now=now)
            if owned_by is None:
                raise NotFound(_("没有代码为“%(code)s”的机构。", code=owner))
            try:
                _run, report = operations.import_course(opened=course, owner=owned_by, by=by, now=now, code=code, ahead=ahead)
            except operations.CannotImport as refused:
                if refused.code not in ("run_exists", "code_taken"):
                    raise
                said = " ".join((refused.message, _("其他代码用 --code 给出。")))
                raise operations.CannotImport(said, code=refused.code) from refused
    return report


@edge("export")
@click.argument("code")
@click.option("--format", "kind", type=click.Choice(["olx"]), default="olx", help="课程包格式 / format of the package")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="空目录或新目录 / an empty or new folder")
def export(code: str, kind: str, out: Path) -> dict[str, Any]:
    """导出课程（代码 或 代码/期次）的最新一期 / export the latest run of a course (or CODE/RUN) as a package.

    \b
    Example: trainhub courses export IM-101 --format olx --out im-101
    """
    run = operations.latest_run(code)
    doc = course_doc(run)
    notes = [*doc.warnings, *write_olx(doc, out, asset=asset_reader(run))]
    return {"course": run.course.code, "run": run.code, "format": kind, "out": str(out), "warnings": notes}


for command in (list_, import_, export):
    group.add_command(command)
COMMANDS: dict[str, click.Command] = {"courses": group}
