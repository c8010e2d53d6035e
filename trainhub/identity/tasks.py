"""Background work of accounts: sweeping what has served its time, erasing personal data when their period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.identity import operations as ops
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running


def sweep(_running: Running) -> Mapping[str, Any]:
    """Delete attempts, used form keys, dead links, sessions and unfinished registrations past their time."""
    with transaction():
        return ops.sweep(now=clock.now(), today=clock.today())


def forget(running: Running) -> Mapping[str, Any]:
    """Erase personal data whose period is over (own.retention.*), each portion in its own transaction; how many of each kind."""
    counts = {}
    for number, (name, verb) in enumerate(ops.FORGETTING.items(), start=1):
        after, counts[name] = 0, 0
        while True:
            with transaction():
                found = verb(now=clock.now(), today=clock.today(), after=after)
            if not found:
                break
            after, counts[name] = found[-1], counts[name] + len(found)
        running.progress(number, len(ops.FORGETTING))
    return counts
