"""Learners and notes out: one row a learner, as the list is filtered and sorted; notes as Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from courses.learning import queries
from courses.learning.labels import STATES
from courses.learning.types import EnrolmentState, NoteRow
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.made_tables import Made
from trainhub.kernel.sheets.text import neutralised
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import BOM

COLUMNS = (
    Column("name", "姓名"),
    Column("state", "状态"),
    Column("progress", "进度（百分比）"),
    Column("score", "成绩"),
    Column("enrolled_on", "报名日期"),
    Column("completed_on", "完成日期"),
    Column("last_active_on", "最近学习"),
    Column("note", "备注"),
)


def statement(run_id: int, chosen: Mapping[str, str]) -> sa.Select[Any]:
    """The learners of a run as the address of their list (`state`, `q`, `sort`) narrows and sorts them."""
    asked = chosen.get("state", "")
    state = EnrolmentState(asked) if asked in set(EnrolmentState) else None
    return queries.learners(run_id, state=state, text=chosen.get("q", "").strip()[:60], sort=chosen.get("sort", ""))


def learner_rows(statement: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of the export, read while they are sent: asked for with the first of them, since what the request still commits closes a cursor."""
    yield from _lines(session().execute(statement.execution_options(yield_per=1000)))


def whole(statement: sa.Select[Any]) -> Made:
    """The same as a table that is read at once, because the progress of a job closes every open cursor."""
    found = session().execute(statement).all()
    return Made(COLUMNS, _lines(found), len(found))


def _lines(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    words = {state: str(label) for state, label in STATES.items()}
    for found in rows:
        row = queries.as_learner(found)
        score = None if row.score_x10 is None else f"{row.score_x10 / 10:.1f}"
        seen = local(row.last_active_at).date() if row.last_active_at else None
        progress = f"{row.progress_x1000 / 10:.1f}"
        yield row.name, words[row.state], progress, score, local(row.asked_at).date(), row.completed_on, seen, row.note


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """UTF-8 with BOM in pieces of some kilobytes; a cell that a spreadsheet would run is neutralised."""
    yield BOM
    piece = io.StringIO()
    writer = csv.writer(piece, lineterminator="\r\n")
    for row in rows:
        writer.writerow([neutralised(str(cell)) for cell in row])
        if piece.tell() > 16_384:
            yield piece.getvalue().encode()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue().encode()


def clock_text(seconds: int) -> str:
    """A place in a video as players show it: 65 is 1:05, 3605 is 1:00:05."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def notes_markdown(title: str, notes: Sequence[NoteRow]) -> str:
    """A learner's notes as Markdown, by unit, with the place in the video and the time of writing."""
    lines, unit = [f"# {title}"], None
    for note in notes:
        if note.unit_id != unit:
            unit = note.unit_id
            lines += ["", f"## {note.unit_title}"]
        place = f"[{clock_text(note.at_seconds)}] " if note.at_seconds is not None else ""
        lines += ["", f"{place}{note.body}", "", f"_{local(note.written_at):%Y-%m-%d %H:%M}_"]
    return "\n".join(lines) + "\n"
