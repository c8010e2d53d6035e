"""Selects for rosters: the completions that stand already, those that leave for a file, the courses and their first day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from trainhub.kernel.characters import plain_words
from trainhub.kernel.db import session
from trainhub.ledger.models import PossibleDuplicate, RecordCancellation, RosterBatch, RosterRejection, TrainingCourse, TrainingRecord
from trainhub.ledger.training_queries import is_sure
from trainhub.ledger.types import Category
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.queries import within_regions
from trainhub.people.models import Person, PersonPair
from trainhub.people.queries import of_human
from trainhub.people.queries.numbers import CHUNK

PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Extent:
    """Which records: everything, or what a goal counts. Days are inclusive; no regions or categories means all."""

    since: date | None = None
    until: date | None = None
    regions: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    only_counted: bool = False


def clauses(extent: Extent) -> list[sa.ColumnElement[bool]]:
    """The standing records inside an extent."""
    found: list[sa.ColumnElement[bool]] = [TrainingRecord.cancelled_at.is_(None)]
    if extent.since is not None:
        found.append(TrainingRecord.completed_on >= extent.since)
    if extent.until is not None:
        found.append(TrainingRecord.completed_on <= extent.until)
    if extent.regions:
        found.append(within_regions(TrainingRecord.county_code, extent.regions))
    if extent.categories:
        found.append(TrainingRecord.category.in_(extent.categories))
    if extent.only_counted:
        found.append(TrainingRecord.is_counted.is_(True))
    return found


def named_by_number(person_id: int) -> list[TrainingRecord]:
    """The completions that stand for which a roster named the person by their number."""
    standing = (TrainingRecord.person_id == person_id, TrainingRecord.by_number.is_(True), TrainingRecord.cancelled_at.is_(None))
    return list(session().scalars(select(TrainingRecord).where(*standing).order_by(TrainingRecord.id)))


def standing_of(persons: Mapping[int, str], *besides: sa.ColumnElement[bool]) -> tuple[set[tuple[object, ...]], dict[int, str]]:
    """The completions that stand for the persons (the mark of each human by id), as keys of entries, and the county in which each
    person was first on each day, by a hash of both. `besides`: what else is asked of a completion."""
    keys: set[tuple[object, ...]] = set()
    places: dict[int, str] = {}
    wanted = sorted(persons)
    columns = (TrainingRecord.organisation_id, TrainingRecord.course, TrainingRecord.completed_on, TrainingRecord.county_code)
    for start in range(0, len(wanted), CHUNK):
        rows = session().execute(
            select(TrainingRecord.person_id, *columns)
            .where(TrainingRecord.person_id.in_(wanted[start : start + CHUNK]), TrainingRecord.cancelled_at.is_(None), *besides)
            .order_by(TrainingRecord.id)
        )
        for person_id, organisation_id, course, day, county in rows:
            keys.add((persons[person_id], organisation_id, course, day))
            places.setdefault(hash((persons[person_id], day)), county)
    return keys, places


def cancelled_of(
    persons: Mapping[int, str], by_number: Collection[int] = ()
) -> tuple[dict[tuple[object, ...], tuple[str, bool]], dict[tuple[object, ...], tuple[str, str, date]]]:
    """What no longer stands of the completions of the persons (the mark of each human by id).

    Why a cancelled one does not, and whether another record took its place; by what a row would have to repeat to bring it back as it was
    (`Entry.whole`, with the mark of the human). And what a corrected one is now: why, the course and the day of the record that stands in its
    place; by the mark, the organisation, the course in plain words and the day that a row would name again. Of the persons `by_number`, who had only
    typed the number, what went with it alone: neither what no roster said, nor what stayed with them.
    """
    found: dict[tuple[object, ...], tuple[str, bool]] = {}
    named: dict[int, tuple[tuple[object, ...], str]] = {}
    after: dict[int, int] = {}
    columns = (TrainingRecord.organisation_id, TrainingRecord.course, TrainingRecord.completed_on, TrainingRecord.category)
    others = (TrainingRecord.county_code, TrainingRecord.hours_x10, TrainingRecord.is_counted)
    wanted, instead = sorted(persons), sa.orm.aliased(TrainingRecord)
    went = sa.and_(TrainingRecord.by_number.is_(True), sa.or_(instead.id.is_(None), instead.by_number.is_(True)))
    statement = (
        select(TrainingRecord.id, TrainingRecord.person_id, *columns, *others, RecordCancellation.reason, RecordCancellation.replaced_by_id, went)
        .join(RecordCancellation, RecordCancellation.record_id == TrainingRecord.id)
        .outerjoin(instead, instead.id == RecordCancellation.replaced_by_id)
        .where(TrainingRecord.cancelled_at.is_not(None))
        .order_by(RecordCancellation.id)
    )
    for start in range(0, len(wanted), CHUNK):
        for record_id, person_id, *whole, reason, replaced_by, has_gone in session().execute(
            statement.where(TrainingRecord.person_id.in_(wanted[start : start + CHUNK]))
        ):
            if person_id in by_number and not has_gone:
                continue
            found[persons[person_id], *whole] = (reason, replaced_by is not None)
            if replaced_by is not None:
                organisation_id, title, day = whole[:3]
                named[record_id], after[record_id] = ((persons[person_id], organisation_id, plain_words(title), day), reason), replaced_by
    ends = {key: _end_of(key, after) for key in named}
    standing = _courses_of(set(ends.values()))
    return found, {named[key][0]: (named[key][1], *standing[end]) for key, end in ends.items() if end in standing}


def _end_of(record_id: int, after: Mapping[int, int]) -> int:
    """The last of a chain of corrections; of one that leads back into itself some record of it."""
    seen = set[int]()
    while record_id in after and record_id not in seen:
        seen.add(record_id)
        record_id = after[record_id]
    return record_id


def _courses_of(record_ids: set[int]) -> dict[int, tuple[str, date]]:
    found: dict[int, tuple[str, date]] = {}
    wanted = sorted(record_ids)
    for start in range(0, len(wanted), CHUNK):
        rows = select(TrainingRecord.id, TrainingRecord.course, TrainingRecord.completed_on).where(
            TrainingRecord.id.in_(wanted[start : start + CHUNK]), TrainingRecord.cancelled_at.is_(None)
        )
        found.update({key: (title, day) for key, title, day in session().execute(rows)})
    return found


def rejections_of(batch_id: int, *, notices: bool = False, most: int | None = None) -> list[tuple[int, str, str]]:
    """(row, column, problem) of the rows left out, or what to look at in rows that were taken, in the order of the file, at `most` so many."""
    found = session().execute(
        select(RosterRejection.row, RosterRejection.column, RosterRejection.problem)
        .where(RosterRejection.batch_id == batch_id, RosterRejection.is_notice.is_(notices))
        .order_by(RosterRejection.row, RosterRejection.id)
        .limit(most)
    )
    return [(row[0], row[1], row[2]) for row in found]


def open_batch(sha256: str, base_id: int | None, asked_by_id: int | None) -> RosterBatch | None:
    """The same file asked for by the same account that was not finished: a killed import goes on with it."""
    return session().scalar(
        select(RosterBatch)
        .where(
            RosterBatch.sha256 == sha256,
            RosterBatch.base_id.is_(None) if base_id is None else RosterBatch.base_id == base_id,
            RosterBatch.asked_by_id.is_(None) if asked_by_id is None else RosterBatch.asked_by_id == asked_by_id,
            RosterBatch.finished_at.is_(None),
        )
        .order_by(RosterBatch.id)
        .limit(1)
    )


def batch_now(batch_id: int) -> RosterBatch:
    """A batch as it stands in the database, whatever the session holds."""
    return session().scalars(select(RosterBatch).where(RosterBatch.id == batch_id).execution_options(populate_existing=True)).one()


def _documents(person: Any) -> tuple[Any, ...]:
    sealed = sa.case(
        (person.number_by_holder.is_(True), b""), else_=person.id_number_encrypted
    )  # what the holder alone typed is told to nobody as a fact
    return person.id, person.name, person.id_type, sealed


def _doubled(extent: Extent) -> set[int]:
    """The records that repeat another one of the same human, who was recorded under two numbers: the counted one stands, of two the first."""
    gone = select(Person.id).where(Person.merged_into_id.is_not(None))
    joined = gone.union(select(Person.merged_into_id).where(Person.merged_into_id.is_not(None)))
    human = sa.func.coalesce(Person.merged_into_id, Person.id)
    same = (human, TrainingRecord.organisation_id, TrainingRecord.course, TrainingRecord.completed_on)
    place = sa.func.row_number().over(partition_by=same, order_by=(TrainingRecord.is_counted.desc(), TrainingRecord.id)).label("place")
    ranked = (
        select(TrainingRecord.id, place)
        .join(Person, Person.id == TrainingRecord.person_id)
        .where(*clauses(extent), TrainingRecord.person_id.in_(joined))
        .subquery()
    )
    return set(session().scalars(select(ranked.c.id).where(ranked.c.place > 1)))


def entries_within(extent: Extent) -> Iterator[tuple[Any, ...]]:
    """The records inside an extent in order of id, a portion at a time; persons who never gave a number are left out, and whom nobody
    has looked at (`is_sure`). A number that its holder alone typed is empty: a file that says it would make an office say it. One human is
    one person, the one who stays of several that were found to be one, and what was recorded once under each number is one record.

    (person id, name, kind and sealed number of the document, category, county, code of the base, course, hours x 10, day, is counted)
    """
    last, doubled = 0, _doubled(extent)
    stays = sa.orm.aliased(Person)
    proven = [sa.and_(row.id_number_encrypted.is_not(None), row.number_by_holder.is_(False)) for row in (stays, Person)]
    shown = [
        sa.case((proven[0], theirs), (proven[1], own), (stays.id_number_encrypted.is_not(None), theirs), else_=own)
        for theirs, own in zip(_documents(stays), _documents(Person), strict=True)
    ]
    statement = (
        select(
            TrainingRecord.id,
            *shown,
            TrainingRecord.category,
            TrainingRecord.county_code,
            Organisation.code,
            TrainingRecord.course,
            TrainingRecord.hours_x10,
            TrainingRecord.completed_on,
            TrainingRecord.is_counted,
        )
        .join(Person, Person.id == TrainingRecord.person_id)
        .outerjoin(stays, stays.id == Person.merged_into_id)
        .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
        .where(*clauses(extent), sa.or_(Person.id_number_encrypted.is_not(None), stays.id_number_encrypted.is_not(None)), is_sure())
        .order_by(TrainingRecord.id)
        .limit(PORTION)
    )
    while True:
        found = session().execute(statement.where(TrainingRecord.id > last)).all()
        for record_id, *entry in found:
            last = record_id
            if record_id not in doubled:
                yield tuple(entry)
        if len(found) < PORTION:
            return


# -- courses ------------------------------------------------------------------------------------------------------------
def course(organisation_id: int, title: str) -> TrainingCourse | None:
    """A registered course of a training organisation, however its title is spelled."""
    rows = session().scalars(select(TrainingCourse).where(TrainingCourse.organisation_id == organisation_id).order_by(TrainingCourse.id))
    return next((row for row in rows if plain_words(row.title) == plain_words(title)), None)


def course_starts() -> dict[tuple[int, str], date]:
    """Since when every registered course is taught, by (organisation, title for comparison); of two spellings the one registered first, as
    `course` finds it."""
    found = session().execute(select(TrainingCourse.organisation_id, TrainingCourse.title, TrainingCourse.since).order_by(TrainingCourse.id))
    starts: dict[tuple[int, str], date] = {}
    for organisation_id, title, since in found:
        starts.setdefault((organisation_id, plain_words(title)), since)
    return starts


def earliest_completion(organisation_id: int, title: str) -> date | None:
    """The first day on which somebody completed a course there, however its title was spelled."""
    statement = select(TrainingRecord.course, sa.func.min(TrainingRecord.completed_on)).where(
        TrainingRecord.organisation_id == organisation_id, TrainingRecord.cancelled_at.is_(None)
    )
    found = session().execute(statement.group_by(TrainingRecord.course))
    return min((day for course, day in found if plain_words(course) == plain_words(title)), default=None)


COURSE_SORTS: dict[str, tuple[Any, ...]] = {
    "title": (TrainingCourse.title,),
    "base": (Organisation.pinyin, Organisation.name, TrainingCourse.title),
    "since": (TrainingCourse.since,),
}


def courses_listing(allowed: sa.ColumnElement[bool], text: str = "", sort: str = "") -> organisations.Statement:
    """Registered courses with the organisation's code and name, of the organisations that a clause allows."""
    statement: organisations.Statement = select(TrainingCourse, Organisation.code, Organisation.name).join(
        Organisation, Organisation.id == TrainingCourse.organisation_id
    )
    statement = statement.where(allowed)
    if text:
        statement = statement.where(organisations.matches(text, TrainingCourse.title, Organisation.name, Organisation.pinyin, Organisation.code))
    return organisations.ordered_or(statement, sort, COURSE_SORTS, Organisation.name, TrainingCourse.title, unique=TrainingCourse.id)


