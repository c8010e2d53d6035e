"""What rules ask of a plan: its standards, indicator points and courses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StandardCase:
    """A general standard: the numbers of the requirements mapped to it, and of those whose path ends in an assessed course."""

    code: str
    mapped: tuple[int, ...]
    assessed: tuple[int, ...] = ()
    without: tuple[str, ...] = ()
    """Where every path ends in optional courses: the judged students who take none of them. Nobody where a compulsory course or an item of the
    enterprise training plan is among what the paths end in."""


@dataclass(frozen=True, slots=True)
class PointCase:
    """An indicator point with the names of what carries it."""

    number: str
    kind: str
    carried_by: tuple[str, ...]
    is_optional: bool = False
    """Only optional courses carry it: who chooses none of them comes by it nowhere."""


@dataclass(frozen=True, slots=True)
class CourseCase:
    """A course: the sum of its assessment weights, how many assessments there are, its objectives, for every closed offering who lacks a conclusion, and
    the graduated cohorts for which it never was closed."""

    label: str
    weight: int
    objectives: int
    closed: int = 0
    missing: tuple[str, ...] = ()
    open_years: tuple[int, ...] = ()
    recognised: tuple[str, ...] = ()  # whose credits were recognised: decided upon, and assessed elsewhere
    is_optional: bool = False  # nobody has to take it: `missing` and `open_years` speak of those who do
    assessments: int = 1
