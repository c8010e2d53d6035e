"""`trainhub certificates render` on files: what it promises in the contract."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.certificates.cli_render import render
from trainhub.certificates.facts import checked
from trainhub.certificates.layouts.model import Field, built_in, data_of
from trainhub.certificates.operations import templates
from trainhub.certificates.types import Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity
from trainhub.kernel.db import transaction

HEADER = "number,code,name,course,hours,issued_on"
GOOD = "350001120260000017,7K3MZQ9XW2HB,张三,工业互联网,48,2026-11-22"
pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


def _run(tmp_path: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> tuple[int, dict[str, Any], Path]:
    table, out = tmp_path / "names.csv", tmp_path / "out.pdf"
    table.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    result = CliRunner().invoke(render, [str(table), "--template", "completion", "--out", str(out), "--json"])
    lines = result.stdout.splitlines()
    assert len(lines) == 1, result.output
    return result.exit_code, json.loads(lines[0]), out


def test_a_table_becomes_one_file(tmp_path: Path) -> None:
    import pikepdf

    second = GOOD.replace("000017", "000025").replace("张三", "欧阳㛃䶮𬭚")
    status, answer, out = _run(tmp_path, GOOD, second)
    assert status == 0
    assert sorted(answer) == ["bytes", "needs_glyph", "overflows", "pages", "seconds"]
    assert (answer["pages"], answer["needs_glyph"], answer["bytes"]) == (2, [], out.stat().st_size)
    assert answer["seconds"] > 0
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 2


def test_chinese_headers_in_any_order_and_encoding(tmp_path: Path) -> None:
    status, answer, _out = _run(
        tmp_path,
        "张三,48,工业互联网,7K3MZQ9XW2HB,350001120260000017,2026/11/22",
        header="姓名,学时,课程,核验码,证书编号,发证日期",
        encoding="gb18030",
    )
    assert (status, answer["pages"]) == (0, 1)


def test_a_name_with_a_stand_in_for_a_lost_character_gets_no_page(tmp_path: Path) -> None:
    """As issuing holds it back: 王? and 李□ are nobody's names, whatever font draws the signs."""
    names = ("张三", "李□", "王?", "赵〓")
    rows = [GOOD.replace("张三", name).replace("000017", f"0000{place}7") for place, name in enumerate(names, 1)]
    rows.append(GOOD.replace("工业互联网", "为什么?").replace("000017", "000057"))
    status, answer, _out = _run(tmp_path, *rows)
    assert (status, answer["pages"], answer["needs_glyph"]) == (0, 2, [2, 3, 4])


def test_a_name_in_no_font_gets_no_page(tmp_path: Path) -> None:
    names = ("张三", "张\ue000", "\ue81e三", "张\U000e0100三")
    rows = [GOOD.replace("张三", name).replace("000017", f"0000{place}7") for place, name in enumerate(names, 1)]
    status, answer, _out = _run(tmp_path, *rows)
    assert status == 0
    assert answer["pages"] == 2, "U+E81E has a standard character, U+E000 has none"
    assert answer["needs_glyph"] == [2, 4]


def test_number_and_code_are_read_as_a_person_types_them_and_printed_as_they_are(tmp_path: Path) -> None:
    whole = _run(tmp_path, GOOD)[2].read_bytes()
    wide = GOOD.translate({ord(char): ord(char) + 0xFEE0 for char in "0123456789KMZQXWHB"}).replace("２０２６-１１-２２", "2026-11-22")
    spaced = GOOD.replace("350001120260000017", "35 0001 1 2026 000001 7").replace("7K3MZQ9XW2HB", "7k3m-zq9x-w2hb")
    for row in (wide, spaced, GOOD.replace("7K3M", "7k3m")):
        status, _answer, out = _run(tmp_path, row.replace("，", ",").replace("４８", "48"))
        assert (status, out.read_bytes() == whole) == (0, True), row


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    table, out = tmp_path / "names.csv", tmp_path / "out.pdf"
    table.write_text(f"{HEADER},备注说明\n{GOOD},无\n", encoding="utf-8")
    result = CliRunner().invoke(render, [str(table), "--template", "completion", "--out", str(out), "--json"])
    assert result.exit_code == 0
    assert "备注说明：未识别的列，已忽略" in result.stderr


