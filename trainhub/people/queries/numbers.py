"""Selects on persons by their number or likeness, a roster's chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import portions, session
from trainhub.people.identity_models import PersonYield
from trainhub.people.models import FormerNumber, Person
from trainhub.people.queries.persons import PROVEN
from trainhub.people.rules import same_name

CHUNK = 900
STAYING = aliased(Person)
"""Who stays of a merged person; made once, as a new alias copies every column."""
SOME: sa.BindParameter[Any] = sa.bindparam("some", expanding=True)
ONE, OTHER = aliased(Person), aliased(Person)
_CORRECTED = (
    select(FormerNumber.number_hash, sa.func.coalesce(STAYING.name, Person.name))
    .join(Person, Person.id == FormerNumber.person_id)
    .outerjoin(STAYING, STAYING.id == Person.merged_into_id)
    .where(
        ~select(Person.id).where(Person.id_number_hash == FormerNumber.number_hash).correlate(FormerNumber).exists(),
        FormerNumber.number_hash.in_(SOME),
    )
    .order_by(FormerNumber.id)
)
_ALIKE = (
    select(ONE.id, OTHER.id).join(OTHER, sa.and_(OTHER.name == ONE.name, OTHER.birth_on == ONE.birth_on, OTHER.id != ONE.id)).where(ONE.id.in_(SOME))
)
"""Made once, too: asked whenever somebody is registered."""
ERASED = "已抹去#"
"""Before the id of a person: stands for a number that has served its time (own.retention.id_number_months), or that its holder alone typed, in rosters
out and in."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person found by the keyed hash of the number."""

    id: int
    name: str
    is_claim: bool = False
    """Nobody but they said the number."""


def _pieces(values: Iterable[str]) -> Iterator[Sequence[str]]:
    return portions(sorted(set(values)), CHUNK)


def by_number_hash(hashes: Iterable[str], *, claimed: bool = False) -> dict[str, Known]:
    """The persons that hold these numbers, who only said so of themselves with `claimed` alone; `ERASED` and an id finds the person whose number was erased, and who only said one."""
    found: dict[str, Known] = {}
    asked = set(hashes)
    erased = {int(key.removeprefix(ERASED)): key for key in asked if key.startswith(ERASED)}
    ids = sorted(erased)
    for some in portions(ids, CHUNK):
        untold = sa.or_(Person.id_number_encrypted == b"", sa.and_(Person.id_number_hash.is_not(None), ~PROVEN))
        people = select(Person.id, Person.name, ~PROVEN).where(Person.id.in_(some), untold)
        found.update({erased[one]: Known(one, name, is_claim) for one, name, is_claim in session().execute(people)})
    for piece in _pieces(asked - set(erased.values())):
        holding = (Person.id_number_hash.in_(piece), *(() if claimed else (PROVEN,)))
        rows = session().execute(select(Person.id_number_hash, Person.id, Person.name, ~PROVEN).where(*holding))
        found.update({key: Known(person_id, name, is_claim) for key, person_id, name, is_claim in rows if key is not None})
    return found


def hold_claims(known: Mapping[str, Known]) -> bool:
    """Let no office take these numbers from those of the persons who only typed them until the transaction ends; False where one has done so since
    they were looked up: what is written for the claimant now would stay with them."""
    claimed = {person.id: key for key, person in known.items() if person.is_claim and not key.startswith(ERASED)}
    wanted, held = sorted(claimed), 0
    for ids in portions(wanted, CHUNK):
        here = (Person.id.in_(ids), Person.id_number_hash.in_([claimed[one] for one in ids]), ~PROVEN)
        held += len(session().scalars(select(Person.id).where(*here).order_by(Person.id).with_for_update(read=True, key_share=True)).all())
    return held == len(wanted)


def claims(hashes: Iterable[str]) -> dict[str, Known]:
    """Who said of themselves, and nobody else did, that these numbers are theirs."""
    found: dict[str, Known] = {}
    for piece in _pieces(hashes):
        rows = session().execute(select(Person.id_number_hash, Person.id, Person.name).where(Person.id_number_hash.in_(piece), ~PROVEN))
        found.update({key: Known(person_id, name) for key, person_id, name in rows if key is not None})
    return found


def yielded_to(person_ids: Iterable[int]) -> list[tuple[int, int]]:
    """(who had typed a number, whose it is) of the persons whose number somebody of the same name had typed of themselves: the name tells that
    what came by the number went with it."""
    found, wanted = list[tuple[int, int]](), sorted(set(person_ids))
    claimant, holder = aliased(Person), aliased(Person)
    statement = (
        select(claimant.id, claimant.name, holder.id, holder.name)
        .join(PersonYield, PersonYield.claimant_id == claimant.id)
        .join(holder, holder.id == PersonYield.holder_id)
    )
    for some in portions(wanted, CHUNK):
        rows = session().execute(statement.where(PersonYield.holder_id.in_(some)))
        found += [(one, other) for one, name, other, other_name in rows if same_name(name, other_name)]
    return found


def gone_to(claimant_id: int, since: datetime) -> Person | None:
    """Whose the number was that somebody had typed of themselves, where an office registered it for another row after a moment; of several the last."""
    statement = select(Person).join(PersonYield, PersonYield.holder_id == Person.id)
    statement = statement.where(PersonYield.claimant_id == claimant_id, PersonYield.yielded_at >= since).order_by(PersonYield.id.desc())
    return session().scalar(statement.limit(1))


def corrected(hashes: Iterable[str]) -> dict[str, list[str]]:
    """The numbers that were somebody's by mistake and are nobody's now, each with the names of those for whom they were corrected (of who was
    merged, of the one who stays). One of these names with the number is most likely an old file; another name is the number's own holder."""
    found = dict[str, list[str]]()
    for piece in _pieces(hashes):
        for key, name in session().execute(_CORRECTED, {"some": piece}):
            found.setdefault(key, []).append(name)
    return found


def former(person_id: int, number_hash: str) -> FormerNumber | None:
    """The note that a person once bore a number by mistake."""
    return session().scalar(select(FormerNumber).where(FormerNumber.person_id == person_id, FormerNumber.number_hash == number_hash))


def alike(person_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of one of these persons and any other of the same name and birth date, each pair once, the lower id first."""
    found: set[tuple[int, int]] = set()
    wanted = sorted(set(person_ids))
    for some in portions(wanted, CHUNK):
        found.update((min(pair), max(pair)) for pair in session().execute(_ALIKE, {"some": some}))
    return sorted(found)
