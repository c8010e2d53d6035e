"""Tables out: nothing runs, everything reads back the same."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.text import clean, has_control, lost_digits, neutralised, restored
from trainhub.kernel.sheets.types import EXCEL_CELL, Column, SheetError
from trainhub.kernel.sheets.writing import Sheet, iter_csv, title_of, width_of, write_csv, write_xlsx

COLUMNS = (Column("name", "姓名", required=True), Column("id_number", "证件号码"), Column("note", "备注"))
ID = "350102199001011234"


def csv_of(rows: list[Any], **options: Any) -> bytes:
    target = io.BytesIO()
    assert write_csv(rows, COLUMNS, target, **options) == len(rows)
    return target.getvalue()


def xlsx_of(rows: list[Any], **options: Any) -> bytes:
    target = io.BytesIO()
    assert write_xlsx([Sheet("名单", COLUMNS, rows, codes=("id_number",), **options)], target) == len(rows)
    return target.getvalue()


def read_back(content: bytes, filename: str) -> list[list[str]]:
    with read_table(io.BytesIO(content), COLUMNS, filename=filename) as table:
        rows = list(table.rows())
    assert [row.problems for row in rows] == [()] * len(rows)
    assert table.problems == ()
    return [list(row.values.values()) for row in rows]


def is_plain(text: str) -> bool:
    """What reading keeps as it is: clean, NFC, no controls, no number in scientific notation."""
    return text == clean(text) and not has_control(text) and not lost_digits(text) and unicodedata.is_normalized("NFC", text)


letters = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(list("=+-@'\",;\t\n\r 甲乙𠮷\u3000_x0041_＝"))
texts = st.text(letters, max_size=20).map(clean).filter(is_plain) | st.sampled_from(
    ["=1+1", "'=1", "''=1", "'", "-", "-5", "+86 1", "@a", "_x0041_", '"', 'a"b', "a,b", "a\nb", "1e5", "007", ID, "TRUE", "2016-02-03"]
)
rows_of_texts = st.lists(st.lists(texts, min_size=3, max_size=3).filter(any), max_size=8)


@settings(max_examples=200, deadline=None)
@given(rows_of_texts, st.sampled_from(["name", "zh", "en"]))
def test_csv_reads_back_what_was_written(rows: list[list[str]], headers: Any) -> None:
    assert read_back(csv_of(rows, headers=headers), "a.csv") == rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_texts, st.sampled_from(["name", "zh", "en"]))
def test_xlsx_reads_back_what_was_written(rows: list[list[str]], headers: Any) -> None:
    assert read_back(xlsx_of(rows, headers=headers), "a.xlsx") == rows


@given(st.text())
def test_neutralising_is_undone_exactly(text: str) -> None:
    assert restored(neutralised(text)) == text
    assert neutralised(text)[:1] not in {"=", "+", "-", "@", "\t"}


def test_csv_is_what_excel_expects() -> None:
    content = csv_of([{"name": "王芳", "note": -5}, ["=1+1", ID, "a,b\nc"]], headers="zh")
    assert content == ("\ufeff姓名,证件号码,备注\r\n王芳,,-5\r\n" + f'\'=1+1,{ID},"a,b\nc"\r\n').encode()


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra", "'=1"])
def test_every_csv_cell_that_could_run_gets_an_apostrophe(cell: str) -> None:
    (_header, row) = csv.reader(io.StringIO(csv_of([[cell, "", ""]]).decode("utf-8-sig"), newline=""))
    assert row[0][0] == "'"


class Kind(Enum):
    FOUNDER = "founder"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (-5, "-5"),
        (1.0, "1"),
        (0.5, "0.5"),
        (Decimal("-1.50"), "-1.50"),
        (date(2016, 2, 3), "2016-02-03"),
        (datetime(2016, 2, 3, 4, 5, 6), "2016-02-03 04:05:06"),
        (Kind.FOUNDER, "founder"),
        (float("nan"), ""),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    assert list(csv.reader(io.StringIO(csv_of([["a", value, "b"]]).decode("utf-8-sig"))))[1] == ["a", text, "b"]


def test_a_row_of_another_length_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="2 cells for 3 columns"):
        csv_of([["a", "b"]])


def test_csv_streams() -> None:
    taken = 0

    def endless() -> Iterator[list[str]]:
        nonlocal taken
        while True:
            taken += 1
            yield ["王芳", ID, ""]

    pieces = iter_csv(endless(), COLUMNS, bytes_at_once=1000)
    assert next(pieces) == b"\xef\xbb\xbf"
    assert next(pieces).startswith(b"name,id_number,note\r\n")
    assert taken < 100


def test_xlsx_cells_are_texts_and_numbers_never_formulas() -> None:
    rows = [["=1+1", ID, -5], ["http://a.example/", int(ID), 0.5], ["@a", 12, Decimal("2.5")], [date(2016, 2, 3), "-3", True]]
    page = openpyxl.load_workbook(io.BytesIO(xlsx_of(rows, headers="zh"))).worksheets[0]
    cells = [[(cell.value, cell.data_type, cell.number_format) for cell in row] for row in page.iter_rows()]
    assert [value for value, _type, _format in cells[0]] == ["姓名", "证件号码", "备注"]
    assert [[(value, kind) for value, kind, _format in row] for row in cells[1:]] == [
        [("=1+1", "s"), (ID, "s"), (-5, "n")],
        [("http://a.example/", "s"), (ID, "s"), (0.5, "n")],
        [("@a", "s"), ("12", "s"), (2.5, "n")],
        [("2016-02-03", "s"), ("-3", "s"), ("yes", "s")],
    ]
    assert {row[1][2] for row in cells[1:]} == {"@"}
    assert page["A2"].quotePrefix
    assert page.freeze_panes == "A2"
    assert page["A1"].font.bold
    assert page.column_dimensions["B"].number_format == "@"
    assert round(page.column_dimensions["B"].width) == len(ID) + 3  # two more, and what Excel adds for itself


def test_a_long_table_goes_on_in_the_next_tab_with_its_header() -> None:
    target = io.BytesIO()
    rows = ([f"学员{i}", str(i), ""] for i in range(7))
    assert write_xlsx([Sheet("名单", COLUMNS, rows)], target, rows_per_sheet=4) == 7
    pages = openpyxl.load_workbook(target).worksheets
    assert [page.title for page in pages] == ["名单", "名单 (2)", "名单 (3)"]
    assert [[row[0].value for row in page.iter_rows()] for page in pages] == [
        ["name", "学员0", "学员1", "学员2"],
        ["name", "学员3", "学员4", "学员5"],
        ["name", "学员6"],
    ]


def test_a_table_that_just_fits_stays_on_one_tab() -> None:
    target = io.BytesIO()
    write_xlsx([Sheet("名单", COLUMNS, [["a", "b", "c"]] * 3)], target, rows_per_sheet=4)
    assert len(openpyxl.load_workbook(target).worksheets) == 1


def test_several_tabs_with_titles_excel_would_refuse() -> None:
    target = io.BytesIO()
    write_xlsx([Sheet("a/b:c?", COLUMNS, []), Sheet("A b c", COLUMNS, []), Sheet("", COLUMNS, []), Sheet("长" * 40, COLUMNS, [])], target)
    assert openpyxl.load_workbook(target).sheetnames == ["a b c", "A b c (2)", "Sheet", "长" * 31]
    assert title_of("长" * 40, 2) == "长" * 27 + " (2)"


def test_a_text_longer_than_a_cell_is_refused_not_lost() -> None:
    assert read_back(xlsx_of([["a" * EXCEL_CELL, "", ""]]), "a.xlsx") == [["a" * EXCEL_CELL, "", ""]]
    with pytest.raises(SheetError) as caught:
        xlsx_of([["a" * (EXCEL_CELL + 1), "", ""]])
    assert caught.value.code == "cell_too_long"


def test_widths_count_chinese_twice() -> None:
    assert [width_of("abc"), width_of("王芳"), width_of("１b")] == [3, 4, 3]


def test_a_template_explains_itself_and_reads_back() -> None:
    schema = Schema(
        [
            Field("name", "姓名", required=True, hint="与证件一致"),
            Field("id_number", "证件号码", required=True, is_code=True),
            Field("counted", "是否计入", choices=("是", "否")),
        ]
    )
    content = template_xlsx(schema, [["王芳", ID, "是"]], ["一次最多导入 100 万行。"])
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["数据", "说明", "示例"]
    assert [cell.value for cell in book["数据"][1]] == ["姓名", "证件号码", "是否计入"]
    notes = [[cell.value for cell in row] for row in book["说明"].iter_rows()]
    assert notes[1][:5] == ["姓名", "name", "必填", None, "与证件一致"]
    assert notes[3][:4] == ["是否计入", "counted", "选填", "是、否"]
    assert notes[-1][0] == "一次最多导入 100 万行。"
    assert [cell.value for cell in book["示例"][2]] == ["王芳", ID, "是"]
    with read_table(io.BytesIO(content), schema.columns, filename="模板.xlsx") as table:
        assert list(schema.parse(table)) == []  # an example is never imported by oversight
    book["数据"].append(["李四", ID, "否"])
    filled = io.BytesIO()
    book.save(filled)
    filled.seek(0)
    with read_table(filled, schema.columns, filename="模板.xlsx") as table:
        assert [parsed.data for parsed in schema.parse(table)] == [{"name": "李四", "id_number": ID, "counted": "否"}]
    assert table.problems == ()
