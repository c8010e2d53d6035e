"""The text of a video: subtitles in WebVTT read as cues. Pure; what is no cue is skipped, nothing is run."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

MAX_CUES = 5000
_TIME = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})")
_PLACE = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]?\d)|(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is said from a second on."""

    seconds: float
    text: str


def cues(vtt: str) -> list[Cue]:
    """The cues of a WebVTT text in order. Tags (`<v 张老师>`, `<i>`) fall away, entities become characters."""
    found: list[Cue] = []
    for block in re.split(r"\n\s*\n", vtt.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.split("\n")
        at = next((n for n, line in enumerate(lines) if "-->" in line), None)
        match = _TIME.search(lines[at]) if at is not None else None
        if at is None or match is None:
            continue
        hours, minutes, seconds, thousandths = (int(part or 0) for part in match.groups()[:4])
        text = " ".join(html.unescape(re.sub(r"<[^<>]*>", "", line)).strip() for line in lines[at + 1 :]).strip()
        if text:
            found.append(Cue(hours * 3600 + minutes * 60 + seconds + thousandths / 1000, text))
        if len(found) >= MAX_CUES:
            break
    return found


def seconds_of(text: str) -> int | None:
    """A place in a video as people type it: `1:05`, `1:00:05` or seconds; None for anything else."""
    match = _PLACE.fullmatch(text.strip().replace("：", ":"))
    if match is None:
        return None
    hours, minutes, seconds, plain = match.groups()
    return int(plain) if plain is not None else int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