def test_a_full_disk_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    (tmp_path / "out").mkdir()
    command = [str(tmp_path / "names.csv"), "--template", "completion", "--out", str(tmp_path / "out" / "c.pdf"), "--json"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # a file of more bytes cannot be written, as on a full disk
    try:
        refused = CliRunner().invoke(render, command)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "cannot_write")
    assert list((tmp_path / "out").iterdir()) == []
    assert CliRunner().invoke(render, command).exit_code == 0


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("number", ("0", "0.5", "31.8", "100000"), ("-1", "-0.1", "100001", "1e3")),
        ("date", ("1950-01-01", "2099-12-31"), ("1949-12-31", "2100-01-01", "1026-03-02")),
    ],
)
def test_facts_that_cannot_be_are_refused(app: Flask, kind: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    field = Field(name="it", label="某项", label_en="it", type=kind)
    with app.test_request_context():
        assert [checked(field, text) for text in good] == list(good)
        for text in bad:
            with pytest.raises(ValueError, match=r"不能|不是|应在|请填写"):
                checked(field, text)


def test_a_row_that_would_be_cut_gets_no_page_and_is_told_by_how_much(tmp_path: Path) -> None:
    import pikepdf

    table, out = tmp_path / "names.csv", tmp_path / "out.pdf"
    long = GOOD.replace("000017", "000027").replace("张三", "诺" * 130)
    table.write_text("\n".join([HEADER, GOOD, long, GOOD.replace("000017", "000033"), ""]), encoding="utf-8")
    result = CliRunner().invoke(render, [str(table), "--template", "completion", "--out", str(out), "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["pages"], answer["overflows"], answer["needs_glyph"]) == (0, 2, [2], [])
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 2
    assert "第3行：姓名（多出" in result.stderr
    status, answer, out = _run(tmp_path / "only", long) if (tmp_path / "only").mkdir() is None else (0, {}, out)
    assert (status, answer["pages"], answer["overflows"], out.exists()) == (0, 0, [1], False)


def test_an_empty_fact_is_shown_not_refused(tmp_path: Path) -> None:
    status, answer, _out = _run(tmp_path, GOOD.replace(",48,", ",,"))
    assert (status, answer["pages"]) == (0, 1)


def test_the_check_digit_is_not_judged(tmp_path: Path) -> None:
    status, _answer, _out = _run(tmp_path, GOOD.replace("350001120260000017", "350001120260000010"))
    assert status == 0


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("350001120260000017", "35000112026000001", "number"),
        ("350001120260000017", "3500011202600000178", "number"),
        ("350001120260000017", "35000112026000001X", "number"),
        ("350001120260000017", "350001120260000025", "number"),
        ("7K3MZQ9XW2HB", "7K3MZQ9XW2H", "code"),
        ("7K3MZQ9XW2HB", "7K3MZQ9XW2HU", "code"),
        ("张三", "", "name"),
        ("2026-11-22", "2026-02-30", "issued_on"),
        ("2026-11-22", "1026-11-22", "issued_on"),
        ("2026-11-22", "2126-11-22", "issued_on"),
        (",48,", ",many,", "hours"),
        (",48,", ",-5,", "hours"),
    ],
)
def test_bad_rows_refuse_the_whole_file(tmp_path: Path, old: str, new: str, column: str) -> None:
    status, answer, out = _run(tmp_path, GOOD.replace("350001120260000017", "350001120260000025"), GOOD.replace(old, new))
    assert status == 1
    assert answer["error"]["code"] == "bad_rows"
    places = [(detail["row"], detail["column"]) for detail in answer["error"]["details"]]
    assert places == [(3, column)]
    assert not out.exists()


def test_a_missing_column_and_an_empty_table_are_refused(tmp_path: Path) -> None:
    status, answer, _out = _run(tmp_path, "350001120260000017,7K3MZQ9XW2HB", header="number,code")
    assert status == 1
    assert "name" in json.dumps(answer["error"])
    status, answer, _out = _run(tmp_path)
    assert (status, answer["error"]["code"]) == (1, "empty_file")


def test_a_layout_of_ones_own_is_a_file(tmp_path: Path) -> None:
    table, out, layout = tmp_path / "names.csv", tmp_path / "out.pdf", tmp_path / "own.json"
    table.write_text(f"{HEADER},grade\n{GOOD},优秀\n", "utf-8")
    body = data_of(built_in("completion"))
    body |= {"code": "own", "fields": [*body["fields"], {"name": "grade", "label": "等第", "label_en": "grade", "type": "text", "required": True}]}
    body["elements"].append({"kind": "text", "text": "{grade}", "box": [20, 20, 60, 10], "size": 12})
    layout.write_text(json.dumps(body), "utf-8")
    command = [str(table), "--template", str(layout), "--out", str(out), "--json"]
    assert json.loads(CliRunner().invoke(render, command).stdout)["pages"] == 1
    assert out.read_bytes().startswith(b"%PDF")
    body["elements"][-1]["text"] = "{Grade}"
    layout.write_text(json.dumps(body), "utf-8")
    refused = CliRunner().invoke(render, command)
    assert "应写作 {grade}" in json.loads(refused.stdout)["error"]["message"], "words that every page would print wrong"
    layout.write_text("{}", "utf-8")
    refused = CliRunner().invoke(render, command)
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "bad_template")


