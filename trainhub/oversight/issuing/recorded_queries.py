"""What the ledger knows of those whom a list or a selection would certify: whoever decides is told what no record bears."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select

from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.types import Kind
from trainhub.kernel.characters import plain_words
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import Milestone
from trainhub.ledger.types import Source
from trainhub.people import queries as people
from trainhub.people.models import Student

PORTION = 1000
TITLE = 300
"""Letters of a title that a milestone keeps."""
THINGS: dict[Kind, tuple[Source, str]] = {Kind.COMPLETION: (Source.COURSE, "course"), Kind.CAPSTONE: (Source.CAPSTONE, "topic")}
"""By kind: the milestones that bear such a certificate, and the fact that names the thing."""
Unborne = tuple[str, tuple[str, ...]]
"""Whose certificate no record bears, and in which facts; none: nothing at all is recorded of it."""


def unborne_in(batch: IssueBatch) -> list[Unborne]:
    """Those of a batch of completions, capstones or placements whom the records do not bear, in the order of the batch.

    A completion with other hours than recorded, a capstone that nobody passed, more weeks than the ledger credits for all confirmed days
    (PETOE-7.2: a week is one week however many of its days were worked).
    What a person did under another row of the same human counts. What a certificate leaves out needs no record.
    """
    statement = select(IssueItem.person_id, IssueItem.facts).where(IssueItem.batch_id == batch.id).order_by(IssueItem.position)
    items = [(person_id, said) for person_id, said in session().execute(statement)]
    rows = people.rows_of_humans(person_id for person_id, _said in items)
    every = {key for own in rows.values() for key in own}
    found: list[tuple[int, tuple[str, ...]]] = []
    if batch.kind in THINGS:
        source, thing = THINGS[batch.kind]
        reached = _reached(every, source, {_kept(said.get(thing)) for _person_id, said in items})

        def borne(person_id: int, title: str, found: Mapping[tuple[int, str], list[Decimal]]) -> list[Decimal]:
            return [one for key in rows[person_id] for one in found.get((key, title), ())]

        unfound = {person_id for person_id, said in items if not borne(person_id, _kept(said.get(thing)), reached)}
        typed = _folded(_reached({key for person_id in unfound for key in rows[person_id]}, source, None)) if unfound else {}
        for person_id, said in items:
            title = _kept(said.get(thing))
            hours = borne(person_id, title, reached) or borne(person_id, plain_words(title), typed)
            if not hours:
                found.append((person_id, ()))
            elif batch.kind is Kind.COMPLETION and any(hours) and (told := _number(said.get("hours"))) is not None and told not in hours:
                found.append((person_id, ("hours",)))
    elif batch.kind is Kind.PLACEMENT:
        weeks = _weeks(rows)
        for person_id, said in items:
            own = weeks.get(person_id)
            if own is None or (_number(said.get("weeks")) or 0) > own:
                found.append((person_id, () if own is None else ("weeks",)))
    names = people.standing_names(person_id for person_id, _fields in found)
    return [(names[person_id], fields) for person_id, fields in found]


def _folded(found: Mapping[tuple[int, str], list[Decimal]]) -> dict[tuple[int, str], list[Decimal]]:
    """The same by titles as people read them: a list is typed with other widths, blanks and letters than the course was."""
    told: dict[tuple[int, str], list[Decimal]] = {}
    for (person_id, title), hours in found.items():
        told.setdefault((person_id, plain_words(title)), []).extend(hours)
    return told


def _reached(person_ids: Collection[int], source: Source, titles: Collection[str] | None) -> dict[tuple[int, str], list[Decimal]]:
    """The hours of what these people finished of these things (None: of all), by person and thing."""
    found: dict[tuple[int, str], list[Decimal]] = {}
    for some in _portions(person_ids):
        statement = select(Milestone.person_id, Milestone.title, Milestone.hours_x10).where(
            Milestone.person_id.in_(some), Milestone.source == source, Milestone.withdrawn_at.is_(None)
        )
        if titles is not None and len(titles) <= PORTION:
            statement = statement.where(Milestone.title.in_(sorted(titles)))
        for person_id, title, hours_x10 in session().execute(statement):
            found.setdefault((person_id, title), []).append(Decimal(hours_x10) / 10)
    return found


def _weeks(rows: Mapping[int, Collection[int]]) -> dict[int, Decimal]:
    """The weeks that the ledger credits for all days of the human, by person; of those with a confirmed day only.

    Days of several studies are one sum. Where studies count holiday weeks by different switches, the one that credits most is taken.
    """
    humans = {person_id: min(own) for person_id, own in rows.items()}
    found: dict[int, Decimal] = {}
    for some in _portions(rows):
        of_row = {key: humans[person_id] for person_id in some for key in rows[person_id]}
        students: dict[int, int] = {}
        for keys in _portions(of_row):
            statement = select(Student.id, Student.person_id).where(Student.person_id.in_(keys))
            students |= {student_id: of_row[person_id] for student_id, person_id in session().execute(statement)}
        days: dict[int, set[date]] = {}
        for student_id, dates in ledger.dates_of_many(students).items():
            days.setdefault(students[student_id], set()).update(dates)
        credited = ledger.weeks_from({student_id: days[human] for student_id, human in students.items() if days[human]})
        for student_id, total in credited.items():
            found[students[student_id]] = max(found.get(students[student_id], Decimal(0)), total.credited_weeks)
    return {person_id: found[human] for person_id, human in humans.items() if human in found}


def _portions(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + PORTION] for start in range(0, len(ordered), PORTION))


def _kept(title: Any) -> str:
    """A title as the ledger keeps it."""
    return str(title)[:TITLE]


def _number(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None
