"""What can be done with standards: say what carries a point, keep industry standards, name the school standard's document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect

from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum import removing
from courses.curriculum.locking import hold_plan
from courses.curriculum.models import CourseObjective, CurriculumCourse
from courses.standards import queries
from courses.standards.models import IndustryClause, IndustryStandard, PointCover, RequirementClause, SchoolStandard
from courses.standards.types import TargetKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, lock, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import GraduationRequirement, IndicatorPoint, ProgrammeVersion


class BadCover(Refused):
    """The point and what should carry it do not belong together."""

    code = "bad_cover"


class BadStandard(Refused):
    """A fact of a standard is missing."""

    code = "bad_standard"


def cover_point(*, point_id: int, kind: TargetKind, target_id: int, by: Identity, now: datetime, weight: int | None = None) -> PointCover:
    """Say that an objective or a plan item carries an indicator point, and how strongly (1 to 3, a new one without: 1).

    A published version may still be refined here: the points stay, how they are taught improves (PETOE-2.6). Who takes an
    objective away holds the plan too, so that nothing carries a point that is gone. Raises BadCover.
    """
    version_id = queries.version_of_point(point_id)
    if version_id is None:
        raise BadCover(_("没有这个指标点。"), field="point_id")
    hold_plan(version_id)
    if queries.version_of_point(point_id) is None:
        raise BadCover(_("这个指标点刚被删除。"), field="point_id")
    if kind is TargetKind.OBJECTIVE and queries.version_of_objective(target_id) != version_id:
        raise BadCover(_("课程目标与指标点不属于同一版培养方案。"), field="target_id")
    if weight not in (None, 1, 2, 3):
        raise BadCover(_("支撑强度只能是高、中、低（3、2、1）。"), field="weight")
    lock(IndicatorPoint, point_id)
    row = queries.cover(point_id, kind, target_id)
    if row is not None and weight in (None, row.weight):
        return row
    if row is None:
        row = PointCover(point_id=point_id, kind=kind, target_id=target_id, created_at=now)
        session().add(row)
    row.weight = weight or 1
    session().flush()
    data = {"kind": kind.value, "target": target_id, "weight": row.weight}
    audit.record(by=by, did="courses.standards.point_covered", on=("indicator_point", str(point_id)), data=data)
    return row


def uncover_point(*, point_id: int, kind: TargetKind, target_id: int, by: Identity, now: datetime) -> bool:
    """Take an edge away; False when there was none."""
    lock(IndicatorPoint, point_id)
    row = queries.cover(point_id, kind, target_id)
    if row is None:
        return False
    session().delete(row)
    session().flush()
    audit.record(
        by=by, did="courses.standards.point_uncovered", on=("indicator_point", str(point_id)), data={"kind": kind.value, "target": target_id}
    )
    return True


def remove_objective(*, objective: CourseObjective, by: Identity, now: datetime) -> None:
    """Take an objective of a course away, and the points it carried lose it. Raises BadCourse when something was concluded about it."""
    state: Any = inspect(objective)
    (key,) = state.identity
    version_id = queries.version_of_objective(key)
    if version_id is not None:
        hold_plan(version_id)
    curriculum.remove_objective(objective=objective, by=by, now=now)
    for row in queries.covers_by(TargetKind.OBJECTIVE, key):
        session().delete(row)
    session().flush()


def remove_course(*, course: CurriculumCourse, reason: str, by: Identity, now: datetime, opened_at: int | None = None) -> None:
    """Take a course out of its plan that was added by mistake, and the points it carried lose it; again changes nothing.

    Raises BadCourse (`removing.remove_course`) and Stale.
    """
    state: Any = inspect(course)
    (key,) = state.identity
    hold_plan(course.version_id)
    if not curriculum_queries.hold_to_remove(key):
        return
    session().refresh(course)
    covers = [row for one in curriculum_queries.objectives_of(key) for row in queries.covers_by(TargetKind.OBJECTIVE, one.id)]
    removing.remove_course(course=course, reason=reason, opened_at=opened_at, by=by, now=now)
    for row in covers:
        session().delete(row)
    session().flush()


def copy_curriculum(*, source: ProgrammeVersion, target: ProgrammeVersion, by: Identity, now: datetime) -> int:
    """Copy the courses of a plan into an empty one of the programme; returns how many edges to indicator points came along.

    Points are found again by their number; an edge to one that the new plan no longer has is left out. Raises BadCourse.
    """
    objectives = curriculum.copy_courses(source=source, target=target, by=by, now=now)
    numbers = {point.id: point.number for one in programmes.requirements_of(source.id) for point in one.points}
    points = {point.number: point.id for one in programmes.requirements_of(target.id) for point in one.points}
    copied = 0
    for cover in queries.covers_of_version(source.id):
        point_id = points.get(numbers.get(cover.point_id, ""))
        if cover.kind is TargetKind.OBJECTIVE and cover.target_id in objectives and point_id is not None:
            target_id = objectives[cover.target_id]
            session().add(PointCover(point_id=point_id, kind=cover.kind, target_id=target_id, weight=cover.weight, created_at=now))
            copied += 1
    session().flush()
    return copied


def keep_industry_standard(
    *, code: str, title: str, clauses: Iterable[tuple[str, str]], by: Identity, now: datetime, issuer: str = ""
) -> IndustryStandard:
    """Enter an industry standard with its clauses (number, text); entering it again adds what is new."""
    code, title = code.strip(), title.strip()
    if not code or not title:
        raise BadStandard(_("请填写行业标准的编号和名称。"), field="code")
    row = queries.industry_standard(code)
    if row is None:
        row = IndustryStandard(code=code, title=title, issuer=issuer.strip())
        try:
            add_once(row, lambda: KeyError(code))
        except KeyError:  # somebody else entered it at this moment: what is new is added to theirs
            row = queries.industry_standard(code)
            assert row is not None
        else:
            audit.record(by=by, did="courses.standards.industry_standard_entered", on=row, data={"code": code, "title": title})
    lock(IndustryStandard, row.id)
    known = {clause.number for clause in queries.clauses_of(row.id)}
    session().add_all([IndustryClause(standard_id=row.id, number=number, text=text) for number, text in clauses if number not in known])
    session().flush()
    return row


def map_clause(*, requirement: GraduationRequirement, clause: IndustryClause, by: Identity, now: datetime) -> RequirementClause:
    """Say that a requirement answers a clause of an industry standard; again changes nothing."""
    lock(GraduationRequirement, requirement.id)
    row = queries.requirement_clause(requirement.id, clause.id)
    if row is None:
        row = RequirementClause(requirement_id=requirement.id, clause_id=clause.id)
        session().add(row)
        session().flush()
        audit.record(by=by, did="courses.standards.clause_mapped", on=requirement, data={"clause": clause.number})
    return row


def unmap_clause(*, requirement: GraduationRequirement, clause: IndustryClause, by: Identity, now: datetime) -> bool:
    """Take back that a requirement answers a clause; False when it did not say so."""
    lock(GraduationRequirement, requirement.id)
    row = queries.requirement_clause(requirement.id, clause.id)
    if row is None:
        return False
    session().delete(row)
    session().flush()
    audit.record(by=by, did="courses.standards.clause_unmapped", on=requirement, data={"clause": clause.number})
    return True


def name_school_standard(
    *,
    version: ProgrammeVersion,
    title: str,
    by: Identity,
    now: datetime,
    issued_no: str = "",
    issued_on: date | None = None,
    positioning: str = "",
    industry_standard: IndustryStandard | None = None,
    opened_at: int | None = None,
) -> SchoolStandard:
    """Name the document of the school standard of a version; a second call replaces the facts. Raises Stale: `opened_at` is the
    version in which the facts were shown."""
    if not title.strip():
        raise BadStandard(_("请填写学校标准的名称。"), field="title")
    lock(ProgrammeVersion, version.id)
    row = queries.school_standard(version.id)
    if row is None:
        row = SchoolStandard(version_id=version.id, title=title.strip())
        session().add(row)
    else:
        check_version(row, opened_at)
    row.title, row.issued_no, row.issued_on = title.strip(), issued_no.strip(), issued_on
    row.positioning = positioning.strip()
    row.industry_standard_id = industry_standard.id if industry_standard is not None else None
    session().flush()
    audit.record(by=by, did="courses.standards.school_standard_named", on=version, data={"title": row.title, "no": row.issued_no})
    return row
