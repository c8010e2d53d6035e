"""Rules of curricula: weights that are whole, and when a student attained an objective."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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


def taught_later(terms: Mapping[int, int], required: Mapping[int, Collection[int]]) -> list[tuple[int, int]]:
    """(course, what it requires) wherever what is required is taught in a later term; the same term is allowed (M2.2, 002:399).

    `terms` by course, `required` by course what it requires.
    """
    return [(course, before) for course, all_of_it in required.items() for before in sorted(all_of_it) if terms[before] > terms[course]]


def circle(required: Mapping[int, Collection[int]]) -> tuple[int, ...]:
    """Courses that require one another in a circle, the first of them named again at the end; empty when there is none."""
    done: set[int] = set()
    for start in required:
        path: list[int] = []
        open_: list[tuple[int, bool]] = [(start, False)]
        while open_:
            course, is_left = open_.pop()
            if is_left:
                done.add(path.pop())
            elif course in path:
                return (*path[path.index(course) :], course)
            elif course not in done:
                path.append(course)
                open_.append((course, True))
                open_ += [(before, False) for before in sorted(required.get(course, ()), reverse=True)]
    return ()
