"""Background work on reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.reports import operations
from trainhub.oversight.reports.queries import reports


def make(running: Running) -> Mapping[str, Any]:
    """Make one report; running it twice changes nothing."""
    with transaction():
        row = reports.by_id(running.args["report_id"])
        if row is None:
            return {"made": False}
        operations.make(report=row, by=SYSTEM, now=clock.now())
        return {"made": True, "report_id": row.id, "sha256": row.sha256}
