"""Placement weeks on files (`trainhub weeks check`): no database, the same rule as everywhere (`rules.credit_weeks`)."""

from __future__ import annotations

import os
from datetime import date
from typing import IO, Any

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_date, parse_enum, parse_text
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.types import Problem
from trainhub.ledger import rules
from trainhub.ledger.holidays import imports as holiday_files
from trainhub.ledger.holidays.operations import problem_with
from trainhub.ledger.holidays.queries import counted
from trainhub.ledger.holidays.rules import days_of
from trainhub.ledger.types import DayStatus, HolidayKind
from trainhub.policy.book import book
from trainhub.policy.calendar import WorkCalendar
from trainhub.policy.types import PolicyError

SHOWN = 200
SCHEMA = Schema(
    [
        Field("student", "学生", parse_text(most=100), required=True, aliases=("学号", "student_no"), is_code=True),
        Field("enterprise", "企业", parse_text(most=200), required=True, aliases=("单位", "企业名称")),
        Field("date", "日期", parse_date, required=True, aliases=("day",)),
        Field(
            "status",
            "状态",
            parse_enum(
                {
                    "approved": DayStatus.APPROVED,
                    "pending": DayStatus.PENDING,
                    "rejected": DayStatus.REJECTED,
                    "已确认": DayStatus.APPROVED,
                    "待确认": DayStatus.PENDING,
                    "已退回": DayStatus.REJECTED,
                }
            ),
            required=True,
            choices=("approved", "pending", "rejected"),
        ),
    ]
)


class BadDays(Refused):
    """Rows of the file that cannot be taken; nothing was computed."""

    code = "bad_rows"


def check(
    file: str | os.PathLike[str] | IO[Any], *, on: date, holidays: str | os.PathLike[str] | None = None, is_vocational: bool = False
) -> dict[str, Any]:
    """The credited weeks of every student of the file, as the contract's result; ordered by student.

    `on` is the last day that may occur in the file and the day whose policy holds. `holidays` is a table as `holidays import`
    reads; each week goes by the switch of the kind of programme on its own Monday, as in the ledger. Raises BadDays naming every bad row,
    SheetError when the file cannot be read.
    """
    try:
        per_week = book().at("own.weeks.days_per_week", on=on).number
        required = book().at("own.weeks.days_required", on=on)
        weeks = book().at("petoe.enterprise_weeks", on=on)
    except PolicyError as unknown:
        raise Refused(str(unknown), field="on", code="no_rule_on_day") from unknown
    calendar = _calendar(holidays) if holidays is not None else WorkCalendar()
    approved: dict[str, set[date]] = {}
    bad: list[Problem] = []
    count = 0
    with read_table(file, SCHEMA.columns) as table:
        for parsed in SCHEMA.parse(table):
            errors = [problem for problem in parsed.problems if problem.level == "error"]
            day: date | None = parsed.data["date"]
            if day is not None and day > on:
                said = _("%(day)s 晚于截止日 %(on)s。请改正日期，或用 --on 指定更晚的日期。", day=day, on=on)
                errors.append(Problem(table.file, table.sheet, parsed.number, "date", day.isoformat(), said))
            if errors:
                count += len(errors)
                bad += errors[: max(0, SHOWN - len(bad))]
                continue
            days = approved.setdefault(parsed.data["student"], set())
            if parsed.data["status"] is DayStatus.APPROVED and day is not None:
                days.add(day)
        warnings = [problem.as_dict() for problem in table.problems]
    if bad:
        raise BadDays(
            _("文件中有 %(count)d 处错误，没有计算。请按下列位置改正后重新检查。", count=count), details=[problem.as_dict() for problem in bad]
        )
    students = []
    for student in sorted(approved):
        days = approved[student]
        full = counted(calendar.worked_in_weeks(days), is_vocational=is_vocational)
        total = rules.credit_weeks(days, days_per_week=per_week, working_days=full)
        finding = rules.judge_enterprise_weeks(total.credited_days, weeks=weeks, days_required=required)
        students.append(
            {
                "student": student,
                "credited_weeks": float(total.credited_weeks),
                "days": total.credited_days,
                "met": finding.met,
                "by_week": dict(total.by_week),
            }
        )
    return {"students": students, **({"warnings": warnings} if warnings else {})}


def _calendar(file: str | os.PathLike[str]) -> WorkCalendar:
    """The days of a file of holidays. Raises BadDays naming every bad row."""
    found: dict[HolidayKind, set[date]] = {HolidayKind.OFF: set(), HolidayKind.ON: set()}
    bad: list[Problem] = []
    with read_table(file, holiday_files.SCHEMA.columns) as table:
        for row in holiday_files.SCHEMA.parse(table):
            errors = [problem for problem in row.problems if problem.level == "error"]
            bad += errors
            if errors:
                continue
            since, until, kind = row.data["since"], row.data["until"] or row.data["since"], row.data["kind"]
            if (problem := problem_with(since, until, kind)) is not None:
                bad.append(Problem(table.file, table.sheet, row.number, problem[0], since.isoformat(), problem[1]))
            else:
                found[kind].update(days_of(since, until))
    if bad:
        raise BadDays(
            _("放假安排的文件中有 %(count)d 处错误，没有计算。请按下列位置改正后重新检查。", count=len(bad)),
            details=[one.as_dict() for one in bad[:SHOWN]],
        )
    return WorkCalendar(frozenset(found[HolidayKind.OFF]), frozenset(found[HolidayKind.ON]))
