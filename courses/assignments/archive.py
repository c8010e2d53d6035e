"""Everything handed in for an assignment as one ZIP, sent while it is made: neither memory nor disk holds it whole."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


class _Pipe(io.RawIOBase):
    """A file that can only be written to; what was written is taken out in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        made = b"".join(self._pieces)
        self._pieces.clear()
        return made


def safe_name(text: str) -> str:
    """A name that every system can unpack."""
    return _UNSAFE.sub("_", text).strip(". ")[:100] or "_"


def stream(entries: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A ZIP of (path, pieces) in pieces. Two entries of one path are numbered."""
    pipe = _Pipe()
    used: set[str] = set()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path, pieces in entries:
            name, number = path, 1
            while name.casefold() in used:
                number += 1
                stem, dot, suffix = path.rpartition(".")
                name = f"{stem} ({number}).{suffix}" if dot else f"{path} ({number})"
            used.add(name.casefold())
            with archive.open(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)
                    if made := pipe.take():
                        yield made
    if made := pipe.take():
        yield made
