"""Looking at a file without downloading it, and at a live session's clock."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from courses.catalogue.types import FileLook
from trainhub.kernel import files, sniff
from trainhub.kernel.errors import NotFound
from trainhub.kernel.files import StoredFile

MAX_TEXT = 64 << 10
MAX_ARCHIVE = 16 << 20
MAX_LINES = 200
EARLY = timedelta(minutes=15)
TEXTS = frozenset({sniff.TEXT.mime, sniff.CSV.mime, sniff.TSV.mime, sniff.MARKDOWN.mime, sniff.VTT.mime})


def look(row: StoredFile) -> FileLook:
    """What of a file a page can show: pictures, sound, video, PDF by the browser; texts and the list of an archive by us."""
    if row.media_type in sniff.IMAGES:
        return FileLook("image")
    if row.media_type.startswith("audio/"):
        return FileLook("audio")
    if row.media_type in sniff.VIDEOS:
        return FileLook("video")
    if row.media_type == sniff.PDF.mime:
        return FileLook("pdf")
    try:
        if row.media_type in TEXTS:
            return _text(row)
        if row.media_type == sniff.ZIP.mime and row.size <= MAX_ARCHIVE:
            return _archive(files.read(row))
    except (NotFound, FileNotFoundError):
        pass
    return FileLook("none")


def _text(row: StoredFile) -> FileLook:
    raw = b"".join(files.stream(row, 0, MAX_TEXT))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError as error:
            if row.size > MAX_TEXT and error.start >= len(raw) - 4:
                text = raw[: error.start].decode(encoding)
                break
    else:
        return FileLook("none")
    lines = text.splitlines()
    return FileLook("text", tuple(lines[:MAX_LINES]), len(lines) > MAX_LINES or row.size > MAX_TEXT)


def _archive(raw: bytes) -> FileLook:
    """The names in a ZIP: its directory is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [info.filename for info in archive.infolist()[: MAX_LINES + 1] if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return FileLook("none")
    return FileLook("archive", tuple(names[:MAX_LINES]), len(names) > MAX_LINES)


@dataclass(frozen=True, slots=True)
class Live:
    """A live session at an instant. `state`: before, open (from a quarter of an hour before), over, recorded."""

    state: str
    starts_at: datetime | None
    ends_at: datetime | None


def live(settings: Mapping[str, Any], now: datetime) -> Live:
    """Where a live session stands."""
    starts, ends = (datetime.fromisoformat(settings[name]) if settings.get(name) else None for name in ("starts_at", "ends_at"))
    if starts is None or ends is None:
        return Live("open", starts, ends)
    if now >= ends:
        return Live("recorded" if settings.get("recording") else "over", starts, ends)
    return Live("open" if now >= starts - EARLY else "before", starts, ends)


def calendar_entry(*, uid: str, title: str, settings: Mapping[str, Any], page: str, now: datetime) -> str:
    """One event as iCalendar (RFC 5545), lines folded at 75 octets."""
    stamp = "%Y%m%dT%H%M%SZ"
    starts, ends = (datetime.fromisoformat(settings[name]).astimezone(UTC) for name in ("starts_at", "ends_at"))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//trainhub//courses//ZH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{now.astimezone(UTC):{stamp}}",
        f"DTSTART:{starts:{stamp}}",
        f"DTEND:{ends:{stamp}}",
        f"SUMMARY:{_escaped(title)}",
        *([f"URL:{page}"] if page else []),
        f"LOCATION:{_escaped(str(settings.get('url') or ''))}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    parts, here = [], ""
    for char in line:
        if len((here + char).encode()) > 73:
            parts.append(here)
            here = ""
        here += char
    return "\r\n ".join([*parts, here])
