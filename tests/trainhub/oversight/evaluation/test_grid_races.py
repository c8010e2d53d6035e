"""Two editors save the same grid at the same moment: one cell is written by one of them, other cells by both."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from flask import Flask

from courses.standards import operations as standards
from courses.standards import queries
from courses.standards.types import TargetKind
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction
from trainhub.oversight.evaluation.operations import grids
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import ProgrammeVersion

W: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


def version_of(key: int) -> ProgrammeVersion:
    row = programme_queries.version_by_id(key)
    assert row is not None
    return row


def test_a_cell_of_what_carries_the_points(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            built = factory.bare(students=1)
            version_id = built.version.id
            point = programme_queries.requirements_of(version_id)[0].points[0].id
            items = [item.id for item in built.items]
            standards.cover_point(point_id=point, kind=TargetKind.PLAN_ITEM, target_id=items[0], weight=1, **W)
        session().rollback()
        opened = {(point, TargetKind.PLAN_ITEM, items[0]): 1}

        def weigh(item: int, weight: int) -> Callable[[], object]:
            cell = {(point, TargetKind.PLAN_ITEM, item): weight}
            return lambda: grids.set_weights(version=version_of(version_id), sent=cell, opened=opened, **W)

        assert together(committed, weigh(items[0], 2), weigh(items[0], 3)) == ["", "stale"]
        opened = {(point, TargetKind.PLAN_ITEM, items[0]): 2}
        assert together(committed, weigh(items[0], 3), weigh(items[1], 1)) == ["", ""]
        session().rollback()
        weights = {one.target_id: one.weight for one in queries.covers_of_version(version_id) if one.point_id == point}
        assert (weights[items[0]], weights[items[1]]) == (3, 1)
        db.session.remove()


def test_a_row_of_the_standards_and_of_the_clauses(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            version = ground.version(ground.programme(), is_published=False)
            version_id = version.id
            one, two = (found.id for found in programme_queries.requirements_of(version_id))
            industry = standards.keep_industry_standard(code="T/1", title="行业标准", clauses=[("1", "读懂"), ("2", "会用")], **W)
            standards.name_school_standard(version=version, title="学校标准", industry_standard=industry, **W)
            first, second = (clause.id for clause in queries.clauses_of(industry.id))
        session().rollback()
        of_one = {found.id: set(found.standards) for found in programme_queries.requirements_of(version_id)}
        session().rollback()

        def cover(requirement: int, codes: Collection[str]) -> Callable[[], object]:
            sent = {requirement: (set(codes), of_one[requirement])}
            return lambda: grids.set_coverage(version=version_of(version_id), sent=sent, **W)

        assert together(committed, cover(two, {"G2"}), cover(two, {"G3"})) == ["", "stale"]
        assert together(committed, cover(one, {"G1"}), cover(two, {"G2"})) == ["", ""]

        def answer(clause: int, *requirements: int) -> Callable[[], object]:
            return lambda: grids.set_clauses(version=version_of(version_id), sent={clause: (set(requirements), set())}, **W)

        assert together(committed, answer(first, one), answer(first, two)) == ["", "stale"]
        assert together(committed, answer(second, two), answer(first, one)) == ["", ""]
        session().rollback()
        assert queries.industry_map(version_id) == {first: {one}, second: {two}}
        db.session.remove()
