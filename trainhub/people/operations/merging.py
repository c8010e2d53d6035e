"""Two rows that are one human: decide, merge, and take a mistaken merging back.

Merging leaves one person: `merged_into_id` of the other names the one who stays, and every row that named the other (account,
studies, teaching, work, enrolments, certificates, ...) names the one who stays. What followed is written down (PersonMerge), so
that parting puts back exactly that. History stays where it is (`models.STAYS`); its readers ask for the whole human. A row
that would be there twice (both have an account, both sit in one run) stays with the other person and is listed on the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.people import queries, rules
from trainhub.people.models import Person, PersonMerge, PersonPair
from trainhub.people.operations.stamping import stamp
from trainhub.people.types import HUMANS, PairDecision


class BadDecision(Refused):
    """A decision about two persons that contradicts what was decided about others."""

    code = "bad_decision"


def note_decision(*, first_id: int, second_id: int, decision: PairDecision, reason: str, by: Identity, now: datetime) -> PersonPair:
    """Keep what was decided about two persons, and merge or part whom it concerns; a later decision replaces it.

    Raises BadDecision where two who were decided to be different would become one by it. Two who are decided to be different stay one human
    while others say so: `parted_words` tells.
    """
    low, high = sorted((first_id, second_id))
    hold("people.pairs")  # two decisions at once, each right by itself, would make one human of two who differ
    now = stamp(now)
    row = queries.pair(low, high)
    if decision is PairDecision.SAME and (row is None or row.decision is not decision):
        _refuse_contradiction(low, high)
    if row is None:
        row = PersonPair(first_id=low, second_id=high, decision=decision, reason="", decided_at=now)
        session().add(row)
    row.decision, row.reason, row.decided_by_id, row.decided_at = decision, reason.strip()[:500], by.account_id, now
    session().flush()
    _settle({low, high}, by=by, now=now)
    audit.record(
        by=by,
        did="people.pair.decided",
        on=("person", str(low)),
        data={"other": high, "decision": decision.value, "reason": row.reason},
    )
    return row


def _refuse_contradiction(low: int, high: int) -> None:
    one, other = (queries.decided_same_with(key, besides=(low, high)) for key in (low, high))
    if one & other:
        return  # they are one already, by way of others
    for pair in queries.different_between(one, other):
        if (pair.first_id, pair.second_id) != (low, high):
            first, second = named(queries.persons_by_id((pair.first_id, pair.second_id)).values())
            said = _("这样 %(first)s 与 %(second)s 也成为同一人，而这两人已判定为不同的人。请先改判那一条。", first=first, second=second)
            raise BadDecision(said, field="decision", code="different_by_another")


def named(persons: Iterable[Person]) -> list[str]:
    """Persons as a sentence about several of one name calls them."""
    return [f"{row.name}（{row.id_mask or row.id}）" for row in sorted(persons, key=lambda row: row.id)]


def parted_words(first_id: int, second_id: int) -> str:
    """What follows from "not the same human": they count as two, or stay one by way of others, who are named with what to do."""
    between = queries.decided_same_with(first_id, besides=(min(first_id, second_id), max(first_id, second_id)))
    if second_id not in between:
        return _("已保存：今后按两个人计数。")
    names = listed(named(queries.persons_by_id(between - {first_id, second_id}).values()))
    return _("已保存，但两人都与 %(names)s 判定为同一人，仍按一人计数：请再改判其中一人与他的判定。", names=names)


def _settle(start: set[int], *, by: Identity, now: datetime) -> None:
    """Let every group of persons decided to be the same stand for one of them; only the groups touched."""
    affected = queries.joined_with(start)
    persons = queries.persons_by_id(sorted(affected))
    pairs = [(pair.first_id, pair.second_id) for pair in queries.same_pairs(affected)]
    standing = rules.humans(pairs, without_number={key for key, row in persons.items() if row.id_number_hash is None or row.number_by_holder})
    wanted = {key: standing.get(key, key) for key in sorted(affected)}
    changed = [key for key, into in wanted.items() if (persons[key].merged_into_id or key) != into]
    before = {key: persons[key].merged_into_id or key for key in changed}
    for key in changed:
        _part(persons[key], by=by, now=now)
    for key in changed:
        if wanted[key] != key:
            _merge(persons[key], persons[wanted[key]], by=by, now=now)
    session().flush()
    for human in sorted({human for key in changed for human in (wanted[key], before[key])} & set(wanted.values())):
        for tell in current_app.extensions.get(HUMANS, ()):
            tell(human, by, now)


def _merge(gone: Person, stays: Person, *, by: Identity, now: datetime) -> None:
    gone.merged_into_id = stays.id
    session().flush()
    moved: dict[str, Any] = {}
    stayed: dict[str, Any] = {}
    for column in queries.references():
        for row_id in queries.rows_naming(column, gone.id):
            place = moved if _point(column, row_id, at=stays.id) else stayed
            place.setdefault(str(column), []).append(row_id)
    session().add(PersonMerge(gone_id=gone.id, into_id=stays.id, moved=moved, stayed=stayed, merged_by_id=by.account_id, merged_at=now))
    session().flush()
    audit.record(by=by, did="people.person.merged", on=gone, data={"into": stays.id, "moved": moved, "stayed": stayed})


def _part(person: Person, *, by: Identity, now: datetime) -> None:
    """Take a merging back: what followed it returns, unless somebody has given it to a third person since."""
    merge = queries.standing_merge(person.id)
    before, person.merged_into_id = person.merged_into_id, None
    if before is None:
        return
    session().flush()
    columns = {str(column): column for column in queries.references()}
    for name, row_ids in dict(merge.moved if merge is not None else {}).items():
        for row_id in row_ids if name in columns else ():
            _point(columns[name], row_id, at=person.id, only_from=before)
    if merge is not None:
        merge.undone_by_id, merge.undone_at = by.account_id, now
        session().flush()
    audit.record(by=by, did="people.person.parted", on=person, data={"from": before})


def _point(column: sa.Column[Any], row_id: int, *, at: int, only_from: int | None = None) -> bool:
    """Let a row name another person; False, and nothing changed, where that would be there twice."""
    statement = update(column.table).where(column.table.c.id == row_id).values({column.name: at})
    if only_from is not None:
        statement = statement.where(column == only_from)
    try:
        with session().begin_nested():
            session().execute(statement)
    except IntegrityError:
        return False
    session().expire_all()
    return True
