"""How often one address may ask: counted in this process, so that verification also works on a read-only database."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import current_app

from trainhub.kernel import clock
from trainhub.kernel.errors import TooMany
from trainhub.kernel.i18n import _
from trainhub.kernel.proxies import counted_as
from trainhub.policy.book import book


@cache
def _item(times: int) -> Any:
    from limits import RateLimitItemPerMinute

    return RateLimitItemPerMinute(times)


def _window() -> Any:
    known = current_app.extensions.get("trainhub.certificates.window")
    if known is None:
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        known = current_app.extensions["trainhub.certificates.window"] = FixedWindowRateLimiter(MemoryStorage())
    return known


def count(address: str, *, as_many: int = 1) -> None:
    """Count one guess from an address (`counted_as`), or what costs the server `as_many`; TooMany beyond own.certificate.checks_per_minute. Nothing counts
    for more than a third of what is free in a minute: what is allowed at all stays possible.

    What counts: asking by number alone, and every answer "unknown". A scanned code that is right never counts.
    """
    times = book().at("own.certificate.checks_per_minute", on=clock.today()).number
    if not _window().hit(_item(times), "verify", counted_as(address), cost=min(as_many, max(times // 3, 1))):
        raise TooMany(_("查验次数过多：每分钟最多 %(times)d 次。请一分钟后再试，或直接扫描证书上的二维码。", times=times), retry_after=60)
