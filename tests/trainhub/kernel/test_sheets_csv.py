"""CSV in: encodings, delimiters, headers, and the cells that are refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from trainhub.kernel.sheets.reading import Table, read_table
from trainhub.kernel.sheets.types import Column, Problem, SheetError

COLUMNS = (
    Column("name", "姓名", required=True),
    Column("id_number", "证件号码", required=True, aliases=("身份证号",)),
    Column("hours", "学时"),
)
ID = "350102199001011234"


def opened(text: str, encoding: str = "utf-8", filename: str = "名单.csv", **options: int) -> Table:
    return read_table(io.BytesIO(text.encode(encoding)), COLUMNS, filename=filename, **options)


def values(table: Table) -> list[dict[str, str]]:
    return [row.values for row in table.rows()]


def only_problem(text: str) -> Problem:
    (row,) = opened(f"name,id_number\n{text}").rows()
    (problem,) = row.problems
    return problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_of_excel_and_wps(encoding: str, delimiter: str) -> None:
    text = f"姓名,证件号码,学时\r\n陈㙦,{ID},40\r\n".replace(",", delimiter)
    table = opened(text, encoding)
    assert values(table) == [{"name": "陈㙦", "id_number": ID, "hours": "40"}]
    assert table.encoding == encoding
    assert (table.file, table.sheet, table.header_row, table.row_count, table.problems) == ("名单.csv", None, 1, 1, ())


def test_gb18030_four_byte_characters_and_a_character_across_the_chunk() -> None:
    rows = "".join(f"𠮷{'林' * (i % 7)},{i:018d}\n" for i in range(90_000))
    table = opened("name,id_number\n" + rows, "gb18030")
    assert table.encoding == "gb18030"
    assert sum(1 for row in table.rows() if not row.problems) == 90_000


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(SheetError) as caught:
        read_table(io.BytesIO("姓名,证件号码\n".encode() + b"a\xff\xff,1\n" + b"x" * 2000), COLUMNS, filename="a.csv")
    assert caught.value.code in ("unknown_encoding", "wrong_type")


@pytest.mark.parametrize(
    "header",
    [
        "姓名,证件号码",
        "name,id_number",
        "NAME,ID Number",
        " 姓 名 ,　证件号码　",
        "ｎａｍｅ,ｉｄ＿ｎｕｍｂｅｒ",  # noqa: RUF001 - full-width forms are what is tested
        "*姓名,证件号码（必填）",
        "姓名(name),id_number 证件号码",
        "姓名,身份证号",
    ],
)
def test_headers_in_either_language_however_typed(header: str) -> None:
    assert values(opened(f"{header}\n王芳,{ID}\n")) == [{"name": "王芳", "id_number": ID, "hours": ""}]


def test_any_order_and_unknown_columns_are_warned_about() -> None:
    table = opened(f"备注,hours,id_number,row,problem,name\nx,3,{ID},7,坏,李雷\n")
    assert values(table) == [{"name": "李雷", "id_number": ID, "hours": "3"}]
    (warning,) = table.problems
    assert warning.level == "warning"
    assert warning.as_dict() == {
        "file": "名单.csv",
        "sheet": None,
        "row": 1,
        "column": "备注",
        "value": None,
        "problem": "未识别的列，已忽略。",
    }


def test_a_missing_required_column_names_both_names_and_what_was_found() -> None:
    with pytest.raises(SheetError) as caught:
        opened("姓名,电话\n王芳,1\n")
    assert caught.value.code == "missing_column"
    assert "证件号码 (id_number)" in caught.value.message
    assert "姓名、电话" in caught.value.message
    assert caught.value.details[0]["row"] == 1


@pytest.mark.parametrize("header", ["name,name,id_number", "name,姓名,id_number"])
def test_a_column_twice_is_refused(header: str) -> None:
    with pytest.raises(SheetError) as caught:
        opened(f"{header}\na,b,c\n")
    assert (caught.value.code, caught.value.problem.column) == ("duplicate_column", "name")


def test_a_title_above_the_table_is_tolerated() -> None:
    table = opened(f"2016年学员名册,,\n\n姓名,证件号码,学时\n王芳,{ID},4\n")
    assert table.header_row == 3
    assert [row.number for row in table.rows()] == [4]


def test_rows_are_numbered_as_excel_shows_them() -> None:
    table = opened(f'name,id_number\n\n"王\n芳",{ID}\n,\n李雷,{ID}\n\n\n , \n')
    assert [(row.number, row.values["name"]) for row in table.rows()] == [(3, "王\n芳"), (5, "李雷")]
    assert [row.number for row in table.rows()] == [3, 5]


def test_old_mac_line_ends() -> None:
    assert len(values(opened(f"name,id_number\r王芳,{ID}\r李雷,{ID}\r"))) == 2


def test_cells_are_stripped_and_normalised() -> None:
    (row,) = opened("name,id_number\n\u3000 Ame\u0301lie\u00a0\u3000,\ufeff1 \n").rows()
    assert row.values == {"name": "Amélie", "id_number": "1", "hours": ""}
    assert row.problems == ()


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "+86 138 0000 0000"])
def test_a_cell_that_would_run_is_reported(cell: str) -> None:
    problem = only_problem(f'"{cell}",1\n')
    assert (problem.row, problem.column, problem.level) == (2, "name", "error")
    assert "公式" in problem.problem


@pytest.mark.parametrize("cell", ["-5", "+5", "-3.50", "-1,234.5", "-12%", "-", "--", "a=1"])
def test_numbers_and_dashes_are_no_formulas(cell: str) -> None:
    (row,) = opened(f'name,id_number\n"{cell}",1\n').rows()
    assert (row.values["name"], row.problems) == (cell, ())


@pytest.mark.parametrize(("cell", "read"), [("'=1+1", "=1+1"), ("''=1", "'=1"), ("'+86 1", "+86 1"), ("'tis", "'tis")])
def test_the_apostrophe_of_our_exports_is_taken_off(cell: str, read: str) -> None:
    (row,) = opened(f"name,id_number\n{cell},1\n").rows()
    assert (row.values["name"], row.problems) == (read, ())


@pytest.mark.parametrize("cell", ["a\x00b", "\x07", "a\x1bb", "a\u202eb", "\x85x\x9f"])
def test_control_characters_are_reported(cell: str) -> None:
    problem = only_problem(f'"王{cell}芳",1\n')
    assert "控制字符" in problem.problem
    assert problem.value is not None
    assert problem.value.isprintable()


def test_an_identity_number_in_scientific_notation_is_reported() -> None:
    problem = only_problem("王芳,3.50102E+17\n")
    assert (problem.column, problem.value) == ("id_number", "3.50102E+17")
    assert "文本" in problem.problem


def test_more_cells_than_headers_is_an_error() -> None:
    problem = only_problem(f"王芳,{ID},多,出\n")
    assert (problem.row, problem.column, problem.value, problem.level) == (2, None, "多", "error")


def test_fewer_cells_are_empty() -> None:
    assert values(opened("name,id_number,hours\n王芳\n")) == [{"name": "王芳", "id_number": "", "hours": ""}]


@pytest.mark.parametrize(("text", "row"), [('name,id_number\na,1\n"b,2\nc,3\n', 3), ('name,id_number\n"a"b,1\n', 2)])
def test_quotes_that_do_not_match_are_refused_with_the_row(text: str, row: int) -> None:
    with pytest.raises(SheetError) as caught:
        opened(text)
    assert (caught.value.code, caught.value.problem.row) == ("broken_quotes", row)


def test_row_limit_at_and_above() -> None:
    text = "name,id_number\na,1\n\nb,2\n"
    assert opened(text, max_rows=2).row_count == 2
    with pytest.raises(SheetError) as caught:
        opened(text, max_rows=1)
    assert (caught.value.code, caught.value.problem.row) == ("too_many_rows", 4)


def test_byte_limit_at_and_above() -> None:
    text = "name,id_number\na,1\n"
    assert opened(text, max_bytes=len(text)).row_count == 1
    with pytest.raises(SheetError) as caught:
        opened(text, max_bytes=len(text) - 1)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("content", [b"", b"\n\n", b" , ,\n"])
def test_empty_files_are_refused(content: bytes) -> None:
    with pytest.raises(SheetError) as caught:
        read_table(io.BytesIO(content), COLUMNS, filename="a.csv")
    assert caught.value.code == "empty_file"


def test_a_table_without_rows_is_read() -> None:
    assert values(opened("name,id_number\n")) == []


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"MZ\x90\x00\x03" + b"\0" * 200, "a.csv"),
        (b"%PDF-1.7\n%abc", "a.csv"),
        (b"<html><table><tr><td>name</td></tr></table></html>", "a.csv"),
        (b"name,id_number\na,1\n", "a.xlsx"),
        (b"name,id_number\na,1\n", "a.pdf"),
        (b"\x89PNG\r\n\x1a\n1234", "a.txt"),
        ("name,id_number\na,1\n".encode("utf-16-le"), "a.csv"),
    ],
)
def test_content_that_is_no_text_table_is_refused(content: bytes, filename: str) -> None:
    with pytest.raises(SheetError) as caught:
        read_table(io.BytesIO(content), COLUMNS, filename=filename)
    assert caught.value.code == "wrong_type"


def test_a_path_a_missing_path_and_a_stream_that_cannot_seek(tmp_path: Path) -> None:
    path = tmp_path / "学员.csv"
    path.write_text(f"姓名,证件号码\n王芳,{ID}\n", encoding="utf-8")
    with read_table(path, COLUMNS) as table:
        assert (table.file, len(values(table))) == ("学员.csv", 1)
    with pytest.raises(SheetError) as caught:
        read_table(tmp_path / "无.csv", COLUMNS)
    assert caught.value.code == "not_found"

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_args: int) -> int:
            raise io.UnsupportedOperation

    with read_table(Pipe(path.read_bytes()), COLUMNS, filename="a.csv") as table:
        assert len(values(table)) == 1
