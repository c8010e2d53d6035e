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
from trainhub.oversight.reports.types import ReportState


def make(running: Running) -> Mapping[str, Any]:
    """Make one report; running it twice changes nothing. Counting a province takes seconds, in which nobody has to wait: it is done before the
    transaction that writes."""
    key = running.args["report_id"]
    asked = reports.by_id(key)
    document = operations.counted(asked) if asked is not None and asked.state is ReportState.ASKED else None
    with transaction():
        row = reports.by_id(key)
        if row is None:
            return {"made": False}
        operations.make(report=row, by=SYSTEM, now=clock.now(), document=document)
        return {"made": True, "report_id": row.id, "sha256": row.sha256}
