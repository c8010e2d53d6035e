"""The author's name in the metadata and the text of PDF and Word files, as different programs write them."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from enterprises.capstones.anonymity import Reading, Trace, Unreadable, read
from trainhub.kernel import fonts

NAME, NUMBER = "欧阳静雯", "2023010117"
BODY = "装配线第七工位节拍超出二十秒，需要重新设计工装与作业顺序，本文给出一种可以在三条产线上推广的做法并验证其效果。"


def _pdf(text: str, **info: str) -> bytes:
    """By the library that makes our own documents: subset fonts whose glyphs have numbers of their own."""
    name, file = "anonymity", io.BytesIO()
    pdfmetrics.registerFont(TTFont(name, str(fonts.text_font("serif").path)))
    canvas = Canvas(file)
    for key, value in info.items():
        getattr(canvas, f"set{key.title()}")(value)
    for line in (BODY, text):
        canvas.setFont(name, 12)
        canvas.drawString(72, 700, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _word(text: str, author: str = "", reviewer: str = "") -> bytes:
    file = io.BytesIO()
    halves = f"<w:r><w:t>{text[:2]}</w:t></w:r><w:r><w:t>{text[2:]}</w:t></w:r>"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("docProps/core.xml", f"<cp:coreProperties><dc:creator>{author}</dc:creator></cp:coreProperties>")
        parts.writestr("word/document.xml", f'<w:p><w:r><w:t>{BODY}</w:t></w:r>{halves}<w:ins w:id="1" w:author="{reviewer}"/></w:p>')
    return file.getvalue()


def _found(reading: Reading) -> set[tuple[str, str]]:
    return {(one.where, one.word) for one in reading.traces}


def test_a_pdf_without_the_name_has_no_trace() -> None:
    assert read(_pdf("摘要", title="装配线节拍优化"), [NAME, NUMBER]) == Reading((), True)


@pytest.mark.parametrize("field", ["Author", "Title", "Subject", "Creator"])
def test_the_name_in_the_metadata_of_a_pdf_is_found_with_its_field(field: str) -> None:
    assert read(_pdf("摘要", **{field: f"{NAME}的论文"}), [NAME, NUMBER]).traces == (Trace("metadata", field, NAME),)


def test_the_name_in_the_text_of_a_pdf_is_found() -> None:
    assert _found(read(_pdf(f"学生：欧 阳静雯　学号：{NUMBER}"), [NAME, NUMBER])) == {("text", NAME), ("text", NUMBER)}


@pytest.mark.parametrize("mode", ["plain", "object streams", "xmp"])
def test_what_other_programs_write_is_read(mode: str) -> None:
    pikepdf: Any = pytest.importorskip("pikepdf")
    with pikepdf.open(io.BytesIO(_pdf(f"作者 {NAME}", author=NAME))) as pdf:
        if mode == "xmp":
            del pdf.docinfo
            with pdf.open_metadata(set_pikepdf_as_editor=False) as meta:
                meta["dc:creator"] = [NAME]
        file = io.BytesIO()
        generate = pikepdf.ObjectStreamMode.generate if mode != "plain" else pikepdf.ObjectStreamMode.disable
        pdf.save(file, object_stream_mode=generate)
    found = read(file.getvalue(), [NAME])
    assert _found(found) == {("metadata", NAME), ("text", NAME)}
    assert {one.field for one in found.traces if one.where == "metadata"} == ({"XMP", "Author"} if mode == "xmp" else {"Author"})


@pytest.mark.parametrize("raw", [NAME.encode("gb18030"), NAME.encode(), b"\xfe\xff" + NAME.encode("utf-16-be")])
def test_every_encoding_of_an_author_is_read(raw: bytes) -> None:
    written = b"".join(b"\\%03o" % byte for byte in raw)
    data = b"%PDF-1.4\n1 0 obj<</Author(" + written + b")>>endobj\ntrailer<</Info 1 0 R>>startxref"
    assert _found(read(data, [NAME])) == {("metadata", NAME)}


def test_a_scan_is_not_taken_as_read() -> None:
    assert read(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n", [NAME]) == Reading((), False)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (_word("正文内容"), set()),
        (_word("正文内容", author=NAME), {("metadata", NAME)}),
        (_word("正文内容", reviewer=NAME), {("metadata", NAME)}),
        (_word(NAME), {("text", NAME)}),
    ],
)
def test_a_word_file_is_read_in_all_its_parts(data: bytes, found: set[tuple[str, str]]) -> None:
    reading = read(data, [NAME, NUMBER])
    assert (_found(reading), reading.is_text_read) == (found, True)


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04rest", b"hello", b"%PDF-1.4\ntrailer<</Encrypt 3 0 R>>", _word("x").replace(b"word/document", b"word/documint")]
)
def test_what_cannot_be_read_is_told(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data, [NAME])


def test_a_bomb_is_unpacked_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enterprises.capstones.anonymity.UNPACKED_MOST", 1 << 16)
    packed = zlib.compress(b"(a)Tj " * 1_000_000)
    data = b"%PDF-1.4\n" + b"".join(b"%d 0 obj<</Filter/FlateDecode>>stream\n%s\nendstream endobj\n" % (n, packed) for n in range(1, 4))
    assert read(data, [NAME]).traces == ()
