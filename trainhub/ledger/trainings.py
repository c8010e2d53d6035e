"""Trainings that follow what they rest on: where the days behind a record change, so does the record, by a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trainhub.kernel.access import Identity
from trainhub.ledger import operations, queries, training_queries
from trainhub.ledger.labels import JOINED, PARTED, PLACED
from trainhub.ledger.models import TrainingRecord
from trainhub.people.models import Person


def renew(*, record: TrainingRecord, hours_x10: int, reason: str, by: Identity, now: datetime) -> TrainingRecord:
    """The same training with other hours, or standing again: a new record of the same day, which the earlier one's cancellation names."""
    return operations.replace_record(record=record, reason=reason, did="corrected", by=by, now=now, hours_x10=hours_x10)


def follow_county(person: Person, before: Mapping[str, Any], by: Identity, now: datetime) -> None:
    """Let what lies in no county, and so counts nowhere, lie in the learner's once one is entered (`people.types.CHANGED`): a new record each, as
    if it had been known. What lies in a county stays there, whatever the learner's is later."""
    if "county_code" not in before or person.county_code is None:
        return
    _place(person.id, person.county_code, PLACED, by, now)


def follow_joining(person_id: int, by: Identity, now: datetime) -> None:
    """Let what lies in no county lie in that of the human once two rows are one of which one has a county (`people.types.HUMANS`), as where one is
    entered; and where two are parted, what went by the county of the other lie where it would without them, also what was renewed since."""
    county = training_queries.county_of_human(person_id)
    for former, there, last in training_queries.placed_while_joined(person_id, parted_at=now, joined=JOINED, entered=PLACED):
        target = county or former.county_code
        if there.person_id != former.person_id:  # the other's stood for theirs
            if queries.live_of_human(former.person_id, former.organisation_id, former.course, former.completed_on) is None:
                operations.replace_record(record=former, reason=PARTED, did="corrected", by=by, now=now, county_code=target)
        elif last is not None and last.cancelled_at is None and last.county_code == there.county_code != target:  # no office put it elsewhere
            operations.replace_record(record=last, reason=PARTED, did="corrected", by=by, now=now, county_code=target)
    place(person_id, by, now)


def place(person_id: int, by: Identity, now: datetime) -> None:
    """Let what lies in no county lie in that which any row of the human tells: what was there when two rows were joined, and what is completed later. It
    is recorded where it would lie without the other row first, so that it goes back there where the two are parted."""
    county = training_queries.county_of_human(person_id)
    if county is not None:
        _place(person_id, county, JOINED, by, now)


def _place(person_id: int, county_code: str, reason: str, by: Identity, now: datetime) -> None:
    for record in training_queries.placeless_of(person_id):
        same = queries.live_of_human(person_id, record.organisation_id, record.course, record.completed_on, besides=record.id)
        if same is not None:  # two of its rows were trained the same: one counts, as where they are joined
            operations.cancel_record(record_id=record.id, reason=reason, by=by, now=now, replaced_by_id=same.id)
            continue
        operations.replace_record(record=record, reason=reason, did="corrected", by=by, now=now, county_code=county_code)
