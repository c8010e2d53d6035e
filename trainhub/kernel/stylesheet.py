"""Our style sheets as one: nine small files would be nine round trips on a weak network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response

from trainhub.kernel.access import public

SHEETS = ("tokens", "base", "shell", "components", "tables", "forms", "charts", "pct", "capstones", "print")
"""static/css, in the order of the cascade."""


def init_app(app: Flask) -> None:
    """Serve /assets/site.css; its address carries a hash of the content, so that browsers keep it for ever."""
    folder = Path(app.static_folder or "") / "css"

    def content() -> bytes:
        return b"\n".join((folder / f"{name}.css").read_bytes() for name in SHEETS)

    whole = content()

    @app.get("/assets/site.css")
    @public
    def stylesheet() -> Response:
        """The look of every page."""
        answer = Response(content() if app.debug else whole, mimetype="text/css")
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:16])
        return answer

    @app.url_defaults
    def _version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "stylesheet":
            values.setdefault("v", hashlib.sha256(content() if app.debug else whole).hexdigest()[:10])
