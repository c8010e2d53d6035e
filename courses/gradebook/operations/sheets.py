"""The gradebook as a table, out and in again: a table that comes back unchanged changes nothing, nobody's newer mark is overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from courses.gradebook import queries, rules
from courses.gradebook.models import Gradebook
from courses.gradebook.operations.grades import EXCUSED_WORD, OWN_LINE, hold, set_grade
from courses.gradebook.types import BookRow, Cell, ColumnRule, GradeKind, Scale
from courses.learning import operations as learning
from courses.learning.intakes import MOST_ROWS, STEP, Progress, nobody_asks
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_decimal
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.types import Column, Problem, Row

AT_ONCE = 500
"""Cells that are written together."""
EXCUSALS = frozenset({EXCUSED_WORD, "免考", "免计", "excused", "exempt"})
"""What a cell may say for an excusal, in either language and either case; the platform writes the first."""
KEY = Column("enrolment", "报名编号", required=True)
VERSION = Column("line_version", "版本", required=True)
FIXED = (KEY, Column("name", "姓名"), Column("student_no", "学号"))


class GradesRefused(Refused):
    """A table of grades has errors; nothing of it was taken. `details` name rows and columns."""

    code = "grades_refused"


class GradesStale(GradesRefused):
    """Somebody else wrote into a line after the table was put out."""

    code = "stale"
    status = 409


def table_columns(columns: Sequence[ColumnRule]) -> tuple[Column, ...]:
    """Key, name, number, a column for each of the book's, total, word, version."""
    middle = tuple(Column(f"column_{one.id}", f"{one.title}（{one.max_x10 / 10:g}）", aliases=(one.title,), own_title=True) for one in columns)
    return (*FIXED, *middle, Column("total", "总评"), Column("grade", "等级"), VERSION)


def table_row(row: BookRow, columns: Sequence[ColumnRule], scale: Scale) -> list[Any]:
    """A line of the book as cells; its total is the mark of the course."""
    cells = [cell_value(row.cells.get(one.id, Cell()), one) for one in columns]
    total = row.mark_x10
    return [row.enrolment_id, row.name, row.student_no, *cells, None if total is None else Decimal(total) / 10, scale.label(total), row.version]


def cell_value(cell: Cell, column: ColumnRule) -> Any:
    """What stands in a cell: points, 免 in the reader's language, or nothing."""
    if cell.kind is GradeKind.EXCUSED:
        return _(EXCUSED_WORD)
    points = rules.points_in(cell, column.max_x10)
    return None if points is None else Decimal(points) / 10


