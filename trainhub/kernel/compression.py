"""Answers travel compressed: on a weak network the size of a page is its waiting time."""

from __future__ import annotations

import gzip
import io
import secrets
from collections.abc import Callable, Iterable
from typing import Any

COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml")
LEAST_BYTES = 600
"""Smaller answers gain nothing: they fit into one packet anyway."""
MOST_BYTES = 4 * 1024 * 1024
"""Larger answers go out as they come, in pieces."""
PADDING = 64
"""Random bytes in the gzip header of a page, at most: the length of a page that holds a CSRF token and echoes words of the
address must not betray them (BREACH; "Heal the BREACH", 2022)."""
KEPT = 200
"""Compressed assets that are remembered; their addresses carry a hash, so they never change under one ETag."""


def compressed(body: bytes, *, level: int = 6, padding: int = 0) -> bytes:
    """Gzip with a fixed time stamp; `padding` random bytes at most are added to the header as a file name."""
    target = io.BytesIO()
    name = secrets.token_hex(padding)[: secrets.randbelow(padding + 1)] if padding else ""
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=level, fileobj=target, mtime=0) as file:
        file.write(body)
    return target.getvalue()


class Compression:
    """WSGI middleware in front of the app and its assets: gzip for whoever accepts it, everything else as it is."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.kept: dict[tuple[str, str], bytes] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("REQUEST_METHOD") != "GET" or not _accepts(environ.get("HTTP_ACCEPT_ENCODING", "")) or "HTTP_RANGE" in environ:
            return self.app(environ, start_response)
        said: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
            said[:] = [status, headers, exc_info]
            return lambda _data: None

        parts = self.app(environ, note)
        status, headers, exc_info = said
        found = {name.lower(): value for name, value in headers}
        if not _worthwhile(status, found):
            start_response(status, headers, exc_info)
            return parts
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        packed = self._pack(environ, found, body)
        changed = [(name, value) for name, value in headers if name.lower() not in ("content-length", "vary", "etag")]
        vary = [one.strip() for one in found.get("vary", "").split(",") if one.strip() and one.strip().lower() != "accept-encoding"]
        changed += [("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))), ("Vary", ", ".join([*vary, "Accept-Encoding"]))]
        if "etag" in found:  # the same thing in another shape: a weak tag, which a conditional request still matches
            changed.append(("ETag", found["etag"] if found["etag"].startswith("W/") else f"W/{found['etag']}"))
        start_response(status, changed, exc_info)
        return [packed]

    def _pack(self, environ: dict[str, Any], found: dict[str, str], body: bytes) -> bytes:
        if "etag" not in found or "public" not in found.get("cache-control", ""):
            return compressed(body, padding=PADDING)
        key = (environ.get("PATH_INFO", ""), found["etag"])
        if key not in self.kept:
            if len(self.kept) >= KEPT:
                self.kept.clear()
            self.kept[key] = compressed(body, level=9)
        return self.kept[key]


def _accepts(header: str) -> bool:
    """Whether gzip is among the encodings a browser takes (RFC 9110, 12.5.3)."""
    for one in header.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _worthwhile(status: str, found: dict[str, str]) -> bool:
    """Whole answers of text of a known, sensible length."""
    if not status.startswith(("200", "4", "5")) or "content-encoding" in found or "content-length" not in found:
        return False
    size = int(found["content-length"])
    return found.get("content-type", "").startswith(COMPRESSIBLE) and LEAST_BYTES <= size <= MOST_BYTES
