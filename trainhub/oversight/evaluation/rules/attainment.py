"""Attainment of indicator points and requirements from the marks of objectives: weighted means, in tenths, never rounded up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


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


def weighted(parts: Iterable[tuple[int, int]]) -> int | None:
    """The mean of (mark in tenths, weight), whole tenths rounded down; None when nothing has weight."""
    found = [(mark, weight) for mark, weight in parts if weight > 0]
    total = sum(weight for _mark, weight in found)
    return sum(mark * weight for mark, weight in found) // total if total else None


def of_point(carriers: Iterable[tuple[int, int]], objectives: Mapping[int, tuple[int, int, int]]) -> Attained:
    """A point from its (objective, weight) and what each objective reached: (marks, of them attained, their sum in tenths).

    An objective without marks takes no part: it is shown as a gap, not as a zero.
    """
    known = [(objectives[key], weight) for key, weight in carriers if key in objectives and objectives[key][0]]
    mean = weighted((total // number, weight) for (number, _yes, total), weight in known)
    return Attained(mean, sum(number for (number, _y, _t), _w in known), sum(yes for (_n, yes, _t), _w in known))


def of_requirement(points: Sequence[Attained]) -> Attained:
    """A requirement is reached as far as the least of its points: a mean would hide the one that is not."""
    known = [point for point in points if point.mean_x10 is not None]
    if not known or len(known) < len(points):
        return Attained(None, sum(p.marks for p in points), sum(p.attained for p in points))
    return Attained(min(p.mean_x10 or 0 for p in known), sum(p.marks for p in known), sum(p.attained for p in known))


def of_student(carriers: Iterable[tuple[int, int]], marks: Mapping[int, int]) -> int | None:
    """What one student reached at a point: the weighted mean of the marks of its objectives; None without any."""
    return weighted((marks[key], weight) for key, weight in carriers if key in marks)
