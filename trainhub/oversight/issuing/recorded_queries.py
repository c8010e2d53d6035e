"""What the ledger knows of those whom a list or a selection would certify: whoever decides is told what no record bears."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import func, select

from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.types import Kind
from trainhub.kernel.db import session
from trainhub.ledger.models import ConfirmedDay, Milestone
from trainhub.ledger.types import Source
from trainhub.people import queries as people
from trainhub.people.models import Student

PORTION = 1000
THINGS: dict[Kind, tuple[Source, str]] = {Kind.COMPLETION: (Source.COURSE, "course"), Kind.CAPSTONE: (Source.CAPSTONE, "topic")}
"""By kind: the milestones that bear such a certificate, and the fact that names the thing."""
Unborne = tuple[str, tuple[str, ...]]
"""Whose certificate no record bears, and in which facts; none: nothing at all is recorded of it."""


def unborne_in(batch: IssueBatch, *, days_per_week: int) -> list[Unborne]:
    """Those of a batch of completions, capstones or placements whom the records do not bear, in the order of the batch.

    A completion with other hours than recorded, a capstone that nobody passed, more weeks than all confirmed days make at `days_per_week`.
    What a person did under another row of the same human counts. What a certificate leaves out needs no record.
    """
    statement = select(IssueItem.person_id, IssueItem.facts).where(IssueItem.batch_id == batch.id).order_by(IssueItem.position)
    items = [(person_id, said) for person_id, said in session().execute(statement)]
    rows = people.rows_of_humans(person_id for person_id, _said in items)
    every = {key for own in rows.values() for key in own}
    found: list[tuple[int, tuple[str, ...]]] = []
    if batch.kind in THINGS:
        source, thing = THINGS[batch.kind]
        reached = _reached(every, source, {str(said.get(thing)) for _person_id, said in items})
        for person_id, said in items:
            hours = [one for key in rows[person_id] for one in reached.get((key, str(said.get(thing))), ())]
            if not hours:
                found.append((person_id, ()))
            elif batch.kind is Kind.COMPLETION and any(hours) and (told := _number(said.get("hours"))) is not None and told not in hours:
                found.append((person_id, ("hours",)))
    elif batch.kind is Kind.PLACEMENT:
        days = _days(every)
        for person_id, said in items:
            own = sum(days.get(key, 0) for key in rows[person_id])
            if not own or (_number(said.get("weeks")) or 0) > Decimal(own) / days_per_week:
                found.append((person_id, ("weeks",) if own else ()))
    names = people.standing_names(person_id for person_id, _fields in found)
    return [(names[person_id], fields) for person_id, fields in found]


def _reached(person_ids: Collection[int], source: Source, titles: Collection[str]) -> dict[tuple[int, str], list[Decimal]]:
    """The hours of what these people finished of these things, by person and thing."""
    found: dict[tuple[int, str], list[Decimal]] = {}
    for some in _portions(person_ids):
        statement = select(Milestone.person_id, Milestone.title, Milestone.hours_x10).where(
            Milestone.person_id.in_(some), Milestone.source == source, Milestone.withdrawn_at.is_(None)
        )
        if len(titles) <= PORTION:
            statement = statement.where(Milestone.title.in_(sorted(titles)))
        for person_id, title, hours_x10 in session().execute(statement):
            found.setdefault((person_id, title), []).append(Decimal(hours_x10) / 10)
    return found


def _days(person_ids: Collection[int]) -> dict[int, int]:
    """How many different days were confirmed, by person."""
    found: dict[int, int] = {}
    for some in _portions(person_ids):
        statement = (
            select(Student.person_id, func.count(func.distinct(ConfirmedDay.on)))
            .join(ConfirmedDay, ConfirmedDay.student_id == Student.id)
            .where(Student.person_id.in_(some), ConfirmedDay.withdrawn_at.is_(None))
            .group_by(Student.person_id)
        )
        found.update({person_id: count for person_id, count in session().execute(statement)})
    return found


def _portions(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))


def _number(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None
