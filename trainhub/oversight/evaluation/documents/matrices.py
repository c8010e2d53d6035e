"""Both matrices from one set of edges: SUP-1 (requirement by standard) and M2.3 (point by course, with delivery and assessment)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from courses.curriculum import queries as curriculum
from courses.curriculum.types import CourseRow
from courses.standards import queries as standards
from courses.standards.types import TargetKind
from trainhub.oversight.evaluation.queries import field
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import GeneralStandard
from trainhub.programmes.types import Point, Requirement

STRENGTH = {3: "H", 2: "M", 1: "L"}


@dataclass(frozen=True, slots=True)
class Carrier:
    """A column of M2.3: an objective of a course, or an item of the enterprise plan."""

    kind: TargetKind
    target_id: int
    label: str
    group: str
    is_assessed: bool
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Matrices:
    """Everything both matrices show; `weights` by (point, kind, target)."""

    requirements: Sequence[Requirement]
    standards: Sequence[GeneralStandard]
    courses: Sequence[CourseRow]
    carriers: Sequence[Carrier]
    weights: Mapping[tuple[int, TargetKind, int], int]

    def of_point(self, point: Point) -> list[tuple[Carrier, int]]:
        """What carries a point, with its weight."""
        found = ((one, self.weights.get((point.id, one.kind, one.target_id))) for one in self.carriers)
        return [(one, weight) for one, weight in found if weight]

    def reaches(self, requirement: Requirement) -> bool:
        """Whether a path leads from the requirement over a point to something assessed."""
        return any(one.is_assessed for point in requirement.points for one, _weight in self.of_point(point))

    def breaks(self) -> list[tuple[str, str, str]]:
        """(kind, where, what is missing) for every place where the path standard, requirement, point, assessed course breaks."""
        found = [("standard", s.code, s.text) for s in self.standards if not any(s.code in r.standards for r in self.requirements)]
        for requirement in self.requirements:
            label = f"{requirement.number}. {requirement.title}"
            if not requirement.standards:
                found.append(("unmapped", label, ""))
            if not requirement.points:
                found.append(("no_points", label, ""))
            for point in requirement.points:
                carried = self.of_point(point)
                if not carried:
                    found.append(("not_carried", point.number, point.text))
                elif not any(one.is_assessed for one, _weight in carried):
                    found.append(("not_assessed", point.number, "、".join(one.label for one, _weight in carried)))
                elif all(one.is_optional for one, _weight in carried if one.is_assessed):
                    found.append(("only_optional", point.number, "、".join(one.label for one, _weight in carried)))
        used = {(kind, target) for _point, kind, target in self.weights}
        for course in self.courses:
            if not any((TargetKind.OBJECTIVE, key) in used for key, _number, _text in course.objectives):
                found.append(("orphan", course.code, course.name))
            if course.weight != 100:
                found.append(("weights", course.code, f"{course.name} {course.weight}%"))
        return found

    def covered(self) -> tuple[int, int]:
        """How many standards are mapped, and how many reach something assessed; both of all 11."""
        mapped = sum(any(s.code in r.standards for r in self.requirements) for s in self.standards)
        whole = sum(any(s.code in r.standards and self.reaches(r) for r in self.requirements) for s in self.standards)
        return mapped, whole


def of_version(version_id: int) -> Matrices:
    """The matrices of a plan: a fixed number of queries."""
    courses = curriculum.courses_of(version_id)
    carriers = [
        Carrier(TargetKind.OBJECTIVE, key, f"{course.name}·目标{number}", course.code, course.weight > 0, course.is_optional)
        for course in courses
        for key, number, _text in course.objectives
    ]
    carriers += [Carrier(TargetKind.PLAN_ITEM, item.id, item.title, "", bool(item.assessment.strip())) for item in field.plan_items_of(version_id)]
    known = {(one.kind, one.target_id) for one in carriers}
    weights = {
        (cover.point_id, cover.kind, cover.target_id): cover.weight
        for cover in standards.covers_of_version(version_id)
        if (cover.kind, cover.target_id) in known
    }
    return Matrices(programmes.requirements_of(version_id), programmes.standards(), courses, carriers, weights)
