"""Who writes many records at once, and who keeps the figures of a moment: one comes after the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trainhub.kernel.db import hold, session
from trainhub.ledger.models import TrainingRecord

RECORDS = "ledger.records"


def hold_while_recording() -> None:
    """Records are about to be written: whoever keeps the figures of a moment waits until they are there, or is waited for."""
    hold(RECORDS, is_shared=True)


def hold_records() -> datetime | None:
    """Nothing comes in by rosters until this transaction ends; when the latest record that is there was written."""
    hold(RECORDS)
    return session().scalar(select(func.max(TrainingRecord.recorded_at)))
