"""Calendars as text (RFC 5545): only what a feed needs, with escaping and folding done right.

Times are written in UTC (`…Z`), so no VTIMEZONE is needed; whole days are DATE values whose end is the day after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SOURCES = "trainhub.calendar.sources"
"""What else belongs into a person's calendar: functions (person id, since, until) -> events, registered by rooms that know."""
LINE_OCTETS = 75
"""A content line has at most 75 octets without its line break (3.1)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT. `starts` and `ends` are both instants, or both days (`ends` is then the last day); `ends` None: no length."""

    uid: str
    stamp: datetime
    starts: datetime | date
    ends: datetime | date | None
    summary: str
    description: str = ""
    url: str = ""
    """The whole address of its page, or the path alone where others would not reach it: a calendar then has none."""
    category: str = ""
    sequence: int = 0
    """Rises whenever it is changed (3.8.7.4), so that a calendar takes the new time."""


def escaped(text: str) -> str:
    """A TEXT value (3.3.11): backslash, semicolon, comma and line breaks escaped; other control characters fall away."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(c for c in plain if c >= " " or c in "\n\t")
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """A content line folded at 75 octets (3.1), never inside a character: the rest goes on behind a blank."""
    pieces: list[str] = []
    piece, size = "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > LINE_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += char
        size += octets
    return "\r\n".join([*pieces, piece])


def _when(name: str, value: datetime | date) -> str:
    if isinstance(value, datetime):
        return f"{name}:{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{name};VALUE=DATE:{value:%Y%m%d}"


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield _when("DTSTAMP", event.stamp)
    if event.sequence:
        yield f"SEQUENCE:{event.sequence}"
    yield _when("DTSTART", event.starts)
    if event.ends is not None:
        is_day = not isinstance(event.ends, datetime)
        yield _when("DTEND", event.ends + timedelta(days=1) if is_day else event.ends)
    yield f"SUMMARY:{escaped(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escaped(event.description)}"
    if "://" in event.url:
        yield f"URL:{event.url}"
    if event.category:
        yield f"CATEGORIES:{escaped(event.category)}"
    if not isinstance(event.starts, datetime):
        yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def calendar(name: str, events: Iterable[Event], *, product: str = "-//trainhub//courses//ZH") -> str:
    """A whole VCALENDAR with CRLF line ends."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{product}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)
