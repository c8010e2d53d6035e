"""What the ledger knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from trainhub.kernel import paging, pinyin
from trainhub.kernel.access import Identity, ScopeKind
from trainhub.kernel.clock import local
from trainhub.kernel.db import portions, session
from trainhub.ledger import rules
from trainhub.ledger.holidays import queries as holidays
from trainhub.ledger.models import ConfirmedDay, Milestone, RecordCancellation, RosterBatch, TrainingRecord
from trainhub.ledger.permissions import IMPORTERS, READERS, SEES_ALL
from trainhub.ledger.training_queries import is_sure, waiting
from trainhub.ledger.types import Reach, Source, WeeksTotal
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.queries import ordered_or, scope, within_regions
from trainhub.organisations.types import OrganisationKind
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.policy.book import book

CHUNK = 900


# -- weeks --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DayRow:
    """One confirmed day, with where."""

    id: int
    on: date
    enterprise_id: int
    enterprise: str
    base_id: int | None
    source_id: int | None


def days_of(student_id: int) -> list[DayRow]:
    """Every standing confirmed day of a student, in order of day; two enterprises on one day are two rows."""
    return days_of_many([student_id])[student_id]


_STANDING = (ConfirmedDay.student_id.in_(sa.bindparam("students", expanding=True)), ConfirmedDay.withdrawn_at.is_(None))
_IN_ORDER = (ConfirmedDay.student_id, ConfirmedDay.on, ConfirmedDay.id)
_DATES = select(ConfirmedDay.student_id, ConfirmedDay.on).where(*_STANDING).order_by(*_IN_ORDER)
_DAYS = (
    select(
        ConfirmedDay.id,
        ConfirmedDay.on,
        ConfirmedDay.enterprise_id,
        Organisation.name,
        ConfirmedDay.base_id,
        ConfirmedDay.source_id,
        ConfirmedDay.student_id,
    )
    .join(Organisation, Organisation.id == ConfirmedDay.enterprise_id)
    .where(*_STANDING)
    .order_by(*_IN_ORDER)
)
"""Made once: to build them takes longer than to ask for the days of one student."""


def days_of_many(student_ids: Iterable[int]) -> dict[int, list[DayRow]]:
    """The same for several students; one query for 900 of them."""
    wanted = sorted(set(student_ids))
    found: dict[int, list[DayRow]] = {student_id: [] for student_id in wanted}
    for some in portions(wanted, CHUNK):
        for row in session().execute(_DAYS, {"students": some}):
            found[row.student_id].append(DayRow(row.id, row.on, row.enterprise_id, row.name, row.base_id, row.source_id))
    return found


def earned_by(student_ids: Iterable[int], *, days_per_week: int) -> list[tuple[DayRow, int]]:
    """Every standing confirmed day of the students with what it earns of their weeks (PETOE-7.2)."""
    found = days_of_many(student_ids)
    shortened = holidays.shortened_of({key: [row.on for row in rows] for key, rows in found.items()})
    earned: list[tuple[DayRow, int]] = []
    for key, rows in found.items():
        credited = rules.credits([(row.on, row.id) for row in rows], days_per_week=days_per_week, working_days=shortened.get(key))
        earned += [(row, credited[row.on, row.id]) for row in rows]
    return earned


def confirmed_on(student_id: int, enterprise_id: int, days: Collection[date], *, stands: bool = True) -> set[date]:
    """Which of the days stand confirmed there; not `stands`: which were confirmed once and are not any more."""
    if not days:
        return set()
    known = select(ConfirmedDay.on).where(
        ConfirmedDay.student_id == student_id, ConfirmedDay.enterprise_id == enterprise_id, ConfirmedDay.on.between(min(days), max(days))
    )
    standing = set(session().scalars(known.where(ConfirmedDay.withdrawn_at.is_(None)))) & set(days)
    return standing if stands else (set(session().scalars(known)) & set(days)) - standing


def weeks_of(student_id: int) -> WeeksTotal:
    """The credited weeks of one student; the number of days a week is that of the latest confirmed day."""
    return weeks_of_many([student_id])[student_id]


def weeks_of_many(student_ids: Iterable[int]) -> dict[int, WeeksTotal]:
    """The credited weeks of every student asked for, also of those without a day; one query for 900 students."""
    return weeks_from(dates_of_many(student_ids))


def dates_of_many(student_ids: Iterable[int]) -> dict[int, list[date]]:
    """The standing confirmed days of every student asked for, in order; two enterprises on one day are two."""
    wanted = sorted(set(student_ids))
    days: dict[int, list[date]] = {student_id: [] for student_id in wanted}
    for some in portions(wanted, CHUNK):
        for student_id, day in session().execute(_DATES, {"students": some}):
            days[student_id].append(day)
    return days


def weeks_from(days: Mapping[int, Collection[date]]) -> dict[int, WeeksTotal]:
    """By student what days would be credited, were they all confirmed: the one sum of the ledger."""
    shortened = holidays.shortened_of(days)
    return {student_id: _credited(some, shortened.get(student_id)) for student_id, some in days.items()}


def _credited(days: Collection[date], shortened: dict[str, frozenset[date]] | None) -> WeeksTotal:
    if not days:
        return WeeksTotal(0, 0, Decimal(0), {})
    return rules.credit_weeks(days, days_per_week=book().at("own.weeks.days_per_week", on=max(days)).number, working_days=shortened)


def students_in_weeks_of(days: Collection[date]) -> list[int]:
    """The students with a standing confirmed day in the ISO week of one of the days."""
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days})
    if not mondays:
        return []
    inside = or_(*(ConfirmedDay.on.between(monday, monday + timedelta(days=6)) for monday in mondays))
    statement = select(ConfirmedDay.student_id).where(inside, ConfirmedDay.withdrawn_at.is_(None))
    return sorted(set(session().scalars(statement.distinct())))


# -- milestones ---------------------------------------------------------------------------------------------------------
def milestones_of(person_id: int) -> list[Milestone]:
    """Everything a person finished, the latest first."""
    return list(
        session().scalars(
            select(Milestone)
            .where(Milestone.person_id == person_id, Milestone.withdrawn_at.is_(None))
            .order_by(Milestone.reached_on.desc(), Milestone.id.desc())
        )
    )


def milestones_of_many(person_ids: Iterable[int], source: Source | None = None) -> dict[int, list[Milestone]]:
    """The same for several persons; every person asked for has a list."""
    wanted = sorted(set(person_ids))
    found: dict[int, list[Milestone]] = {person_id: [] for person_id in wanted}
    for start in range(0, len(wanted), CHUNK):
        statement = select(Milestone).where(Milestone.person_id.in_(wanted[start : start + CHUNK]), Milestone.withdrawn_at.is_(None))
        if source is not None:
            statement = statement.where(Milestone.source == source)
        for row in session().scalars(statement.order_by(Milestone.reached_on.desc(), Milestone.id.desc())):
            found[row.person_id].append(row)
    return found


def live_milestone(person_id: int, source: Source, key: str) -> Milestone | None:
    """The standing milestone of that key, of the whole human."""
    statement = select(Milestone).where(
        people.of_human(Milestone.person_id, person_id), Milestone.source == source, Milestone.key == key, Milestone.withdrawn_at.is_(None)
    )
    return session().scalar(statement.order_by(Milestone.id).limit(1))


# -- training records ---------------------------------------------------------------------------------------------------
def live_record(person_id: int, organisation_id: int, course: str, completed_on: date, *, besides: int = 0) -> TrainingRecord | None:
    """The standing record of the same person, base, course and day, other than the one that is `besides`."""
    return session().scalar(
        select(TrainingRecord).where(
            people.same_human(TrainingRecord.person_id, person_id),
            TrainingRecord.organisation_id == organisation_id,
            TrainingRecord.course == course,
            TrainingRecord.completed_on == completed_on,
            TrainingRecord.cancelled_at.is_(None),
            TrainingRecord.id != besides,
        )
    )


def live_of_human(person_id: int, organisation_id: int, course: str, completed_on: date, *, besides: int = 0) -> TrainingRecord | None:
    """`live_record` of the human behind a row, whichever row it was recorded for; the first where it was recorded under several."""
    same = (TrainingRecord.organisation_id == organisation_id, TrainingRecord.course == course, TrainingRecord.completed_on == completed_on)
    statement = select(TrainingRecord).where(
        people.of_human(TrainingRecord.person_id, person_id), *same, TrainingRecord.cancelled_at.is_(None), TrainingRecord.id != besides
    )
    return session().scalar(statement.order_by(TrainingRecord.id).limit(1))


def hold_record(record_id: int) -> None:
    """Let whoever cancels or restores a record wait for each other."""
    session().execute(select(TrainingRecord.id).where(TrainingRecord.id == record_id).with_for_update())


def cancellation_of(record_id: int) -> RecordCancellation:
    """Why a cancelled record no longer stands."""
    return session().scalars(select(RecordCancellation).where(RecordCancellation.record_id == record_id)).one()


def visible_to(identity: Identity) -> sa.ColumnElement[bool]:
    """The training records this identity may see: the departments all, a city its own counties (平潭 apart), a base its own, a person theirs."""
    inside = scope(identity, READERS, organisations=(TrainingRecord.organisation_id,), region=TrainingRecord.county_code)
    return inside if identity.person_id is None else or_(inside, people.same_human(TrainingRecord.person_id, identity.person_id))


def may_import_for(identity: Identity) -> sa.ColumnElement[bool]:
    """The organisations for which this identity may import rosters: a city those of its region, a base or university itself."""
    return scope(identity, IMPORTERS, organisations=(Organisation.id,), region=Organisation.region_code)


def imports_for_many(identity: Identity) -> bool:
    """Whether the identity imports for more than its own organisation, so that a file may name them row by row."""
    return any(grant.role in IMPORTERS and grant.kind is not ScopeKind.ORGANISATION for grant in identity.grants)


def importable(identity: Identity) -> list[tuple[str, str]]:
    """(code, name) of the organisations for which rosters may be imported: the own ones, and every base of the region or province."""
    wanted = or_(Organisation.kind == OrganisationKind.BASE, Organisation.id.in_(identity.organisation_ids(*IMPORTERS)))
    statement = select(Organisation.code, Organisation.name).where(may_import_for(identity), wanted)
    return [(row.code, row.name) for row in session().execute(statement.order_by(Organisation.name, Organisation.id))]


def reach_of(identity: Identity) -> Reach | None:
    """Where this identity may record trainings; None: everywhere."""
    if identity.everywhere(*IMPORTERS):
        return None
    codes = identity.region_codes(*IMPORTERS)
    return Reach(
        own=identity.organisation_ids(*IMPORTERS),
        regional=frozenset(session().scalars(select(Organisation.id).where(within_regions(Organisation.region_code, codes)))),
        counties=frozenset(session().scalars(select(Region.code).where(within_regions(Region.code, codes)))),
    )


REGISTRY = (
    TrainingRecord.id,
    TrainingRecord.person_id,
    Person.name,
    Person.id_mask,
    TrainingRecord.category,
    TrainingRecord.county_code,
    Region.name.label("county"),
    TrainingRecord.organisation_id,
    Organisation.name.label("base"),
    TrainingRecord.course,
    TrainingRecord.hours_x10,
    TrainingRecord.completed_on,
    TrainingRecord.is_counted,
    TrainingRecord.source,
    TrainingRecord.cancelled_at,
    is_sure().label("is_sure"),
)


MOST_LISTED = 10_000
"""How many rows of the registry are counted and listed, as with the lists behind a figure; beyond, it is sorted by day only."""
BY_DAY = ("", "completed", "-completed")
SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Person.pinyin, Person.name), "county": (TrainingRecord.county_code,), "base": (Organisation.pinyin, Organisation.id),
    "completed": (TrainingRecord.completed_on,), "hours": (TrainingRecord.hours_x10,),
}  # fmt: skip


def registry(identity: Identity, *, sort: str = "", **asked: Any) -> Any:
    """The registry of trainees as rows (see REGISTRY), the latest completion first unless sorted otherwise; narrowed to what the identity
    may see and to what is asked for (see `_narrowed`)."""
    found: Any = select(*REGISTRY).join(Person, Person.id == TrainingRecord.person_id).join(Region, Region.code == TrainingRecord.county_code)
    found = found.join(Organisation, Organisation.id == TrainingRecord.organisation_id)
    return _in_order(found.where(*_narrowed(identity, **asked)), sort)


def _in_order(statement: Any, sort: str) -> Any:
    return ordered_or(statement, sort, SORTS, TrainingRecord.completed_on.desc(), TrainingRecord.id.desc(), unique=TrainingRecord.id)


def _narrowed(
    identity: Identity,
    *,
    text: str = "",
    base_id: int | None = None,
    region: str = "",
    category: str = "",
    since: date | None = None,
    until: date | None = None,
    person_id: int | None = None,
    with_cancelled: bool = False,
    only_waiting: bool = False,
) -> list[sa.ColumnElement[bool]]:
    """What the records of a list fulfil. Other tables are asked in subqueries, so that the records can be counted and passed over alone."""
    found = [visible_to(identity)]
    if text:
        named = or_(
            Person.name.startswith(text, autoescape=True), *(Person.pinyin.startswith(reading, autoescape=True) for reading in pinyin.readings(text))
        )
        found.append(TrainingRecord.person_id.in_(select(Person.id).where(named)))
    if base_id is not None:
        found.append(TrainingRecord.organisation_id == base_id)
    if region:
        found.append(TrainingRecord.county_code.in_(select(Region.code).where(or_(Region.code == region, Region.reporting_code == region))))
    if category:
        found.append(TrainingRecord.category == category)
    if since is not None:
        found.append(TrainingRecord.completed_on >= since)
    if until is not None:
        found.append(TrainingRecord.completed_on <= until)
    if person_id is not None:
        found.append(people.same_human(TrainingRecord.person_id, person_id))
    if only_waiting:
        found += waiting()
    if not with_cancelled:
        found.append(TrainingRecord.cancelled_at.is_(None))
    return found


def registry_page(identity: Identity, *, number: int, size: int, sort: str = "", **asked: Any) -> tuple[paging.Page[Any], bool]:
    """A page of the registry, and whether it is too long to be sorted as asked: it is in the order of days then.

    Up to `MOST_LISTED` rows are counted and listed. In the order of days the rows before a page are passed over by their keys alone;
    names, counties and bases are read only for the rows of the page, so that a page far behind costs hardly more than the first.
    """
    keys = select(TrainingRecord.id).where(*_narrowed(identity, **asked))
    counted = paging.count_of(keys, MOST_LISTED)
    is_unsorted = counted[1] and sort not in BY_DAY
    if is_unsorted:
        sort = ""
    if sort not in BY_DAY:
        return paging.paginate(registry(identity, sort=sort, **asked), number=number, size=size, scalars=False, counted=counted), is_unsorted
    page = paging.paginate(_in_order(keys, sort), number=number, size=size, counted=counted)
    rows = {row.id: row for row in session().execute(registry(identity, with_cancelled=True).where(TrainingRecord.id.in_(page.items)))}
    return replace(page, items=[rows[key] for key in page.items]), is_unsorted


def record_row(record_id: int) -> Any | None:
    """One record as a registry row with everything of its page."""
    return (
        session()
        .execute(
            select(
                *REGISTRY,
                Region.reporting_code,
                Organisation.code.label("base_code"),
                Organisation.parent_id,
                Person.merged_into_id,
                TrainingRecord.batch_id,
                TrainingRecord.recorded_at,
                RosterBatch.file_name,
                RecordCancellation.reason,
                RecordCancellation.at.label("reason_at"),
                RecordCancellation.replaced_by_id,
            )
            .join(Person, Person.id == TrainingRecord.person_id)
            .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
            .join(Region, Region.code == TrainingRecord.county_code)
            .outerjoin(RosterBatch, RosterBatch.id == TrainingRecord.batch_id)
            .outerjoin(RecordCancellation, RecordCancellation.record_id == TrainingRecord.id)
            .where(TrainingRecord.id == record_id)
        )
        .one_or_none()
    )


def bases_with_records() -> list[tuple[int, str]]:
    """The organisations that have records, for the filter of the registry."""
    is_used = select(TrainingRecord.id).where(TrainingRecord.organisation_id == Organisation.id).exists()  # one look into an index for each
    found = session().execute(select(Organisation.id, Organisation.name).where(is_used).order_by(Organisation.name, Organisation.id))
    return [(row.id, row.name) for row in found]


# -- rosters ------------------------------------------------------------------------------------------------------------
def batches(identity: Identity) -> sa.Select[Any]:
    """Imported rosters, the latest first: one's own, or every one for those who see all."""
    statement = select(RosterBatch).order_by(RosterBatch.id.desc())
    return statement if identity.everywhere(*SEES_ALL) else statement.where(RosterBatch.asked_by_id == identity.account_id)


# -- what keeps data in use ---------------------------------------------------------------------------------------------
def completions_since(since: datetime) -> list[people.Use]:
    """What was completed, or recorded, since an instant: it keeps the data of the person in use (own.retention.*)."""
    day = local(since).date()
    return [
        people.Use(TrainingRecord.person_id, or_(TrainingRecord.completed_on >= day, TrainingRecord.recorded_at >= since)),
        people.Use(Milestone.person_id, or_(Milestone.reached_on >= day, Milestone.recorded_at >= since)),
    ]
