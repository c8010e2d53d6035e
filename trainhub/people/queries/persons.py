"""Selects on persons: by number, for administrators, and pairs that look the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.access import Subject
from trainhub.kernel.db import portions, session
from trainhub.kernel.keys import keyring
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Region
from trainhub.people import rules
from trainhub.people.models import Person, PersonPair, Student, Teacher
from trainhub.people.queries.addresses import reached_at
from trainhub.people.types import (
    IdType,
    PersonRow,
)


def hash_of(id_type: IdType, number: str) -> str:
    """The keyed hash under which a checked number is kept."""
    return keyring().keyed_hash(f"{id_type.value}:{number}")


def person(person_id: int) -> Person | None:
    """A person by id."""
    return session().get(Person, person_id)


PROVEN = Person.number_by_holder.is_(False)
"""SQL: an office said the number."""
_NUMBERED = select(Person).where(Person.id_number_hash == bindparam("hash"))
_PROVEN_NUMBER = _NUMBERED.where(PROVEN)
_HASHES: BindParameter[list[str]] = bindparam("hashes", expanding=True)
_CLAIMED = select(Person.id, Person.id_number_hash).where(Person.id_number_hash.in_(_HASHES), Person.number_by_holder.is_(True))
"""Made once: asked for each person who is registered."""


def claimants(hashes: Iterable[str], *, hold: bool = False) -> list[Person]:
    """Who said of themselves that these numbers, by their keyed hash, are theirs, by id; asked in portions. `hold`: as they are once nobody else is
    changing them, and until the transaction ends; in one order, however a file is sorted."""
    wanted, keys = list(dict.fromkeys(hashes)), dict[int, str]()
    for some in portions(wanted, 500):
        keys.update((one, key) for one, key in session().execute(_CLAIMED, {"hashes": some}) if key is not None)
    ids, found = sorted(keys), list[Person]()
    for here in portions(ids, 500):
        still = (Person.id.in_(here), Person.id_number_hash.in_([keys[one] for one in here]), Person.number_by_holder.is_(True))
        statement = select(Person).where(*still).order_by(Person.id)
        if hold:
            statement = statement.with_for_update(of=Person).execution_options(populate_existing=True)
        found += session().scalars(statement)
    return found


def person_by_number(id_type: IdType, number: str, *, claimed: bool = False) -> Person | None:
    """The person who holds a number, however it is typed; a merged person leads to the one that stayed. With `claimed` also who only said so."""
    key = hash_of(id_type, rules.check_number(id_type, number).number)
    found = session().scalar(_NUMBERED if claimed else _PROVEN_NUMBER, {"hash": key})
    return None if found is None else who_stayed(found)


def who_stayed(found: Person) -> Person:
    """A merged person leads to the one that stayed, anybody else to themselves."""
    while found.merged_into_id is not None:
        stayed = person(found.merged_into_id)
        assert stayed is not None  # a foreign key
        found = stayed
    return found


def persons_by_hash(hashes: Iterable[str], *, claimed: bool = False) -> dict[str, Person]:
    """Persons by the keyed hash of their number, for imports; asked in portions. Who only said so of themselves is among them with `claimed` alone."""
    wanted, found = list(dict.fromkeys(hashes)), {}
    for some in portions(wanted, 500):
        asked = Person.id_number_hash.in_(some)
        rows = session().scalars(select(Person).where(asked, *(() if claimed else (PROVEN,))))
        found.update({row.id_number_hash: row for row in rows if row.id_number_hash})
    return found


def persons_named(names: Iterable[str]) -> set[tuple[str, date | None]]:
    """(name, birth date) of the persons who bear one of the names, for imports."""
    wanted, found = list(dict.fromkeys(names)), set[tuple[str, date | None]]()
    for some in portions(wanted, 500):
        statement = select(Person.name, Person.birth_on).where(Person.name.in_(some))
        found.update((name, birth_on) for name, birth_on in session().execute(statement))
    return found


def persons_alike(names: Iterable[str]) -> dict[tuple[str, date | None], list[Person]]:
    """Who bears one of the names, by name and birth date, without who was merged; for imports of rows without a number."""
    wanted, found = list(dict.fromkeys(names)), dict[tuple[str, date | None], list[Person]]()
    for some in portions(wanted, 500):
        here = select(Person).where(Person.name.in_(some), Person.merged_into_id.is_(None)).order_by(Person.id)
        for row in session().scalars(here):
            found.setdefault((row.name, row.birth_on), []).append(row)
    return found


def persons_by_id(person_ids: Iterable[int]) -> dict[int, Person]:
    """Persons by id, for imports; asked in portions."""
    ids, found = list(dict.fromkeys(person_ids)), dict[int, Person]()
    for some in portions(ids, 500):
        found.update({row.id: row for row in session().scalars(select(Person).where(Person.id.in_(some)))})
    return found


def names_of(person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by person id."""
    wanted = {key for key in person_ids if key is not None}
    if not wanted:
        return {}
    return {key: name for key, name in session().execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))}


def standing_names(person_ids: Iterable[int]) -> dict[int, str]:
    """By person the name of who stands for them now: of one that was merged away that of the one who stayed; asked in portions."""
    stays = aliased(Person)
    statement = select(Person.id, func.coalesce(stays.name, Person.name)).outerjoin(stays, stays.id == Person.merged_into_id)
    wanted, found = sorted(set(person_ids)), dict[int, str]()
    for some in portions(wanted, 1000):
        found.update({key: name for key, name in session().execute(statement.where(Person.id.in_(some)))})
    return found


PERSON_SORTS: dict[str, tuple[Any, ...]] = {"name": (Person.pinyin, Person.name), "birth": (Person.birth_on,), "id": ()}


NOWHERE = "none"
"""In the place of a region's code: who has no county."""


