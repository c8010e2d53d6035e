"""Uploads are judged by content; the name must fit."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import openpyxl
import pytest

from trainhub.kernel import sniff
from trainhub.kernel.errors import Refused, TooLarge
from trainhub.kernel.sniff import MediaType, check_upload, media_type_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def archive(*names: str, compression: int = zipfile.ZIP_STORED, content: bytes = b"x") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as opened:
        for name in names:
            opened.writestr(name, content)
    return target.getvalue()


def workbook() -> bytes:
    target = io.BytesIO()
    openpyxl.Workbook().save(target)
    return target.getvalue()


def tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as opened:
        opened.addfile(tarfile.TarInfo("course/course.xml"))
    return target.getvalue()


def open_document(mime: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("mimetype", mime)
    return target.getvalue()


DECLARED = b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/></Types>'


@pytest.mark.parametrize(
    ("head", "filename", "kind"),
    [
        (b"%PDF-1.7\n", "a.bin", sniff.PDF),
        (b"\n\n%PDF-1.4", "", sniff.PDF),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.jpg", sniff.PNG),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "", sniff.JPEG),
        (b"GIF89a\1\0", "", sniff.GIF),
        (b"RIFF\1\0\0\0WEBPVP8 ", "", sniff.WEBP),
        (b"RIFF\1\0\0\0WAVEfmt ", "", sniff.WAV),
        (b"\0\0\0\x18ftypisom\0\0\2\0", "", sniff.MP4),
        (b"\0\0\0\x18ftypmp42", "", sniff.MP4),
        (b"\0\0\0\x14ftypqt  ", "", sniff.MOV),
        (b"\0\0\0\x18ftypM4A ", "", sniff.M4A),
        (b"\0\0\0\x18ftypheic\0\0", "a.mp4", sniff.UNKNOWN),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm", "", sniff.WEBM),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x88matroska", "", sniff.MKV),
        (b"ID3\x03\0\0\0\0", "", sniff.MP3),
        (b"\xff\xfb\x90\x64\0", "", sniff.MP3),
        (b"OggS\0\2", "", sniff.OGG),
        (gzip.compress(b"abc", mtime=0), "a.tar.gz", sniff.GZIP),
        (tar(), "a.tar", sniff.TAR),
        (b"7z\xbc\xaf\x27\x1c\0\4", "", sniff.SEVEN_ZIP),
        (b"Rar!\x1a\x07\x01\0", "", sniff.RAR),
        (b"{\\rtf1\\ansi", "a.doc", sniff.RTF),
        (workbook(), "", sniff.XLSX),
        (workbook(), "a.docx", sniff.XLSX),
        (archive("[Content_Types].xml", "word/document.xml"), "", sniff.DOCX),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), "", sniff.PPTX),
        (archive("[Content_Types].xml", content=DECLARED % b"wordprocessingml.document")[:300], "", sniff.DOCX),
        (archive("[Content_Types].xml", content=DECLARED % b"presentationml.presentation", compression=8)[:250], "", sniff.PPTX),
        (archive("[Content_Types].xml", "other"), "a.docx", sniff.DOCX),
        (archive("[Content_Types].xml", "other"), "a.zip", sniff.ZIP),
        (archive("readme.txt"), "a.docx", sniff.ZIP),
        (b"PK\x05\x06" + b"\0" * 18, "", sniff.ZIP),
        (open_document(sniff.ODS.mime), "", sniff.ODS),
        (open_document(sniff.EPUB.mime), "", sniff.EPUB),
        (archive("META-INF/MANIFEST.MF"), "", sniff.JAR),
        (OLE + "WordDocument".encode("utf-16-le"), "", sniff.DOC),
        (OLE + "Workbook".encode("utf-16-le"), "a.doc", sniff.XLS),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", sniff.OLE),
        (OLE, "a.ppt", sniff.PPT),
        (OLE, "a.msi", sniff.MSI),
        (b"MZ\x90\0\3\0", "a.pdf", sniff.EXE),
        (b"\x7fELF\2\1\1", "a.png", sniff.ELF),
        (b"\xcf\xfa\xed\xfe\7\0", "", sniff.MACHO),
        (b"\xca\xfe\xba\xbe\0\0", "", sniff.MACHO),
        (b"L\0\0\0\1\x14\2\0\0", "a.txt", sniff.SHORTCUT),
        (b"#!/bin/sh\nrm -rf\n", "a.txt", sniff.SCRIPT),
        (b"\xef\xbb\xbf#!/usr/bin/env python", "", sniff.SCRIPT),
        (b"<?php echo 1;", "a.txt", sniff.SCRIPT),
        (b"@echo off\r\n", "a.bat", sniff.SCRIPT),
        (b"<!DOCTYPE html><p>", "a.txt", sniff.HTML),
        (b"  <!-- x --><HTML>", "a.csv", sniff.HTML),
        (b"<script>alert(1)</script>", "a.md", sniff.HTML),
        (b"hello", "a.html", sniff.HTML),
        ("<html>".encode("utf-16"), "a.txt", sniff.HTML),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "a.txt", sniff.SVG),
        (b"<svg onload=alert(1)>", "", sniff.SVG),
        (b'<?xml version="1.0"?><course/>', "", sniff.XML),
        (b"WEBVTT\n\n00:00.000", "a.txt", sniff.VTT),
        ("姓名,学时\n".encode(), "a.csv", sniff.CSV),
        ("姓名,学时\n".encode("gb18030"), "a.CSV", sniff.CSV),
        ("姓名\t学时\n".encode("utf-16"), "a.tsv", sniff.TSV),
        ("# 标题\n".encode(), "a.md", sniff.MARKDOWN),
        ("你好".encode(), "", sniff.TEXT),
        (("林" * 22_000).encode()[:65_536], "", sniff.TEXT),
        (("a" + "林" * 33_000).encode("gb18030")[:65_536], "", sniff.TEXT),
        (b"MZ is a code, not a program: it goes on as text for more than sixty-four characters\n", "a.txt", sniff.TEXT),
        (b"\0\1\2\3", "a.txt", sniff.UNKNOWN),
        (b"\x01\x02abc", "", sniff.UNKNOWN),
    ],
)
def test_kinds_by_content(head: bytes, filename: str, kind: MediaType) -> None:
    assert media_type_of(head, filename) == kind


def test_unsafe_kinds_are_marked() -> None:
    unsafe = {kind for kind in vars(sniff).values() if isinstance(kind, MediaType) and kind.is_unsafe}
    assert unsafe == {sniff.JAR, sniff.MSI, sniff.HTML, sniff.SVG, sniff.EXE, sniff.ELF, sniff.MACHO, sniff.SCRIPT, sniff.SHORTCUT}


ALLOWED = sniff.EVIDENCE | {sniff.TEXT.mime}


def refusal(head: bytes, filename: str, size: int | None = None, max_bytes: int = 1000) -> Refused:
    with pytest.raises(Refused) as caught:
        check_upload(head, filename, len(head) if size is None else size, allowed=ALLOWED, max_bytes=max_bytes)
    assert caught.value.field == "file"
    assert caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("head", "filename", "kind"),
    [
        (b"%PDF-1.7\n", "协议 2016.pdf", sniff.PDF),
        (b"\xff\xd8\xff\xe0", "照片.JPEG", sniff.JPEG),
        (b"notes", "a.txt", sniff.TEXT),
    ],
)
def test_what_fits_is_accepted(head: bytes, filename: str, kind: MediaType) -> None:
    assert check_upload(head, filename, len(head), allowed=ALLOWED, max_bytes=len(head)) == kind


@pytest.mark.parametrize(
    ("head", "filename", "code"),
    [
        (b"MZ\x90\0", "照片.jpg", "unsafe_type"),
        (b"\x7fELF", "a.pdf", "unsafe_type"),
        (b"#!/bin/sh\n", "a.txt", "unsafe_type"),
        (b"<svg>", "a.png", "unsafe_type"),
        (b"<html>", "a.txt", "unsafe_type"),
        (b"\0\1\2", "a.exe", "unsafe_type"),
        (b"ID3\x03\0\0", "a.mp3", "wrong_type"),
        (b"\0\1\2", "a.pdf", "wrong_type"),
        (b"%PDF-1.7", "a.png", "suffix_mismatch"),
        (b"%PDF-1.7", "a.pdf.exe", "suffix_mismatch"),
        (b"%PDF-1.7", "pdf", "suffix_mismatch"),
        (b"hello", "a.docx", "suffix_mismatch"),
        (b"%PDF-1.7", "a/b.pdf", "bad_filename"),
        (b"%PDF-1.7", "..\\b.pdf", "bad_filename"),
        (b"%PDF-1.7", "a\0.pdf", "bad_filename"),
        (b"%PDF-1.7", "a\n.pdf", "bad_filename"),
        (b"%PDF-1.7", "a\u202efdp.exe", "bad_filename"),
        (b"%PDF-1.7", "", "bad_filename"),
        (b"%PDF-1.7", "..", "bad_filename"),
        (b"%PDF-1.7", "长" * 90 + ".pdf", "bad_filename"),
        (b"", "a.pdf", "empty_file"),
    ],
)
def test_what_does_not_fit_is_refused(head: bytes, filename: str, code: str) -> None:
    assert refusal(head, filename).code == code


def test_size_at_and_above_the_limit() -> None:
    head = b"%PDF-1.7"
    assert check_upload(head, "a.pdf", 1000, allowed=ALLOWED, max_bytes=1000) == sniff.PDF
    error = refusal(head, "a.pdf", size=1001)
    assert isinstance(error, TooLarge)
    assert refusal(head, "a.pdf", size=0).code == "empty_file"


def test_the_refusal_says_what_it_is_and_what_may_come() -> None:
    assert "Windows 可执行程序" in refusal(b"MZ\x90\0", "照片.jpg").message
    message = refusal(b"ID3\x03\0\0", "a.mp3").message
    assert "MP3 音频" in message
    assert "PDF 文档" in message
    assert ".pdf" in refusal(b"%PDF-1.7", "a.png").message


def test_an_unsafe_kind_may_be_allowed_on_purpose() -> None:
    assert check_upload(b"<svg>", "a.svg", 5, allowed=frozenset({sniff.SVG.mime}), max_bytes=10) == sniff.SVG


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("shift", range(14))
def test_a_table_is_known_wherever_the_part_that_is_looked_at_ends(encoding: str, shift: int) -> None:
    """A character that is cut is no reason: with a mark at the beginning a long table in UTF-8 was taken for something unknown."""
    for char in ("张", "\U00033479", "é"):
        head = ("x" * shift + f"{char * 3}," * sniff.HEAD_BYTES).encode(encoding)[: sniff.HEAD_BYTES]
        assert media_type_of(head, "名单.csv").mime == sniff.CSV.mime, char
