"""Forty names that break certificates elsewhere: each is on the page as written, or waits for a person; none is printed wrong."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from tests.trainhub.certificates.scanning import codes_on
from trainhub.certificates import operations
from trainhub.certificates.facts import checked
from trainhub.certificates.layouts.drawing import Press
from trainhub.certificates.layouts.model import Field, built_in
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.operations._support import clean_facts, obstacles_told
from trainhub.certificates.types import State
from trainhub.kernel import fonts
from trainhub.kernel.characters import BadCharacters, bad_characters, clean_name, clean_text
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import in_language
from trainhub.people.rules import normalise_name

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")

NAMES = (
    "张三",
    "欧阳娜娜",
    "㛃晓明",  # extension A
    "䶮建国",
    "𠮷田",  # extension B: U+20BB7
    "李𠅤",
    "王𡿨",
    "𢈪大为",
    "𣎴一",
    "𤭢思源",
    "赵\U0002a6d6",  # the last of extension B
    "𪚥云",
    "\U0002a700小红",  # extension C
    "陈\U0002b734",
    "\U0002b740卫东",  # extension D
    "林𬭚",  # extension E
    "𬍛建军",
    "黄\U0002cea1",
    "\U0002ceb0子",  # extension F
    "吴\U0002ebe0",
    "\U0002ebd5甲",  # extension F, near its end
    "\U00030000乙",  # extension G
    "郑\U0003134a",
    "\U00031350丙",  # extension H: younger than the tables of Python 3.11
    "刘\U000323af",
    "镕基",
    "喆垚",
    "龘靐",
    "阿卜杜拉·买买提",
    "阿依古丽·阿不都热西提·阿卜杜克热木",
    "凯麦尔丁•艾山",  # a bullet that becomes U+00B7
    "诺" * 60,
    "Maximiliana Theodora Alexandrina von Hohenstaufen-Weißenburg",
    "O'Brien-Smith",
    "Zoë Müller",
    "Łukasz Żółć",
    "Nguyễn Thị Ánh",
    "محمد علي",  # right to left
    "דוד כהן",
    "张\ue000三",  # private use without a standard code point
)
WAIT = {"محمد علي", "דוד כהן", "张\ue000三"}


def test_there_are_forty() -> None:
    assert len(NAMES) == len(set(NAMES)) == 40


def _is_drawable(name: str) -> bool:
    return not bad_characters(name) and not fonts.missing_glyphs(name)


def _cleaned(name: str) -> str:
    try:
        return clean_name(name)
    except BadCharacters:
        return name


@needs_poppler
def test_every_drawable_name_is_read_back_and_its_code_scanned(tmp_path: Path) -> None:
    press = Press(built_in("completion"), base_url="https://px.example.edu.cn")
    drawn = []
    for serial, name in enumerate(map(_cleaned, NAMES), 1):
        digits = f"35000112026{serial:06d}"
        facts = {
            "number": digits + check_digit(digits),
            "code": "7K3MZQ9XW2HB",
            "name": name,
            "course": "课程",
            "hours": "8",
            "issued_on": "2026-03-01",
        }
        if not _is_drawable(name):
            assert press.needs_glyph(facts) or bad_characters(name)
            continue
        assert press.needs_glyph(facts) == []
        assert press.add(facts).overflows == ()
        drawn.append(facts)
    file = tmp_path / "names.pdf"
    file.write_bytes(press.finish())
    if shutil.which("qpdf"):
        subprocess.run(["qpdf", "--check", str(file)], check=True, capture_output=True)
    text = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True).stdout.decode()
    pages = text.split("\f")
    for facts, page in zip(drawn, pages, strict=False):
        assert "".join(facts["name"].split()) in "".join(page.split()), facts["name"]
    assert len(drawn) >= (len(NAMES) - len(WAIT) if "BabelStoneHan" in {font.name for font in fonts.fallback_fonts()} else 18)
    assert codes_on(file.read_bytes()) == [[f"HTTPS://PX.EXAMPLE.EDU.CN/V/{facts['number']}/{facts['code']}"] for facts in drawn]


@pytest.mark.parametrize("name", NAMES)
def test_what_no_font_draws_waits_for_a_person(session: Session, name: str) -> None:
    who = ground.person()
    who.name = _cleaned(name)
    session.flush()
    made = certificate(who=who)
    expected = State.ISSUED if _is_drawable(who.name) else State.DRAFT
    assert made.state is expected
    if name in WAIT:
        assert made.state is State.DRAFT
    if made.state is State.DRAFT:
        assert made.note == "needs_glyph"
        with pytest.raises(Refused, match="字体"):
            operations.release(certificate=made, by=ground.SYSTEM, today=made.issued_on, now=ground.NOW)


@pytest.mark.parametrize("name", ["张\U0002ebf0", "李\U000323b0"])  # extensions I and J
def test_young_ideographs_are_names_even_before_any_font_has_them(name: str) -> None:
    assert clean_name(name) == name
    assert fonts.missing_glyphs(name) in ([], [name[1]])


@pytest.mark.parametrize("letter", "žŁłŻćŐşĦ\u1e9e\u03b1\u0416\u0456")
@pytest.mark.parametrize("style", fonts.STYLES)
def test_letters_come_from_a_face_of_letters(letter: str, style: str) -> None:
    """The fonts for rare ideographs have some of them too, drawn as wide as an ideograph or in another weight."""
    if not {font.name for font in fonts.fallback_fonts()} >= set(fonts.LETTERS):
        pytest.skip("DejaVu Serif is not installed")
    found = fonts.font_of(letter, style)
    assert found is not None
    assert found.name in {*fonts.STYLES, "DejaVuSerif-Bold" if style.endswith("-bold") else "DejaVuSerif"}


def test_ideographs_are_looked_for_in_the_order_promised() -> None:
    installed = [font.name for font in fonts.fallback_fonts()]
    for char in "\U0002a6d6\U0002ebe0\U000323af":
        found = fonts.font_of(char)
        holds = [font.name for font in fonts.fallback_fonts() if font.has(char)]
        assert (found.name if found else None) == (holds[0] if holds else None)
    assert installed == [name for name in (file.removesuffix(".ttf") for file in fonts.FALLBACKS) if name in installed]


def test_what_runs_from_right_to_left_is_drawn_by_no_font() -> None:
    """DejaVu and others have the letters, but nothing here orders and joins them: printed, the name would be another."""
    assert fonts.missing_glyphs("م א A") == ["م", "א"]


def test_the_fonts_say_what_they_are() -> None:
    text = [one for one in fonts.inventory() if not one.is_fallback]
    assert len(text) == 4
    assert all(one.is_installed and one.version and one.characters > 20_000 and one.licence == "SIL Open Font License 1.1" for one in text)


INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u2800\u3164\ufeff\uffa0\U000e0041"


@pytest.mark.parametrize("mark", INVISIBLE)
def test_what_nobody_sees_in_a_name_is_left_out(mark: str) -> None:
    assert clean_name(f"{mark}张{mark}三{mark}") == "张三"
    assert normalise_name(f"{mark}张{mark}三{mark}") == "张三", "also where people are registered"


@pytest.mark.parametrize("separator", "\u2028\u2029")
def test_separators_of_lines_become_blanks(separator: str) -> None:
    assert clean_name(f"John{separator}Smith") == normalise_name(f"John{separator}Smith") == "John Smith"
    assert clean_text(f"工业{separator}互联网") == "工业 互联网"


def test_joiners_stay_where_a_script_spells_with_them() -> None:
    assert clean_name("محمد\u200cعلي") == "محمد\u200cعلي"
    assert clean_name("क\u094d\u200dष") == "क\u094d\u200dष"
    assert clean_name("Anna\u200cLena") == "AnnaLena"


@pytest.mark.parametrize("mark", INVISIBLE)
def test_what_nobody_sees_in_a_fact_is_left_out(mark: str) -> None:
    course = Field("course", "课程", "course")
    assert checked(course, f"{mark}工业{mark}互联网{mark}") == "工业互联网"
    assert clean_facts({"course": f"{mark}工业{mark}互联网{mark}"}) == {"course": "工业互联网"}


@pytest.mark.parametrize("name", ["x\u030c", "O\u0323\u0300la", "E\u0329\u0301niola", "ɛ\u0303", "张\u20dd"])
def test_marks_that_no_letter_comes_with_wait(session: Session, name: str) -> None:
    """Each glyph is set beside the one before it: a mark would stand beside its letter, or over another."""
    who = ground.person(name)
    session.flush()
    made = certificate(who=who)
    assert (made.state, made.note) == (State.DRAFT, "needs_glyph")
    mark = unicodedata.normalize("NFC", name)[1]
    with pytest.raises(Refused, match=rf"姓名：.*U\+{ord(mark):04X}.*整字母"):
        operations.release(certificate=made, by=ground.SYSTEM, today=made.issued_on, now=ground.NOW)


@pytest.mark.parametrize("name", ["ཚེ་རིང", "अनिल", "สมชาย", "ᠪᠠᠲᠤ", "ᄒ"])
def test_letters_that_have_to_be_joined_or_stacked_wait(name: str) -> None:
    assert fonts.missing_glyphs(name) == list(dict.fromkeys(name))


def test_it_is_said_which_character_in_which_field_and_what_to_do(session: Session) -> None:
    layout = built_in("training")
    facts = {"name": "x\u030c", "course": "محمد", "base": "\ue000", "class_name": "\u0915", "hours": "8"}
    said = obstacles_told(layout, facts)
    for part in (
        "姓名：◌\u030c U+030C",
        "培训项目：\u2068م\u2069 U+0645",
        "培训基地：\ue000 U+E000",
        "班级：क U+0915",
        "整字母",
        "从右向左",
        "GB 18030-2022",
        "连写",
    ):
        assert part in said
    with in_language("en"):
        assert "Name: ◌\u030c U+030C" in obstacles_told(layout, facts)


LOST_LETTERS = ("王\ufffd", "王□", "王〓", "张?", "张？", "\u2ff0木木", "李\U0001f1e8\U0001f1f3", "李\U0001f3fb")


@pytest.mark.parametrize(
    ("name", "why"),
    [*zip(LOST_LETTERS, ["代替打不出"] * 5 + ["只描述字形"] + ["拼成图形"] * 2, strict=True)],
    ids=[ascii(one) for one in LOST_LETTERS],
)
def test_what_stands_for_a_lost_letter_waits_though_a_font_has_it(session: Session, name: str, why: str) -> None:
    who = ground.person()
    who.name = name  # as registers of before took it
    session.flush()
    made = certificate(who=who)
    assert (made.state, made.note) == (State.DRAFT, "needs_glyph")
    with pytest.raises(Refused, match=rf"姓名：.*U\+{ord(name.strip('王张李')[0]):04X}.*{why}"):
        operations.release(certificate=made, by=ground.SYSTEM, today=made.issued_on, now=ground.NOW)


def test_a_name_that_was_damaged_on_its_way_is_not_registered() -> None:
    with pytest.raises(BadCharacters, match=r"U\+FFFD"):
        clean_name("王\ufffd")


def test_stand_ins_wait_in_every_fact_and_a_question_in_none_but_the_name(session: Session) -> None:
    layout = built_in("training")
    assert "培训基地：□ U+25A1" in obstacles_told(layout, {"name": "张三", "course": "工业互联网", "base": "□城基地", "hours": "8"})
    assert obstacles_told(layout, {"name": "张三", "course": "什么是工业互联网？", "base": "榕城基地", "hours": "8", "class_name": "一班"}) == ""
    batch_of = certificate(facts={"course": "工业□□网"})
    assert (batch_of.state, batch_of.note) == (State.DRAFT, "needs_glyph")
