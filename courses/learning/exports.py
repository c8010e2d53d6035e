"""Learners out as CSV, streamed: the header, then one row a learner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from courses.learning import queries
from courses.learning.labels import STATES
from courses.learning.types import EnrolmentState
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.writing import BOM


def learner_rows(run_id: int, *, state: EnrolmentState | None, text: str) -> list[list[Any]]:
    """The rows of the export: name, state, progress in per cent, score, day of enrolment, day of completion."""
    rows: list[list[Any]] = [[_("姓名"), _("状态"), _("进度（百分比）"), _("成绩"), _("报名日期"), _("完成日期")]]
    for found in session().execute(queries.learners(run_id, state=state, text=text)):
        row = queries.as_learner(found)
        score = "" if row.score_x10 is None else f"{row.score_x10 / 10:.1f}"
        rows.append([row.name, str(STATES[row.state]), f"{row.progress_x1000 / 10:.1f}", score, local(row.asked_at).date(), row.completed_on or ""])
    return rows


def csv_lines(rows: list[list[Any]]) -> Iterator[bytes]:
    """UTF-8 with BOM; a cell that a spreadsheet would run is neutralised."""
    import csv
    import io

    from trainhub.kernel.sheets.text import neutralised

    yield BOM
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([neutralised(str(cell)) for cell in row])
        yield line.getvalue().encode()
