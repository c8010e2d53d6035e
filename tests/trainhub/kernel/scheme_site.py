"""An application that says by which scheme it was asked, for a server started beside a test (`test_serving`); it loads nothing else."""

from __future__ import annotations

from typing import Any


def say_scheme(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers by what the server in front of it calls the scheme."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(environ["wsgi.url_scheme"]).encode()]
