"""Answering with a stored file: shown where a browser can, else as a download; whole or in the range a player asks for (RFC 9110, 14)."""

from __future__ import annotations

import codecs

from flask import Response, request
from werkzeug.http import parse_range_header

from trainhub.kernel import downloads, files, sniff
from trainhub.kernel.files import StoredFile

INLINE = sniff.IMAGES | sniff.VIDEOS | {sniff.PDF.mime, sniff.TEXT.mime, "audio/mpeg", "audio/wav", "audio/ogg", "text/vtt"}
"""What a browser may show by itself; everything else is a download. Nothing here can run a script of ours or of the uploader."""
SEALED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Browsers refuse to start their PDF viewer inside a sandbox; the viewer is a sandbox of its own."""


HEAD = 64 << 10


def _charset(row: StoredFile) -> str:
    """What a plain text is written in: UTF-8, or else GB18030, which Chinese editors write; a browser that is not told guesses neither."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(b"".join(files.stream(row, 0, min(row.size, HEAD))))
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def send(row: StoredFile, *, as_download: bool = False) -> Response:
    """The file, or its part; a range that does not exist is 416. `?download=1` asks for a download instead of a preview.

    The content of a stored file never changes, so a browser may keep it for a day. Raises NotFound when the store has lost it.
    """
    files.demand_there(row)
    is_inline = row.media_type in INLINE and not as_download and "download" not in request.args
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": f"{row.media_type}; charset={_charset(row)}" if row.media_type == sniff.TEXT.mime else row.media_type,
        "Cache-Control": "private, max-age=86400",
        "ETag": f'"{row.sha256[:32]}"',
        "Content-Security-Policy": PDF_POLICY if row.media_type == sniff.PDF.mime else SEALED,
    }
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is not None and (wanted.units != "bytes" or len(wanted.ranges) != 1):
        wanted = None  # other units and several ranges at once are not served: the whole file answers them (14.2)
    span = wanted.range_for_length(row.size) if wanted is not None else None
    if wanted is not None and span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{row.size}", "Accept-Ranges": "bytes"})
    start, stop = span or (0, row.size)
    headers["Content-Length"] = str(stop - start)
    if span is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{row.size}"
    answer = Response(status=206 if span is not None else 200, headers=headers)
    if request.method != "HEAD":
        _fill(answer, row, start, stop)
    return downloads.named(answer, row.name, inline=is_inline)


def _fill(answer: Response, row: StoredFile, start: int, stop: int) -> None:
    """Give the answer its content. The request and its session are at their end before the first byte is sent: a slow reader holds neither."""
    wrapper = request.environ.get("wsgi.file_wrapper")
    file = files.opened(row) if wrapper is not None else None
    if wrapper is None or file is None:
        answer.response = files.stream(row, start, stop)
        return
    file.seek(start)
    answer.response = wrapper(file)  # the server stops at Content-Length
    answer.direct_passthrough = True
