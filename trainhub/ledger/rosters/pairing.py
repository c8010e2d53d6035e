"""Who may be one human waits for a person's eye, whichever way they came into the count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.ledger.models import PossibleDuplicate
from trainhub.ledger.rosters.document_queries import under_another_document
from trainhub.ledger.rosters.queries import has_completed, unqueued
from trainhub.people import queries as people
from trainhub.people.queries.numbers import alike


def queue_alike(person_ids: Iterable[int], *, now: datetime, are_new: bool = False) -> None:
    """Let two persons of one name and birth date under different numbers wait for review, and two of one name under other documents, where one of each
    is among these. Who was merged is asked for as who stays. A pair that waits, or has been decided, waits no second time, under whichever rows of the two. `are_new`: nobody can have
    been merged yet.
    """
    wanted = set(person_ids)
    if not are_new:
        wanted = set(people.humans_of(wanted).values())
    why = under_another_document(wanted) | dict.fromkeys(alike(wanted), "")
    stays = people.humans_of({key for pair in why for key in pair})
    found = dict[tuple[int, int], str]()
    for pair in sorted(why):
        one, other = sorted(stays[key] for key in pair)
        if one != other:
            found.setdefault((one, other), why[pair])
    for _again in range(2):
        rows = [{"person_id": one, "other_person_id": other, "found_at": now, "note": found[one, other]} for one, other in _unasked(found)]
        if not rows:
            return
        try:
            with session().begin_nested():
                session().execute(insert(PossibleDuplicate), rows)
        except IntegrityError:  # somebody else found one of them at this moment: what is left of them is ours
            if _again:
                raise
        else:
            return


def _unasked(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of some pairs of humans no rows of whom stand for review yet."""
    wanted = sorted(pairs)
    rows = people.rows_of_humans({key for pair in wanted for key in pair})
    among = {pair: [(min(one, other), max(one, other)) for one in rows[pair[0]] for other in rows[pair[1]]] for pair in wanted}
    fresh = set(unqueued(sorted({each for every in among.values() for each in every})))
    return [pair for pair in wanted if fresh.issuperset(among[pair])]


def follow_proof(person_id: int, _by: Identity, now: datetime) -> None:
    """Who has completions and is given a number (`people.types.PROVED`), with which a birth date comes, is looked at once more."""
    if has_completed(person_id):
        queue_alike([person_id], now=now)
