"""Commands of people, and the list of programmes with their students."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from trainhub.kernel import clock, downloads
from trainhub.kernel.commands import edge, operator
from trainhub.kernel.errors import NotFound
from trainhub.kernel.imports import ImportSpec, run_file
from trainhub.people import queries
from trainhub.people.imports import persons, students, teachers
from trainhub.people.types import StudentFilter, TeacherFilter
from trainhub.programmes import queries as programmes

people = click.Group("people", help="People: import and export students, teachers, persons / 学生、教师、人员的导入与导出")
programme_group = click.Group("programmes", help="Programmes / 专业点")


def _importer(name: str, spec: ImportSpec, what: str) -> click.Command:
    @edge(name)
    @click.argument("file", type=click.Path())
    @click.option("--dry-run", is_flag=True, help="Only check and report / 只检查，不写入")
    def command(file: str, dry_run: bool) -> dict[str, Any]:
        return run_file(spec, file, dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())

    command.help = f"Import {what} from a CSV or XLSX file, all or nothing.\n\n\b\nExample: trainhub people {name} FILE --dry-run"
    return command


def _programme_id(code: str | None) -> int | None:
    if code is None:
        return None
    found = programmes.by_code(code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的专业点。", code="unknown_programme")
    return found.id


def _exporter(name: str, what: str, spec: ImportSpec, rows: Callable[[int | None], Any]) -> click.Command:
    @edge(name)
    @click.argument("file", type=click.Path())
    @click.option("--programme", help="Only one programme, by its code / 只导出一个专业点")
    def command(file: str, programme: str | None) -> dict[str, Any]:
        found = rows(_programme_id(programme))
        count = downloads.write(file, found, spec.schema.columns, codes=downloads.codes_of(spec.schema), private=True)
        return {"file": file, "rows": count}

    command.help = f"Export {what} to a CSV or XLSX file that import reads; numbers are masked.\n\n\b\nExample: trainhub people {name} FILE"
    return command


def _listing(result: Mapping[str, Any]) -> str:
    lines = [f"{'代码':<20}{'学生':>8}{'卓越':>8}  专业（学校）"]
    lines += [
        f"{row['code']:<20}{row['students']:>8}{row['petoe_students']:>8}  {row['name']}（{row['university']}）" for row in result["programmes"]
    ]
    return "\n".join(lines)


@edge("list", human=_listing)
def list_programmes() -> dict[str, Any]:
    """List the programmes with their active students in the order of their codes / 列出专业点和在册学生数。

    \b
    Example: trainhub programmes list --json
    """
    return {"programmes": queries.programmes_with_counts(clock.today())}


people.add_command(_importer("import-students", students.SPEC, "students"))
people.add_command(_importer("import-teachers", teachers.SPEC, "teachers"))
people.add_command(_importer("import-persons", persons.SPEC, "persons"))
people.add_command(
    _exporter(
        "export-students",
        "students",
        students.SPEC,
        lambda programme_id: students.export_rows(operator(), StudentFilter(programme_id=programme_id), clock.today()),
    )
)
people.add_command(
    _exporter(
        "export-teachers",
        "teachers",
        teachers.SPEC,
        lambda programme_id: teachers.export_rows(operator(), TeacherFilter(programme_id=programme_id)),
    )
)
programme_group.add_command(list_programmes)
COMMANDS: dict[str, click.Command] = {"people": people, "programmes": programme_group}
