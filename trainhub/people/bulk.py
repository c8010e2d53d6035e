"""Persons by the thousand, for rosters: the same rows as one by one, with a few statements for a whole chunk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import insert

from trainhub.kernel import pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring
from trainhub.people import rules
from trainhub.people.models import Person
from trainhub.people.operations.claiming import hand_over, vouches, yield_claims
from trainhub.people.queries.numbers import by_number_hash
from trainhub.people.types import IdCheck, Identified, IdType


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


def register_many(new: Sequence[NewPerson], *, by: Identity, now: datetime, is_demo: bool = False) -> dict[str, int]:
    """Insert persons that are not known yet; the result is their id by the hash of the number.

    The caller has looked the numbers up in the same transaction; a number that another transaction brought meanwhile is an
    IntegrityError, and the caller starts the chunk again. The event is audited once for the roster, not for each row.
    """
    if not new:
        return {}
    yielded = yield_claims((one.number_hash for one in new), by=by, now=now) if vouches(by) else {}
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
            "identified_at": now,
            "identified_by_id": by.account_id,
            "identified_how": Identified.ROSTER,
            "number_by_holder": False,
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
    hand_over(yielded, by=by, now=now)
    return {key: known.id for key, known in by_number_hash(one.number_hash for one in new).items()}


def read_names(names: Iterable[str]) -> None:
    """Work out how names are read, which takes longer than anything else of a row, before a transaction needs it."""
    for name in names:
        _reading(name)


@lru_cache(maxsize=500_000)
def _reading(name: str) -> str:
    return pinyin.of_name(name)
