"""Imports of tables: parse, check, report, apply; all or nothing. What a kind of import knows stands in its ImportSpec.

The same spec serves the pages (`kernel.import_pages`), the command line (`run_file`) and the template to download. The
check never writes; a file that passes it is rehearsed: applied and taken back, so that a report says what applying would say. Apply checks again in its own
transaction, so what was reported yesterday is not taken on trust; what a page confirms is refused where that finds something else (`import_changes`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.exc import DataError, IntegrityError

from trainhub.kernel import import_changes
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.import_changes import Cell, Planned
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.schema import Parsed, Schema
from trainhub.kernel.sheets.types import Column, Level, Problem, SheetError, shown, told

MAX_ROWS = 50_000
"""Rows of one file; rosters of trainees are larger and have an import of their own."""


class ImportRefused(Refused):
    """The file has errors; nothing of it was applied. `details` names each with sheet, row, column, value, problem."""

    code = "import_refused"


class Outdated(Refused):
    """What a report said is not so any more: somebody saved meanwhile. Nothing was applied; `rows` are those of the file that would do something
    else than the report said."""

    code = "import_outdated"
    status = 409

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__(_("核对之后系统里的数据有变化，请再看一遍后确认。没有导入任何数据。"), field="file")
        self.rows = tuple(row for row in rows if row)


@dataclass(slots=True)
class Draft:
    """What a check finds out about a file. A check calls `problem`, `add`, `change` and `same`, once for each row."""

    by: Identity
    today: date
    file: str = ""
    sheet: str | None = None
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    tried: list[Problem] = field(default_factory=list)
    """Those of `problems` that only doing the work could find."""
    work: list[Any] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    """What is told of each item of `work`, see `import_changes`."""
    samples: list[str] = field(default_factory=list)

    def problem(self, row: Parsed, column: str | None, text: str, *, level: Level = "error", value: str | None = None) -> None:
        """Something is wrong with a row; the value is repeated as it stands in the file."""
        if value is None and column is not None:
            value = shown(row.row.values.get(column, ""))
        self.problems.append(Problem(self.file, self.sheet, row.number, column, value, text, level))

    def warn(self, row: Parsed, column: str | None, text: str) -> None:
        """Something to look at that does not hold the import back."""
        self.problem(row, column, text, level="warning")

    def not_taken(self, row: Parsed, column: str, known: Any) -> None:
        """Warn of a filled cell that differs from what is known and is not changed by a file: to say “no change” of it would be untrue. What is known
        is not repeated: whoever brings a file may not be who reads it."""
        if row.row.values.get(column, "") and (row.data[column] or "") != (known or ""):
            self.warn(row, column, _("与已登记的不同；这一列不从名单修改，没有采用。"))

    def add(self, item: Any, label: str, cells: Iterable[Cell] = (), of: Iterable[Any] = ()) -> None:
        """A row that makes something new; `cells` and `of` are what it changes of a person who is known already."""
        self.added += 1
        self._note(item, _("新增：%(label)s", label=label))
        self.planned.append(Planned(_row_of(item), label, True, tuple(cells), tuple(of)))

    def change(self, item: Any, label: str, cells: Iterable[Cell], of: Iterable[Any]) -> None:
        """A row that changes something known: `cells` are the columns with what stands and what comes, `of` the rows of the system it writes to."""
        self.changed += 1
        self._note(item, _("更新：%(label)s", label=label))
        self.planned.append(Planned(_row_of(item), label, False, tuple(cells), tuple(of)))

    def same(self) -> None:
        """A row that changes nothing."""
        self.unchanged += 1

    def _note(self, item: Any, label: str) -> None:
        self.work.append(item)
        if len(self.samples) < 20:
            self.samples.append(label)

    @property
    def errors(self) -> list[Problem]:
        """What holds the import back."""
        return [problem for problem in self.problems if problem.level == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What is only to be looked at."""
        return [problem for problem in self.problems if problem.level == "warning"]

    @property
    def is_good(self) -> bool:
        """Whether the file may be applied."""
        return not self.errors

    def as_dict(self, *, applied: bool) -> dict[str, Any]:
        """The answer of a command."""
        return {
            "file": self.file,
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "applied": applied,
            "warnings": [problem.as_dict() for problem in self.warnings],
        }


def _row_of(item: Any) -> int | None:
    """The row of the file that an item was planned of."""
    row: int | None = getattr(item, "row", None)
    return row


