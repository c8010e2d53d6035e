"""Learners out as a file: one row a learner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from courses.learning import queries
from courses.learning.labels import STATES
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.sheets.types import Column

COLUMNS = (
    Column("name", "姓名"),
    Column("state", "状态"),
    Column("progress", "进度（百分比）"),
    Column("score", "成绩"),
    Column("enrolled_on", "报名日期"),
    Column("completed_on", "完成日期"),
)


def learner_rows(statement: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of the export, of the list as it is filtered and sorted."""
    for found in session().execute(statement):
        row = queries.as_learner(found)
        score = None if row.score_x10 is None else f"{row.score_x10 / 10:.1f}"
        yield row.name, str(STATES[row.state]), f"{row.progress_x1000 / 10:.1f}", score, local(row.asked_at).date(), row.completed_on
