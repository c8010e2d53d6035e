"""Who is stuck where: the learners whose first unfinished unit is a certain one, as the funnel counts them (`rules.stuck_at`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.analytics import queries
from courses.analytics.settled_queries import is_in
from courses.catalogue.models import Run
from courses.learning import settled_queries as learned
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark
from courses.learning.rules import is_settled
from courses.learning.types import EnrolmentState
from trainhub.kernel.db import portions, session
from trainhub.people.models import Person


@dataclass(frozen=True, slots=True)
class Step:
    """A unit with the blocks that it and the units before it ask of everybody."""

    run: Run
    unit_id: int
    section: str
    title: str
    before: tuple[int, ...]
    here: tuple[int, ...]


def step(run: Run, unit_id: int) -> Step | None:
    """A unit in which something is asked of everybody; None for any other, in which nobody can be stuck."""
    blocks, units = queries.needed(run.id), queries.units(run.id)
    place = next((number for number, unit in enumerate(units) if unit.id == unit_id), None)
    here = tuple(block.id for block in blocks if block.unit_id == unit_id)
    if place is None or not here:
        return None
    earlier = {unit.id for unit in units[:place]}
    before = tuple(block.id for block in blocks if block.unit_id in earlier)
    return Step(run, unit_id, units[place].section, units[place].title, before, here)


def _finished(blocks: Sequence[int]) -> Any:
    """SQL: how many of these blocks the learner of the row has finished. What waits for a mark is finished."""
    return (
        select(func.count())
        .where(BlockProgress.enrolment_id == Enrolment.id, BlockProgress.block_id.in_(blocks), is_in())
        .correlate(Enrolment)
        .scalar_subquery()
    )


def _stuck_by_word(at: Step) -> list[int]:
    """Those of whom a person settled something who are stuck here: what they finished is counted, and what was settled with it."""
    before, here = frozenset(at.before), frozenset(at.here)
    known = learned.of_run(at.run.id)
    found = []
    for some in portions(sorted(known)):
        finished: dict[int, set[int]] = {key: {block_id for block_id in known[key] if is_settled(known[key], block_id)} for key in some}
        statement = select(BlockProgress.enrolment_id, BlockProgress.block_id).where(BlockProgress.enrolment_id.in_(some), is_in())
        for key, block_id in session().execute(statement.where(BlockProgress.block_id.in_(before | here))):
            finished[key].add(block_id)
        found += [key for key, done in finished.items() if before <= done and not here <= done]
    return found


def learners(at: Step) -> sa.Select[Any]:
    """Active learners who have finished everything before this unit and not this unit, the longest idle first.

    Columns: enrolment, name, progress, last day, and how many blocks of the unit they have finished. What waits for a mark is finished.
    """
    finished = _finished(at.here)
    # Of whom a person settled something is judged here, block by block; in the statement everybody else.
    settles = (
        select(EnrolmentMark.enrolment_id).where(EnrolmentMark.enrolment_id == Enrolment.id, EnrolmentMark.settled.is_not(None)).correlate(Enrolment)
    )
    # From the last block backwards one look is enough for nearly everybody who has not come this far; only the others are counted.
    came_this_far = [_finished(blocks) >= len(blocks) for blocks in (at.before[-1:], at.before[:-1]) if blocks]
    statement: Any = (
        select(Enrolment.id, Person.name, Enrolment.progress_x1000, Enrolment.last_active_at, finished.label("done"))
        .join(Person, Person.id == Enrolment.person_id)
        .where(
            Enrolment.run_id == at.run.id,
            Enrolment.state == EnrolmentState.ACTIVE,
            sa.or_(
                sa.and_(~settles.exists(), *came_this_far[:1], finished < len(at.here), *came_this_far[1:]),
                Enrolment.id.in_(sa.bindparam("stuck", _stuck_by_word(at), expanding=True, literal_execute=True)),
            ),
        )
        .order_by(Enrolment.last_active_at.is_not(None), Enrolment.last_active_at, Enrolment.id)
    )
    return statement  # type: ignore[no-any-return]
