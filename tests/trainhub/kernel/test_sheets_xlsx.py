"""XLSX in: values as text, formulas and lost digits named, and packages that must not be opened."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from trainhub.kernel.sheets import package
from trainhub.kernel.sheets.reading import Table, read_table
from trainhub.kernel.sheets.types import Column, SheetError

COLUMNS = (Column("name", "姓名", required=True), Column("id_number", "证件号码"), Column("day", "日期"))
ID = "350102199001011234"


def workbook(rows: list[list[Any]], *, title: str = "名单", first_row: int = 0, first_column: int = 0) -> bytes:
    """A workbook made by Excel's habits: openpyxl writes formulas for texts that begin with =."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = title
    for r, row in enumerate(rows, start=1 + first_row):
        for c, value in enumerate(row, start=1 + first_column):
            if value is not None:
                page.cell(row=r, column=c, value=value)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


OPENED: list[Table] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Whatever tables a test opened are closed at its end."""
    yield
    while OPENED:
        OPENED.pop().close()


def opened(content: bytes, filename: str = "名单.xlsx", **options: Any) -> Table:
    OPENED.append(read_table(io.BytesIO(content), COLUMNS, filename=filename, **options))
    return OPENED[-1]


def changed(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The package with parts replaced (None drops a part)."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return target.getvalue()


def shared_strings() -> bytes:
    """A workbook whose texts stand in a part of their own."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("名单").write_column(0, 0, ["姓名", "a"])
    book.close()
    return target.getvalue()


def in_sheet(content: bytes, old: bytes, new: bytes) -> bytes:
    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return data
        assert old in data
        return data.replace(old, new)

    return changed(content, change)


def refusal(content: bytes, filename: str = "a.xlsx", **options: Any) -> SheetError:
    with pytest.raises(SheetError) as caught:
        opened(content, filename, **options)
    assert caught.value.message
    assert caught.value.details[0]["file"] == filename
    return caught.value


def test_values_come_out_as_excel_shows_them() -> None:
    cells = [
        (12, "12"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (-5, "-5"),
        (0.0000001, "0.0000001"),
        (999_999_999_999_999, "999999999999999"),
        (True, "TRUE"),
        (date(2016, 2, 3), "2016-02-03"),
        (datetime(2016, 2, 3, 4, 5, 6), "2016-02-03 04:05:06"),
        (time(8, 30), "08:30:00"),
        (timedelta(hours=30), "30:00:00"),
        (" \u3000王芳\u3000", "王芳"),
        ("Ame\u0301lie", "Amélie"),
        ("a\r\nb", "a\nb"),
    ]
    table = opened(workbook([["姓名"], *([value] for value, _text in cells)]))
    assert [(row.values["name"], row.problems) for row in table.rows()] == [(text, ()) for _value, text in cells]
    assert (table.sheet, table.encoding, table.row_count) == ("名单", None, len(cells))


def test_an_identity_number_as_text_is_kept_and_as_number_is_reported() -> None:
    table = opened(workbook([["姓名", "证件号码"], ["王芳", ID], ["李雷", int(ID)], ["韩梅", 10**15]]))
    good, bad, first = table.rows()
    assert (good.values["id_number"], good.problems) == (ID, ())
    (problem,) = bad.problems
    assert (problem.sheet, problem.row, problem.column, problem.level) == ("名单", 3, "id_number", "error")
    assert "文本" in problem.problem
    assert not first.is_good


def test_formulas_and_error_values_are_named_by_cell() -> None:
    table = opened(workbook([["姓名", "证件号码", "日期", "别的"], ["王芳", "=1+1", "#N/A", "=A1"], ["李雷", "1", "2", "=A1"]]))
    first, second = table.rows()
    assert [(p.column, p.row) for p in first.problems] == [("id_number", 2), ("day", 2)]
    assert "公式" in first.problems[0].problem
    assert "错误值" in first.problems[1].problem
    assert second.problems == ()


def test_a_formula_with_its_value_is_named_too() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet()
    page.write_row(0, 0, ["姓名", "证件号码"])
    page.write_formula(1, 0, "=CONCATENATE(1,2)", None, "12")
    page.write_array_formula("B2:B2", "{=SUM(1)}", None, 1)
    book.close()
    (row,) = opened(target.getvalue()).rows()
    assert [p.column for p in row.problems] == ["name", "id_number"]


def test_prefixed_names_in_the_sheet_are_understood() -> None:
    def prefixed(name: str, data: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return data
        text = data.decode().replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
        return text.encode()

    content = changed(workbook([["姓名"], ["=1+1"]]), prefixed)
    (row,) = opened(content).rows()
    assert "公式" in row.problems[0].problem


def test_texts_that_look_like_formulas_are_texts() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"strings_to_formulas": False})
    page = book.add_worksheet()
    page.write_column(0, 0, ["姓名", "=1+1", "'=2", "+86 1", "-"])
    book.close()
    rows = list(opened(target.getvalue()).rows())
    assert [row.values["name"] for row in rows] == ["=1+1", "=2", "+86 1", "-"]
    assert not any(row.problems for row in rows)


