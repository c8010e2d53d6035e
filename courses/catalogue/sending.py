"""Answering with a stored file, whole or in the range a player asks for (RFC 9110, 14)."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, request, stream_with_context
from werkzeug.http import parse_range_header

from trainhub.kernel import files, sniff
from trainhub.kernel.files import StoredFile

INLINE = sniff.IMAGES | sniff.VIDEOS | {sniff.PDF.mime, "audio/mpeg", "audio/wav", "audio/ogg", "text/vtt"}
"""What a browser may show inside the page; everything else is a download."""


def send(row: StoredFile, *, as_download: bool = False) -> Response:
    """The file, or its part; a range that does not exist is 416. The content never changes, so browsers may keep it."""
    name = quote(row.name)
    disposition = "inline" if row.media_type in INLINE and not as_download else "attachment"
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": row.media_type,
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{name}",
        "Cache-Control": "private, max-age=86400",
        "ETag": f'"{row.sha256[:32]}"',
        # A sandbox would keep the browser's own reader of PDF from starting; a PDF runs nothing in our name anyhow.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'" + ("" if row.media_type == sniff.PDF.mime else "; sandbox"),
    }
    wanted = parse_range_header(request.headers.get("Range"))
    span = wanted.range_for_length(row.size) if wanted is not None and wanted.units == "bytes" else None
    if wanted is not None and span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{row.size}", "Accept-Ranges": "bytes"})
    start, stop = span or (0, row.size)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    body = b"" if request.method == "HEAD" else stream_with_context(files.stream(row, start, stop))
    return Response(body, status=206 if span is not None else 200, headers=headers)
