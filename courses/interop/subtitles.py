"""Subtitles of packages (SubRip, the JSON of Open edX, WebVTT) as WebVTT, which browsers show. Pure."""

from __future__ import annotations

import json
import re

from courses.catalogue.media import MAX_CUES, check_subtitles

Cue = tuple[int, int, str]
"""From and to in milliseconds, and the text."""
MOST = 2 << 20
_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})")
_TAG = re.compile(r"</?[A-Za-z][^>]{0,80}>|\{\\[^}]{0,40}\}")


def as_webvtt(raw: bytes, name: str) -> bytes | None:
    """The same subtitles as WebVTT; None for what is none, or holds not one line."""
    if len(raw) > MOST:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if text.startswith("WEBVTT"):
        return raw if check_subtitles(raw) is None else None
    cues = _from_json(text) if name.lower().endswith(".sjson") or text.lstrip().startswith("{") else _from_subrip(text)
    cues = sorted((start, end, " ".join(_TAG.sub("", said).split())) for start, end, said in cues if 0 <= start < end)
    lines = [f"{_clock(start)} --> {_clock(end)}\n{_escaped(said)}\n" for start, end, said in cues if said]
    if not lines or len(lines) > MAX_CUES:
        return None
    made = ("WEBVTT\n\n" + "\n".join(lines)).encode()
    return made if check_subtitles(made) is None else None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("-->", "--&gt;")


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _from_subrip(text: str) -> list[Cue]:
    found: list[Cue] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        rows = part.strip().split("\n")
        for n, row in enumerate(rows[:2]):
            match = _TIME.search(row)
            if match is not None:
                found.append((_milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:]), "\n".join(rows[n + 1 :])))
                break
    return found


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = (part or "0" for part in parts)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))


def _from_json(text: str) -> list[Cue]:
    try:
        data = json.loads(text)
        rows = list(zip(data["start"], data["end"], data["text"], strict=True))
        return [(int(start), int(end), str(said)) for start, end, said in rows]
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return []
