"""Trainings that follow what they rest on: where the days behind a record change, so does the record, by a new one."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.ledger import operations
from trainhub.ledger.models import TrainingRecord


def renew(*, record: TrainingRecord, hours_x10: int, reason: str, by: Identity, now: datetime) -> TrainingRecord:
    """The same training with other hours, or standing again: a new record of the same day, which the earlier one's cancellation names."""
    cancellation, _is_first = operations.cancel_record(record_id=record.id, reason=reason, by=by, now=now)
    session().refresh(record)
    made, _is_new = operations.record_training(
        person_id=record.person_id,
        organisation_id=record.organisation_id,
        course=record.course,
        category=record.category,
        county_code=record.county_code,
        hours_x10=hours_x10,
        completed_on=record.completed_on,
        is_counted=record.is_counted,
        source=record.source,
        source_id=record.source_id,
        by=by,
        now=now,
    )
    cancellation.replaced_by_id = made.id
    session().flush()
    audit.record(by=by, did="ledger.record.corrected", on=made, data={"replaces": record.id, "reason": reason[:400]})
    return made
