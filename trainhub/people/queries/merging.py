"""Selects on persons decided to be one human: which, what refers to them, and what followed a merging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from trainhub.kernel.db import Base, portions, session
from trainhub.people.models import STAYS, Person, PersonMerge, PersonPair
from trainhub.people.types import PairDecision

OTHER = sa.orm.aliased(Person)
"""Made once: a new alias copies every column of its table."""
WANTED: sa.BindParameter[Any] = sa.bindparam("wanted", expanding=True)
_STANDING = select(Person.id, Person.merged_into_id).where(Person.id.in_(WANTED), Person.merged_into_id.is_not(None))
_GONE: sa.Select[Any, Any] = select(Person.id, Person.merged_into_id).where(Person.merged_into_id.in_(WANTED))
_BESIDE = _GONE.union(_STANDING)
ONE: sa.BindParameter[Any] = sa.bindparam("one")
_STANDS_FOR = select(sa.func.coalesce(Person.merged_into_id, Person.id)).where(Person.id == ONE)
"""Made once, too: nearly every operation asks them, and to build such a statement takes longer than to send it."""


def human_id(person_id: int) -> int:
    """The person who stands for this one: the one it was merged into, or itself."""
    return session().scalar(_STANDS_FOR, {"one": person_id}) or person_id


def mergings_at(moment: datetime | sa.BindParameter[Any]) -> sa.Subquery:
    """Who stood for whom at a moment (gone_id, into_id), whatever was joined or parted since."""
    stood = or_(PersonMerge.undone_at.is_(None), PersonMerge.undone_at > moment)
    return select(PersonMerge.gone_id, PersonMerge.into_id).where(PersonMerge.merged_at <= moment, stood).subquery()


def rows_moved(column: str) -> dict[int, int]:
    """The rows of a table that followed a person into another and still stand there: by row id, whose they were; `column`: "student.person_id"."""
    found = session().scalars(select(PersonMerge).where(PersonMerge.undone_at.is_(None)))
    return {int(row_id): merge.gone_id for merge in found for row_id in merge.moved.get(column, ())}


def same_human(column: Any, person_id: int) -> sa.ColumnElement[bool]:
    """SQL: the column names the person, or one who was merged into them."""
    clause: sa.ColumnElement[bool] = column.in_(select(Person.id).where(or_(Person.id == person_id, Person.merged_into_id == person_id)))
    return clause


def human_ids(person_id: int) -> list[int]:
    """Every person row of the human that this one belongs to, the one who stands for them first."""
    stays = human_id(person_id)
    return [stays, *session().scalars(select(Person.id).where(Person.merged_into_id == stays).order_by(Person.id))]


def ever_one_with(person_id: int) -> list[int]:
    """The person rows that stand for one human with this one or did so for a time, this one first: mergings that were taken back count too."""
    found, asked = [person_id], set[int]()
    while wanted := set(found) - asked:
        asked |= wanted
        statement = select(PersonMerge.gone_id, PersonMerge.into_id).where(or_(PersonMerge.gone_id.in_(wanted), PersonMerge.into_id.in_(wanted)))
        found += sorted({key for pair in session().execute(statement) for key in pair} - set(found))
    return found


def is_same_human(one_id: int | None, other_id: int | None) -> bool:
    """Whether two person rows stand for one human; nobody is nobody."""
    return is_among(one_id, [other_id])


def is_among(person_id: int | None, others: Iterable[int | None]) -> bool:
    """Whether a person is one of these humans, whichever of their rows is named: what a ban on deciding for oneself asks."""
    wanted = {other for other in others if other is not None}
    if person_id is None or not wanted:
        return False
    return person_id in wanted or human_id(person_id) in set(humans_of(wanted).values())


def humans_of(person_ids: Iterable[int]) -> dict[int, int]:
    """The person who stands for each of these; one query for a thousand."""
    wanted = sorted(set(person_ids))
    found = {key: key for key in wanted}
    for start in range(0, len(wanted), 1000):  # a database takes so many values at once
        merged = session().execute(_STANDING, {"wanted": wanted[start : start + 1000]})
        found.update({key: stays for key, stays in merged if stays is not None})
    return found


def rows_of_humans(person_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """{person: every person row of the same human}, for lists of who is barred or already chosen: one query for a thousand, and one for those who
    stand for some of them without being asked for."""
    standing = {key: key for key in sorted(set(person_ids))}
    gone: dict[int, set[int]] = defaultdict(set)
    for some in portions(list(standing)):
        for key, stays in session().execute(_BESIDE, {"wanted": some}):
            gone[stays].add(key)
            if key in standing:
                standing[key] = stays
    for some in portions(sorted(set(standing.values()) - standing.keys())):
        for key, stays in session().execute(_GONE, {"wanted": some}):
            gone[stays].add(key)
    return {key: frozenset({stays, *gone[stays]}) for key, stays in standing.items()}


def of_human(column: Any, person_id: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """SQL: the column names a person row of the same human, whichever row is given; a parameter, for a statement that is made once."""
    clause: sa.ColumnElement[bool] = column.in_(_rows_of(person_id) if isinstance(person_id, int) else _same_as(person_id))
    return clause


@lru_cache(maxsize=1000)
def _rows_of(person_id: int) -> sa.Select[int]:
    """Made once for a person: one request asks it of many columns."""
    return _same_as(person_id)


def _same_as(person_id: int | sa.BindParameter[int]) -> sa.Select[int]:
    stays = select(sa.func.coalesce(Person.merged_into_id, Person.id)).where(Person.id == person_id).scalar_subquery()
    # asked by its two keys: an expression over both would read every person there is
    return select(OTHER.id).where(or_(OTHER.id == stays, OTHER.merged_into_id == stays))


def merged_into(person_id: int) -> list[Person]:
    """The persons merged into this one."""
    return list(session().scalars(select(Person).where(Person.merged_into_id == person_id).order_by(Person.id)))


def same_pairs(person_ids: Collection[int]) -> list[PersonPair]:
    """The decisions "the same human" in which one of the persons stands."""
    statement = select(PersonPair).where(
        PersonPair.decision == PairDecision.SAME, or_(PersonPair.first_id.in_(person_ids), PersonPair.second_id.in_(person_ids))
    )
    return list(session().scalars(statement.order_by(PersonPair.first_id, PersonPair.second_id)))


def decided_same_with(person_id: int, *, besides: tuple[int, int]) -> set[int]:
    """The persons reached from one over pairs decided the same, itself among them, as if nothing had been decided about one pair."""
    reached, fresh = {person_id}, {person_id}
    while fresh:
        pairs = [(pair.first_id, pair.second_id) for pair in same_pairs(fresh)]
        fresh = {key for pair in pairs if pair != besides for key in pair} - reached
        reached |= fresh
    return reached


def different_between(some: Collection[int], others: Collection[int]) -> list[PersonPair]:
    """The decisions "not the same human" between one of these and one of those."""
    here, there = PersonPair.first_id, PersonPair.second_id
    either = or_(sa.and_(here.in_(some), there.in_(others)), sa.and_(here.in_(others), there.in_(some)))
    return list(session().scalars(select(PersonPair).where(PersonPair.decision == PairDecision.DIFFERENT, either).order_by(here, there)))


def joined_with(start: set[int]) -> set[int]:
    """The persons reached from the start over pairs decided the same, and those that stood for each other until now."""
    reached, fresh = set(start), set(start)
    while fresh:
        found = {person for pair in same_pairs(fresh) for person in (pair.first_id, pair.second_id)}
        found |= set(session().scalars(select(Person.id).where(Person.merged_into_id.in_(fresh))))
        fresh = found - reached
        reached |= fresh
    return reached


def standing_merge(person_id: int) -> PersonMerge | None:
    """The merging by which a person stands for another now."""
    return session().scalar(select(PersonMerge).where(PersonMerge.gone_id == person_id, PersonMerge.undone_at.is_(None)))


def references() -> Iterator[sa.Column[Any]]:
    """Every column of the house that names a person and follows a merging; columns that stay say so in their `info`."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "person" for key in column.foreign_keys) and column.info != STAYS:
                yield column


def rows_naming(column: sa.Column[Any], person_id: int) -> list[int]:
    """The ids of the rows whose column names the person."""
    return list(session().scalars(select(column.table.c.id).where(column == person_id).order_by(column.table.c.id)))
