"""Commands of people, and the list of programmes with their students."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock, downloads
from trainhub.kernel.commands import Group, edge, operator
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.imports import ImportSpec, run_file
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import operations, queries, rules
from trainhub.people.imports import backgrounds, moves, persons, students, teachers
from trainhub.people.models import Student
from trainhub.people.types import StudentFilter, TeacherFilter
from trainhub.programmes import queries as programmes

people = Group("people", help="学生、教师、人员的导入与导出 / people: import and export students, teachers, persons")
programme_group = Group("programmes", help="专业点 / programmes")


def _importer(name: str, spec: ImportSpec, zh: str, en: str) -> click.Command:
    @edge(name)
    @click.argument("file", type=click.Path())
    @click.option("--dry-run", is_flag=True, help="只检查，不写入 / only check and report")
    def command(file: str, dry_run: bool) -> dict[str, Any]:
        return run_file(spec, file, dry_run=dry_run, by=operator(), today=clock.today(), now=clock.now())

    command.help = f"批量导入{zh}，有错误则什么都不写入 / import {en} from a CSV or XLSX file, all or nothing.\n\n\b\nExample: trainhub people {name} FILE --dry-run"
    return command


def _programme_id(code: str | None) -> int | None:
    if code is None:
        return None
    found = programmes.by_code(code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的专业点。", code="unknown_programme")
    return found.id


def _exporter(name: str, zh: str, en: str, spec: ImportSpec, rows: Callable[[int | None], Any], note: Callable[..., None]) -> click.Command:
    @edge(name)
    @click.argument("file", type=click.Path())
    @click.option("--programme", help="只导出一个专业点 / only one programme, by its code")
    def command(file: str, programme: str | None) -> dict[str, Any]:
        found = list(rows(_programme_id(programme)))
        with transaction():
            note(found, by=operator(), file_name=Path(file).name)
        count = downloads.write(file, found, spec.schema.columns, codes=downloads.codes_of(spec.schema), private=True)
        return {"file": file, "rows": count}

    command.help = f"导出{zh}，可再导入，证件号码只有掩码 / export {en} to a CSV or XLSX file that import reads; numbers are masked.\n\n\b\nExample: trainhub people {name} FILE"
    return command


def _listing(result: Mapping[str, Any]) -> str:
    lines = [f"{'代码':<20}{'学生':>8}{'卓越':>8}  专业（学校）"]
    lines += [
        f"{row['code']:<20}{row['students']:>8}{row['petoe_students']:>8}  {row['name']}（{row['university']}）" for row in result["programmes"]
    ]
    return "\n".join(lines)


@edge("list", human=_listing)
def list_programmes() -> dict[str, Any]:
    """列出专业点和在册学生数 / list the programmes with their active students in the order of their codes.

    \b
    Example: trainhub programmes list --json
    """
    return {"programmes": queries.programmes_with_counts(clock.today())}


def _school(code: str) -> Organisation:
    found = organisations.by_code(code)
    if found is None:
        raise NotFound(f"没有代码为 {code} 的学校。", code="unknown_organisation")
    return found


@edge("renumber")
@click.argument("university")
@click.argument("number")
@click.argument("new_number")
@click.option("--reason", required=True, help="依据 / why, for the audit log")
@click.option("--teacher", "is_teacher", is_flag=True, help="工号 / a staff number")
def renumber(university: str, number: str, new_number: str, reason: str, is_teacher: bool) -> dict[str, Any]:
    """更正学号或工号 / correct a student number (or a staff number): sign-in and later rosters follow.

    \b
    Example: trainhub people renumber 4135010386 2023B010 2023B011 --reason 录入有误
    """
    school, now = _school(university), clock.now()
    with transaction():
        if is_teacher:
            teacher = queries.teacher_by_no(school.id, rules.school_number(number))
            if teacher is None:
                raise NotFound(_("本校没有这个工号。"), code="unknown_teacher")
            is_changed = operations.renumber_teacher(teacher=teacher, staff_no=new_number, reason=reason, by=operator(), now=now)
            return {"number": teacher.staff_no, "changed": is_changed}
        student = _student(school, number)
        is_changed = operations.renumber_student(student=student, student_no=new_number, reason=reason, by=operator(), now=now)
        return {"number": student.student_no, "changed": is_changed}


@edge("move-student")
@click.argument("university")
@click.argument("student_no")
@click.option("--programme", "code", required=True, help="转入专业点代码 / code of the programme from then on")
@click.option("--year", type=int, required=True, help="转入年级 / year of the cohort from then on")
@click.option("--on", "moved_on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="生效日期 / the first day there")
@click.option("--reason", required=True, help="依据 / why, for the audit log")
@click.option("--return", "is_return", is_flag=True, help="返校 / who had left or was suspended is back on that day")
@click.option("--new-number", default="", help="新学号 / the number from then on")
@click.option("--class", "class_name", default="", help="新班级 / the class from then on")
def move_student(
    university: str, student_no: str, code: str, year: int, moved_on: datetime, reason: str, is_return: bool, new_number: str, class_name: str
) -> dict[str, Any]:
    """转专业、编入其他年级、返校 / change a student's programme or cohort from a day on, or take back who had left.

    \b
    Example: trainhub people move-student 4135010386 2023B010 --programme 10386-080703 --year 2023 --on 2024-09-01 --reason 教〔2024〕18号
    """
    school, key = _school(university), _programme_id(code)
    with transaction():
        student, programme = _student(school, student_no), programmes.by_id(key or 0)
        cohort = programmes.cohort_of(key or 0, year)
        if cohort is None or programme is None:
            raise NotFound(_("这个专业还没有 %(year)d 级，请先在专业页面增加年级。", year=year), code="unknown_cohort")
        is_changed = operations.move_student(
            student=student,
            programme=programme,
            cohort=cohort,
            on=moved_on.date(),
            reason=reason,
            student_no=new_number,
            class_name=class_name,
            is_return=is_return,
            by=operator(),
            now=clock.now(),
        )
        return {"student_no": student.student_no, "programme": code, "cohort_year": year, "changed": is_changed}


def _student(school: Organisation, number: str) -> Student:
    key = (school.id, number)
    found = queries.students_by_no([key]).get(key)
    if found is None:
        former = queries.students_by_former_no([key]).get(key, [])
        now = _("学号 %(old)s 已更正为 %(no)s，请改用新学号。", old=number, no=former[0].number) if former else _("本校没有这个学号。")
        raise NotFound(now, code="unknown_student")
    return found


people.add_command(move_student)
people.add_command(renumber)
people.add_command(_importer("import-students", students.SPEC, "学生", "students"))
people.add_command(_importer("import-teachers", teachers.SPEC, "教师", "teachers"))
people.add_command(
    _importer(
        "import-backgrounds",
        backgrounds.SPEC,
        "教师的学位和国外经历，由另一人核实",
        "degrees and stays abroad of teachers, to be verified by somebody else",
    )
)
people.add_command(_importer("import-moves", moves.SPEC, "学籍异动（专业、年级、返校、学号）", "changes of study: programme, cohort, return, number"))
people.add_command(_importer("import-persons", persons.SPEC, "人员", "persons"))
people.add_command(
    _exporter(
        "export-students",
        "学生",
        "students",
        students.SPEC,
        lambda programme_id: students.export_rows(operator(), StudentFilter(programme_id=programme_id), clock.today()),
        students.note_export,
    )
)
people.add_command(
    _exporter(
        "export-teachers",
        "教师",
        "teachers",
        teachers.SPEC,
        lambda programme_id: teachers.export_rows(operator(), TeacherFilter(programme_id=programme_id)),
        teachers.note_export,
    )
)
programme_group.add_command(list_programmes)
COMMANDS: dict[str, click.Command] = {"people": people, "programmes": programme_group}
