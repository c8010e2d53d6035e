"""Forty names that break certificates elsewhere: each is on the page as written, or waits for a person; none is printed wrong."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from trainhub.certificates import operations
from trainhub.certificates.layouts.drawing import Press
from trainhub.certificates.layouts.model import built_in
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.types import State
from trainhub.kernel import fonts
from trainhub.kernel.characters import BadCharacters, bad_characters, clean_name
from trainhub.kernel.errors import Refused

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
    zxing = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
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
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "-png", str(file), str(tmp_path / "p")], check=True)
    shown = sorted(tmp_path.glob("p-*.png"))
    assert len(shown) == len(drawn)
    for facts, path in zip(drawn, shown, strict=True):
        found = zxing.read_barcodes(image.open(io.BytesIO(path.read_bytes())))
        assert [one.text for one in found] == [f"HTTPS://PX.EXAMPLE.EDU.CN/V/{facts['number']}/{facts['code']}"]


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


def test_what_runs_from_right_to_left_is_drawn_by_no_font() -> None:
    """DejaVu and others have the letters, but nothing here orders and joins them: printed, the name would be another."""
    assert fonts.missing_glyphs("م א A") == ["م", "א"]


def test_the_fonts_say_what_they_are() -> None:
    text = [one for one in fonts.inventory() if not one.is_fallback]
    assert len(text) == 4
    assert all(one.is_installed and one.version and one.characters > 20_000 and one.licence == "SIL Open Font License 1.1" for one in text)


@pytest.mark.parametrize("mark", "\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff")
def test_what_nobody_sees_in_a_name_is_left_out(mark: str) -> None:
    assert clean_name(f"{mark}张{mark}三{mark}") == "张三"
