"""Which training something brought."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.types import Source
from trainhub.organisations.models import Region
from trainhub.people import queries as people
from trainhub.people.models import Person, PersonMerge


@functools.lru_cache(maxsize=32)
def is_sure(at: Any = None, *, record: Any = TrainingRecord, person: Any = Person) -> ColumnElement[bool]:
    """SQL: whose training a record is was looked at, now or at a moment: a roster named them with their full number (also where nobody but they and a
    base says that it is theirs), or the human is identified, under whichever row. `record`, `person`: the record and its person in the statement."""
    return or_(record.by_number.is_(True), people.is_identified_human(at, person))


def waiting() -> list[ColumnElement[bool]]:
    """SQL: what a completion fulfils that would count for goals once somebody has looked at its person."""
    unknown = select(Person.id).where(~people.is_identified_human())
    return [TrainingRecord.is_counted.is_(True), TrainingRecord.by_number.is_(False), TrainingRecord.person_id.in_(unknown)]


def completed(since: date, until: date, known_at: datetime | None = None, *only: ColumnElement[bool]) -> Select[Any]:
    """The completions of a span that figures about training tell, now or as was known at a moment: (organisation, human, course, day), one row each.

    The same rule as a goal's: what counts, of persons who were looked at, and what one human completed once and was recorded under two rows once.
    """
    human: Any = Person.merged_into_id
    standing: list[ColumnElement[bool]] = [TrainingRecord.cancelled_at.is_(None)]
    joined = select(TrainingRecord.organisation_id).join(Person, Person.id == TrainingRecord.person_id)
    if known_at is not None:
        stood = people.mergings_at(known_at)
        human, joined = stood.c.into_id, joined.outerjoin(stood, stood.c.gone_id == TrainingRecord.person_id)
        standing = [TrainingRecord.recorded_at <= known_at, or_(TrainingRecord.cancelled_at.is_(None), TrainingRecord.cancelled_at > known_at)]
    columns = (func.coalesce(human, TrainingRecord.person_id).label("human"), TrainingRecord.course, TrainingRecord.completed_on)
    in_span = TrainingRecord.completed_on.between(since, until)
    return joined.add_columns(*columns).where(TrainingRecord.is_counted.is_(True), in_span, *standing, is_sure(known_at), *only).distinct()


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


def placeless_of(person_id: int) -> list[TrainingRecord]:
    """The completions of a human that stand and lie in no reporting unit: those of a provincial organisation while the learner had no county."""
    nowhere = select(Region.code).where(Region.code == TrainingRecord.county_code, Region.reporting_code.is_(None))
    of_human = people.of_human(TrainingRecord.person_id, person_id)
    return list(
        session().scalars(select(TrainingRecord).where(of_human, TrainingRecord.cancelled_at.is_(None), nowhere.exists()).order_by(TrainingRecord.id))
    )


def county_of_human(person_id: int) -> str | None:
    """The county of a human: that of the row who stands for them, or else the only one that their rows tell."""
    stays, *gone = people.human_ids(person_id)
    counties = {key: code for key, code in session().execute(select(Person.id, Person.county_code).where(Person.id.in_([stays, *gone]))) if code}
    if stays in counties:
        return counties[stays]
    told = set(counties.values())
    return told.pop() if len(told) == 1 else None


def placed_while_joined(
    person_id: int, *, parted_at: datetime, joined: str, entered: str
) -> list[tuple[TrainingRecord, TrainingRecord, TrainingRecord | None]]:
    """(what lay in no county, what took its place, which of their records stands for that now) of a human who was parted from another at a moment, where
    that was done while both were one: by their being `joined`, or by a county `entered` for the one whom the human stood for. What a row had by a county
    of its own is not among them."""
    rows = people.human_ids(person_id)
    former, there = aliased(TrainingRecord), aliased(TrainingRecord)
    was_gone, stayed = PersonMerge.gone_id.in_(rows), PersonMerge.into_id.in_(rows)
    by_other = or_(
        and_(was_gone, ~stayed, RecordCancellation.reason.in_([joined, entered])), and_(stayed, ~was_gone, RecordCancellation.reason == joined)
    )
    statement = (
        select(former, there)
        .join(RecordCancellation, RecordCancellation.record_id == former.id)
        .join(there, there.id == RecordCancellation.replaced_by_id)
        .join(PersonMerge, RecordCancellation.at.between(PersonMerge.merged_at, PersonMerge.undone_at))
        .where(former.person_id.in_(rows), PersonMerge.undone_at == parted_at, by_other)
        .order_by(former.id)
    )
    found = {one.id: (one, other) for one, other in session().execute(statement)}
    last = _last_of_each(rows) if found else {}
    return [(one, other, last.get(other.id)) for one, other in found.values()]


def _last_of_each(rows: Sequence[int]) -> dict[int, TrainingRecord | None]:
    """Of each record of these rows, that one of theirs which stands for it: itself, or the last of those that took each other's place; None where it was
    cancelled, or another person's took its place."""
    kept = select(TrainingRecord, RecordCancellation.replaced_by_id).outerjoin(RecordCancellation, RecordCancellation.record_id == TrainingRecord.id)
    latest = (RecordCancellation.id.is_not(None), RecordCancellation.id.desc())  # what takes a place stands then, and is cancelled later if at all
    last: dict[int, TrainingRecord | None] = {}
    for record, successor in session().execute(kept.where(TrainingRecord.person_id.in_(rows)).order_by(*latest)):
        last[record.id] = record if record.cancelled_at is None else last.get(successor or 0)
    return last
