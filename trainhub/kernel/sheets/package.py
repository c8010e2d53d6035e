"""The inside of an .xlsx before it is parsed: safe to unpack, which part is which sheet, where formulas and errors stand.

The parser of cells (calamine) unpacks without limits and allocates the whole rectangle up to the last cell, so the file is
measured here first: real unpacked sizes (declared ones can lie) and the extent of the cells.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import EXCEL_ROWS, SheetError

MAX_ENTRIES = 2_000
MAX_UNPACKED = 1_200_000_000
MAX_RATIO = 300
"""Unpacked to packed size; sheets of repeated text reach about 100 honestly. Only judged above RATIO_FROM bytes."""
RATIO_FROM = 64_000_000
MAX_SMALL = 20_000_000
MAX_CELLS = 40_000_000
"""Cells of the rectangle that holds all content: 1,048,576 rows of 38 columns."""
MAX_MARKS = 500_000
_CHUNK = 1 << 20


@dataclass(slots=True)
class Marks:
    """Cells that must not be read as values: (row, column) from 0."""

    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)


def _broken(name: str) -> SheetError:
    return SheetError(
        _("工作簿“%(file)s”已损坏，打不开。请在 Excel 或 WPS 中重新保存后再上传。", file=name or "—"),
        file=name,
        code="broken_file",
    )


def _bomb(name: str) -> SheetError:
    return SheetError(
        _("工作簿“%(file)s”解压后过大，可能不是正常的表格，已拒绝。请只保留要导入的工作表。", file=name or "—"),
        file=name,
        code="too_large_unpacked",
    )


class Package:
    """The zip container of a workbook, checked on opening; raises SheetError in words for the person."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.name = name
        self._stream = stream
        stream.seek(0)
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise _broken(name) from None
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise _bomb(name)
        self.entries = {entry.filename: entry for entry in entries}
        if len(self.entries) != len(entries):
            raise _broken(name)
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise SheetError(
                _("“%(file)s”设有打开密码。请在 Excel 中取消密码后另存为 .xlsx。", file=name),
                file=name,
                code="encrypted",
            )
        if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
            raise _broken(name)
        self._check_size(sum(e.file_size for e in entries), sum(e.compress_size for e in entries))
        self._check_kind()

    def _check_size(self, unpacked: int, packed: int) -> None:
        if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)):
            raise _bomb(self.name)

    def _check_kind(self) -> None:
        names = self.entries
        if "xl/workbook.xml" in names and not any(n.lower().endswith("vbaproject.bin") for n in names):
            return
        if any(n.startswith("xl/") for n in names):
            found = _("带宏或二进制的工作簿")
        elif any(n.startswith("word/") for n in names):
            found = _("Word 文档")
        elif any(n.startswith("ppt/") for n in names):
            found = _("PowerPoint 演示文稿")
        else:
            found = _("普通压缩包")
        raise SheetError(
            _(
                "“%(file)s”的内容不是 .xlsx 工作簿，而是%(found)s。请在 Excel 或 WPS 中另存为 .xlsx 后再上传。",
                file=self.name or "—",
                found=found,
            ),
            file=self.name,
            code="wrong_type",
        )

    def chunks(self, entry_name: str) -> Iterator[bytes]:
        """The unpacked bytes of an entry, stopped as soon as they exceed what the directory declares."""
        entry = self.entries.get(entry_name)
        if entry is None:
            raise _broken(self.name)
        try:
            self._stream.seek(entry.header_offset)
            local = self._stream.read(30)
            if len(local) < 30 or local[:4] != b"PK\x03\x04":
                raise _broken(self.name)
            self._stream.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
            yield from self._inflated(entry)
        except (zlib.error, OSError):
            raise _broken(self.name) from None

    def _inflated(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        left, size = entry.compress_size, 0
        inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0:
            packed = self._stream.read(min(left, _CHUNK // 8))
            if not packed:
                raise _broken(self.name)
            left -= len(packed)
            while packed:
                piece = packed if inflate is None else inflate.decompress(packed, _CHUNK)
                packed = b"" if inflate is None else inflate.unconsumed_tail
                size += len(piece)
                if size > entry.file_size:
                    raise _bomb(self.name)
                if piece:
                    yield piece

    def small(self, entry_name: str) -> bytes:
        """A small part as a whole."""
        parts, size = [], 0
        for piece in self.chunks(entry_name):
            parts.append(piece)
            size += len(piece)
            if size > MAX_SMALL:
                raise _bomb(self.name)
        return b"".join(parts)

    def check_parts(self) -> None:
        """Unpack everything except sheets (those are scanned when read), so that a size that lies is found in time."""
        sheets = set(self.sheet_parts().values())
        for entry_name in self.entries.keys() - sheets:
            for _piece in self.chunks(entry_name):
                pass

    def sheet_parts(self) -> dict[str, str]:
        """Sheet name -> entry name, in the order of the tabs."""
        from defusedxml import DefusedXmlException, ElementTree

        try:
            workbook = ElementTree.fromstring(self.small("xl/workbook.xml"))
            links = ElementTree.fromstring(self.small("xl/_rels/workbook.xml.rels"))
        except (ElementTree.ParseError, DefusedXmlException, ValueError):
            raise _broken(self.name) from None
        targets = {link.get("Id"): link.get("Target") or "" for link in links}
        parts: dict[str, str] = {}
        for sheet in (node for node in workbook.iter() if _local(node.tag) == "sheet"):
            link = next((value for key, value in sheet.attrib.items() if _local(key) == "id"), None)
            target = targets.get(link, "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            parts[sheet.get("name") or ""] = path
        return parts

    def marks(self, sheet_part: str) -> Marks:
        """Where formulas and error values stand; refuses a sheet whose cells span an absurd rectangle."""
        if _is_harmless(self.chunks(sheet_part)):
            return Marks()
        return _scan(self.chunks(sheet_part), self.name)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


_CELL_TAGS = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_NEEDS_SCAN = (b"<f>", b"<f ", b"<f/", b"<f\t", b"<f\n", b"<f\r", b't="e"', b":c ", b":c>", b":c\n", b":c\t", b":c\r", b"<!D", b"\0")
_FAR = re.compile(rb'<c r="(?![A-Z][0-9]{1,5}")([^"]*)"')
_PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})\Z")


def _is_harmless(pieces: Iterator[bytes]) -> bool:
    """Whether plain search proves that there is no formula, no error value and no cell far away.

    Five times as fast as the scan, which decides whenever a cell is not written the way Excel and WPS write it.
    """
    letters: set[bytes] = {b"Z"}
    last_row, tail = 99_999, b""
    for piece in pieces:
        tail += piece
        cut = tail.rfind(b"<")
        text, tail = tail[:cut], tail[cut:]  # whole tags only
        if len(tail) > _CHUNK or any(mark in text for mark in _NEEDS_SCAN):
            return False
        if text.count(b'<c r="') != sum(map(text.count, _CELL_TAGS)):
            return False
        for place in _FAR.findall(text):
            found = _PLACE.match(place)
            if found is None:
                return False
            letters.add(found[1])
            last_row = max(last_row, int(found[2]))
    last_column = max(_column_number(one.decode(), "") for one in letters) + 1
    return last_row <= EXCEL_ROWS and last_row * last_column <= MAX_CELLS


class _Kinds(dict[str, int]):
    """Tag -> what it means for the scan, whatever its prefix."""

    def __missing__(self, tag: str) -> int:
        kind = self[tag] = {"c": 1, "v": 2, "is": 2, "row": 3, "f": 4}.get(tag.rpartition(":")[2], 0)
        return kind


def _scan(pieces: Iterator[bytes], name: str) -> Marks:
    """Start tags of one sheet through expat: exact, in constant memory, and refusing what is not well-formed."""
    from xml.parsers import expat

    marks = Marks()
    kinds = _Kinds()
    columns: dict[str, int] = {}
    row = column = last_row = last_column = -1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, last_row, last_column
        kind = kinds[tag]
        if kind == 0:
            return
        if kind == 1:
            place = attributes.get("r")
            if place is None:
                column += 1
            else:
                letters = place.rstrip("0123456789")
                if letters not in columns:
                    columns[letters] = _column_number(letters, name)
                column = columns[letters]
                row = _row_number(place[len(letters) :], name)
            if attributes.get("t") == "e":
                _add(marks.errors, (row, column), name)
        elif kind == 2:  # a cell counts only when it holds something: formats often reach down to the last row
            if row > last_row:
                last_row = row
            if column > last_column:
                last_column = column
        elif kind == 3:
            place = attributes.get("r")
            row = row + 1 if place is None else _row_number(place, name)
            column = -1
        else:
            _add(marks.formulas, (row, column), name)

    def doctype(*_anything: Any) -> None:
        raise _broken(name)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise _broken(name) from None
    too_far = last_row >= EXCEL_ROWS or last_column >= 16_384
    if too_far or (last_row + 1) * (last_column + 1) > MAX_CELLS:
        raise SheetError(
            _(
                "工作表的内容一直延伸到第%(row)d行、第%(column)d列，范围过大。请删除表格以外的内容后重新上传。",
                row=last_row + 1,
                column=last_column + 1,
            ),
            file=name,
            code="too_large",
        )
    return marks


def _column_number(letters: str, name: str) -> int:
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 4):
        raise _broken(name)
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _row_number(digits: str, name: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise _broken(name)
    return int(digits) - 1


def _add(found: set[tuple[int, int]], place: tuple[int, int], name: str) -> None:
    found.add(place)
    if len(found) > MAX_MARKS:
        raise SheetError(
            _("工作表含有大量公式或错误值。请先“复制—选择性粘贴—数值”，再保存上传。"),
            file=name,
            code="formulas",
        )
