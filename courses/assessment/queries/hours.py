"""The hours of quizzes: when those of several runs open and close, and who was given others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select

from courses.assessment.models import Attempt, QuizAllowance
from courses.assessment.types import Allowance, AttemptState
from courses.catalogue.models import Block, Section, Unit
from courses.catalogue.types import BlockKind
from trainhub.kernel.db import portions, session
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


class Hours(NamedTuple):
    """A published quiz that opens or closes at an instant, or both."""

    block_id: int
    run_id: int
    unit_id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None


def hours_of(run_ids: Collection[int]) -> list[Hours]:
    """The quizzes of runs that have hours, by id."""
    opens, closes = Block.settings["opens_at"].as_string(), Block.settings["closes_at"].as_string()
    statement = (
        select(Block.id, Block.run_id, Block.unit_id, Block.title, Unit.title.label("unit"), opens.label("opens"), closes.label("closes"))
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Block.run_id.in_(run_ids),
            Block.kind == BlockKind.QUIZ,
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
            sa.or_(opens.is_not(None), closes.is_not(None)),
        )
        .order_by(Block.id)
    )
    rows = [
        Hours(row.id, row.run_id, row.unit_id, row.title or row.unit, instant(row.opens), instant(row.closes)) for row in session().execute(statement)
    ]
    return [row for row in rows if row.opens_at or row.closes_at]


def instant(text: str | None) -> datetime | None:
    """An instant as the settings of a quiz keep it."""
    return datetime.fromisoformat(text) if text else None


def allowances_of(person_id: int, block_ids: Collection[int]) -> dict[int, Allowance]:
    """What a human may do differently at quizzes: their own grants and those of their cohorts, each time the more generous."""
    if not block_ids:
        return {}
    cohorts = select(Student.cohort_id).where(people.of_human(Student.person_id, person_id))
    statement = select(QuizAllowance).where(
        QuizAllowance.block_id.in_(block_ids), sa.or_(people.of_human(QuizAllowance.person_id, person_id), QuizAllowance.cohort_id.in_(cohorts))
    )
    found: defaultdict[int, list[QuizAllowance]] = defaultdict(list)
    for row in session().scalars(statement):
        found[row.block_id].append(row)
    return {block_id: _together(rows) for block_id, rows in found.items()}


def allowances_at(block_id: int, person_ids: Collection[int]) -> dict[int, Allowance]:
    """What each of these may do differently at one quiz, as `allowances_of`: a few queries for a thousand of them."""
    rows = list(session().scalars(select(QuizAllowance).where(QuizAllowance.block_id == block_id)))
    if not rows or not person_ids:
        return {}
    same = people.rows_of_humans(person_ids)
    all_rows = frozenset[int]().union(*same.values())
    studies: defaultdict[int, set[int]] = defaultdict(set)
    for some in portions(sorted(all_rows)):
        for person_id, cohort_id in session().execute(select(Student.person_id, Student.cohort_id).where(Student.person_id.in_(some))):
            studies[person_id].add(cohort_id)
    found = {}
    for person_id, mine in same.items():
        cohorts = {cohort_id for one in mine for cohort_id in studies[one]}
        given = [row for row in rows if row.person_id in mine or row.cohort_id in cohorts]
        if given:
            found[person_id] = _together(given)
    return found


def _together(rows: Sequence[QuizAllowance]) -> Allowance:
    opens = [row.opens_at for row in rows if row.opens_at is not None]
    closes = [row.closes_at for row in rows if row.closes_at is not None]
    return Allowance(
        extra_minutes=max((row.extra_minutes for row in rows), default=0),
        extra_attempts=max((row.extra_attempts for row in rows), default=0),
        opens_at=min(opens, default=None),
        closes_at=max(closes, default=None),
    )


def handed_in(person_id: int, block_ids: Collection[int]) -> set[int]:
    """The quizzes of which a human has handed in an attempt."""
    statement = select(Attempt.block_id).where(
        people.of_human(Attempt.person_id, person_id), Attempt.block_id.in_(block_ids), Attempt.state != AttemptState.IN_PROGRESS
    )
    return set(session().scalars(statement))


def open_longer(block_ids: Collection[int], now: datetime) -> Any:
    """The grants of these quizzes by which somebody may still begin: block, the person who stands for the human, cohort."""
    human = sa.func.coalesce(Person.merged_into_id, Person.id).label("human_id")
    statement = select(QuizAllowance.block_id, human, QuizAllowance.cohort_id).outerjoin(Person, Person.id == QuizAllowance.person_id)
    return statement.where(QuizAllowance.block_id.in_(block_ids), QuizAllowance.closes_at >= now)
