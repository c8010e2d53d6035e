"""Certificates as PDF: what is on the page, what is reported, and that equal input gives equal bytes."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from trainhub.certificates.layouts import model, shape, typeset
from trainhub.certificates.layouts.typeset import break_lines, fit, tokens
from trainhub.kernel import fonts
from trainhub.kernel.characters import GB18030_2022, BadCharacters, clean_name

with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
with_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")

FACTS = {
    "number": "350001120260000017",
    "code": "7K3MZQ9XW2HB",
    "name": "张三",
    "course": "工业互联网平台架构与应用开发",
    "hours": "48",
    "issued_on": "2026-03-05",
}
RARE = "㛃䶮𬭚喆垚"
LONG = "面向全省互联网经济创业与从业人员的工业互联网、大数据、云计算、人工智能与信息安全综合能力提升培训课程" * 2


def _text(pdf: bytes, tmp_path: Path) -> str:
    file = tmp_path / "page.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True).stdout.decode()


def _width(text: str) -> float:
    return sum(0.5 if char.isascii() else 1.0 for char in text)


def test_the_built_in_templates_are_there_and_whole() -> None:
    assert model.codes() == ("capstone", "completion", "exam", "mentor", "placement", "programme", "training")
    for code in model.codes():
        layout = model.built_in(code)
        assert (layout.code, layout.width, layout.height) == (code, 297, 210)
        assert "issued_on" in [one.name for one in layout.own_fields]
    completion = [one.name for one in model.built_in("completion").own_fields if one.required]
    assert completion == ["course", "hours", "issued_on"]


def test_layouts_are_found_by_code_and_version() -> None:
    assert model.built_in("completion", 1) is model.built_in("completion", 1)
    assert model.built_in("completion").key == "completion-1"
    with pytest.raises(KeyError):
        model.built_in("completion", 99)
    with pytest.raises(KeyError):
        model.built_in("diploma")


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ('{"kind": "sticker"}', "第 1 个元素的 kind 应为其中之一：text、rule"),
        ("7", "第 1 个元素的 kind 应为"),
        ('{"kind": "text", "text": "{grade}", "box": [0, 0, 9, 9]}', "第 1 个元素引用了没有的字段：grade"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "bold": true}', "第 1 个元素（text）没有 bold 这项，可以写的是 text、box"),
        ('{"kind": "text", "text": "x"}', "第 1 个元素（text）缺少 box"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "size": 6}', "第 1 个元素的 min_size"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9]}', r"第 1 个元素（text）的 box 应为四个数字 .*现在是 .0, 0, 9."),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "size": "大"}', "第 1 个元素（text）的 size 应为数字，现在是 “大”"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "max_lines": true}', "第 1 个元素（text）的 max_lines 应为整数，现在是 True"),
        ('{"kind": "text", "text": 5, "box": [0, 0, 9, 9]}', "第 1 个元素（text）的 text 应为文字"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "align": "centre"}', "第 1 个元素（text）的 align 应为其中之一：left、center、right"),
        ('{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "font": "script"}', "第 1 个元素（text）的 font 应为其中之一：serif"),
        ('{"kind": "panel", "box": [0, 0, 9, 9], "color": "red"}', "第 1 个元素（panel）的 color 应为颜色，写作 #rrggbb，现在是 “red”"),
        ('{"kind": "image", "image": "seal", "box": [0, 0, 9, 9]}', "第 1 个元素引用了没有的图片：seal"),
        ('{"kind": "rule", "x1": NaN, "y1": 0, "x2": 1, "y2": 1}', "NaN 不是数字"),
    ],
)
def test_a_wrong_layout_names_its_element(element: str, message: str) -> None:
    head = '{"code": "x", "version": 1, "title": "x", "title_en": "x", "page": [210, 297], "fields": [], "elements": ['
    with pytest.raises(shape.BadLayout, match=message):
        model.read_layout(head + element + "]}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("[]", "最外层应是一个 JSON 对象"),
        ("{", "第 1 行第 2 个字符处写错了"),
        ("[" * 100_000, "括号套得太多"),
        ('{"page": [210, 297]}', "缺少 code、version、title、title_en、fields、elements"),
        ({"page": {"width": 210}}, "page 应为列表"),
        ({"page": [210]}, r"page 应写作 .宽, 高.，单位毫米，现在是 .210."),
        ({"version": "一"}, "version 应为整数，现在是 “一”"),
        ({"elements": 5}, "elements 应为列表"),
        ({"fields": [5]}, "第 1 个字段应是一个 JSON 对象"),
        ({"fields": [{"name": "a"}]}, "第 1 个字段缺少 label、label_en"),
        ({"fields": [{"name": "a", "label": "甲", "label_en": "A", "required": "yes"}]}, "第 1 个字段的 required 应为 ?true 或 false，现在是 “yes”"),
        ({"images": []}, "images 应是一个 JSON 对象"),
        ({"images": {"Seal": ""}}, "图片名称“Seal”"),
        ({"images": {"seal": "x"}}, "图片 seal 不能使用"),
    ],
)
def test_what_is_no_layout_says_what_is_expected(change: Any, message: str) -> None:
    whole = {"code": "x", "version": 1, "title": "x", "title_en": "x", "page": [210, 297], "fields": [], "elements": []}
    with pytest.raises(shape.BadLayout, match=message):
        model.read_layout(change if isinstance(change, str) else json.dumps({**whole, **change}))


def test_what_was_approved_is_read_as_it_was() -> None:
    """Earlier versions did not look at types: a template that printed well goes on printing."""
    head = '{"code": "x", "version": 1, "title": "x", "title_en": "x", "page": [210, 297], "fields": [], "elements": ['
    text = head + '{"kind": "text", "text": "x", "box": [0, 0, 9, 9], "align": "centre"}]}'
    assert model.read_layout(text, is_kept=True).elements


def test_punctuation_does_not_begin_a_line() -> None:
    assert tokens("工程，实践（一）A1 b") == ["工", "程，", "实", "践", "（一）", "A1", " ", "b"]
    assert break_lines(tokens("工程，实践"), 2, _width) == ["工", "程，", "实践"]
    assert break_lines(tokens("hello world"), 3, _width) == ["hello", "world"]
    assert break_lines(["国际化"], 2, _width) == ["国际", "化"]


def test_a_text_is_shrunk_then_reported() -> None:
    box = model.Text("", model.Box(0, 0, 100, 30), size=20, min_size=10, max_lines=2)
    assert fit("短", box, _width) == fit("短", box, _width)
    assert fit("短", box, _width).size == 20
    two = fit("字" * 20, box, _width)
    assert (len(two.lines), two.overflows) == (2, False)
    assert len(two.lines[0]) == len(two.lines[1]) == 10, "lines of a title are even"
    assert fit("字" * 56, box, _width).overflows is False
    cut = fit("字" * 57, box, _width)
    assert (cut.size, cut.overflows, cut.lines[1][-1]) == (10, True, "…")


@pytest.mark.parametrize(("height", "size"), [(20, 20), (19.9, 19.5), (15, 15), (10, 10), (9, 10)])
def test_a_line_is_no_taller_than_its_box(height: float, size: float) -> None:
    """At the smallest size it is as it is: such a box is refused when the template is saved."""
    box = model.Text("", model.Box(0, 0, 500, height / typeset.POINTS_PER_MM), size=20, min_size=10, max_lines=3)
    fitted = fit("短", box, _width)
    assert (fitted.size, fitted.overflows, fitted.lines) == (size, False, ("短",))


@pytest.mark.parametrize(("height", "lines"), [(29.9, 1), (30, 2), (39.9, 2), (40, 3)])
def test_lines_set_close_stay_in_their_box(height: float, lines: int) -> None:
    """Two lines of 20 points, half a size apart, are 30 points tall."""
    box = model.Text("", model.Box(0, 0, 101 / typeset.POINTS_PER_MM, height / typeset.POINTS_PER_MM), size=20, min_size=20, max_lines=3, leading=0.5)
    fitted = fit("字" * 5 * lines, box, _width)
    assert (len(fitted.lines), fitted.overflows) == (lines, False)
    assert fit("字" * (5 * lines + 1), box, _width).overflows


@pytest.mark.parametrize("code", model.codes())
def test_the_built_in_templates_are_set_as_before_boxes_had_a_height(code: str) -> None:
    """Their boxes were made for their sizes: what was printed is printed again byte for byte."""
    for one in model.built_in(code).elements:
        if isinstance(one, model.Text):
            assert fit("短", one, _width).size == one.size


def test_names_get_standard_characters() -> None:
    assert clean_name("\ue81e某") == "龴某"
    assert clean_name("阿卜杜拉•买买提") == "阿卜杜拉·买买提"
    assert clean_name("  John   Smith ") == "John Smith"
    assert clean_name("é") == "é"
    assert len(GB18030_2022) == 91
    assert not any(0xE000 <= point <= 0xF8FF for point in GB18030_2022.values())
    for bad in ("\ue000三", "\U000f0000", "张\x00三"):
        with pytest.raises(BadCharacters):
            clean_name(bad)


@with_fonts
def test_the_fonts_cover_rare_names() -> None:
    assert fonts.missing_glyphs(RARE + "张·A") == []
    assert ord("㛃") in fonts.text_font().covered
    assert fonts.missing_glyphs("三\ue000三\ue000") == ["\ue000"]
    assert fonts.missing_glyphs("张\U000e0100") == ["\U000e0100"], "the other form of 张 that is asked for would not be printed"
    assert [(font.name, piece) for font, piece in fonts.runs("三" + RARE)] == [("serif", "三" + RARE)]


def test_missing_fonts_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_text_fonts", dict)
    with pytest.raises(fonts.FontsMissing, match="make setup"):
        fonts.text_font("serif")


@with_fonts
@with_poppler
def test_every_fact_can_be_copied_from_the_page(tmp_path: Path) -> None:
    from trainhub.certificates.layouts.drawing import render

    name = "欧阳" + RARE
    text = _text(render(model.built_in("completion"), {**FACTS, "name": name}), tmp_path)
    for expected in (name, FACTS["number"], FACTS["code"], FACTS["course"], "共 48 学时", "2026年3月5日", "5 March 2026"):
        assert expected in text


@with_fonts
@with_poppler
def test_a_missing_fact_shows_on_the_page(tmp_path: Path) -> None:
    from trainhub.certificates.layouts.drawing import Press

    press = Press(model.built_in("completion"), base_url="https://example.edu.cn")
    report = press.add({**FACTS, "hours": ""})
    assert report.missing == ("hours",)
    text = _text(press.finish(), tmp_path)
    assert "〔缺：学时〕" in text
    assert "[missing: hours]" in text


@with_fonts
@with_poppler
@pytest.mark.parametrize(
    ("starts_on", "ends_on", "printed"),
    [("2026-03-02", "2026-03-05", "2026年3月2日 至 2026年3月5日"), ("", "2026-03-05", "2026年3月5日 结业"), ("2026-03-02", "", ""), ("", "", "")],
)
def test_an_optional_fact_that_lacks_leaves_no_gap_on_the_page(tmp_path: Path, starts_on: str, ends_on: str, printed: str) -> None:
    """The ledger knows when a training ended, not when it began: its certificates printed 〔缺：开始日期〕."""
    from trainhub.certificates.layouts.drawing import Press, missing_facts

    layout, facts = model.built_in("training"), {**FACTS, "base": "基地", "starts_on": starts_on, "ends_on": ends_on}
    press = Press(layout, base_url="https://example.edu.cn")
    assert press.add(facts).missing == ()
    assert missing_facts(layout, facts) == ()
    text = _text(press.finish(), tmp_path)
    assert "缺：" not in text
    assert printed in text
    assert ("2026年3月2日" in text, "结业" in text) == ("至" in printed, "结业" in printed)


@with_fonts
def test_an_optional_fact_among_others_lacks_as_a_required_one() -> None:
    import json

    from trainhub.certificates.layouts.drawing import Press, missing_facts

    body = model.data_of(model.built_in("training"))
    for element in body["elements"]:
        if element.get("text") == "{course}":
            element["text"] = "{course} {class_name}"
    layout = model.read_layout(json.dumps(body))
    facts = {**FACTS, "base": "基地"}
    assert [one.name for one in missing_facts(layout, facts)] == ["class_name"]
    assert Press(layout, base_url="https://example.edu.cn").add(facts).missing == ("class_name",)
    assert missing_facts(layout, {**facts, "class_name": "二班"}) == ()


@with_fonts
@pytest.mark.parametrize("code", model.codes())
def test_an_empty_certificate_is_drawn_for_every_template(code: str) -> None:
    from trainhub.certificates.layouts.drawing import missing_facts, render

    layout = model.built_in(code)
    assert render(layout, {}).startswith(b"%PDF-1.5")
    assert "issued_on" in [one.name for one in missing_facts(layout, {})]


@with_fonts
def test_a_portrait_layout_is_drawn() -> None:
    import pikepdf

    from trainhub.certificates.layouts.drawing import render

    layout = model.read_layout(
        """{"code": "slip", "version": 1, "title": "证明", "title_en": "Slip", "page": [210, 297], "fields": [],
        "elements": [{"kind": "border"}, {"kind": "text", "text": "{name}", "box": [30, 60, 150, 20], "align": "right",
        "valign": "top", "size": 30}, {"kind": "qr", "box": [30, 240, 25, 25]}]}"""
    )
    with pikepdf.open(io.BytesIO(render(layout, FACTS))) as pdf:
        assert [float(value) for value in pdf.pages[0].mediabox] == [0, 0, 595.28, 841.89]


@with_fonts
def test_what_does_not_fit_is_reported() -> None:
    from trainhub.certificates.layouts.drawing import Press

    press = Press(model.built_in("completion"), base_url="https://example.edu.cn")
    assert press.add({**FACTS, "course": LONG}).overflows == ()
    assert press.add({**FACTS, "course": LONG * 4}).overflows == ("course",)


@with_fonts
def test_equal_input_gives_equal_bytes_and_the_file_is_sound() -> None:
    import pikepdf

    from trainhub.certificates.layouts.drawing import Press

    def made() -> bytes:
        press = Press(model.built_in("completion"), {"issuer": "某某大学"}, base_url="https://example.edu.cn")
        for serial in range(20):
            press.add({**FACTS, "number": f"35000112026{serial:07d}", "name": "张" + RARE[serial % 5]})
        return press.finish()

    first = made()
    assert first == made()
    with pikepdf.open(io.BytesIO(first)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert len(pdf.pages) == 20
        assert {tuple(float(value) for value in page.mediabox) for page in pdf.pages} == {(0, 0, 841.89, 595.28)}
        for face in pdf.pages[0].resources.Font.values():
            assert face.Encoding == "/Identity-H"
            assert "/FontFile2" in face.DescendantFonts[0].FontDescriptor


@with_fonts
def test_a_page_of_a_print_run_is_small() -> None:
    from trainhub.certificates.layouts.drawing import Press

    def size(pages: int) -> int:
        press = Press(model.built_in("completion"), base_url="https://px.example.edu.cn")
        for serial in range(pages):
            press.add({**FACTS, "number": f"35000112026{serial:07d}"})
        return len(press.finish())

    assert (size(300) - size(100)) / 200 <= 1200


@with_fonts
def test_the_issuer_of_the_file_replaces_the_default_in_both_languages(tmp_path: Path) -> None:
    from trainhub.certificates.layouts.drawing import background

    layout = model.built_in("completion")
    plain = background(layout, ())
    other = background(layout, (("issuer", "某某大学"),))
    assert plain.report.missing == other.report.missing == ()
    assert plain.stream != other.stream
