"""Trainings that follow what they rest on: where the days behind a record change, so does the record, by a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trainhub.kernel.access import Identity
from trainhub.ledger import operations, queries, training_queries
from trainhub.ledger.models import TrainingRecord
from trainhub.people.models import Person

PLACED = "学员登记了所属县区，原记录不属于任何设区市"
"""Kept as it is beside the records, like the reasons that people write."""


def renew(*, record: TrainingRecord, hours_x10: int, reason: str, by: Identity, now: datetime) -> TrainingRecord:
    """The same training with other hours, or standing again: a new record of the same day, which the earlier one's cancellation names."""
    return operations.replace_record(record=record, reason=reason, did="corrected", by=by, now=now, hours_x10=hours_x10)


def follow_county(person: Person, before: Mapping[str, Any], by: Identity, now: datetime) -> None:
    """Let what lies in no county, and so counts nowhere, lie in the learner's once one is entered (`people.types.CHANGED`): a new record each, as
    if it had been known. What lies in a county stays there, whatever the learner's is later."""
    if "county_code" not in before or person.county_code is None:
        return
    for record in training_queries.placeless_of(person.id):
        same = queries.live_of_human(person.id, record.organisation_id, record.course, record.completed_on, besides=record.id)
        if same is not None:  # two of its rows were trained the same: one counts, as where they are joined
            operations.cancel_record(record_id=record.id, reason=PLACED, by=by, now=now, replaced_by_id=same.id)
            continue
        operations.replace_record(record=record, reason=PLACED, did="corrected", by=by, now=now, county_code=person.county_code)