def test_the_table_may_stand_away_from_the_corner() -> None:
    content = workbook([["name", "id_number"], ["王芳", "1"], [None, None], ["李雷", "=1"]], first_row=3, first_column=2)
    rows = list(opened(content).rows())
    assert [(row.number, row.values["name"]) for row in rows] == [(5, "王芳"), (7, "李雷")]
    assert [p.row for p in rows[1].problems] == [7]


def test_formats_down_to_the_last_row_cost_nothing() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"], page["A2"] = "姓名", "王芳"
    page.cell(row=1_048_576, column=200).number_format = "@"
    assert [row.values["name"] for row in opened(saved(book)).rows()] == ["王芳"]


def test_the_first_visible_tab_is_read_and_the_others_are_named() -> None:
    book = openpyxl.Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.title, hidden.sheet_state = "隐藏", "hidden"
    for title in ("说明", "一班", "二班"):
        book.create_sheet(title)["A1"] = "姓名"
        book[title]["A2"] = title
    content = saved(book)
    table = opened(content)
    assert [row.values["name"] for row in table.rows()] == ["一班"]
    (warning,) = table.problems
    assert (warning.level, "二班" in warning.problem) == ("warning", True)
    assert [row.values["name"] for row in opened(content, sheet="二班").rows()] == ["二班"]
    error = refusal(content, sheet="三班")
    assert (error.code, "一班" in error.message) == ("missing_sheet", True)


def test_content_right_of_the_table_is_a_warning() -> None:
    (row,) = opened(workbook([["姓名"], ["王芳", None, "备注"]])).rows()
    assert [(p.value, p.level) for p in row.problems] == [("备注", "warning")]
    assert row.is_good


def test_row_limit() -> None:
    content = workbook([["姓名"], ["a"], ["b"]])
    assert opened(content, max_rows=2).row_count == 2
    assert refusal(content, max_rows=1).code == "too_many_rows"


def test_control_characters_in_cells_are_reported() -> None:
    content = in_sheet(workbook([["姓名"], ["BELL"]]), b"<t>BELL</t>", b"<t>a_x0007_b</t>")
    (row,) = opened(content).rows()
    assert "控制字符" in row.problems[0].problem


# Packages -----------------------------------------------------------------------------------------------------------


def test_a_zip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "RATIO_FROM", 1_000_000)
    content = changed(workbook([["姓名"], ["a"]]), lambda n, d: d + b" " * 5_000_000 if n.endswith("sheet1.xml") else d)
    assert len(content) < 50_000
    assert refusal(content).code == "too_large_unpacked"


