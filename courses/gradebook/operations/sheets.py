"""The gradebook as a table, out and in again: a table that comes back unchanged changes nothing, nobody's newer mark is overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from courses.gradebook import queries, rules
from courses.gradebook.models import Gradebook
from courses.gradebook.operations.grades import EXCUSED_WORD, OWN_LINE, set_grade
from courses.gradebook.types import BookRow, Cell, ColumnRule, GradeKind, Scale
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_decimal
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.types import Column, Problem, Row

MOST_ROWS = 50_000
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
    """A line of the book as cells."""
    cells = [cell_value(row.cells.get(one.id, Cell()), one) for one in columns]
    total = row.total.score_x10
    return [row.enrolment_id, row.name, row.student_no, *cells, None if total is None else Decimal(total) / 10, scale.label(total), row.version]


def cell_value(cell: Cell, column: ColumnRule) -> Any:
    """What stands in a cell: points, 免 in the reader's language, or nothing."""
    if cell.kind is GradeKind.EXCUSED:
        return _(EXCUSED_WORD)
    return None if cell.score_x10 is None else Decimal(rules.points_of(cell.score_x10, column.max_x10)) / 10


def lines(book: Gradebook) -> tuple[tuple[Column, ...], Iterator[list[Any]]]:
    """The whole book as a table, read while it is sent."""
    categories, columns = queries.rules_of(book.id)
    scale = Scale.of(book.scale)
    return table_columns(columns), (table_row(row, columns, scale) for row in queries.all_rows(book, categories, columns))


def take(*, book: Gradebook, file: IO[bytes], filename: str, reason: str, by: Identity, now: datetime) -> int:
    """Take grades from a table, all or nothing; returns how many cells changed.

    An empty cell and one that stands already change nothing. In a column of a block another value is an override, `免` or
    `excused` an excusal; both carry `reason`. Raises GradesStale (409) when a line that the table changes was changed meanwhile, else
    GradesRefused naming every bad cell.
    """
    categories, columns = queries.rules_of(book.id)
    known = {row.enrolment_id: row for row in queries.all_rows(book, categories, columns)}
    problems: list[Problem] = []
    stale: list[Problem] = []
    wanted: list[tuple[int, ColumnRule, GradeKind, int | None]] = []
    seen: set[int] = set()
    own = queries.own_lines(book.run_id, by.person_id)
    with read_table(file, table_columns(columns), filename=filename, max_rows=MOST_ROWS) as table:
        for row in table.rows():
            problems += [one for one in row.problems if one.level == "error"]
            line = _line(row, known, seen, table.file, table.sheet, problems)
            if line is None:
                continue
            changes = _changes(row, line, columns, table.file, table.sheet, problems)
            if changes and line.enrolment_id in own:
                problems.append(Problem(table.file, table.sheet, row.number, "enrolment", str(line.enrolment_id), str(OWN_LINE)))
            if changes and row.values["line_version"].strip() != str(line.version):
                said = _("导出之后这名学员的成绩已被他人修改。请重新导出后再填。")
                stale.append(Problem(table.file, table.sheet, row.number, "line_version", row.values["line_version"], said))
            wanted += [(line.enrolment_id, *change) for change in changes]
    if problems or stale:
        kind = GradesRefused if problems else GradesStale
        raise kind(
            _("表格有 %(n)d 处问题，没有导入任何成绩。请按下面的提示修改后重新上传。", n=len(problems) + len(stale)),
            field="file",
            details=[one.as_dict() for one in (*problems, *stale)][:500],
        )
    stored = {row.id: row for row in queries.columns_of(book.id)}
    for enrolment_id, column, grade_kind, points in wanted:
        enrolment = session().get_one(Enrolment, enrolment_id)
        given = {"book": book, "column": stored[column.id], "enrolment": enrolment, "kind": grade_kind, "points_x10": points, "version": None}
        set_grade(**given, reason=reason.strip() or str(_("表格导入")), by=by, now=now, own=own)  # type: ignore[arg-type]
    if wanted:
        learning.ask_for_marks(run_id=book.run_id, enrolment_ids=sorted({key for key, *_rest in wanted}))
    audit.record(by=by, did="courses.gradebook.sheet_taken", on=book, data={"cells": len(wanted), "file": filename})
    return len(wanted)


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
            if cell.kind is not GradeKind.EXCUSED:
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
    if cell.kind is GradeKind.EXCUSED or cell.score_x10 is None:
        return None
    return rules.points_of(cell.score_x10, column.max_x10)
