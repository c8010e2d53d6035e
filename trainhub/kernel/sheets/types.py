"""Values of the sheets: columns, rows, problems, and the refusal of a whole file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import language

Level = Literal["error", "warning"]

EXCEL_ROWS = 1_048_576
"""Rows of one Excel sheet, header included."""
EXCEL_CELL = 32_767
"""Characters of one Excel cell."""
MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 1_000_000
SHOWN = 80
"""Characters of a bad value repeated in a problem."""


HEADINGS = {
    "asks_expression": "Asks for an expression",
    "allows_self_registration": "Trainees may register themselves",
    "birth_on": "Date of birth",
    "capstone_capacity": "Most capstones supervised",
    "certificate_no": "Certificate number",
    "cio_name": "CIO",
    "credit_checked_on": "Credit record checked on",
    "credit_status": "Credit record",
    "enrolled_on": "Date of enrolment",
    "is_all_or_nothing": "All or nothing",
    "is_case_sensitive": "Case-sensitive",
    "is_internet_enterprise": "Internet enterprise",
    "is_leading_internet": "Leading internet enterprise",
    "is_pattern": "Answers are patterns",
    "is_petoe": "PETOE student",
    "is_senior": "Senior title",
    "is_shared": "May guide for several universities",
    "is_survey": "May have no right answer",
    "is_verified": "Verified",
    "left_on": "Date of leaving",
    "load_limit": "Most students guided",
    "max_files": "Most files",
    "name_en": "English name",
    "left_reason": "Reason for withdrawing",
    "petoe_reason": "Reason for leaving PETOE",
    "petoe_since": "In PETOE since",
    "petoe_until": "In PETOE until",
    "phd_country": "Country of doctorate",
    "staff_no": "Staff number",
    "student_no": "Student number",
    "trained_on": "Trained as a mentor on",
    "uscc": "USCC",
    "years_experience": "Years of experience",
}
"""Headings for whoever reads English where the promised name is no English; an import knows them, too."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its promised English name, its Chinese name, and other headers that mean the same."""

    name: str
    zh: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    own_title: bool = False
    """`zh` is a title that somebody gave (a piece of work in a gradebook), the same in every language."""

    @property
    def english(self) -> str:
        """The heading for whoever reads English: the promised name in words, so that an import knows it (`completed_on`: Completed on)."""
        if self.own_title or not any("\u4e00" <= letter <= "\u9fff" for letter in self.zh):
            return self.zh
        words = HEADINGS.get(self.name) or self.name.replace("_", " ")
        return "ID" + words[2:] if words == "id" or words.startswith("id ") else words[:1].upper() + words[1:]

    @property
    def heading(self) -> str:
        """The heading in the language of the reader."""
        return self.english if language() == "en" else self.zh

    @property
    def label(self) -> str:
        """Both names, as they stand in messages: `姓名 (name)`."""
        return self.zh if self.zh == self.name else f"{self.zh} ({self.name})"


REJECTED_COLUMNS = (Column("row", "行号"), Column("column", "问题列"), Column("problem", "问题"))
"""In front of a file of rejected rows; ignored without a warning when such a file is imported again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at one place; `row` is the number shown by Excel, `column` the promised name (or the header found),
    `value` the cell as it may be repeated (`told`)."""

    file: str
    sheet: str | None
    row: int | None
    column: str | None
    value: str | None
    problem: str
    level: Level = "error"

    def __post_init__(self) -> None:
        if self.value is not None:
            object.__setattr__(self, "value", told(self.column, self.value))

    def as_dict(self) -> dict[str, Any]:
        """The shape promised for `error.details` (level is not part of it)."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: a text for every declared column (empty where the file has none)."""

    number: int
    values: dict[str, str]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """No problem of level error."""
        return not any(p.level == "error" for p in self.problems)


class SheetError(Refused):
    """The file as a whole cannot be read; nothing of it was used."""

    code = "sheet_unreadable"

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        code: str | None = None,
        field: str | None = "file",
    ) -> None:
        self.problem = Problem(file, sheet, row, column, value, message)
        super().__init__(message, field=field, code=code, details=(self.problem.as_dict(),))


PERSONAL = frozenset(["id_number", "id_no", "phone", "guardian_phone"])
"""Columns and parameters whose values are never repeated in full, wherever a refusal goes: pages, files, logs, the API."""
SECRET = frozenset(["password", "token", "secret", "totp"])
"""Parameters whose values are not repeated at all."""

ROUNDED = re.compile(r"\d(\.\d{1,5})?[Ee]\+\d+")
"""A number that a spreadsheet rounded (3.50102E+17): nothing of the person is left in it, and seeing it explains the problem."""


_RESIDENT = re.compile(r"(?<!\d)\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])")
"""A resident identity number: in a roster with swapped columns it stands where nobody expects one."""


def told(name: str | None, value: str) -> str:
    """The value of a column or parameter that was refused, as a refusal may repeat it: a personal number keeps its ends."""
    return shown(value) if name not in PERSONAL or ROUNDED.fullmatch(value) else masked(name, value)


def masked(name: str | None, value: str) -> str:
    """The whole value of a column, with the ends only of a personal number, and of identity numbers that stand in it."""
    if name not in PERSONAL:
        return _RESIDENT.sub(lambda found: f"{found[0][:4]}{'*' * 10}{found[0][-4:]}", value)
    ahead, behind = (4, 4) if len(value) >= 15 else (1, 2)
    return value[:ahead] + "*" * (len(value) - ahead - behind) + value[-behind:] if len(value) > ahead + behind else "*" * len(value)


def shown(value: str) -> str:
    """A bad value made safe to repeat: control characters written out, long text cut, identity numbers in any column with their ends only."""
    whole = masked(None, value[: SHOWN + 18])
    safe = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in whole[: SHOWN + 1])
    return safe if len(value) <= SHOWN else safe[:SHOWN] + "…"
