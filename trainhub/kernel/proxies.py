"""Behind a reverse proxy the client's address is in X-Forwarded-For: believed only for as many proxies as are configured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import structlog
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_BY",
)
"""What a proxy says of the request it passes on, and anybody else can write, too."""
log = structlog.get_logger("proxies")
Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Unproxied:
    """No proxy is trusted: what a request says of its way is taken out, and told once in the log, since a proxy that nobody counted makes everybody
    come from its own address."""

    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.is_told = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = [name for name in FORWARDED if environ.pop(name, None) is not None]
        if found and not self.is_told:
            self.is_told = True
            advice = (
                "请求带有反向代理的头，而 TRAINHUB_TRUSTED_PROXIES 没有设置或为 0：审计日志和登录限制把所有人记为同一个地址；前面有几层代理就设为几 / "
                "a request seems to have come through a proxy, but TRAINHUB_TRUSTED_PROXIES is 0 or not set: the audit log and the limits of sign-in count everybody as "
                "one address; set it to how many proxies stand in front (docs/operations.md, Serving)"
            )
            log.warning("proxies.not_trusted", headers=[name.removeprefix("HTTP_").replace("_", "-").title() for name in found], advice=advice)
        return self.app(environ, start_response)


def init_app(app: Flask, trusted: int) -> None:
    """Trust `trusted` proxies in front of us (TRAINHUB_TRUSTED_PROXIES).

    Each adds an address to the end of X-Forwarded-For, so the client's is the one the outermost added, whatever the client wrote before it. Proto is set, not
    added to: the proxy next to us says it. So is Host, by the header of that name: nobody needs X-Forwarded-Host, which a proxy passes on as a client wrote it.
    """
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=1, x_host=0)  # type: ignore[method-assign]
    else:
        app.wsgi_app = Unproxied(app.wsgi_app)  # type: ignore[method-assign]


def client_address() -> str:
    """Where the request comes from."""
    return request.remote_addr or "?"


HOME = 64
"""Bits of an IPv6 address that stand for one connection: whoever has one may use any of the addresses behind them (RFC 6177)."""


def counted_as(address: str) -> str:
    """Whose guesses are counted together: an IPv4 address by itself, IPv6 addresses by their network."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, HOME), strict=False))