@pytest.mark.parametrize("option", ["--issuer", "--issuer-en"])
def test_an_issuer_that_no_font_draws_is_refused(tmp_path: Path, option: str) -> None:
    table, out = tmp_path / "names.csv", tmp_path / "out.pdf"
    table.write_text(f"{HEADER}\n{GOOD}\n", "utf-8")
    command = [str(table), "--template", "completion", "--out", str(out), option, "大学\U000323b0", "--json"]
    refused = CliRunner().invoke(render, command)
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "needs_glyph")
    assert "U+323B0" in json.loads(refused.stdout)["error"]["message"]
    assert not out.exists()


def test_a_template_drawn_up_here_is_named_with_its_version(app: Flask, session: Session, tmp_path: Path) -> None:
    by, other = Identity(1, None, "甲", ()), Identity(2, None, "乙", ())
    with transaction():
        row = templates.start(code="college", kind=Kind.COMPLETION, owner=None, by=by, now=ground.NOW)
        templates.submit(template=row, by=by, now=ground.NOW)
        templates.decide(template=row, is_approved=True, reason="", by=other, now=ground.NOW)
    table, out = tmp_path / "names.csv", tmp_path / "out.pdf"
    table.write_text(f"{HEADER}\n{GOOD}\n", "utf-8")

    def run(template: str) -> tuple[int, dict[str, Any]]:
        command = [str(table), "--template", template, "--out", str(out), "--json"]
        result = CliRunner().invoke(render, command, obj={"create_app": lambda: app})
        return result.exit_code, json.loads(result.stdout)

    assert run("college@1")[1]["pages"] == 1
    assert run("college@2")[1]["error"]["code"] == "no_template"
    assert run("completion@1")[1]["pages"] == 1


def test_unknown_templates_are_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(render, ["x.csv", "--template", "diploma", "--out", str(tmp_path / "x.pdf")])
    assert result.exit_code == 2


def test_equal_tables_give_equal_files(tmp_path: Path) -> None:
    _status, _answer, out = _run(tmp_path, GOOD)
    first = out.read_bytes()
    _status, _answer, out = _run(tmp_path, GOOD)
    assert out.read_bytes() == first
