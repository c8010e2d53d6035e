"""Every select on standards and on what carries indicator points."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, select

from courses.curriculum.models import CourseObjective, CurriculumCourse
from courses.standards.models import IndustryClause, IndustryStandard, PointCover, RequirementClause, SchoolStandard
from courses.standards.types import Cover, TargetKind
from trainhub.kernel.db import session
from trainhub.programmes.models import GraduationRequirement, IndicatorPoint


def covers_of_version(version_id: int) -> list[Cover]:
    """Every edge of the points of a version, in the order it was made: one query."""
    return covers_of_versions([version_id])[version_id]


def covers_of_versions(version_ids: Collection[int]) -> dict[int, list[Cover]]:
    """By version: every edge of its points, in the order it was made. One query whatever the number of versions."""
    found: dict[int, list[Cover]] = {key: [] for key in version_ids}
    statement = (
        select(GraduationRequirement.version_id, PointCover.id, PointCover.point_id, PointCover.kind, PointCover.target_id, PointCover.weight)
        .join(IndicatorPoint, IndicatorPoint.id == PointCover.point_id)
        .join(GraduationRequirement, GraduationRequirement.id == IndicatorPoint.requirement_id)
        .where(GraduationRequirement.version_id.in_(list(version_ids)))
        .order_by(PointCover.id)
    )
    for version_id, key, point_id, kind, target_id, weight in session().execute(statement):
        found[version_id].append(Cover(key, point_id, kind, target_id, weight))
    return found


def cover(point_id: int, kind: TargetKind, target_id: int) -> PointCover | None:
    """One edge."""
    return session().scalar(select(PointCover).where(PointCover.point_id == point_id, PointCover.kind == kind, PointCover.target_id == target_id))


def covers_by(kind: TargetKind, target_id: int) -> list[PointCover]:
    """Every edge from something that carries points."""
    return list(session().scalars(select(PointCover).where(PointCover.kind == kind, PointCover.target_id == target_id)))


def version_of_point(point_id: int) -> int | None:
    """The version an indicator point belongs to."""
    return session().scalar(
        select(GraduationRequirement.version_id)
        .join(IndicatorPoint, IndicatorPoint.requirement_id == GraduationRequirement.id)
        .where(IndicatorPoint.id == point_id)
    )


def version_of_objective(objective_id: int) -> int | None:
    """The version a course objective belongs to."""
    return session().scalar(
        select(CurriculumCourse.version_id)
        .join(CourseObjective, CourseObjective.course_id == CurriculumCourse.id)
        .where(CourseObjective.id == objective_id)
    )


def school_standard(version_id: int) -> SchoolStandard | None:
    """Where the school standard of a version was issued."""
    return session().get(SchoolStandard, version_id)


def industry_standard(code: str) -> IndustryStandard | None:
    """An industry standard by its code."""
    return session().scalar(select(IndustryStandard).where(IndustryStandard.code == code))


def industry_standards() -> list[IndustryStandard]:
    """Every industry standard that was entered, by code."""
    return list(session().scalars(select(IndustryStandard).order_by(IndustryStandard.code)))


def clauses_of(standard_id: int) -> list[IndustryClause]:
    """The clauses of an industry standard."""
    return list(session().scalars(select(IndustryClause).where(IndustryClause.standard_id == standard_id).order_by(IndustryClause.id)))


def industry_map(version_id: int) -> dict[int, set[int]]:
    """By clause of the industry standard of a version: the requirements that answer it; a clause without one has an empty set."""
    return industry_map_of(school_standard(version_id))


def industry_map_of(standard: SchoolStandard | None) -> dict[int, set[int]]:
    """The same for a school standard that is at hand: one query, none without an industry standard."""
    if standard is None or standard.industry_standard_id is None:
        return {}
    mine = select(GraduationRequirement.id).where(GraduationRequirement.version_id == standard.version_id)
    statement = (
        select(IndustryClause.id, RequirementClause.requirement_id)
        .outerjoin(RequirementClause, and_(RequirementClause.clause_id == IndustryClause.id, RequirementClause.requirement_id.in_(mine)))
        .where(IndustryClause.standard_id == standard.industry_standard_id)
        .order_by(IndustryClause.id)
    )
    found: dict[int, set[int]] = {}
    for clause_id, requirement_id in session().execute(statement):
        mapped = found.setdefault(clause_id, set())
        if requirement_id is not None:
            mapped.add(requirement_id)
    return found


def requirement_clause(requirement_id: int, clause_id: int) -> RequirementClause | None:
    """One mapping of a requirement to a clause."""
    return session().get(RequirementClause, (requirement_id, clause_id))
