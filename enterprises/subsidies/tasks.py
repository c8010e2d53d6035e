"""Background work of subsidies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enterprises.subsidies import operations
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running


def lapse(_running: Running) -> Mapping[str, Any]:
    """Let drafts lapse that nobody handed in, and remind of those that will."""
    with transaction():
        return {"lapsed": operations.lapse(today=clock.today(), now=clock.now())}
