"""Rules of curricula: weights that are whole, and when a student attained an objective."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from courses.curriculum.types import AssessmentKind, CourseRow, TermSum

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


def objective_marks(scores: Mapping[int, int], shares: Mapping[tuple[int, int], int], objectives: Iterable[int]) -> dict[int, int]:
    """A student's mark of each objective, in tenths: the mean of the items' marks by their shares (PETOE-2.5, 002:389).

    `scores` by item, `shares` by (item, objective). An objective one of whose items has no mark yet is left out: what is
    missing is neither a zero nor the mean of the rest.
    """
    found = {}
    for objective in objectives:
        parts = {item: share for (item, key), share in shares.items() if key == objective}
        if parts and all(item in scores for item in parts):
            found[objective] = sum(scores[item] * share for item, share in parts.items()) // sum(parts.values())
    return found


def by_term(courses: Iterable[CourseRow]) -> list[TermSum]:
    """The courses of a plan term by term with their sums, for the plan by terms (分学期教学计划, M2.2)."""
    found = []
    for term, rows in groupby(sorted(courses, key=lambda course: (course.term, course.code)), key=lambda course: course.term):
        mine = tuple(rows)
        found.append(TermSum(term, mine, sum(one.hours for one in mine), sum(one.credits_x10 for one in mine)))
    return found
