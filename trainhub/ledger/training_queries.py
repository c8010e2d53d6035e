"""Which training something brought."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select

from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.types import Source
from trainhub.people import queries as people
from trainhub.people.models import Person


def is_sure(at: Any = None, *, record: Any = TrainingRecord, person: Any = Person) -> ColumnElement[bool]:
    """SQL: whose training a record is was looked at, now or at a moment: a roster named them with their full number (also where nobody but they and a
    base says that it is theirs), or the human is identified, under whichever row. `record`, `person`: the record and its person in the statement."""
    return or_(record.by_number.is_(True), people.is_identified_human(at, person))


def waiting() -> list[ColumnElement[bool]]:
    """SQL: what a completion fulfils that would count for goals once somebody has looked at its person."""
    unknown = select(Person.id).where(~people.is_identified_human())
    return [TrainingRecord.is_counted.is_(True), TrainingRecord.by_number.is_(False), TrainingRecord.person_id.in_(unknown)]


def last_of(*, person_id: int, source: Source, source_id: int) -> tuple[TrainingRecord, RecordCancellation | None] | None:
    """The latest record that something brought to a human, with why it was cancelled when it was; None when there never was one."""
    found = (
        session()
        .execute(
            select(TrainingRecord, RecordCancellation)
            .outerjoin(RecordCancellation, RecordCancellation.record_id == TrainingRecord.id)
            .where(people.of_human(TrainingRecord.person_id, person_id), TrainingRecord.source == source, TrainingRecord.source_id == source_id)
            .order_by(TrainingRecord.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return None if found is None else (found[0], found[1])
