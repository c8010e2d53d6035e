"""Background work of capstones: guidance loses its words when its period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.capstones import operations
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase what was said in guidances whose period is over; running it twice changes nothing."""
    with transaction():
        return {"guidances": operations.forget_guidance(today=clock.today())}