# -- possible duplicates ------------------------------------------------------------------------------------------------
DUPLICATE_SORTS = ("name", "birth", "found")


AN_IMPORT = timedelta(days=1)
"""No import goes on for longer."""


def overlapping(batch: RosterBatch) -> bool:
    """Whether another import went on beside this one. One that began a day before and has not ended was killed: when it is gone on with it
    ends later than this one, and looks itself."""
    goes_on = and_(RosterBatch.finished_at.is_(None), RosterBatch.started_at >= batch.started_at - AN_IMPORT)
    beside = or_(goes_on, RosterBatch.finished_at >= batch.started_at)
    return session().scalar(select(RosterBatch.id).where(RosterBatch.id != batch.id, beside).limit(1)) is not None


def persons_of(batch_id: int) -> list[int]:
    """Whom the records of an import name."""
    return list(session().scalars(select(TrainingRecord.person_id).where(TrainingRecord.batch_id == batch_id).distinct()))


def has_completed(person_id: int) -> bool:
    """Whether any completion of the human stands."""
    standing = (of_human(TrainingRecord.person_id, person_id), TrainingRecord.cancelled_at.is_(None))
    return session().scalar(select(TrainingRecord.id).where(*standing).limit(1)) is not None


def unqueued(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of the pairs (the lower id first) that do not stand for review yet."""
    known: set[tuple[int, int]] = set()
    for start in range(0, len(pairs), CHUNK):
        first = [one for one, _other in pairs[start : start + CHUNK]]
        rows = select(PossibleDuplicate.person_id, PossibleDuplicate.other_person_id).where(PossibleDuplicate.person_id.in_(first))
        known.update((one, other) for one, other in session().execute(rows))
    return [pair for pair in pairs if pair not in known]


def possible_duplicates(*, only_open: bool, text: str = "", sort: str = "") -> organisations.Statement:
    """Pairs for review, the open ones first unless sorted otherwise."""
    one, other = sa.orm.aliased(Person), sa.orm.aliased(Person)
    statement: organisations.Statement = (
        select(
            PossibleDuplicate.id,
            PossibleDuplicate.found_at,
            PossibleDuplicate.decided_at,
            PossibleDuplicate.is_same,
            PossibleDuplicate.note,
            one.id.label("person_id"),
            one.name,
            one.birth_on,
            one.id_type,
            one.id_mask,
            other.id.label("other_id"),
            other.name.label("other_name"),
            other.id_type.label("other_type"),
            other.id_mask.label("other_mask"),
        )
        .join(one, one.id == PossibleDuplicate.person_id)
        .join(other, other.id == PossibleDuplicate.other_person_id)
    )
    if text:
        statement = statement.where(organisations.matches(text, one.name, one.pinyin))
    columns = ((one.pinyin, one.name), (one.birth_on,), (PossibleDuplicate.found_at,))
    usual = (PossibleDuplicate.decided_at.is_not(None), PossibleDuplicate.id.desc())
    statement = organisations.ordered_or(statement, sort, dict(zip(DUPLICATE_SORTS, columns, strict=True)), *usual, unique=PossibleDuplicate.id)
    if not only_open:
        return statement
    elsewhere = select(PersonPair.id).where(
        PersonPair.first_id == PossibleDuplicate.person_id, PersonPair.second_id == PossibleDuplicate.other_person_id
    )
    return statement.where(PossibleDuplicate.decided_at.is_(None), ~elsewhere.exists())
