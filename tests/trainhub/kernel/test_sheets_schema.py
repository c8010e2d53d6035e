"""Typed cells and declared tables."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from trainhub.kernel.sheets.parsers import (
    enum_choices,
    parse_bool,
    parse_code,
    parse_date,
    parse_decimal,
    parse_enum,
    parse_int,
    parse_name,
    parse_text,
    split_list,
)
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Schema


class Category(Enum):
    FOUNDER = "founder"
    WORKER = "worker"


CATEGORY = parse_enum({"founder": Category.FOUNDER, "创业": Category.FOUNDER, "worker": Category.WORKER, "从业": Category.WORKER})


@pytest.mark.parametrize(
    "text",
    [
        "2016-02-03",
        "2016-2-3",
        "2016/2/3",
        "2016.2.3",
        "2016年2月3日",
        "2016 年 2 月 3 日",
        "20160203",
        "２０１６－０２－０３",
        "2016-02-03 00:00:00",
    ],
)
def test_dates(text: str) -> None:
    assert parse_date(text) == date(2016, 2, 3)


@pytest.mark.parametrize("text", ["2016-02-30", "2016年13月1日", "20150229", "0000-01-01"])
def test_days_that_do_not_exist_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"没有这一天：\d+年\d+月\d+日"):
        parse_date(text)


@pytest.mark.parametrize("text", ["3/2/2016", "2016-02", "16-02-03", "42403", "昨天", "2016-02-03 12:30", "2016-2/3"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="不是日期"):
        parse_date(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-5", -5), ("+7", 7), ("1,234", 1234), ("40.0", 40), ("４０", 40), ("007", 7)])
def test_whole_numbers(text: str, value: int) -> None:
    assert parse_int(text) == value


@pytest.mark.parametrize("text", ["1.5", "1e3", "abc", "--1", "1,23", "一", "0x10", "1" * 41])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="不是整数"):
        parse_int(text)


def test_bounds_at_below_and_above() -> None:
    assert [parse_int("1", least=1, most=1), parse_decimal("0.5", least=Decimal("0.5"))] == [1, Decimal("0.5")]
    with pytest.raises(ValueError, match="不能小于 1"):
        parse_int("0", least=1)
    with pytest.raises(ValueError, match="不能大于 1"):
        parse_int("2", most=1)


def test_decimals() -> None:
    assert [parse_decimal(text) for text in ("0.10", "-1,234.5", "３.5")] == [Decimal("0.10"), Decimal("-1234.5"), Decimal("3.5")]
    assert parse_decimal("1.500", places=1) == Decimal("1.500")
    with pytest.raises(ValueError, match="最多 1 位小数"):
        parse_decimal("1.25", places=1)
    for text in ("1e3", "NaN", "Infinity", ".", "1.2.3"):
        with pytest.raises(ValueError, match="不是数字"):
            parse_decimal(text)


def test_yes_and_no() -> None:
    assert [parse_bool(text) for text in ("是", "YES", "1", "TRUE", "１")] == [True] * 5
    assert [parse_bool(text) for text in ("否", "No", "0", "false")] == [False] * 4
    with pytest.raises(ValueError, match="也许"):
        parse_bool("也许")


def test_fixed_words_in_both_languages() -> None:
    assert [CATEGORY(text) for text in ("创业", "Founder", "worker", "从业")] == [Category.FOUNDER] * 2 + [Category.WORKER] * 2
    with pytest.raises(ValueError, match="可填：创业、从业。"):
        CATEGORY("其他")
    assert enum_choices(Category, {Category.FOUNDER: "创业"}) == {
        "founder": Category.FOUNDER,
        "worker": Category.WORKER,
        "创业": Category.FOUNDER,
    }


def test_texts_codes_and_lists() -> None:
    assert parse_text(most=2)("王芳") == "王芳"
    with pytest.raises(ValueError, match="超过 2 个字"):
        parse_text(most=2)("王小芳")
    with pytest.raises(ValueError, match="换行"):
        parse_text()("a\nb")
    assert parse_code("３５０１０２ 19900101 123x") == "35010219900101123X"
    assert split_list()("0801 | 0802｜") == ("0801", "0802")
    with pytest.raises(ValueError, match="0801"):
        split_list()("0801|0801")


@pytest.mark.parametrize("text", ["王芳", "阿依古丽·买买提", "O'Brien", "José Ñ"])
def test_names(text: str) -> None:
    assert parse_name()(text) == text


@pytest.mark.parametrize("text", ["=1+1", "'=1+1", "+王", "123", "·芳", "王\n芳", "王" * 121])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_name()(text)


SCHEMA = Schema(
    [
        Field("name", "姓名", parse_text(most=50), required=True),
        Field("category", "类别", CATEGORY, required=True),
        Field("hours", "学时", parse_int, default=0),
        Field("completed_on", "完成日期", parse_date),
        Field("base_code", "培训机构代码", parse_code, required=True, may_be_absent=True),
    ]
)


def parsed(text: str, **options: Any) -> list[Any]:
    table = read_table(io.BytesIO(text.encode()), SCHEMA.columns, filename="a.csv")
    return list(SCHEMA.parse(table, **options))


def test_a_good_row() -> None:
    (row,) = parsed("姓名,类别,学时,完成日期,培训机构代码\n王芳,创业,40,2016年2月3日,b1\n")
    assert (row.number, row.is_good) == (2, True)
    assert row.data == {"name": "王芳", "category": Category.FOUNDER, "hours": 40, "completed_on": date(2016, 2, 3), "base_code": "B1"}


def test_every_bad_cell_of_a_row_is_named_once() -> None:
    (row,) = parsed("name,category,hours,completed_on,base_code\n=1,学生,x,2016-02-30,\n")
    assert not row.is_good
    assert [(p.file, p.row, p.column, p.value) for p in row.problems] == [
        ("a.csv", 2, "name", "=1"),
        ("a.csv", 2, "category", "学生"),
        ("a.csv", 2, "hours", "x"),
        ("a.csv", 2, "completed_on", "2016-02-30"),
        ("a.csv", 2, "base_code", ""),
    ]
    assert row.data == dict.fromkeys(["name", "category", "hours", "completed_on", "base_code"])


def test_defaults_fill_empty_cells_even_of_an_absent_column() -> None:
    (row,) = parsed("name,category\n王芳,worker\n", defaults={"base_code": "b9"})
    assert (row.is_good, row.data["base_code"], row.data["hours"], row.data["completed_on"]) == (True, "B9", 0, None)
    (row,) = parsed("name,category\n王芳,worker\n")
    assert [p.column for p in row.problems] == ["base_code"]


def test_a_schema_with_a_name_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="same name"):
        Schema([Field("a", "甲"), Field("a", "乙")])


@pytest.mark.parametrize("code", ["2.09901E+09", "2.09901e+09", "\uff12.09901\uff25\uff0b09", "2E+05", "3.50102E+17", "2.1E9"])
def test_a_number_that_excel_shortened_is_no_code(code: str) -> None:
    """Nobody can tell any more which student 2.09901E+09 was; it is refused where it stands, whatever the column's own parser."""
    schema = Schema(
        [Field("student_no", "学号", parse_code, is_code=True), Field("other", "代码", parse_text(), is_code=True), Field("note", "备注")]
    )
    with read_table(io.BytesIO(f"学号,代码,备注\nA1,B1,x\n{code},{code},{'' if code.endswith('17') else code}\n".encode()), schema.columns) as table:
        first, second = schema.parse(table)
    assert first.problems == ()
    assert [(p.row, p.column, p.level) for p in second.problems] == [(3, "student_no", "error"), (3, "other", "error")]
    assert "文本" in second.problems[0].problem
    with pytest.raises(ValueError, match="文本"):
        parse_code(code)


@pytest.mark.parametrize("code", ["2E10", "E+12", "A2.1E+09", "1E5", "20990100"])
def test_codes_with_an_e_are_codes(code: str) -> None:
    assert parse_code(code) == code
