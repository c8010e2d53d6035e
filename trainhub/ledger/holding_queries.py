"""Who writes records, and who keeps the figures of a moment: one comes after the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trainhub.kernel.db import hold, session
from trainhub.ledger.models import RecordCancellation, TrainingRecord

RECORDS = "ledger.records"


def hold_while_recording() -> None:
    """Records are about to be written: whoever keeps the figures of a moment waits until they are there, or is waited for."""
    hold(RECORDS, is_shared=True)


def hold_records() -> datetime | None:
    """Nothing is recorded or cancelled until this transaction ends; when the latest of what is there was written."""
    hold(RECORDS)
    moments = (select(func.max(TrainingRecord.recorded_at)), select(func.max(RecordCancellation.at)))
    return max((moment for one in moments if (moment := session().scalar(one)) is not None), default=None)