def _lives_in(region: str, county_code: Any) -> ColumnElement[bool]:
    return county_code.is_(None) if region == NOWHERE else organisations.within_regions(county_code, [region])


def persons_listing(text: str = "", sort: str = "name", *, only: int | None = None, region: str = "") -> organisations.Statement:
    """Persons for administrators, see `as_person_row`; merged ones are left out. `only` is the one a number was found for, `region` a city, a county
    or `NOWHERE`."""
    statement = (
        select(Person.id, Person.name, Person.id_type, Person.id_mask, Person.birth_on, Person.phone, Person.is_verified, Region.name)
        .outerjoin(Region, Region.code == Person.county_code)
        .where(Person.merged_into_id.is_(None))
    )
    if region:
        statement = statement.where(_lives_in(region, Person.county_code))
    if text := text.strip():
        # Of an address the whole alone: by its parts, whoever is shown a mask would find what it hides in some forty questions.
        statement = statement.where(or_(organisations.matches(text, Person.name, Person.pinyin), reached_at(text)))
    if only is not None:
        statement = statement.where(Person.id == only)
    return organisations.ordered(statement, sort, PERSON_SORTS, Person.id)


def holder_of(number: str) -> Person | None:
    """Who holds a full number of whatever kind of document; a merged person leads to the one that stayed."""
    hashes = [hash_of(kind, rules.check_number(kind, number).number) for kind in IdType]
    found = session().scalar(select(Person).where(Person.id_number_hash.in_(hashes)).order_by(Person.id).limit(1))
    return session().get(Person, found.merged_into_id) if found is not None and found.merged_into_id is not None else found


def as_person_row(row: Any) -> PersonRow:
    """A row of `persons_listing`; the phone is masked."""
    key, name, id_type, mask, birth_on, phone, is_verified, county = row
    return PersonRow(key, name, id_type, mask, birth_on, rules.mask_phone(phone), is_verified, county)


SAME_SORTS = ("name", "birth", "first", "second")


def same_listing(text: str = "", sort: str = "", region: str = "") -> organisations.Statement:
    """Pairs with the same name and birth date about whom nobody has decided yet, the lower id first; by age of the entry unless sorted. In a `region`
    (see `persons_listing`) lies a pair of which one does."""
    one, other = aliased(Person), aliased(Person)
    decided = select(PersonPair.id).where(PersonPair.first_id == one.id, PersonPair.second_id == other.id)
    twice = (  # the index alone tells what is there twice: to look for a partner of each person takes five times as long
        select(Person.name, Person.birth_on)
        .where(Person.birth_on.is_not(None))
        .group_by(Person.name, Person.birth_on)
        .having(func.count() > 1)
        .subquery()
    )
    statement: organisations.Statement = (
        select(one, other)
        .select_from(twice)
        .join(one, and_(one.name == twice.c.name, one.birth_on == twice.c.birth_on))
        .join(other, and_(other.name == one.name, other.birth_on == one.birth_on, other.id > one.id))
        .where(one.birth_on.is_not(None), one.merged_into_id.is_(None), other.merged_into_id.is_(None), ~decided.exists())
    )
    if text:
        statement = statement.where(organisations.matches(text, one.name, one.pinyin))
    if region:
        statement = statement.where(or_(_lives_in(region, one.county_code), _lives_in(region, other.county_code)))
    columns = ((one.pinyin, one.name), (one.birth_on,), (one.id_mask,), (other.id_mask,))
    by_pair = (one.id, other.id)
    sorts = {key: (*named, one.id) for key, named in zip(SAME_SORTS, columns, strict=True)}
    return organisations.ordered_or(statement, sort, sorts, *by_pair)


def possible_same(text: str = "", sort: str = "") -> list[tuple[Person, Person]]:
    """All pairs of `same_listing`."""
    return [(first, second) for first, second in session().execute(same_listing(text, sort))]


@cache
def _two() -> tuple[Any, Any]:
    """Persons by two other names; made once: each copies every column of its table, a millisecond."""
    return aliased(Person), aliased(Person)


def undecided_same(person_ids: Iterable[int]) -> set[int]:
    """Who of them looks the same as somebody else (name and birth date), and nobody has decided yet whether they are one human."""
    wanted, found = sorted(set(person_ids)), set[int]()
    one, other = _two()
    for here in portions(wanted, 900):
        decided = select(PersonPair.id).where(
            or_(
                and_(PersonPair.first_id == one.id, PersonPair.second_id == other.id),
                and_(PersonPair.first_id == other.id, PersonPair.second_id == one.id),
            )
        )
        statement = (
            select(one.id)
            .join(other, and_(other.name == one.name, other.birth_on == one.birth_on, other.id != one.id, other.merged_into_id.is_(None)))
            .where(one.id.in_(here), one.birth_on.is_not(None), one.merged_into_id.is_(None), ~decided.exists())
        )
        found.update(session().scalars(statement))
    return found


def pair(first_id: int, second_id: int) -> PersonPair | None:
    """What was decided about two persons."""
    low, high = sorted((first_id, second_id))
    return session().scalar(select(PersonPair).where(PersonPair.first_id == low, PersonPair.second_id == high))


def subject_of_person(row: Person) -> Subject:
    """A person belongs to itself and to the universities and programmes where it studies or teaches."""
    studies = session().execute(select(Student.university_id, Student.programme_id).where(Student.person_id == row.id)).all()
    teaches = session().execute(select(Teacher.university_id, Teacher.programme_id).where(Teacher.person_id == row.id)).all()
    return Subject.of(
        organisations=[university for university, _programme in (*studies, *teaches)],
        programmes=[programme for _university, programme in (*studies, *teaches)],
        regions=organisations.region_path(row.county_code).codes,
        persons=(row.id,),
    )
