"""Marks in what learners are not shown any more: removed, taken back, or of a group they are not in. They stay, and who reads a total reads what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, select

from courses.catalogue.marks_inside import AtStake
from courses.catalogue.models import Block, Unit
from courses.learning.models import BlockProgress, Enrolment, MarkSource
from courses.learning.types import BlockState, EnrolmentState, LeftMark, Missed, Standing
from trainhub.kernel.db import session


def left_marks(enrolment: Enrolment, standing: Standing, states: Mapping[int, BlockState], shown: Collection[int]) -> list[LeftMark]:
    """The marks of a learner in graded blocks that are not among the `shown`, in the order in which they were removed, and whether each still counts."""
    keys = [key for key, state in states.items() if state.score_x10 is not None and key not in shown]
    if not keys:
        return []
    graded = (Block.id.in_(keys), Block.run_id == enrolment.run_id, Block.is_graded.is_(True), Block.weight_x10 > 0)
    statement = select(Block.id, Block.kind, Block.title, Unit.title, Block.removed_at).join(Unit, Unit.id == Block.unit_id).where(*graded)
    is_from_book = standing.is_from_book and not standing.is_mark_kept
    then = _of_completion(enrolment)
    rows = session().execute(statement.order_by(Block.removed_at, Block.id))
    return [
        LeftMark(key, kind, title or unit_title, states[key].score_x10 or 0, removed_at, key in then and not is_from_book, is_from_book)
        for key, kind, title, unit_title, removed_at in rows
    ]


def _of_completion(enrolment: Enrolment) -> Collection[int]:
    """The blocks by which a completion was graded: what an author removes since changes no mark of it (`rules.standing`)."""
    missed = Missed.of(enrolment.missed) if enrolment.state is EnrolmentState.COMPLETED else None
    return {key for key, _weight in missed.graded or ()} if missed is not None else ()


def at_stake(run_id: int, block_ids: Collection[int]) -> AtStake:
    """Who learns in a run and has a mark in one of these graded blocks, of learners who have not completed it (`catalogue.marks_inside`)."""
    statement = (
        select(func.count(BlockProgress.enrolment_id.distinct()))
        .join(Enrolment, Enrolment.id == BlockProgress.enrolment_id)
        .join(Block, Block.id == BlockProgress.block_id)
        .where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.ACTIVE, Block.id.in_(list(block_ids)))
        .where(Block.is_graded.is_(True), Block.weight_x10 > 0, BlockProgress.score_x10.is_not(None))
    )
    return AtStake(session().scalar(statement) or 0, session().get(MarkSource, run_id) is not None)
