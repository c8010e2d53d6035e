"""A folder of tables that belong together: read as columns, checked against each other, every problem with file, row and column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.columns import Columns, read_columns
from trainhub.kernel.sheets.schema import Schema
from trainhub.kernel.sheets.types import Problem, SheetError

SHOWN = 200
"""How many problems, and how many warnings, are told."""


class BadFolder(Refused):
    """Rows of the files that cannot be taken; nothing was computed."""

    code = "bad_rows"


class Folder:
    """Reads NAME.csv or NAME.xlsx and collects what is wrong in them."""

    def __init__(self, path: Path, schemas: dict[str, Schema], optional: Collection[str]) -> None:
        if not path.is_dir():
            raise Refused(_("没有文件夹 %(folder)s。", folder=path.name), field="folder", code="folder_missing")
        self.path = path
        self.schemas = schemas
        self.optional = optional
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def file(self, name: str) -> Path | None:
        """Where a table is, or None."""
        return next((one for one in (self.path / f"{name}.csv", self.path / f"{name}.xlsx") if one.is_file()), None)

    def read(self, name: str) -> Columns:
        """The good rows of a table; no rows when an optional one is not there. Raises SheetError for a table that cannot be read."""
        path = self.file(name)
        if path is None:
            if name in self.optional:
                return Columns((), {one.name: [] for one in self.schemas[name].fields})
            raise SheetError(_("文件夹中没有 %(name)s。请补充这个文件。", name=f"{name}.csv"), file=f"{name}.csv", code="file_missing")
        found = read_columns(path, self.schemas[name])
        self.problems += found.problems
        self.warnings += found.warnings
        return found

    def bad(self, name: str, row: int | None, column: str, value: Any, text: str, *, is_warning: bool = False) -> None:
        """Note a problem of a cell."""
        path = self.file(name)
        one = Problem(path.name if path else f"{name}.csv", None, row, column, str(value), text, "warning" if is_warning else "error")
        (self.warnings if is_warning else self.problems).append(one)

    def known(self, name: str, rows: Columns, *, is_warning: bool = False, **ids: Collection[str]) -> Columns:
        """The rows whose cells name something that exists; the others are problems (or are left out with a warning)."""
        lost: set[int] = set()
        for column, allowed in ids.items():
            strange = set(rows.data[column]).difference(allowed)
            if strange:
                for at, value in enumerate(rows.data[column]):
                    if value in strange:
                        lost.add(at)
                        text = _("“%(value)s”没有在对应文件中出现。", value=value)
                        self.bad(name, rows.numbers[at], column, value, text, is_warning=is_warning)
        return rows.without(lost)

    def unique(self, name: str, rows: Columns, *columns: str) -> Columns:
        """The rows whose key is new; a repeated key is a problem."""
        keys: Sequence[Any] = list(zip(*(rows.data[column] for column in columns), strict=True))
        if len(set(keys)) == len(keys):
            return rows
        seen: dict[Any, int] = {}
        lost: set[int] = set()
        for at, key in enumerate(keys):
            if key in seen:
                self.bad(name, rows.numbers[at], columns[-1], key[-1], _("与第 %(row)d 行重复。", row=rows.numbers[seen[key]]))
                lost.add(at)
            else:
                seen[key] = at
        return rows.without(lost)

    def refuse_if_bad(self) -> None:
        """Raises BadFolder when there is a problem, naming the first of them in the order of the tables."""
        if not self.problems:
            return
        order = {name: place for place, name in enumerate(self.schemas)}
        found = sorted(self.problems, key=lambda one: (order[Path(one.file).stem], one.row or 0, one.column or ""))
        raise BadFolder(
            _("文件中有 %(count)d 处错误，没有计算。请按下列位置改正后重新运行。", count=len(found)),
            details=[problem.as_dict() for problem in found[:SHOWN]],
        )

    def told(self) -> dict[str, Any]:
        """The warnings for the answer of the command; nothing when there are none."""
        return {"warnings": [one.as_dict() for one in self.warnings[:SHOWN]]} if self.warnings else {}
