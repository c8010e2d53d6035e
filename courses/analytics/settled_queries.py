"""What a person settled for single learners: work they are excused of, or were given a mark for. It is neither due nor unfinished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import select

from courses.learning import settled_queries
from courses.learning.models import BlockProgress
from courses.learning.rules import is_settled
from trainhub.kernel.db import portions, session


@dataclass(frozen=True, slots=True)
class Settled:
    """Of some blocks: what a learner is excused of, what a mark above 0 was written for, and what of both the learner has finished besides."""

    excused: frozenset[int]
    written: frozenset[int]
    finished: frozenset[int]

    @property
    def open(self) -> frozenset[int]:
        """What only the person's word settles."""
        return (self.excused | self.written) - self.finished


def is_in() -> sa.ColumnElement[bool]:
    """What the learner has finished: done, or handed in and waiting for a mark that is not the learner's to give."""
    return sa.or_(BlockProgress.is_done, BlockProgress.waits_for_grade)


def settled_of(run_id: int, blocks: Collection[int], enrolment_ids: Sequence[int] | None = None) -> dict[int, Settled]:
    """By enrolment, of whom anything of these blocks was settled: two queries, where very many were a query more for each thousand.

    `enrolment_ids`: only of these.
    """
    wanted = frozenset(blocks)
    known: dict[int, Mapping[int, int | None]] = {
        key: mine
        for key, settled in (settled_queries.of_run(run_id) if enrolment_ids is None else settled_queries.of_many(enrolment_ids)).items()
        if (mine := {block_id: score for block_id, score in settled.items() if block_id in wanted and is_settled(settled, block_id)})
    }
    done: dict[int, set[int]] = defaultdict(set)
    theirs = {block_id for mine in known.values() for block_id in mine}
    statement = select(BlockProgress.enrolment_id, BlockProgress.block_id).where(BlockProgress.block_id.in_(theirs), is_in())
    for some in portions(sorted(known)):
        for key, block_id in session().execute(statement.where(BlockProgress.enrolment_id.in_(some))):
            done[key].add(block_id)
    found = {}
    for key, theirs_here in known.items():
        excused = frozenset(block_id for block_id, score in theirs_here.items() if score is None)
        found[key] = Settled(excused, frozenset(theirs_here) - excused, frozenset(done[key]) & frozenset(theirs_here))
    return found
