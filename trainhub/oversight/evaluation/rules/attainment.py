"""Attainment of indicator points and requirements from the marks of objectives: weighted means, in tenths, never rounded up."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar

from trainhub.oversight.evaluation.types import MarkSource

Carrier = TypeVar("Carrier", bound=Hashable)
"""What carries a point: an objective of a course, or an item of the enterprise training plan."""


@dataclass(frozen=True, slots=True)
class Attained:
    """What a group reached: the mean mark in tenths (None without marks), over how many marks, and how many of them attained."""

    mean_x10: int | None
    marks: int
    attained: int

    def meets(self, percent: int) -> bool | None:
        """Whether the mean reaches a share of the full mark; None without marks."""
        return None if self.mean_x10 is None else self.mean_x10 >= percent * 10


NOTHING = Attained(None, 0, 0)


def weighted(parts: Iterable[tuple[int | Fraction, int]]) -> int | None:
    """The mean of (mark in tenths, weight), whole tenths rounded down; None when nothing has weight.

    Rounded once, at the end: so it reaches a threshold of whole tenths exactly when the mean itself does. What goes in is not rounded before.
    """
    found = [(mark, weight) for mark, weight in parts if weight > 0]
    total = sum(weight for _mark, weight in found)
    return sum(mark * weight for mark, weight in found) // total if total else None


def of_point(
    carriers: Iterable[tuple[Carrier, int]],
    reached: Mapping[Carrier, tuple[int, int, int]],
    *,
    optional: Collection[Carrier] = (),
    whole: int = 0,
) -> Attained:
    """A point from its (carrier, weight) and what each carrier reached: (marks, of them attained, their sum in tenths).

    A carrier without marks takes no part: it is shown as a gap, not as a zero. One that is `optional` weighs by the share of the `whole` group that
    has a mark there: two of a hundred who took a course do not speak for all.
    """
    found = [(key, reached[key], weight) for key, weight in carriers if key in reached and reached[key][0]]
    known = [(marks, weight) for _key, marks, weight in found]
    everybody = max([whole, *(marks[0] for _key, marks, _weight in found)])
    mean = weighted((Fraction(marks[2], marks[0]), weight * (marks[0] if key in optional else everybody)) for key, marks, weight in found)
    return Attained(mean, sum(number for (number, _y, _t), _w in known), sum(yes for (_n, yes, _t), _w in known))


def of_requirement(points: Sequence[Attained]) -> Attained:
    """A requirement is reached as far as the least of its points: a mean would hide the one that is not."""
    known = [point for point in points if point.mean_x10 is not None]
    if not known or len(known) < len(points):
        return Attained(None, sum(p.marks for p in points), sum(p.attained for p in points))
    return Attained(min(p.mean_x10 or 0 for p in known), sum(p.marks for p in known), sum(p.attained for p in known))


def of_student(carriers: Iterable[tuple[Carrier, int]], marks: Mapping[Carrier, int]) -> int | None:
    """What one student reached at a point: the weighted mean of the marks of its carriers; None without any."""
    return weighted((marks[key], weight) for key, weight in carriers if key in marks)


def usual_source(title: str, capstone_words: Iterable[str]) -> MarkSource:
    """Whose grade speaks for an item of the enterprise training plan as long as nobody said: the capstone's, or the placements'."""
    return MarkSource.CAPSTONE if any(word in title for word in capstone_words) else MarkSource.PLACEMENT


def placement_mark(graded: Iterable[tuple[int | None, date, date, int]], base_id: int | None) -> int | None:
    """A student's mark of an item from graded placements (base, first day, last day, mark in tenths): the mean by days, rounded down.

    An item at a base asks for placements there; one without a base takes them all. None without a grade: a gap, not a zero.
    """
    return weighted((mark, (last - first).days + 1) for base, first, last, mark in graded if base_id is None or base == base_id)


def summed(marks: Iterable[int], percent: int) -> tuple[int, int, int]:
    """(marks, of them attained, their sum in tenths) of a group, as `of_point` asks."""
    found = list(marks)
    return len(found), sum(mark >= percent * 10 for mark in found), sum(found)
