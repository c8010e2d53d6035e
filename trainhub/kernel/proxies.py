"""Behind a reverse proxy the client's address is in X-Forwarded-For: believed only for as many proxies as are configured."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def init_app(app: Flask, trusted: int) -> None:
    """Trust `trusted` proxies in front of us (TRAINHUB_TRUSTED_PROXIES)."""
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)  # type: ignore[method-assign]


def client_address() -> str:
    """Where the request comes from."""
    return request.remote_addr or "?"
