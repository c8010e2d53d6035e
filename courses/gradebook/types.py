"""Values of the gradebook. Scores are out of 1000 (100 marks), points and weights are in tenths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self


class GradeKind(StrEnum):
    """What a person wrote into a cell: a mark where nothing is computed, one instead of a computed one, or an excusal."""

    MANUAL = "manual"
    OVERRIDE = "override"
    EXCUSED = "excused"


class Counts(StrEnum):
    """Why a cell counts as it does."""

    COUNTED = "counted"
    MISSING_AS_ZERO = "missing_as_zero"
    MISSING_LEFT_OUT = "missing_left_out"
    EXCUSED = "excused"
    DROPPED = "dropped"
    EXTRA = "extra"


OWN_SCALE = "own"
"""The key of a scale that came with a course; its bands are kept in the gradebook alone."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a total is worded: the label of the highest floor that is reached. An empty scale shows the number alone."""

    key: str
    bands: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """From what is stored: {key, bands: [[floor_x10, label], ...]}."""
        return cls(str(data.get("key", "percent")), tuple((int(floor), str(label)) for floor, label in data.get("bands", ())))

    def as_data(self) -> dict[str, Any]:
        """What is stored."""
        return {"key": self.key, "bands": [list(band) for band in self.bands]}

    def label(self, score_x10: int | None) -> str:
        """The word for a total; empty when there is none."""
        if score_x10 is None:
            return ""
        return next((label for floor, label in sorted(self.bands, reverse=True) if score_x10 >= floor), "")


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A category as the rule sees it. `drop`: so many of the lowest results fall away. Extra categories only add."""

    id: int
    name: str
    weight_x10: int
    drop: int = 0
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """A column as the rule sees it; `weight_x10` inside its category. Extra columns only add."""

    id: int
    category_id: int
    title: str
    max_x10: int
    weight_x10: int = 10
    is_extra: bool = False
    block_id: int | None = None
    is_hidden: bool = False
    is_locked: bool = False
    is_gone: bool = False
    """Of a block that learners no longer see: who had no result before can have none any more."""
    is_frozen: bool = False
    """The column or its whole book is locked: what its block gave by then counts, what came later does not."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a learner in a column: the score (None: nothing yet), and what a person wrote, in points of the column.

    `has_later`: the block has given something else (`later_x10`) since the column was locked. `is_later`: nothing is there, and it was asked
    for after the learner had completed the course. `was_missed`: nothing is there, and it counted so when the learner completed the course.
    `is_foreign`: the work is for other groups only, and the cell excused by that alone.
    """

    score_x10: int | None = None
    kind: GradeKind | None = None
    computed_x10: int | None = None
    reason: str = ""
    version: int = 0
    waits: bool = False
    points_x10: int | None = None
    has_later: bool = False
    later_x10: int | None = None
    is_later: bool = False
    was_missed: bool = False
    is_foreign: bool = False

    @property
    def is_by_person(self) -> bool:
        """Whether a person wrote into it, and it stands."""
        return self.kind is not None and not self.is_foreign


@dataclass(frozen=True, slots=True)
class Part:
    """A column in the explanation of a total. `score_x10` as it is shown; `exact` is what the total is computed from."""

    column: ColumnRule
    cell: Cell
    counts: Counts
    score_x10: int
    exact: int | Fraction


@dataclass(frozen=True, slots=True)
class CategoryPart:
    """A category in the explanation: its exact mean out of 1000 (None: nothing to count) and its share of the total."""

    category: CategoryRule
    parts: tuple[Part, ...]
    mean: Fraction | None
    share: Fraction


@dataclass(frozen=True, slots=True)
class Total:
    """A total with everything it follows from. `is_capped`: extra credit would have gone above 100."""

    score_x10: int | None
    categories: tuple[CategoryPart, ...]
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class BookRow:
    """A learner's line in the gradebook."""

    enrolment_id: int
    person_id: int
    name: str
    student_no: str
    cells: dict[int, Cell]
    total: Total
    version: int
    is_kept: bool = False
    """The learner had completed before there was a book, and nobody decided anything in it: `kept_x10` is the mark, not the book's total."""
    kept_x10: int | None = None

    @property
    def mark_x10(self) -> int | None:
        """The mark of the course, out of 1000: the total, or what is kept."""
        return self.kept_x10 if self.is_kept else self.total.score_x10


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Figures of a column over all learners; scores out of 1000."""

    column_id: int
    count: int
    mean_x10: int | None
    least_x10: int | None
    most_x10: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the history of a cell."""

    column: str
    at: datetime
    by: str
    before: str
    after: str
    kind: GradeKind | None
    reason: str
