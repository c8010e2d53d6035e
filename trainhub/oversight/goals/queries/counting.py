"""What a goal counts, straight from the ledger or from the kept facts."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.types import Category
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation, Region
from trainhub.oversight.goals import rules
from trainhub.oversight.goals.models import Goal, GoalDay, GoalPerson, GoalShare, GoalSnapshot, GoalTarget
from trainhub.oversight.goals.permissions import VIEWERS
from trainhub.oversight.goals.queries.completing import completions, completions_of, last_day
from trainhub.oversight.goals.queries.keeping import closed_days, is_late_person
from trainhub.oversight.goals.types import Counted, CountingRule, GoalState, Progress, Scope, Share
from trainhub.people import queries as people
from trainhub.people.models import Person, PersonPair

PROVINCE = organisations.PROVINCE
LAST: sa.BindParameter[date] = sa.bindparam("last", type_=sa.Date())
AT: sa.BindParameter[datetime] = sa.bindparam("known_at", type_=TrainingRecord.recorded_at.type)
STAYS, MERGED = aliased(Person), aliased(Person)
"""Made once: a new alias copies every column of its table."""
Marks = tuple[int, int, datetime | None, datetime | None, int]
"""The last record, the last cancellation, the last decision about possible duplicates, when somebody was identified last, who last ceased to be."""


# -- goals --------------------------------------------------------------------------------------------------------------
def by_code(code: str) -> Goal | None:
    """A goal by its code."""
    return session().scalar(select(Goal).where(Goal.code == code))


def listing() -> list[Goal]:
    """Every goal: the open ones first, then by code."""
    return list(session().scalars(select(Goal).order_by(Goal.state != GoalState.OPEN, Goal.deadline.desc(), Goal.code)))


def statement() -> sa.Select[Any]:
    """Every goal, for lists that order and page themselves."""
    return select(Goal)


def computed(*, only_open: bool = True) -> list[Goal]:
    """The goals whose figures come from the ledger. One that was set back to planned keeps its pages, so they are kept current too."""
    statement = select(Goal).where(Goal.counting_rule == CountingRule.DISTINCT_PERSONS, *([Goal.state == GoalState.OPEN] if only_open else []))
    return list(session().scalars(statement.order_by(Goal.code)))


def targets_of(goal_id: int) -> dict[str, int]:
    """Parts of the target by reporting unit."""
    found = session().execute(select(GoalTarget.region_code, GoalTarget.target).where(GoalTarget.goal_id == goal_id).order_by(GoalTarget.region_code))
    return {row.region_code: row.target for row in found}


def snapshots_of(goal_id: int) -> list[GoalSnapshot]:
    """Reports given out, the latest first."""
    return list(session().scalars(select(GoalSnapshot).where(GoalSnapshot.goal_id == goal_id).order_by(GoalSnapshot.id.desc())))


def snapshot(snapshot_id: int) -> GoalSnapshot | None:
    """One report given out."""
    return session().get(GoalSnapshot, snapshot_id)


def regions_of(goal: Goal) -> list[tuple[str, str]]:
    """The reporting units inside a goal's region, as (code, name): the nine cities, then 平潭."""
    inside = organisations.prefecture_choices()
    if goal.region_code == PROVINCE:
        return inside
    path = organisations.region_path(goal.region_code)
    return [(code, name) for code, name in inside if code == (path.prefecture or goal.region_code)]


# -- straight from the ledger -------------------------------------------------------------------------------------------
def _first(source: sa.Subquery) -> sa.Subquery:
    """The same with `place`: 1 for the completion by which its human counts."""
    place = func.row_number().over(partition_by=source.c.human, order_by=(source.c.on_day, source.c.record_id))
    return select(source, place.label("place")).subquery()


@functools.lru_cache(maxsize=32)
def _counts(scope: Scope, known_at: sa.BindParameter[Any] | None) -> sa.Select[Any]:
    """`counted` of goals that count the same, for whichever day and moment it is asked."""
    ranked = _first(completions_of(scope, LAST, known_at).subquery())
    group = (ranked.c.on_day, ranked.c.prefecture, ranked.c.organisation_id, ranked.c.category)
    persons = func.sum(sa.case((ranked.c.place == 1, 1), else_=0))
    return select(*group, persons, func.count()).group_by(*group).order_by(*group)


def counted(goal: Goal, *, until: date | None = None, known_at: datetime | None = None) -> list[Counted]:
    """Persons first counted and completions by day, unit, base and category, straight from the ledger (see `completions`)."""
    moment = {} if known_at is None else {"known_at": known_at}
    found = session().execute(_counts(goal.scope, AT if moment else None), {"last": last_day(goal, until), **moment})
    return [Counted(day, prefecture, base, str(category), int(some), int(all_)) for day, prefecture, base, category, some, all_ in found]


