"""`trainhub weeks check FILE`: the contract, without app and database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result

from trainhub.cli import main

HEADER = "student,enterprise,date,status\n"


def run(path: Path, *options: str) -> Result:
    def refuse() -> None:
        raise AssertionError("the command must not build the app")

    return CliRunner().invoke(main, ["weeks", "check", str(path), *options, "--json"], obj={"create_app": refuse}, catch_exceptions=False)


def students(path: Path, *options: str) -> list[dict[str, Any]]:
    result = run(path, *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["students"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headers_in_any_order_and_encoding(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path / "days.csv", "状态,日期,学生,企业,备注\n已确认,2015/9/8,张三,宁德时代,好\n", encoding)
    assert students(file) == [{"student": "张三", "credited_weeks": 0.2, "days": 1, "met": False, "by_week": {"2015-W37": 1}}]


def test_only_approved_days_count_and_every_student_is_listed(tmp_path: Path) -> None:
    rows = "b,e1,2015-09-07,approved\nb,e2,2015-09-07,approved\nb,e1,2015-09-08,rejected\na,e1,2015-09-08,pending\n"
    assert students(write(tmp_path / "d.csv", HEADER + rows)) == [
        {"student": "a", "credited_weeks": 0.0, "days": 0, "met": False, "by_week": {}},
        {"student": "b", "credited_weeks": 0.2, "days": 1, "met": False, "by_week": {"2015-W37": 1}},
    ]


@pytest.mark.parametrize(("count", "weeks", "met"), [(159, 31.8, False), (160, 32.0, True)])
def test_threshold(tmp_path: Path, count: int, weeks: float, met: bool) -> None:
    from tests.trainhub.ledger.test_rules import working_days

    rows = "".join(f"s,e,{day},approved\n" for day in working_days(count))
    [found] = students(write(tmp_path / "d.csv", HEADER + rows))
    assert (found["credited_weeks"], found["days"], found["met"]) == (weeks, count, met)


def test_a_day_after_on_is_refused_whatever_its_status(tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", HEADER + "s,e,2015-09-07,approved\ns,e,2015-09-08,approved\ns,e,2015-09-09,pending\n")
    result = run(file, "--on", "2015-09-07")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert [(d["file"], d["row"], d["column"], d["value"]) for d in error["details"]] == [
        ("d.csv", 3, "date", "2015-09-08"),
        ("d.csv", 4, "date", "2015-09-09"),
    ]
    assert [s["days"] for s in students(file, "--on", "2015-09-09")] == [2]


def test_on_defaults_to_today(tmp_path: Path) -> None:
    file = write(tmp_path / "d.csv", HEADER + "s,e,2026-03-03,approved\n")
    with time_machine.travel("2026-03-02T12:00:00+08:00", tick=False):
        assert run(file).exit_code == 1
    with time_machine.travel("2026-03-03T00:30:00+08:00", tick=False):
        assert run(file).exit_code == 0


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("s,e,2016-02-30,approved", "date"),
        ("s,e,2016-02-28,ok", "status"),
        (",e,2016-02-28,approved", "student"),
        ("s,,2016-02-28,approved", "enterprise"),
    ],
)
def test_a_bad_cell_is_named_and_nothing_is_computed(tmp_path: Path, row: str, column: str) -> None:
    result = run(write(tmp_path / "d.csv", HEADER + "s,e,2016-02-26,approved\n" + row + "\n"))
    assert result.exit_code == 1
    [detail] = json.loads(result.stdout)["error"]["details"]
    assert (detail["row"], detail["column"]) == (3, column)


def test_missing_column_and_missing_file(tmp_path: Path) -> None:
    assert run(write(tmp_path / "d.csv", "student,date,status\ns,2016-02-26,approved\n")).exit_code == 1
    result = run(tmp_path / "nowhere.csv")
    assert (result.exit_code, "error" in json.loads(result.stdout)) == (1, True)


def test_a_day_before_any_rule_is_refused_with_words(tmp_path: Path) -> None:
    result = run(write(tmp_path / "d.csv", HEADER + "s,e,1999-02-26,approved\n"), "--on", "1999-12-31")
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (1, "no_rule_on_day")


def test_a_day_that_does_not_exist_as_option_is_a_usage_error(tmp_path: Path) -> None:
    assert run(write(tmp_path / "d.csv", HEADER), "--on", "2016-02-30").exit_code == 2


def test_xlsx_with_dates_as_dates(tmp_path: Path) -> None:
    from datetime import date

    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["学号", "企业", "日期", "状态"])
    book.active.append(["20230001", "甲", date(2015, 9, 7), "approved"])
    book.save(tmp_path / "d.xlsx")
    assert students(tmp_path / "d.xlsx")[0]["by_week"] == {"2015-W37": 1}
