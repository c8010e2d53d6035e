"""Pure rules of notices: when a digest goes out, how long a failed e-mail waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DIGEST_AT = time(8, 0)
"""The morning hour of the daily digest, Asia/Shanghai."""

MAX_TRIES = 6
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def digest_cutoff(now: datetime) -> datetime:
    """The last digest hour that has passed: notices until then belong into the digest of that morning."""
    local = now.astimezone(_SHANGHAI)
    morning = datetime.combine(local.date(), DIGEST_AT, tzinfo=_SHANGHAI)
    return morning if local >= morning else morning - timedelta(days=1)


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 1, 4, 16, 64 minutes, then 4 hours and more."""
    return timedelta(minutes=min(4 ** max(0, tries - 1), 24 * 60))