def first_completions(goal: Goal, humans: Collection[int] | None = None) -> sa.Select[Any]:
    """The completion by which each human counts (of the humans asked for, or of all), as rows of `completions`.

    The humans narrow before the ranking, so that a few of them do not read the whole ledger.
    """
    source: Any = completions(goal)
    if humans is not None:
        merged = select(Person.id).where(Person.merged_into_id.in_(humans))
        deeper = select(Person.id).where(Person.merged_into_id.in_(merged))
        source = source.where(or_(Person.id.in_(humans), Person.id.in_(merged), Person.id.in_(deeper)))
    ranked = _first(source.subquery())
    statement: Any = select(ranked).where(ranked.c.place == 1)
    if humans is not None:
        statement = statement.where(ranked.c.human.in_(humans))
    return statement  # type: ignore[no-any-return]


def completion_count(goal: Goal) -> tuple[int, int]:
    """How many completions and how many humans a goal counts: the check of the kept facts."""
    found = completions(goal).subquery()
    row = session().execute(select(func.count(found.c.record_id), func.count(sa.distinct(found.c.human)))).one()
    return int(row[0]), int(row[1])


def humans_of(person_ids: Collection[int]) -> set[int]:
    """The persons themselves, and whom they stand for."""
    found = set(person_ids)
    for piece in pieces(person_ids):
        rows = session().scalars(
            select(func.coalesce(STAYS.merged_into_id, Person.merged_into_id, Person.id))
            .select_from(Person)
            .outerjoin(STAYS, STAYS.id == Person.merged_into_id)
            .where(Person.id.in_(piece))
        )
        found.update(rows)
    return found


def days_of_records(person_ids: Collection[int]) -> set[date]:
    """Every day on which one of the persons completed something, cancelled or not."""
    found: set[date] = set()
    for piece in pieces(person_ids):
        found.update(session().scalars(select(TrainingRecord.completed_on).where(TrainingRecord.person_id.in_(piece)).distinct()))
    return found


def pieces(values: Collection[int], size: int = 900) -> Iterator[list[int]]:
    """Sorted pieces that fit into one statement."""
    wanted = sorted(set(values))
    for start in range(0, len(wanted), size):
        yield wanted[start : start + size]


def enrolments_by_key(goal: Goal, days: Collection[date] | None = None) -> dict[tuple[date, str, int, str], int]:
    """Completions by day, unit, base and category, on some days or on all."""
    found = completions(goal).subquery()
    group = (found.c.on_day, found.c.prefecture, found.c.organisation_id, found.c.category)
    statement: Any = select(*group, func.count()).group_by(*group)
    if days is not None:
        statement = statement.where(found.c.on_day.in_(days))
    return {(day, prefecture, base, str(category)): int(count) for day, prefecture, base, category, count in session().execute(statement)}


def persons_by_key(goal: Goal, days: Collection[date] | None = None) -> dict[tuple[date, str, int, str], int]:
    """Persons first counted by day, unit, base and category, from the kept rows of persons."""
    group = (GoalPerson.on, GoalPerson.prefecture, GoalPerson.organisation_id, GoalPerson.category)
    statement: Any = select(*group, func.count()).where(GoalPerson.goal_id == goal.id).group_by(*group)
    if days is not None:
        statement = statement.where(GoalPerson.on.in_(days))
    return {(day, prefecture, base, category): int(count) for day, prefecture, base, category, count in session().execute(statement)}


def kept_totals(goal: Goal) -> tuple[int, int]:
    """(completions, persons) of the kept facts."""
    row = (
        session()
        .execute(
            select(func.coalesce(func.sum(GoalShare.enrolments), 0), func.coalesce(func.sum(GoalShare.persons), 0)).where(
                GoalShare.goal_id == goal.id
            )
        )
        .one()
    )
    return int(row[0]), int(row[1])


# -- what is new in the ledger ------------------------------------------------------------------------------------------
def ledger_marks() -> Marks:
    """What the ledger and the persons have come to."""
    current = session()
    return (
        current.scalar(select(func.max(TrainingRecord.id))) or 0,
        current.scalar(select(func.max(RecordCancellation.id))) or 0,
        current.scalar(select(func.max(PersonPair.decided_at))),
        *people.identity_marks(),
    )


def touched_persons(goal: Goal, *, at_most: int) -> set[int] | None:
    """The persons with records or cancellations since the last refresh, or who were identified or ceased to be since; None when persons were joined or
    parted, or more than `at_most` were identified or ceased to be."""
    current = session()
    if goal.refreshed_at is None or ledger_marks()[2] != goal.last_decision_at:
        return None
    has_records = select(TrainingRecord.id).where(TrainingRecord.person_id == Person.id).exists()
    stands = select(MERGED.id).where(MERGED.merged_into_id == Person.id).exists()
    of_whom = or_(has_records, Person.merged_into_id.is_not(None), stands)
    known = people.identity_changed(goal.last_identified_at, goal.last_unidentified_id, of_whom, at_most=at_most)
    if len(known) > at_most:
        return None
    humans = people.rows_of_humans(known)
    fresh = current.scalars(select(TrainingRecord.person_id).where(TrainingRecord.id > goal.last_record_id).distinct())
    cancelled = current.scalars(
        select(TrainingRecord.person_id)
        .join(RecordCancellation, RecordCancellation.record_id == TrainingRecord.id)
        .where(RecordCancellation.id > goal.last_cancellation_id)
        .distinct()
    )
    return {*fresh, *cancelled, *(row for rows in humans.values() for row in rows)}