def test_a_package_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook([["姓名"], ["a"]])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    monkeypatch.setattr(package, "MAX_UNPACKED", size)
    assert opened(content).row_count == 1
    monkeypatch.setattr(package, "MAX_UNPACKED", size - 1)
    assert refusal(content).code == "too_large_unpacked"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_declared_size_that_lies_is_found_out(part: str) -> None:
    content = changed(shared_strings(), lambda n, d: d + b" " * 100_000 if n == part else d)
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(part.encode()))
    lying = content[: at + 24] + struct.pack("<I", 10) + content[at + 28 :]
    assert refusal(lying).code == "too_large_unpacked"


def test_too_many_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_ENTRIES", 3)
    assert refusal(workbook([["姓名"]])).code == "too_large_unpacked"


@pytest.mark.parametrize("place", [b'r="XFD1048576"', b'r="A2000000"', b'r="ZZZZ2"', b"r = 'AMJ1048570'"])
def test_a_cell_far_away_is_refused_before_memory_is_taken(place: bytes) -> None:
    content = in_sheet(workbook([["姓名"], ["a"]]), b'r="A2"', place)
    assert refusal(content).code in ("too_large", "broken_file")


def test_a_row_number_far_away_with_bare_cells_is_refused() -> None:
    content = in_sheet(workbook([["姓名"], ["a"]]), b'<c r="A2"', b"<c")
    assert opened(content).row_count == 1
    content = in_sheet(workbook([["姓名"], ["a"]]), b'<row r="2"', b'<row r="90000000"')
    assert refusal(in_sheet(content, b'<c r="A2"', b"<c")).code == "too_large"


def test_too_many_formulas_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_MARKS", 1)
    assert refusal(workbook([["姓名"], ["=1"], ["=2"]])).code == "formulas"


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/workbook.xml", b"<workbook"),
        ("xl/workbook.xml", None),
        ("xl/_rels/workbook.xml.rels", None),
        ("xl/worksheets/sheet1.xml", None),
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row></sheetData></worksheet>"),
        ("xl/worksheets/sheet1.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><worksheet><sheetData/></worksheet>'),
        ("xl/worksheets/sheet1.xml", b'<worksheet><sheetData><row r="1"><c s="<" r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'),
        ("xl/sharedStrings.xml", b"<sst><si>"),
    ],
)
def test_broken_parts_are_refused(part: str, content: bytes | None) -> None:
    error = refusal(changed(shared_strings(), lambda name, data: content if name == part else data))
    assert error.code in ("broken_file", "wrong_type", "empty_file")


def test_a_truncated_or_damaged_file_is_refused() -> None:
    content = workbook([["姓名"], *([f"学员{i}"] for i in range(500))])
    assert refusal(content[: len(content) // 2]).code == "broken_file"
    for at in range(60, len(content), 97):
        damaged = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        with contextlib.suppress(SheetError):
            list(opened(damaged).rows())


def test_an_encrypted_entry_and_a_repeated_entry_are_refused() -> None:
    content = workbook([["姓名"], ["a"]])
    at = content.index(b"PK\x01\x02")
    assert refusal(content[: at + 8] + b"\x01\x00" + content[at + 10 :]).code == "encrypted"
    target = io.BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    assert refusal(target.getvalue()).code == "broken_file"


def archive_of(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), data)
    return target.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (OLE + "Workbook".encode("utf-16-le"), "a.xls", "old_format"),
        (OLE + "Workbook".encode("utf-16-le"), "a.xlsx", "old_format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "encrypted"),
        (OLE + b"\0" * 100_000 + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "encrypted"),
        (b"%PDF-1.4\n", "a.xlsx", "wrong_type"),
        (b"MZ\x90\x00" + b"\0" * 100, "a.xlsx", "wrong_type"),
        (b"\x7fELF\x02\x01", "a.xlsx", "wrong_type"),
        (b"", "a.xlsx", "empty_file"),
        (b"\x00\x01\x02\x03" * 50, "a.xlsx", "wrong_type"),
        (b"\x00\x01\x02\x03" * 50, "a.dat", "wrong_type"),
        (archive_of(word__document_xml=b"<x/>"), "a.xlsx", "wrong_type"),
        (archive_of(ppt__presentation_xml=b"<x/>"), "a.xlsx", "wrong_type"),
        (archive_of(readme=b"hello"), "a.xlsx", "wrong_type"),
        (archive_of(xl__workbook_bin=b"1", xl__worksheets__sheet1_bin=b"2"), "a.xlsx", "wrong_type"),
        (b"PK\x03\x04broken", "a.xlsx", "broken_file"),
        (workbook([["姓名"]]), "a.csv", "wrong_type"),
        (workbook([["姓名"]]), "a.pdf", "wrong_type"),
        (workbook([]), "a.xlsx", "empty_file"),
    ],
)
def test_what_is_no_workbook_is_refused_with_words(content: bytes, filename: str, code: str) -> None:
    assert refusal(content, filename).code == code


