"""What rosters leave behind is deleted when its time is over (own.retention.import_file_months, own.retention.rejected_rows_months)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update

from trainhub.kernel import audit, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import ended_at
from trainhub.ledger.models import RosterBatch

IMPORTS = ("roster", "import")
"""Tables people handed in to be imported, here and on the pages of organisations, people and mentors; course packages too."""
REJECTIONS = ("rejections",)
PERIODS = {"import_file": RosterBatch.upload_file_id, "rejected_rows": RosterBatch.rejections_file_id}


def sweep(*, now: datetime, today: date) -> list[str]:
    """Delete uploads and rejected rows past their time; what came of them stays. Returns checksums to erase after the commit.

    They hold identity numbers, so the audit log says how many went.
    """
    ends = {what: ended_at(what, now=now, today=today) for what in PERIODS}
    for what, column in PERIODS.items():
        session().execute(
            update(RosterBatch)
            .where(RosterBatch.finished_at < ends[what], column.is_not(None))
            .values({column: None})
            .execution_options(synchronize_session=False)
        )
    gone = files.forget(IMPORTS, before=ends["import_file"]) + files.forget(REJECTIONS, before=ends["rejected_rows"])
    if gone:
        audit.record(by=SYSTEM, did="ledger.roster.erased", on=("retention", "*"), data={"count": len(gone)})
    return gone