# -- from the kept facts ------------------------------------------------------------------------------------------------
def kept_progress(goal: Goal, *, prefectures: Sequence[str], region: str = "") -> Progress:
    """The figures kept for a goal, of one reporting unit or of all: two queries over the kept sums, at most as many rows as
    the goal has days in its units, whatever the number of persons."""
    days = session().execute(
        select(GoalDay.on, func.sum(GoalDay.persons))
        .where(GoalDay.goal_id == goal.id, *([GoalDay.prefecture == region] if region else []))
        .group_by(GoalDay.on)
    )
    kinds = (GoalShare.prefecture, GoalShare.organisation_id, GoalShare.category)
    shares = session().execute(
        select(*kinds, GoalShare.persons, GoalShare.enrolments)
        .where(GoalShare.goal_id == goal.id, *([GoalShare.prefecture == region] if region else []))
        .order_by(*kinds)
    )
    return rules.put_together(
        {day: int(count) for day, count in days},
        (Share(prefecture, base, category, int(first), int(all_)) for prefecture, base, category, first, all_ in shares),
        prefectures=prefectures,
        categories=_categories(goal),
    )


def progress(goal: Goal, counts: Iterable[Counted]) -> Progress:
    """The figures of a goal from what was counted."""
    return rules.summed(counts, prefectures=[code for code, _name in regions_of(goal)], categories=_categories(goal))


def _categories(goal: Goal) -> list[str]:
    """The categories a goal counts."""
    return list(goal.categories or [category.value for category in Category])


DRILL_SORTS = {"name": (Person.pinyin,), "category": (GoalPerson.category,), "county": (GoalPerson.county_code,), "base": (Organisation.pinyin,),
               "on": (GoalPerson.on,)}  # fmt: skip


def drill(
    goal: Goal,
    identity: Identity,
    *,
    region: str = "",
    base_id: int | None = None,
    category: str = "",
    since: str = "",
    month: str = "",
    course: str = "",
    late: bool = False,
    sort: str = "",
) -> Any:
    """The persons who make a figure, as rows, the latest first unless sorted; narrowed to what the identity may see."""
    statement: Any = (
        select(
            GoalPerson.person_id,
            GoalPerson.record_id,
            GoalPerson.on,
            GoalPerson.category,
            Person.name,
            Person.id_mask,
            people.known_since(GoalPerson.person_id).label("identified_at"),
            Region.name.label("county"),
            Organisation.name.label("base"),
            TrainingRecord.course,
            is_late_person(goal).label("is_late"),
        )
        .join(Person, Person.id == GoalPerson.person_id)
        .join(TrainingRecord, TrainingRecord.id == GoalPerson.record_id)
        .join(Region, Region.code == GoalPerson.county_code)
        .join(Organisation, Organisation.id == GoalPerson.organisation_id)
        .where(
            GoalPerson.goal_id == goal.id,
            organisations.scope(identity, VIEWERS, organisations=(GoalPerson.organisation_id,), region=GoalPerson.county_code),
        )
    )
    if region:
        statement = statement.where(GoalPerson.prefecture == region)
    if base_id is not None:
        statement = statement.where(GoalPerson.organisation_id == base_id)
    if category:
        statement = statement.where(GoalPerson.category == category)
    if course:
        statement = statement.where(TrainingRecord.course == course)
    if late:
        statement = statement.where(is_late_person(goal), closed_days(goal.id, GoalPerson.on))
    days = rules.days_of_months(since, month)
    if days is not None:
        statement = statement.where(GoalPerson.on.between(*days))
    return organisations.ordered_or(statement, sort, DRILL_SORTS, GoalPerson.on.desc(), GoalPerson.id.desc(), unique=GoalPerson.id)


def own_regions(identity: Identity) -> frozenset[str] | None:
    """The reporting units whose figures an identity may drill into; None: all."""
    if identity.everywhere(*VIEWERS):
        return None
    codes = identity.region_codes(*VIEWERS)
    return None if PROVINCE in codes else codes


def codes_of(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Codes by id."""
    found = session().execute(select(Organisation.id, Organisation.code).where(Organisation.id.in_(sorted(set(organisation_ids)))))
    return {row.id: row.code for row in found}


def names_of(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Names by id."""
    found = session().execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(sorted(set(organisation_ids)))))
    return {row.id: row.name for row in found}
