"""Numbers that holders typed about themselves: they are nobody's proof, so one that a school or an office brings wins over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask import current_app

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.people import queries
from trainhub.people.identity_models import PersonYield
from trainhub.people.models import Person
from trainhub.people.operations.identifying import settle_identity
from trainhub.people.rules import OFFICES
from trainhub.people.types import PROVED, YIELDED, Identified


def vouches(by: Identity) -> bool:
    """Whether a number that `by` brings for somebody proves it: schools, offices and commands of the server.

    Whoever only hosts people (the coordinator of an enterprise, the leader of a base) is led to who claims the number instead and takes it from nobody: they
    are shown the link of an account they open, so a second row with the number of somebody they know would be theirs to read.
    """
    return by.account_id is None or by.has(*OFFICES)


def yield_claims(hashes: Iterable[str], *, by: Identity, now: datetime, but: int | None = None) -> dict[str, Person]:
    """Take these numbers from whoever had only claimed them, before somebody else is registered with them by an office; returns from whom, by
    the keyed hash, for `hand_over` once they are registered.

    Anybody can type the number of somebody else: it must neither keep that human out of a list nor lead their records to the claimant. Whether both
    are one human is decided as a claim, or as a pair, like any two of one name and birth date. The row keeps the mask, as after `numbering.say_number`, and its
    holder is told nothing, and whom an office had looked at before they typed it stays verified: else a stranger learned whose list the number came with. `but`: the row whose own number it becomes.
    """
    rows = [row for row in queries.claimants(hashes, hold=True) if row.id != but]
    yielded: dict[str, Person] = {}
    for row in rows:
        if row.id_number_hash is not None:
            yielded[row.id_number_hash] = row
        row.id_number_hash = row.id_number_encrypted = None
        settle_identity(row, how=Identified.NUMBER, by=by, now=now)
        session().flush()
        audit.record(by=by, did="people.number.yielded", on=row, data={})
    return yielded


def hand_over(yielded: Mapping[str, Person], *, by: Identity, now: datetime) -> None:
    """Write down whose the numbers are that claimants gave up, and let what came by a number follow it (`people.types.YIELDED`): a roster that named
    somebody by the number named its holder, whoever had typed it."""
    if not yielded:
        return
    holders = queries.persons_by_hash(yielded)
    for key, claimant in sorted(yielded.items(), key=lambda one: one[1].id):
        holder = holders.get(key)
        if holder is None:
            continue
        session().add(PersonYield(claimant_id=claimant.id, holder_id=holder.id, yielded_at=now))
        session().flush()
        for tell in current_app.extensions.get(YIELDED, ()):
            tell(claimant, holder, by, now)


def tell_proved(person_id: int, *, by: Identity, now: datetime) -> None:
    """Tell the rooms above that an office stands behind the number of a person (`people.types.PROVED`)."""
    for tell in current_app.extensions.get(PROVED, ()):
        tell(person_id, by, now)