def lines(book: Gradebook) -> tuple[tuple[Column, ...], Iterator[list[Any]]]:
    """The whole book as a table, read while it is sent."""
    categories, columns = queries.rules_of(book.id)
    scale = Scale.of(book.scale)
    return table_columns(columns), (table_row(row, columns, scale) for row in queries.all_rows(book, categories, columns))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell that a table changes: its line as the table knew it, the column, what it is to say, and where the table says so."""

    enrolment_id: int
    version: int
    column: ColumnRule
    kind: GradeKind
    points_x10: int | None
    at: tuple[str, str | None, int]


def take(*, book: Gradebook, file: IO[bytes], filename: str, reason: str, by: Identity, now: datetime) -> int:
    """Take grades from a table, all or nothing; returns how many cells changed.

    An empty cell and one that stands already change nothing. In a column of a block another value is an override, `免` or
    `excused` an excusal; both carry `reason`. Raises GradesStale (409) when a line that the table changes was changed meanwhile, else
    GradesRefused naming every bad cell.
    """
    return write(book=book, wanted=check(book=book, file=file, filename=filename, by=by), filename=filename, reason=reason, by=by, now=now)


def check(*, book: Gradebook, file: IO[bytes], filename: str, by: Identity, progress: Progress = nobody_asks) -> list[Wanted]:
    """Which cells a table changes; the first half of `take`, which reads only. `progress` may commit: nothing here hangs on the session."""
    categories, columns = queries.rules_of(book.id)
    known = {row.enrolment_id: row for row in queries.all_rows(book, categories, columns)}
    problems: list[Problem] = []
    stale: list[Problem] = []
    wanted: list[Wanted] = []
    seen: set[int] = set()
    own = queries.own_lines(book.run_id, by.person_id)
    with read_table(file, table_columns(columns), filename=filename, max_rows=MOST_ROWS) as table:
        for number, row in enumerate(table.rows()):
            if number % STEP == 0:
                progress(number, table.row_count)
            problems += [one for one in row.problems if one.level == "error"]
            line = _line(row, known, seen, table.file, table.sheet, problems)
            if line is None:
                continue
            changes = _changes(row, line, columns, table.file, table.sheet, problems)
            at = (table.file, table.sheet, row.number)
            if changes and line.enrolment_id in own:
                problems.append(Problem(*at, "enrolment", str(line.enrolment_id), str(OWN_LINE)))
            if changes and row.values["line_version"].strip() != str(line.version):
                stale.append(_stale(at, row.values["line_version"]))
            wanted += [Wanted(line.enrolment_id, line.version, *change, at) for change in changes]
        progress(table.row_count, table.row_count)
    _refuse(problems, stale)
    return wanted


def write(*, book: Gradebook, wanted: Sequence[Wanted], filename: str, reason: str, by: Identity, now: datetime) -> int:
    """Write the cells that a table changes; the second half of `take`, in one transaction. Raises GradesStale when a line was changed
    since it was checked: the lines are held before their versions are read, so nobody writes between the question and the marks."""
    ids = sorted({one.enrolment_id for one in wanted})
    stored = {row.id: row for row in queries.columns_of(book.id)}
    _refuse([], [_taken_out(one) for one in wanted if one.column.id not in stored])
    own = queries.own_lines(book.run_id, by.person_id)
    hold(book, [stored[key] for key in sorted({one.column.id for one in wanted})])
    versions: dict[int, int] = {}
    for start in range(0, len(ids), AT_ONCE):
        some_ids = ids[start : start + AT_ONCE]
        queries.hold_lines(some_ids)
        versions |= queries.line_versions(some_ids)
    _refuse([], [_stale(one.at, str(one.version)) for one in wanted if versions.get(one.enrolment_id, 0) != one.version])
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        lines = queries.enrolments_in({one.enrolment_id for one in some})
        known = queries.grades_in({one.column.id for one in some}, lines.keys())
        for one in some:
            given = {"book": book, "column": stored[one.column.id], "enrolment": lines[one.enrolment_id], "kind": one.kind}
            given |= {"points_x10": one.points_x10, "version": None, "known": known, "own": own}
            set_grade(**given, reason=reason.strip() or str(_("表格导入")), by=by, now=now)  # type: ignore[arg-type]
        session().flush()
    if wanted:
        learning.ask_for_marks(run_id=book.run_id, enrolment_ids=ids, now=now)
    audit.record(by=by, did="courses.gradebook.sheet_taken", on=book, data={"cells": len(wanted), "file": filename})
    return len(wanted)


def _taken_out(one: Wanted) -> Problem:
    said = _("“%(title)s”刚被移出成绩册，表格中的这一列没有可以写入的地方。请重新导出后再填。", title=one.column.title)
    return Problem(*one.at, one.column.title, "", said)


def _stale(at: tuple[str, str | None, int], version: str) -> Problem:
    return Problem(*at, "line_version", version, _("导出之后这名学员的成绩已被他人修改。请重新导出后再填。"))


def _refuse(problems: Sequence[Problem], stale: Sequence[Problem]) -> None:
    if not problems and not stale:
        return
    kind = GradesRefused if problems else GradesStale
    raise kind(
        _("表格有 %(n)d 处问题，没有导入任何成绩。请按下面的提示修改后重新上传。", n=len(problems) + len(stale)),
        field="file",
        details=[one.as_dict() for one in (*problems, *stale)][:500],
    )


def _line(row: Row, known: dict[int, BookRow], seen: set[int], file: str, sheet: str | None, problems: list[Problem]) -> BookRow | None:
    text = row.values["enrolment"].strip()
    found = known.get(int(text)) if text.isascii() and text.isdigit() else None
    if found is None:
        said = _("本期课程没有报名编号为“%(key)s”的在学学员。", key=text[:20])
    elif found.enrolment_id in seen:
        said = _("这名学员在表中出现了两次。")
    elif (name := row.values.get("name", "").strip()) and name != found.name:
        said = _("报名编号对应的姓名是“%(name)s”，与表中不一致。请检查是否错行。", name=found.name)
        problems.append(Problem(file, sheet, row.number, "name", name, said))
        return None
    else:
        seen.add(found.enrolment_id)
        return found
    problems.append(Problem(file, sheet, row.number, "enrolment", text[:80], said))
    return None


def _changes(
    row: Row, line: BookRow, columns: Sequence[ColumnRule], file: str, sheet: str | None, problems: list[Problem]
) -> list[tuple[ColumnRule, GradeKind, int | None]]:
    found: list[tuple[ColumnRule, GradeKind, int | None]] = []
    for column in columns:
        name = f"column_{column.id}"
        text = row.values.get(name, "").strip()
        if not text:
            continue
        cell = line.cells.get(column.id, Cell())
        if text.casefold() in EXCUSALS:
            if cell.kind is GradeKind.EXCUSED:
                continue
            if column.is_locked:
                problems.append(Problem(file, sheet, row.number, column.title, text[:80], _("“%(title)s”已锁定，不能修改。", title=column.title)))
            else:
                found.append((column, GradeKind.EXCUSED, None))
            continue
        try:
            points = int(parse_decimal(text, least=0, most=Decimal(column.max_x10) / 10, places=1) * 10)
            if column.is_locked and points != _standing(cell, column):
                raise ValueError(_("“%(title)s”已锁定，不能修改。", title=column.title))
        except ValueError as error:
            problems.append(Problem(file, sheet, row.number, column.title, text[:80], str(error)))
            continue
        if points != _standing(cell, column):
            found.append((column, GradeKind.MANUAL if column.block_id is None else GradeKind.OVERRIDE, points))
    return found


def _standing(cell: Cell, column: ColumnRule) -> int | None:
    return None if cell.kind is GradeKind.EXCUSED else rules.points_in(cell, column.max_x10)
