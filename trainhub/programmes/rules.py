"""Rules of training plans: coverage of the general standards, and what a version needs before it is published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from trainhub.programmes.types import Coverage, Requirement


def coverage(requirements: Iterable[Requirement], standards: Sequence[str]) -> Coverage:
    """Which of the general standards are covered by at least one requirement (SUP-1, 002:295; PETOE-P1, 002:201)."""
    covered = {code for requirement in requirements for code in requirement.standards}
    return Coverage(tuple(code for code in standards if code in covered), tuple(code for code in standards if code not in covered))


def publication_gaps(requirements: Sequence[Requirement]) -> tuple[bool, tuple[int, ...]]:
    """Whether there is any requirement, and the numbers of those without an indicator point (criterion 2.1, 002:381).

    A gap in the coverage of the standards does not hold a plan back: it is what the evaluation will find.
    """
    return bool(requirements), tuple(r.number for r in requirements if not r.points)


def next_point_number(requirement: int, used: Iterable[str]) -> str:
    """The next free number of a point: 3.1, 3.2, ..."""
    taken, number = set(used), 1
    while f"{requirement}.{number}" in taken:
        number += 1
    return f"{requirement}.{number}"


def expected_end(starts_on: date, *, years: int) -> date:
    """The day by which a cohort's last academic year ends: 30 June after `years` years (own.programme.study_years)."""
    return date(starts_on.year + years, 6, 30)
