"""A declared table: columns with their types; rows come out parsed, every bad cell named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import check_code, narrow_code
from trainhub.kernel.sheets.reading import Table
from trainhub.kernel.sheets.types import Column, Problem, Row, shown


def as_text(text: str) -> str:
    """The parser of plain text."""
    return text


@dataclass(frozen=True, slots=True)
class Field:
    """A column with its parser (raises ValueError in words); `default` stands for an empty cell, `hint` explains it in templates.

    `is_code` columns (identity numbers, codes) are formatted as text in what we write. `choices` are shown in templates.
    """

    name: str
    zh: str
    parse: Callable[[str], Any] = as_text
    required: bool = False
    default: Any = None
    aliases: tuple[str, ...] = ()
    hint: Any = ""
    choices: tuple[str, ...] = ()
    is_code: bool = False
    may_be_absent: bool = False
    """A required value whose column may be absent from the file (it is then supplied otherwise)."""

    @property
    def column(self) -> Column:
        """The column to look for."""
        return Column(self.name, self.zh, self.required and not self.may_be_absent, self.aliases)

    @property
    def heading(self) -> str:
        """How the column is called in the language of the reader."""
        return self.column.heading


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row with typed data. `data` holds every field; a field whose cell is bad holds None and has a problem."""

    row: Row
    data: dict[str, Any]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def number(self) -> int:
        """The row number shown by Excel."""
        return self.row.number

    @property
    def is_good(self) -> bool:
        """No problem of level error."""
        return not any(p.level == "error" for p in self.problems)


class Schema:
    """The declared columns of one kind of file."""

    def __init__(self, columns: list[Field] | tuple[Field, ...]) -> None:
        self.fields = tuple(columns)
        if len({one.name for one in self.fields}) != len(self.fields):
            raise ValueError("two fields of a schema have the same name")

    @property
    def columns(self) -> tuple[Column, ...]:
        """What to hand to read_table and to the writers."""
        return tuple(one.column for one in self.fields)

    def parse(self, table: Table, defaults: Mapping[str, str] | None = None) -> Iterator[Parsed]:
        """Every row of the table, typed; `defaults` are texts that fill empty cells (a base given on the command line)."""
        fill = dict(defaults or {})
        for row in table.rows():
            yield self.parse_row(row, file=table.file, sheet=table.sheet, defaults=fill)

    def parse_row(self, row: Row, *, file: str = "", sheet: str | None = None, defaults: Mapping[str, str] | None = None) -> Parsed:
        """One row, typed."""
        bad = {p.column for p in row.problems if p.level == "error"}
        problems = list(row.problems)
        data: dict[str, Any] = {}
        for one in self.fields:
            data[one.name] = None
            if one.name in bad:
                continue
            text = row.values.get(one.name, "") or (defaults or {}).get(one.name, "")
            if not text:
                data[one.name] = one.default
                if one.required:
                    said = _("“%(column)s”不能为空。", column=one.zh)
                    problems.append(Problem(file, sheet, row.number, one.name, "", said))
                continue
            try:
                if one.is_code and not text.isalnum():  # whatever its parser: an identity number, a code among others
                    check_code(narrow_code(text), text)
                data[one.name] = one.parse(text)
            except ValueError as error:
                problems.append(Problem(file, sheet, row.number, one.name, shown(text), str(error)))
        return Parsed(row, data, tuple(problems))
