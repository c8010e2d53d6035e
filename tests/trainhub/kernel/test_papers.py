"""Documents: numbers and dates stand on one line, whatever the width of the page."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from trainhub.kernel.papers import docx, pdf
from trainhub.kernel.papers.blocks import Grid, Heading, Paper, Para, columns, shares, unbroken

WORDS = "工程实践教育中心的教学环节与岗位实习安排"
NUMBER, DAY = "202208010117", "2025-09-01"
HEADS = ["学年", "年级", "是否卓越计划", "学号", "姓名", "基地", "企业", "环节", "岗位", "开始", "结束", "周数", "累计", "导师", "班级", "结果"]
ROW = ["2025—2026", "2022 级", "是", NUMBER, "林测", WORDS, WORDS, WORDS, WORDS, DAY, "2026-01-31", "16", "32", "陈师傅", "机械2201", "92.5"]
WIDE = Grid(HEADS, [ROW] * 3)
with_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")


def need(text: str, size: float, inner: float) -> float:
    return unbroken([text]) * size + 2 * inner


@pytest.mark.parametrize(("width", "size", "inner"), [(14230.0, 140.0, 40.0), (722.8, 7.0, 2.0)])
def test_student_numbers_and_dates_are_not_broken_in_a_wide_table(width: float, size: float, inner: float) -> None:
    found = columns(WIDE, width=width, size=size, inner=inner)
    assert sum(found) == pytest.approx(width)
    for n, text in enumerate(ROW):
        assert found[n] >= need(text, size, inner) - 1e-6, (HEADS[n], text)


def test_a_column_takes_room_only_where_there_is_some() -> None:
    short = Grid(["学号", "说明"], [[NUMBER, "好"]], widths=[1, 1])
    enough = need(NUMBER, 10, 2)
    assert columns(short, width=enough * 2, size=10, inner=2) == pytest.approx([enough, enough])  # at the bound nothing moves
    assert columns(short, width=enough * 2 - 10, size=10, inner=2) == pytest.approx([enough, enough - 10])
    # where the numbers of all columns do not fit, the shares stand
    crowd = Grid(["学号", "证号"], [[NUMBER, NUMBER]], widths=[1, 3])
    assert columns(crowd, width=enough, size=10, inner=2) == pytest.approx([one * enough for one in shares(crowd)])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("", 0.0), ("机械工程", 0.0), ("3", 0.66), ("第 12 周", 1.32), ("2025—2026", 8 * 0.66 + 1), ("AB", 1.6), ("x" * 80, 12.0)],
)
def test_what_stands_on_one_line(text: str, pieces: float) -> None:
    assert unbroken([text]) == pytest.approx(pieces)


def test_the_widths_are_those_of_the_docx() -> None:
    data = docx.draw(Paper("表", blocks=[WIDE], is_landscape=True))
    text = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()
    widths = [int(one) for one in re.findall(r'<w:gridCol w:w="(\d+)"/>', text)]
    assert len(widths) == len(HEADS)
    assert widths[HEADS.index("学号")] >= need(NUMBER, 140, 40) - 1
    assert sum(widths) <= 16838 - 2 * 1304 + len(HEADS)


def pages(paper: Paper, folder: Path) -> list[list[str]]:
    """The lines of each page of a document."""
    file = folder / "paper.pdf"
    file.write_bytes(pdf.draw(paper))
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True).stdout.decode()
    return [[line.strip() for line in page.splitlines() if line.strip()] for page in text.split("\f")[:-1]]


def numbered(rows: int, caption: str = "") -> Grid:
    return Grid(["学号", "姓名"], [[f"2022{n:04}", "林测"] for n in range(rows)], caption=caption)


@with_poppler
@pytest.mark.parametrize("caption", ["", "表 1"])
def test_a_long_table_begins_where_its_heading_stands(caption: str, tmp_path: Path) -> None:
    """It goes on over the page with its head again: no half page is left empty before it."""
    first, *others = pages(Paper("报告", blocks=[Para("一段说明"), Heading("实践情况", 2), numbered(120, caption)]), tmp_path)
    assert first[2] == "实践情况"
    assert sum(line.startswith("2022") for line in first) > 20
    assert len(others) >= 2
    assert all(page[0].split() == ["学号", "姓名"] for page in others)
    assert [line.split()[0] for page in [first, *others] for line in page if line.startswith("2022")] == [f"2022{n:04}" for n in range(120)]


@with_poppler
@pytest.mark.parametrize(("rows", "least"), [(3, 3), (6, 6), (60, 2)])
def test_a_heading_never_stands_alone_at_the_foot_of_a_page(rows: int, least: int, tmp_path: Path) -> None:
    """However much room the text above leaves: the heading stands with the first rows, a short table as a whole."""
    for lines in range(24, 44):
        found = pages(Paper("报告", blocks=[*[Para("一段说明")] * lines, Heading("实践情况", 2), numbered(rows)]), tmp_path)
        page = next(page for page in found if "实践情况" in page)
        assert sum(line.startswith("2022") for line in page) >= least, lines


@with_poppler
@pytest.mark.parametrize("rows", [3, 60])
def test_a_sentence_between_a_heading_and_its_table_leaves_neither_alone(rows: int, tmp_path: Path) -> None:
    for lines in range(24, 44):
        sentence = Para("以下为全部学生。", is_note=True)
        found = pages(Paper("报告", blocks=[*[Para("一段说明")] * lines, Heading("实践情况", 2), sentence, numbered(rows)]), tmp_path)
        page = next(page for page in found if "实践情况" in page)
        assert "以下为全部学生。" in page
        assert sum(line.startswith("2022") for line in page) >= 2, lines


def test_in_word_too_a_sentence_stays_with_the_table_that_it_introduces() -> None:
    """Not one before another paragraph, nor before a table that has nothing."""
    blocks = [Para("在另一段之前"), Para("在表格之前"), numbered(3), Para("在空表之前"), numbered(0)]
    with zipfile.ZipFile(io.BytesIO(docx.draw(Paper("报告", blocks=blocks)))) as package:
        document = package.read("word/document.xml").decode()
    kept = [text for text in ("在另一段之前", "在表格之前", "在空表之前") if "<w:keepNext/>" in document.split(text)[0].rsplit("<w:p>", 1)[1]]
    assert kept == ["在表格之前"]


def test_a_row_that_is_longer_than_a_page_goes_on_on_the_next() -> None:
    """Who wrote much, or a list that grew: the document is drawn all the same."""
    long = "\n".join(f"第 {n} 行" for n in range(200))
    drawn = pdf.draw(Paper("表", blocks=[Grid(["项目", "内容"], [["一", "短"], ["二", long], ["三", "短"]])]))
    assert drawn.startswith(b"%PDF")
    assert drawn.count(b"/Type /Page\n") > 2
