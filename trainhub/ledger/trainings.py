"""Trainings that follow what they rest on: where the days behind a record change, so does the record, by a new one."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel.access import Identity
from trainhub.ledger import operations
from trainhub.ledger.models import TrainingRecord


def renew(*, record: TrainingRecord, hours_x10: int, reason: str, by: Identity, now: datetime) -> TrainingRecord:
    """The same training with other hours, or standing again: a new record of the same day, which the earlier one's cancellation names."""
    return operations.replace_record(record=record, reason=reason, did="corrected", by=by, now=now, hours_x10=hours_x10)
