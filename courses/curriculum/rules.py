"""Rules of curricula: weights that are whole, and when a student attained an objective."""

from __future__ import annotations

from collections.abc import Iterable

from courses.curriculum.types import AssessmentKind

WHOLE = 100


def is_attained(score_x10: int, *, percent: int) -> bool:
    """Whether a mark (tenths of 100 points) attains an objective: at least `percent` of the full mark (PETOE-2.5, 002:389)."""
    return score_x10 >= percent * 10


def weight_left(weights: Iterable[int]) -> int:
    """How many percent of the assessment are not given yet; negative when there are too many."""
    return WHOLE - sum(weights)


def only_exams(kinds: Iterable[AssessmentKind]) -> bool:
    """Whether a course is assessed by nothing but exams, which does not fit research-based learning (PETOE-3.7, 002:423)."""
    found = set(kinds)
    return bool(found) and found == {AssessmentKind.EXAM}
