"""What is inside a video and a subtitle file: enough to refuse what is none and to know length and height. Reads, never decodes."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import IO

MAX_BOXES = 4_096
CONTAINERS = frozenset({b"moov", b"trak", b"mdia"})
_TIME = re.compile(r"^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})\s+-->\s+(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:\s.*)?$")
MAX_CUES = 20_000


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video says about itself: seconds (None: not said) and the height of its picture in pixels (0: no picture)."""

    seconds: float | None
    height: int


def probe(file: IO[bytes], media_type: str) -> VideoFacts | None:
    """The facts of an MP4 or WebM file; None when it is none, whatever its first bytes say."""
    file.seek(0, 2)
    size = file.tell()
    return _webm(file, size) if media_type == "video/webm" else _mp4(file, size)


def _mp4(file: IO[bytes], size: int) -> VideoFacts | None:
    """Walk the boxes down to movie header and track headers (ISO/IEC 14496-12)."""
    seconds: float | None = None
    height, seen, left = 0, False, MAX_BOXES
    spans = [(0, size)]
    while spans and left:
        at, end = spans.pop()
        while at + 8 <= end and left:
            left -= 1
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if length == 1:
                wide = file.read(8)
                if len(wide) < 8:
                    return None
                length, head = struct.unpack(">Q", wide)[0], 16
            length = end - at if length == 0 else length
            if length < head or at + length > end:
                return None
            if kind in CONTAINERS:
                spans.append((at + head, at + length))
            elif kind == b"mvhd":
                seen, seconds = True, _movie_seconds(file.read(min(length - head, 120)))
            elif kind == b"tkhd" and length - head >= 4:
                file.seek(at + length - 4)
                height = max(height, struct.unpack(">I", file.read(4))[0] >> 16)
            at += length
    return VideoFacts(seconds, height) if seen else None


def _movie_seconds(data: bytes) -> float | None:
    try:
        scale, units = struct.unpack_from(">IQ", data, 20) if data[:1] == b"\x01" else struct.unpack_from(">II", data, 12)
    except struct.error:
        return None
    return units / scale if scale and units not in (0, 0xFFFFFFFF) else None


_SEGMENT, _INFO, _TRACKS, _ENTRY, _VIDEO, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0x1F43B675
_SCALE, _DURATION, _HEIGHT = 0x2AD7B1, 0x4489, 0xBA


def _webm(file: IO[bytes], size: int) -> VideoFacts | None:
    """Walk the EBML elements of the head (RFC 8794, RFC 9559); the clusters of pictures are not read."""
    scale, units, height, seen, left = 1_000_000, None, 0, False, MAX_BOXES
    spans = [(0, size)]
    while spans and left:
        at, end = spans.pop()
        while at < end and left:
            left -= 1
            file.seek(at)
            head = file.read(12)
            kind, first = _vint(head, keep=True)
            length, second = _vint(head[first:], keep=False) if first else (0, 0)
            if not first or not second:
                break
            start = at + first + second
            stop = end if length == (1 << (7 * second)) - 1 else min(start + length, end)
            if kind in (_SEGMENT, _INFO, _TRACKS, _ENTRY, _VIDEO):
                seen = seen or kind == _SEGMENT
                spans.append((start, stop))
            elif kind in (_SCALE, _DURATION, _HEIGHT) and stop - start <= 8:
                file.seek(start)
                raw = file.read(stop - start)
                if kind == _SCALE:
                    scale = int.from_bytes(raw, "big")
                elif kind == _HEIGHT:
                    height = max(height, int.from_bytes(raw, "big"))
                elif len(raw) in (4, 8):
                    units = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0]
            elif kind == _CLUSTER:
                break
            at = stop
    seconds = None if units is None or not 0 < units < 1e12 else units * scale / 1e9
    return VideoFacts(seconds, height) if seen and (height or seconds) else None


def _vint(data: bytes, *, keep: bool) -> tuple[int, int]:
    """A number of variable length and how many bytes it takes; (0, 0) when there is none."""
    if not data or not data[0]:
        return 0, 0
    width = 9 - data[0].bit_length()
    if width > 8 or len(data) < width:
        return 0, 0
    value = int.from_bytes(data[:width], "big")
    return (value if keep else value & ((1 << (7 * width)) - 1)), width


@dataclass(frozen=True, slots=True)
class SubtitleFault:
    """Why a file is no WebVTT; `line` from 1. `code`: header, time, order, empty, overflow, encoding."""

    line: int
    code: str


def check_subtitles(raw: bytes) -> SubtitleFault | None:
    """The first fault of a WebVTT file (W3C WebVTT 4.1), or None: UTF-8, its header, times that end after they begin, one cue at least."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return SubtitleFault(raw[: error.start].count(b"\n") + 1, "encoding")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"^WEBVTT(?:[ \t].*)?$", lines[0]):
        return SubtitleFault(1, "header")
    cues, last = 0, -1
    for number, line in enumerate(lines[1:], start=2):
        if "-->" not in line:
            continue
        match = _TIME.match(line.strip())
        if match is None:
            return SubtitleFault(number, "time")
        start, end = _millis(match.groups()[:4]), _millis(match.groups()[4:])
        if end <= start or start < last:
            return SubtitleFault(number, "order")
        last, cues = start, cues + 1
        if cues > MAX_CUES:
            return SubtitleFault(number, "overflow")
    return None if cues else SubtitleFault(len(lines), "empty")


def _millis(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