def test_macros_are_refused() -> None:
    target = io.BytesIO(workbook([["姓名"]]))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"1")
    assert refusal(target.getvalue()).code == "wrong_type"


def test_a_path_and_no_name_at_all(tmp_path: Path) -> None:
    path = tmp_path / "学员.xlsx"
    path.write_bytes(workbook([["姓名"], ["王芳"]]))
    with read_table(path, COLUMNS) as table:
        assert (table.file, [row.values["name"] for row in table.rows()]) == ("学员.xlsx", ["王芳"])
        assert len(list(table.rows())) == 1
    with path.open("rb") as stream, read_table(stream, COLUMNS) as table:
        assert table.file == "学员.xlsx"
    with read_table(io.BytesIO(path.read_bytes()), COLUMNS) as table:
        assert table.row_count == 1


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_the_quick_proof_agrees_with_the_scan_however_the_bytes_come(size: int) -> None:
    def proof(content: bytes) -> bool:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml")
        return package._is_harmless(sheet[at : at + size] for at in range(0, len(sheet), size))

    plain = workbook([["姓名", "日期"], ["王芳", 1], ["<c r='ZZZ1'>", 'r="XFD1048576"']])
    assert proof(plain)
    assert proof(shared_strings())
    assert not proof(workbook([["姓名"], ["=1+1"]]))
    assert not proof(workbook([["姓名"], ["#N/A"]]))
    for place in (b'r="XFD1048576"', b"r='A2'", b's="<" r="XFD9"', b's="1" r="A2"', b'r="a2"', b'r="A99999999"'):
        assert not proof(in_sheet(plain, b'r="A2"', place))
    assert opened(plain).row_count == 2


@pytest.mark.parametrize(
    ("merged", "named"),
    [
        ("C2:C4", [(3, "day"), (4, "day")]),
        ("B3:C3", [(3, "day")]),
        ("B2:C3", [(2, "day"), (3, "id_number"), (3, "day")]),
        ("C4:C9", []),
        ("A1:C1", []),
        ("E2:E4", []),
    ],
)
def test_what_a_merged_cell_covers_is_named(merged: str, named: list[tuple[int, str]]) -> None:
    """The file holds the value once; the rows below would be imported without it."""
    book = openpyxl.load_workbook(io.BytesIO(workbook([["姓名", "证件号码", "日期"], ["甲", ID, "2026-01-02"], ["乙", ID, None], ["丙", ID, None]])))
    page = book.active
    assert page is not None
    if merged.startswith("A1"):
        page.insert_rows(1)
        page["A1"] = "二〇二六年名单"
    page["E2"] = "备注"
    page.merge_cells(merged)
    if merged == "C4:C9":
        page["C4"] = "2026-01-03"
    rows = list(opened(saved(book)).rows())
    assert [row.values["name"] for row in rows] == ["甲", "乙", "丙"]
    found = [(p.row, p.column) for row in rows for p in row.problems if p.level == "error"]
    assert found == named
    assert all("取消合并" in p.problem for row in rows for p in row.problems if p.level == "error")
