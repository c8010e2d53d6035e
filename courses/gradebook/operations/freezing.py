"""What locked columns keep: the results of their blocks as they stood when the column or the whole book was locked."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from courses.gradebook.models import GradeColumn, KeptScore
from courses.learning.models import BlockProgress
from trainhub.kernel.db import session


def freeze(column_ids: Collection[int]) -> None:
    """Keep the results of columns that are locked now and were not. Who has none yet has none there until they are unlocked.

    One statement however many learners; called under the lock of the book.
    """
    results = (
        sa.select(GradeColumn.id, BlockProgress.enrolment_id, BlockProgress.score_x10)
        .join(BlockProgress, BlockProgress.block_id == GradeColumn.block_id)
        .where(GradeColumn.id.in_(list(column_ids)), BlockProgress.score_x10.is_not(None))
    )
    session().execute(sa.insert(KeptScore).from_select(["column_id", "enrolment_id", "score_x10"], results))


def thaw(column_ids: Collection[int]) -> None:
    """Let go of what was kept: from now on the blocks' results count as they stand."""
    statement = sa.delete(KeptScore).where(KeptScore.column_id.in_(list(column_ids)))
    session().execute(statement.execution_options(synchronize_session=False))
