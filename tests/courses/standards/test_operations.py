"""What carries an indicator point; industry standards; the document of the school standard."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from courses.curriculum import operations as curriculum
from courses.standards import operations, queries
from courses.standards.types import TargetKind
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel.access import SYSTEM
from trainhub.programmes import queries as programmes


def test_an_edge_is_made_once_and_taken_away_once(session: Session) -> None:
    version = ground.version()
    objective = curriculum.add_objective(course=course(version), text="分析系统", by=SYSTEM, now=NOW)
    point = programmes.requirements_of(version.id)[0].points[0]
    for _twice in range(2):
        operations.cover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, by=SYSTEM, now=NOW)
    assert [(row.point_id, row.target_id) for row in queries.covers_of_version(version.id)] == [(point.id, objective.id)]
    assert operations.uncover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, by=SYSTEM, now=NOW)
    assert not operations.uncover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, by=SYSTEM, now=NOW)


def test_an_objective_of_another_plan_carries_nothing(session: Session) -> None:
    objective = curriculum.add_objective(course=course(ground.version()), text="分析系统", by=SYSTEM, now=NOW)
    point = programmes.requirements_of(ground.version().id)[0].points[0]
    with pytest.raises(operations.BadCover):
        operations.cover_point(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=objective.id, by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadCover):
        operations.cover_point(point_id=0, kind=TargetKind.PLAN_ITEM, target_id=1, by=SYSTEM, now=NOW)


def test_the_industry_map_shows_open_clauses(session: Session) -> None:
    version = ground.version()
    industry = operations.keep_industry_standard(code="IS-1", title="行业标准", clauses=[("1", "甲"), ("2", "乙")], by=SYSTEM, now=NOW)
    operations.name_school_standard(version=version, title="学校标准", industry_standard=industry, by=SYSTEM, now=NOW)
    requirement = programmes.requirement_by_id(programmes.requirements_of(version.id)[0].id)
    assert requirement is not None
    first, second = queries.clauses_of(industry.id)
    operations.map_clause(requirement=requirement, clause=first, by=SYSTEM, now=NOW)
    assert queries.industry_map(version.id) == {first.id: {requirement.id}, second.id: set()}
