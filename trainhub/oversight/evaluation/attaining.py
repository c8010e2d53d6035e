"""Attainment by indicator point and requirement, of the group and of each student, from the conclusions of the courses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from courses.curriculum import queries as curriculum
from courses.standards import queries as standards
from courses.standards.types import TargetKind
from trainhub.oversight.evaluation.rules import attainment as rules
from trainhub.oversight.evaluation.rules.attainment import Attained


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student's attainment by point, in tenths of the full mark; a point without marks is left out."""

    student_id: int
    points: dict[int, int]


def carriers_of(version_id: int) -> dict[int, list[tuple[int, int]]]:
    """By point: (objective, weight)."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for cover in standards.covers_of_version(version_id):
        if cover.kind is TargetKind.OBJECTIVE:
            found[cover.point_id].append((cover.target_id, cover.weight))
    return found


def of_points(version_id: int) -> dict[int, Attained]:
    """By point: what all students together reached. Two queries whatever their number."""
    reached = curriculum.attainment(version_id)
    return {point: rules.of_point(carried, reached) for point, carried in carriers_of(version_id).items()}


def of_students(version_id: int, student_ids: Collection[int]) -> dict[int, StudentLine]:
    """By student: what each reached at every point. Two queries whatever their number."""
    marks = curriculum.marks_of(version_id, student_ids)
    carried = carriers_of(version_id)
    return {
        key: StudentLine(
            key, {point: value for point, parts in carried.items() if (value := rules.of_student(parts, marks.get(key, {}))) is not None}
        )
        for key in student_ids
    }
