"""Background work of accounts: sweeping what has served its time."""

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
