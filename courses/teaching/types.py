"""Values of teaching: secondments, appointments, and what rules ask of teachers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SecondmentState(StrEnum):
    """A plan to work 1 to 2 years in an enterprise, or the reason why none is needed (PETOE-4.2, 002:445)."""

    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    EXEMPT = "exempt"


class AppraisalResult(StrEnum):
    """The result of a periodic appraisal of a part-time teacher (PETOE-4.7, 002:457)."""

    EXCELLENT = "excellent"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class OfferingRow:
    """An offering in a list, with the names a page shows."""

    id: int
    course_id: int
    course_code: str
    course: str
    category: str
    importance: str
    cohort_id: int
    cohort_year: int
    first_teaching_on: date
    closed_on: date | None
    lead_teacher_id: int | None
    lead: str | None
    lead_person_id: int | None
    is_designated: bool
    waiver: str
    relevance: str = ""
    version: int = 1
    is_optional: bool = False


def semester_of(day: date) -> tuple[int, int]:
    """Academic year and semester: autumn (1) from August, spring (2) from February, summer (3) in July."""
    if day.month >= 8:
        return day.year, 1
    if day.month == 1:
        return day.year - 1, 1
    return day.year - 1, 3 if day.month == 7 else 2
