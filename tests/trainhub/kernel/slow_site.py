"""The product with some large answers at addresses of their own, for the tests that read them slowly (`test_slow_readers`)."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, send_file, stream_with_context

from trainhub import app as product
from trainhub import serving
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM, public
from trainhub.kernel.db import transaction
from trainhub.kernel.sending import send

SIZE = 30_000_000
PIECE = bytes(range(256)) * 4096
CONTENT = (PIECE * (SIZE // len(PIECE) + 1))[:SIZE]
KINDS = ("stored", "made", "whole")


def create_app() -> Flask:
    """The app itself, with `/slow/KIND`."""
    app: Flask = product.create_app()
    kept: dict[str, Any] = {}

    @app.get("/slow/<kind>")
    @public
    def slow(kind: str) -> Response:
        """A file as it is stored, an answer that is made piece by piece, one that was made whole."""
        if kind == "made":
            return Response(stream_with_context(_made()), mimetype="application/zip")
        if kind == "whole":
            return send_file(io.BytesIO(CONTENT), mimetype="application/zip")
        with transaction():
            if kind not in kept:
                kept[kind] = files.keep_bytes(CONTENT, name="film.mp4", media_type="video/mp4", kind="test", by=SYSTEM, now=clock.now()).id
        return send(files.kept([kept[kind]])[kept[kind]])

    return app


def _made() -> Iterator[bytes]:
    for at in range(0, SIZE, 1 << 16):
        yield CONTENT[at : at + (1 << 16)]


def take_place() -> None:
    """Let `trainhub serve` of this process serve it; SLOW_SITE_STALLED: seconds after which a reader has stopped to read, looked at each second."""
    if seconds := os.environ.get("SLOW_SITE_STALLED"):
        serving.STALLED, options = int(seconds), serving.waitress_options
        serving.waitress_options = lambda most: options(most) | {"cleanup_interval": 1}  # type: ignore[assignment]
    serving.create_app = create_app  # type: ignore[assignment, attr-defined]
