"""Persons by the thousand, for rosters: the same rows as one by one, with a few statements for a whole chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import insert, select
from sqlalchemy.orm import aliased

from trainhub.kernel import pinyin
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring
from trainhub.people import rules
from trainhub.people.models import Person
from trainhub.people.types import IdCheck, IdType

CHUNK = 900
ERASED = "已抹去#"
"""Before the id of a person: stands for a number that has served its time (own.retention.id_number_months), in rosters out and in."""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be registered, with the number as it was checked; `number_hash` is its keyed hash."""

    number_hash: str
    name: str
    id_type: IdType
    checked: IdCheck
    county_code: str | None

    @property
    def birth_on(self) -> date | None:
        """The birth date in the number, where it has one."""
        return self.checked.birth_on


@dataclass(frozen=True, slots=True)
class Known:
    """A person found by the keyed hash of the number."""

    id: int
    name: str


def _pieces(values: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(set(values))
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]


def by_number_hash(hashes: Iterable[str]) -> dict[str, Known]:
    """The persons that hold these numbers; `ERASED` and an id finds the person whose number was erased."""
    found: dict[str, Known] = {}
    asked = set(hashes)
    erased = {int(key.removeprefix(ERASED)): key for key in asked if key.startswith(ERASED)}
    ids = sorted(erased)
    for start in range(0, len(ids), CHUNK):
        people = select(Person.id, Person.name).where(Person.id.in_(ids[start : start + CHUNK]), Person.id_number_encrypted == b"")
        found.update({erased[person_id]: Known(person_id, name) for person_id, name in session().execute(people)})
    for piece in _pieces(asked - set(erased.values())):
        rows = session().execute(select(Person.id_number_hash, Person.id, Person.name).where(Person.id_number_hash.in_(piece)))
        found.update({key: Known(person_id, name) for key, person_id, name in rows if key is not None})
    return found


def alike(person_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of one of these persons and any other of the same name and birth date, each pair once, the lower id first."""
    one, other = aliased(Person), aliased(Person)
    found: set[tuple[int, int]] = set()
    wanted = sorted(set(person_ids))
    for start in range(0, len(wanted), CHUNK):
        rows = session().execute(
            select(one.id, other.id)
            .join(other, sa.and_(other.name == one.name, other.birth_on == one.birth_on, other.id != one.id))
            .where(one.id.in_(wanted[start : start + CHUNK]))
        )
        found.update((min(pair), max(pair)) for pair in rows)
    return sorted(found)


def register_many(new: Sequence[NewPerson], *, now: datetime, is_demo: bool = False) -> dict[str, int]:
    """Insert persons that are not known yet; the result is their id by the hash of the number.

    The caller has looked the numbers up in the same transaction; a number that another transaction brought meanwhile is an
    IntegrityError, and the caller starts the chunk again. The event is audited once for the roster, not for each row.
    """
    if not new:
        return {}
    ring = keyring()
    rows: list[dict[str, Any]] = [
        {
            "version": 1,
            "name": one.name,
            "pinyin": _reading(one.name),
            "id_type": one.id_type,
            "id_number_encrypted": ring.encrypt(one.checked.number),
            "id_number_hash": one.number_hash,
            "id_mask": rules.mask_number(one.id_type, one.checked.number),
            "is_verified": True,
            "birth_on": one.birth_on,
            "gender": one.checked.gender,
            "nationality": "CN",
            "nationality_kind": one.checked.nationality_kind,
            "county_code": one.county_code,
            "is_demo": is_demo,
            "created_at": now,
        }
        for one in new
    ]
    session().execute(insert(Person.__table__), rows)  # type: ignore[arg-type]
    return {key: known.id for key, known in by_number_hash(one.number_hash for one in new).items()}


@lru_cache(maxsize=200_000)
def _reading(name: str) -> str:
    return pinyin.of_name(name)
