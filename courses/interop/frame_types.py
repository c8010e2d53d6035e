"""What stands around the content of a course in every format: how it is marked, and what its learners are told. Frozen values, as in `types`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GraderDoc:
    """One kind of graded work and its share of the course's mark."""

    name: str
    weight_x1000: int
    min_count: int = 1
    drop_count: int = 0
    short_label: str = ""


@dataclass(frozen=True, slots=True)
class GradingDoc:
    """Graders, and the least share for each grade: (name, thousandths), best first."""

    graders: tuple[GraderDoc, ...] = ()
    cutoffs: tuple[tuple[str, int], ...] = ()


NO_GRADING = GradingDoc()
"""Of a course that says nothing about marks."""


@dataclass(frozen=True, slots=True)
class NewsDoc:
    """An announcement to the learners, as HTML, and the day it was made."""

    html: str
    at: datetime | None = None
