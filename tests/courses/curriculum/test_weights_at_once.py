"""The weights of a course stay within the whole, and its version counts up, whoever edits a part of it at the same moment."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from courses.curriculum import marking, operations, queries
from courses.curriculum.models import AssessmentItem, CurriculumCourse
from courses.curriculum.types import AssessmentKind
from courses.standards import operations as standards
from tests.courses.curriculum.test_operations import course
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction

W: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


def test_one_adds_while_the_other_makes_it_whole(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            row = course(ground.version())
            course_id = row.id
            item_id = operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=60, **W).id
        session().rollback()

        def taught() -> CurriculumCourse:
            return session().get_one(CurriculumCourse, course_id)

        def add() -> object:
            return operations.add_assessment(course=taught(), kind=AssessmentKind.LAB, weight_percent=40, **W)

        def change() -> object:
            item = session().get_one(AssessmentItem, item_id)
            return operations.change_assessment(item=item, kind=AssessmentKind.EXAM, title="", weight_percent=100, **W)

        assert together(committed, add, change) == ["", "bad_curriculum_course"]
        session().rollback()
        with transaction():
            marking.remove_assessment(item=next(one for one in queries.assessments_of(course_id) if one.id != item_id), **W)
        assert together(committed, change, add) == ["", "bad_curriculum_course"]
        session().rollback()
        assert sum(one.weight_percent for one in queries.assessments_of(course_id)) == 100
        db.session.remove()


def test_what_comes_and_goes_in_a_course_counts_it_up(session: Session) -> None:
    row = course(ground.version())
    seen = [row.version]
    item = operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=60, **W)
    seen.append(row.version)
    objective = operations.add_objective(course=row, text="能够分析", **W)
    seen.append(row.version)
    operations.add_objective(course=row, text="能够分析", number=objective.number, **W)
    assert row.version == seen[-1], "the same again changes nothing"
    marking.remove_assessment(item=item, **W)
    seen.append(row.version)
    standards.remove_objective(objective=objective, **W)
    seen.append(row.version)
    assert seen == sorted(set(seen))