Check = Callable[[Draft, Sequence[Parsed]], None]
Apply = Callable[[Any, Identity, date, datetime], None]
AtOnce = Callable[[Sequence[Any], Identity, date, datetime], Sequence[Any]]
AT_ONCE = 500
"""Items of a portion."""


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """One kind of import. `check(draft, good_rows)` plans; `apply(item, by, today, now)` does one planned item. `at_once` does of a portion
    what can be done with few statements and returns these items; the others, and all of a portion in which it refuses something, are applied
    one by one, so that a refusal names its row. `command` is the one of the server that imports the kind; empty: none does. `labels` are the words of
    the values of a column, for the report of what changes."""

    kind: str
    title: Any
    schema: Schema
    check: Check
    apply: Apply
    at_once: AtOnce | None = None
    examples: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Any, ...] = ()
    command: str = ""
    labels: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read, before anything of the database is asked: its name and sheet, the rows that are whole, what is wrong with the others."""

    file: str
    sheet: str | None
    rows: int
    good: tuple[Parsed, ...]
    problems: tuple[Problem, ...]

    @property
    def numbers(self) -> list[int]:
        """The rows that are whole, by their numbers."""
        return [row.number for row in self.good]


def read(spec: ImportSpec, file: str | os.PathLike[str] | IO[bytes], *, filename: str) -> Read:
    """Parse a file. Asks the database nothing: a large one takes seconds, in which others shall write. Raises SheetError when it cannot be read."""
    rows, good = 0, list[Parsed]()
    with read_table(file, spec.schema.columns, filename=filename, max_rows=MAX_ROWS) as table:
        problems = list(table.problems)
        for row in spec.schema.parse(table):
            rows += 1
            problems += row.problems
            if row.is_good:
                good.append(row)
        name, sheet = table.file, table.sheet
    if not rows:
        raise SheetError(_("文件“%(file)s”只有表头，没有数据行。", file=name), file=name, sheet=sheet, code="empty_file")
    return Read(name, sheet, rows, tuple(good), tuple(problems))


def examine(spec: ImportSpec, file: str | os.PathLike[str] | IO[bytes], *, filename: str, by: Identity, today: date) -> Draft:
    """Parse and check a file without writing. Raises SheetError when the file as a whole cannot be read."""
    return check(spec, read(spec, file, filename=filename), by=by, today=today)


def check(spec: ImportSpec, found: Read, *, by: Identity, today: date) -> Draft:
    """What a file that was read would do, as the database stands now."""
    draft = Draft(by=by, today=today, file=found.file, sheet=found.sheet, rows=found.rows, problems=list(found.problems))
    with session().no_autoflush:
        spec.check(draft, found.good)
    draft.problems.sort(key=lambda problem: (problem.row or 0, problem.column or ""))
    return draft


def rehearse(spec: ImportSpec, found: Read, *, by: Identity, today: date, now: datetime) -> Draft:
    """`check`, and then the whole work itself, taken back again: what only the verbs know (that a number was given meanwhile, that a day is taken) is told of each
    row before, not after somebody confirmed. Like `execute` for the current transaction, of which nothing stays: no row, no audit event, no message.
    """
    draft = check(spec, found, by=by, today=today)
    if not draft.is_good or not draft.work:
        return draft
    current = session()
    current.flush()
    before = {name: copy(value) if isinstance(value, (list, set, dict)) else value for name, value in current.info.items()}
    attempt = current.begin_nested()
    try:
        for item in _one_by_one(spec, draft.work, by, today, now):
            try:
                with current.begin_nested():
                    spec.apply(item, by, today, now)
            except Refused as refused:
                draft.tried.append(_refused(draft, found, item, refused))
            except (IntegrityError, DataError):
                draft.tried.append(_refused(draft, found, item, _conflict()))
    finally:
        attempt.rollback()
        current.info.clear()
        current.info.update(before)
    draft.problems += draft.tried
    return draft


def _conflict() -> Refused:
    """What a row runs into that no verb foresaw: somebody else saved the same meanwhile, or a column holds less."""
    return Refused(_("这一行与已有的数据冲突，或有数据库放不下的内容，请核对。"), code="row_conflicts")


def _refused(draft: Draft, found: Read, item: Any, refused: Refused) -> Problem:
    """What only the operation could know, at its row."""
    row = getattr(item, "row", None)
    cell = next((one.row.values.get(refused.field or "") for one in found.good if one.number == row), None)
    return Problem(draft.file, draft.sheet, row, refused.field, told(refused.field, cell) if cell is not None else None, refused.message)


def execute(spec: ImportSpec, found: Read, *, by: Identity, today: date, now: datetime, sealed: str | None = None) -> Draft:
    """Check and apply a file that was read, in the current transaction. Raises ImportRefused (nothing applied) when it has errors, and Outdated when it
    would do something else than the report of `sealed` said (None: no report is confirmed, as on the command line)."""
    draft = check(spec, found, by=by, today=today)
    if sealed is not None:
        _demand_same(draft, found, sealed)
    refuse_errors(draft)
    for item in _one_by_one(spec, draft.work, by, today, now):
        try:
            spec.apply(item, by, today, now)
            session().flush()  # here, or the database would refuse it at another row
        except (Refused, IntegrityError, DataError) as error:
            refused = error if isinstance(error, Refused) else _conflict()
            problem = _refused(draft, found, item, refused)
            said = _("第 %(row)s 行：%(said)s没有导入任何数据。", row=problem.row, said=refused.message) if problem.row else refused.message
            raise ImportRefused(said, field="file", details=[problem.as_dict()]) from error
    return draft


def _demand_same(draft: Draft, found: Read, sealed: str) -> None:
    """Raise Outdated where a file would do something else than a report said. Where nothing is left to do nothing can be undone."""
    if draft.is_good and not draft.work:
        return
    rows = import_changes.changed_since(sealed, draft.planned, found.numbers)
    if rows is None and (late := import_changes.hold(draft.planned)):
        rows = late
    if rows is not None:
        raise Outdated(rows)


def _one_by_one(spec: ImportSpec, work: Sequence[Any], by: Identity, today: date, now: datetime) -> Iterator[Any]:
    """The items that were not done at once, in their order."""
    if spec.at_once is None:
        yield from work
        return
    for begins in range(0, len(work), AT_ONCE):
        part = work[begins : begins + AT_ONCE]
        try:
            with session().begin_nested():
                done = {id(item) for item in spec.at_once(part, by, today, now)}
                session().flush()
        except (Refused, IntegrityError, DataError):  # somebody else saved the same meanwhile: one by one its row is found
            done = set()
        yield from (item for item in part if id(item) not in done)


def refuse_errors(draft: Draft) -> None:
    """Raise ImportRefused when the file has errors."""
    if not draft.is_good:
        raise ImportRefused(
            _("文件中有 %(count)d 处错误，没有导入任何数据。请按提示改正后重新导入。", count=len(draft.errors)),
            field="file",
            details=[problem.as_dict() for problem in draft.errors],
        )


def run_file(spec: ImportSpec, path: str, *, dry_run: bool, by: Identity, today: date, now: datetime) -> dict[str, Any]:
    """The whole of an import command: its answer, or ImportRefused and SheetError with details."""
    name = Path(path).name
    found = read(spec, path, filename=name)
    if dry_run:
        with transaction():
            draft = rehearse(spec, found, by=by, today=today, now=now)
        refuse_errors(draft)
        return draft.as_dict(applied=False)
    with transaction():
        return execute(spec, found, by=by, today=today, now=now).as_dict(applied=True)


def execute_bytes(spec: ImportSpec, content: bytes, *, filename: str, by: Identity, today: date, now: datetime) -> Draft:
    """Read, check and apply an upload in the current transaction."""
    return execute(spec, read(spec, io.BytesIO(content), filename=filename), by=by, today=today, now=now)


def given(row: Parsed, *names: str) -> dict[str, Any]:
    """The values of cells that are filled: an empty cell leaves what is known as it is."""
    return {name: row.data[name] for name in names if row.row.values.get(name, "")}


PROBLEM_COLUMNS = (
    Column("sheet", "工作表"),
    Column("row", "行"),
    Column("column", "列"),
    Column("value", "内容"),
    Column("level", "级别"),
    Column("problem", "问题"),
)


def problem_rows(problems: Sequence[Problem]) -> Iterator[list[Any]]:
    """The problems as rows of PROBLEM_COLUMNS, for a file."""
    for one in problems:
        yield [one.sheet, one.row, one.column, one.value, one.level, one.problem]
