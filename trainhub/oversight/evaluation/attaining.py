"""Attainment by objective, indicator point and requirement, of the group and of each student, from the grades that stand now.

Courses give the marks of their objectives, placements and capstones those of the items of the enterprise training plan
(`queries.marks`); a point is the mean of what carries it, by weight, a requirement the least of its points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from courses.curriculum import queries as curriculum
from courses.standards import queries as standards
from courses.standards.types import TargetKind
from enterprises.placements.models import PlanItem
from trainhub.oversight.evaluation.queries import field as in_enterprises
from trainhub.oversight.evaluation.queries import marks, plans
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.oversight.evaluation.rules import attainment as rules
from trainhub.oversight.evaluation.rules.attainment import Attained
from trainhub.oversight.evaluation.types import MarkSource
from trainhub.policy.book import book

Target = tuple[TargetKind, int]
"""An objective of a course or an item of the enterprise training plan."""


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student's attainment by point, in tenths of the full mark, and the marks it follows from; what has none is left out."""

    student_id: int
    points: dict[int, int]
    marks: Mapping[Target, int] = field(default_factory=dict)
    not_taken: frozenset[int] = frozenset()
    """The points that only optional courses carry of which the student takes none: no mark is lacking there, and none will come."""


@dataclass(frozen=True, slots=True)
class Practice:
    """An item of the enterprise training plan: whose grade speaks for it, and what the students reached."""

    item: PlanItem
    source: MarkSource
    reached: Attained


def thresholds(on: date) -> tuple[int, int]:
    """Percent of the full mark that one student, and a group on average, has to reach on a day."""
    return book().at("own.attainment.student_percent", on=on).number, book().at("own.attainment.class_percent", on=on).number


def carriers_of(version_id: int) -> dict[int, list[tuple[Target, int]]]:
    """By point: (what carries it, weight)."""
    found: dict[int, list[tuple[Target, int]]] = defaultdict(list)
    for cover in standards.covers_of_version(version_id):
        found[cover.point_id].append(((cover.kind, cover.target_id), cover.weight))
    return found


@dataclass(frozen=True, slots=True)
class Whom:
    """Over whom the attainment of a plan is counted, with the years of their cohorts."""

    student_ids: tuple[int, ...]
    cohort_years: tuple[int, ...]


def whom_of(programme_id: int, version_id: int, on: date) -> Whom:
    """The 卓越计划 students whose cohort follows the plan; who withdrew, left the 卓越计划 or never was in it is not counted. Two queries."""
    members = members_of(programme_id, on)
    mine = [member for member in members.belonging if members.followed[member.cohort_id] == version_id]
    return Whom(tuple(member.id for member in mine), tuple(sorted({member.cohort_year for member in mine})))


def of_targets(version_id: int, on: date, student_ids: Collection[int]) -> dict[Target, tuple[int, int, int]]:
    """By objective and item: (marks, of them attained, their sum in tenths) over some students (`whom_of`)."""
    concluded = curriculum.attainment(version_id, student_ids)
    found: dict[Target, tuple[int, int, int]] = {(TargetKind.OBJECTIVE, key): row for key, row in concluded.items()}
    percent, _class = thresholds(on)
    by_item: dict[int, list[int]] = defaultdict(list)
    for reached in marks.item_marks(in_enterprises.plan_items_of(version_id), student_ids).values():
        for item_id, mark in reached.items():
            by_item[item_id].append(mark)
    return found | {(TargetKind.PLAN_ITEM, key): rules.summed(found_marks, percent) for key, found_marks in by_item.items()}


def optional_of(version_id: int) -> set[Target]:
    """The objectives of optional courses of a plan."""
    return {(TargetKind.OBJECTIVE, key) for key in curriculum.optional_objectives(version_id)}


def of_points(version_id: int, reached: Mapping[Target, tuple[int, int, int]], whole: int) -> dict[int, Attained]:
    """By point: what the students together reached, from `of_targets`; `whole`: how many they are. Two queries whatever their number."""
    optional = optional_of(version_id)
    return {point: rules.of_point(carried, reached, optional=optional, whole=whole) for point, carried in carriers_of(version_id).items()}


def of_items(version_id: int, reached: Mapping[Target, tuple[int, int, int]]) -> list[Practice]:
    """The items of the enterprise training plan with their grades, in order."""
    items = in_enterprises.plan_items_of(version_id)
    sources = marks.sources_of(items)
    return [Practice(item, sources[item.id], rules.of_point([((TargetKind.PLAN_ITEM, item.id), 1)], reached)) for item in items]


def of_students(version_id: int, student_ids: Collection[int], on: date) -> dict[int, StudentLine]:
    """By student: what each reached at every point, and which points only optional courses carry that they do not take. The same number of queries
    whatever their number."""
    objectives = curriculum.marks_of(version_id, student_ids)
    items = marks.item_marks(in_enterprises.plan_items_of(version_id), student_ids)
    carried = carriers_of(version_id)
    optional = curriculum.optional_objectives(version_id)
    chosen = {
        point: {optional.get(key, 0) if kind is TargetKind.OBJECTIVE else 0 for (kind, key), _weight in parts} for point, parts in carried.items()
    }
    only = {point: courses for point, courses in chosen.items() if courses and 0 not in courses}
    taken = plans.conclusions([version_id], on) if only else {}
    found = {}
    for key in student_ids:
        mine: dict[Target, int] = {(TargetKind.OBJECTIVE, one): mark for one, mark in objectives.get(key, {}).items()}
        mine |= {(TargetKind.PLAN_ITEM, one): mark for one, mark in items.get(key, {}).items()}
        points = {point: value for point, parts in carried.items() if (value := rules.of_student(parts, mine)) is not None}
        without = frozenset(point for point, courses in only.items() if point not in points and not any((course, key) in taken for course in courses))
        found[key] = StudentLine(key, points, mine, without)
    return found


def least(values: Sequence[int | None]) -> int | None:
    """A requirement is reached as far as the least of its points; None while one of them has no value, which a least would hide."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
