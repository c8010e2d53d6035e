"""CSV files: which encoding, which delimiter, and records numbered as Excel numbers its rows."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.source import Source
from trainhub.kernel.sheets.types import SheetError

DELIMITERS = (",", ";", "\t")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(source: Source) -> str:
    """The encoding by its mark, else UTF-8 when every byte fits, else GB18030 (what Excel in China saves)."""
    candidates = [name for bom, name in _BOMS if source.head.startswith(bom)][:1] or ["utf-8", "gb18030"]
    for name in candidates:
        if _decodes(source, name):
            return name
    raise SheetError(
        _("文件“%(file)s”的文字编码无法识别。请另存为“CSV UTF-8”后再上传。", file=source.name or "—"),
        file=source.name,
        code="unknown_encoding",
    )


def _decodes(source: Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.stream.seek(0)
    try:
        while chunk := source.stream.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def records(source: Source, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its number from 1; a blank line counts, a line break inside quotes does not.

    Refuses a file whose quotes do not match, naming the record.
    """
    source.stream.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(_Unclosable(source), 1 << 16), encoding=encoding, newline="")
    number = 0
    try:
        for number, record in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            yield number, record
    except csv.Error:
        raise SheetError(
            _(
                "第%(row)d行起的引号不成对，或某一格过长，无法分列。请检查这一行的英文双引号后重新上传。",
                row=number + 1,
            ),
            file=source.name,
            row=number + 1,
            code="broken_quotes",
        ) from None
    finally:
        text.detach()


class _Unclosable(io.RawIOBase):
    """A view of the source's stream for a text wrapper that must not close it."""

    def __init__(self, source: Source) -> None:
        self._stream = source.stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def delimiter_of(source: Source, encoding: str) -> str:
    """The delimiter that gives the first record most columns; a comma when nothing separates."""
    best, most = ",", 1
    for delimiter in DELIMITERS:
        try:
            first = next((cells for _n, cells in records(source, encoding, delimiter) if any(cells)), [])
        except SheetError:
            continue
        if len(first) > most:
            best, most = delimiter, len(first)
    return best
