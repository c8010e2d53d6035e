"""Whatever names a course, or enters something in it, while somebody takes it out of its plan is told so: nothing is left hanging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from courses.catalogue import queries as catalogue
from courses.curriculum import marking, operations, queries
from courses.curriculum.locking import CourseGone
from courses.curriculum.models import AssessmentItem, CourseObjective, CurriculumCourse
from courses.curriculum.types import AssessmentKind
from courses.recognition import operations as recognition
from courses.standards import operations as standards
from courses.standards import queries as standard_queries
from courses.standards.types import TargetKind
from courses.teaching import correcting
from courses.teaching import operations as teaching
from courses.teaching.models import Offering
from tests.courses.curriculum.test_operations import course
from tests.factories import courses as made
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import db, session, transaction
from trainhub.oversight.evaluation.operations import practice_registers, registers
from trainhub.people.models import Student, Teacher
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Cohort, IndicatorPoint, Programme
from trainhub.programmes.operations import plans

W: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}
FIRST = date(2025, 9, 8)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
World = dict[str, int]
Act = Callable[[World, CurriculumCourse], object]


def _world() -> World:
    programme = ground.programme()
    version, cohort = ground.version(programme), ground.cohort(programme)
    cohort.version_id = version.id
    row, other = course(version), course(version, "C02")
    objective = operations.add_objective(course=row, text="能够分析", **W)
    item = operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=60, **W)
    point = programme_queries.requirements_of(version.id)[0].points[0]
    online = made.run().course
    return {
        "programme": programme.id,
        "cohort": cohort.id,
        "course": row.id,
        "other": other.id,
        "objective": objective.id,
        "item": item.id,
        "point": point.id,
        "student": ground.student(programme, year=cohort.year).id,
        "online": online.id,
    }


def _programme(at: World) -> Programme:
    return session().get_one(Programme, at["programme"])


def _item(at: World) -> AssessmentItem:
    return session().get_one(AssessmentItem, at["item"])


def _objective(at: World) -> CourseObjective:
    return session().get_one(CourseObjective, at["objective"])


def _equivalence(at: World, row: CurriculumCourse) -> object:
    by: dict[str, Any] = {"programme": _programme(at), "course": row, "compared_on": FIRST, **W}
    return registers.add_equivalence(university="NUS", country="SG", foreign_course="Control", **by)


def _case(at: World, row: CurriculumCourse) -> object:
    return practice_registers.add_case(programme=_programme(at), course=row, title="产线节拍", enterprise="某企业", taken_up_on=FIRST, **W)


def _mapping(at: World, row: CurriculumCourse) -> object:
    code = catalogue.course_by_id(at["online"])
    assert code is not None
    facts: dict[str, Any] = {"credits_x10": 10, "least_score_x10": 600, "since": FIRST, "until": None, "document": ""}
    return recognition.add_mapping(course_code=code.code, target=row, **facts, **W)


def _claim(at: World, row: CurriculumCourse) -> object:
    facts: dict[str, Any] = {"title": "机器学习", "provider": "某校", "number": "X-1", "completed_on": FIRST, "asked_x10": 10, "statement": ""}
    student = session().get_one(Student, at["student"])
    return recognition.apply_with_certificate(student=student, target=row, file=BytesIO(PDF), filename="a.pdf", **facts, **W)


def _scores(at: World, row: CurriculumCourse) -> object:
    return marking.record_scores(course=row, marks=[(at["student"], _item(at), 800)], concluded_on=FIRST, **W)


def _results(at: World, row: CurriculumCourse) -> object:
    return operations.record_results(course=row, marks=[(at["student"], _objective(at), 800)], concluded_on=FIRST, **W)


def _shares(at: World, row: CurriculumCourse) -> object:
    return marking.set_shares(course=row, shares=[(_item(at), _objective(at), 50)], **W)


def _premise(at: World, row: CurriculumCourse) -> object:
    other = queries.course(at["other"])
    assert other is not None
    return operations.require_courses(course=other, required_ids=[row.id], **W)


def _cover(at: World, row: CurriculumCourse) -> object:
    return standards.cover_point(point_id=at["point"], kind=TargetKind.OBJECTIVE, target_id=at["objective"], **W)


NAMING: dict[str, tuple[Act, str]] = {
    "equivalence": (_equivalence, "curriculum_course_gone"),
    "case": (_case, "curriculum_course_gone"),
    "mapping": (_mapping, "curriculum_course_gone"),
    "claim": (_claim, "curriculum_course_gone"),
    "scores": (_scores, "curriculum_course_gone"),
    "results": (_results, "curriculum_course_gone"),
    "shares": (_shares, "curriculum_course_gone"),
    "objective": (lambda _at, row: operations.add_objective(course=row, text="能够设计", **W), "curriculum_course_gone"),
    "assessment": (lambda _at, row: operations.add_assessment(course=row, kind=AssessmentKind.LAB, weight_percent=10, **W), "curriculum_course_gone"),
    "facts": (lambda _at, row: operations.change_course(course=row, hours=32, **W), "curriculum_course_gone"),
    "premise": (_premise, "bad_curriculum_course"),
    "cover": (_cover, "bad_cover"),
}


@pytest.mark.parametrize("what", NAMING)
def test_named_while_it_is_removed(committed: Flask, what: str) -> None:
    act, code = NAMING[what]
    with committed.app_context():
        with transaction():
            at = _world()
        session().rollback()

        def remove() -> object:
            row = queries.course(at["course"])
            assert row is not None
            return standards.remove_course(course=row, reason="误加", **W)

        def name() -> object:
            row = queries.course(at["course"])
            if row is None:  # one writer at a time: the page already finds none
                raise CourseGone("gone", code=code)
            return act(at, row)

        assert together(committed, remove, name) == ["", code]
        session().rollback()
        assert queries.course(at["course"]) is None
        assert standard_queries.covers_by(TargetKind.OBJECTIVE, at["objective"]) == []
        db.session.remove()


@pytest.mark.parametrize("what", ["scores", "results", "shares", "cover"])
def test_an_objective_or_part_that_is_taken_away_meanwhile(committed: Flask, what: str) -> None:
    with committed.app_context():
        with transaction():
            at = _world()
        session().rollback()

        def remove() -> object:
            standards.remove_objective(objective=_objective(at), **W)
            return marking.remove_assessment(item=_item(at), **W)

        def name() -> object:
            row = queries.course(at["course"])
            assert row is not None
            if session().get(AssessmentItem, at["item"]) is None:
                raise operations.BadCourse("gone", code=NAMING["premise"][1] if what != "cover" else "bad_cover")
            return NAMING[what][0](at, row)

        assert together(committed, remove, name) == ["", "bad_cover" if what == "cover" else "bad_curriculum_course"]
        db.session.remove()


def test_a_task_of_an_offering_that_is_taken_back_meanwhile(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            at = _world()
            row, cohort = queries.course(at["course"]), session().get_one(Cohort, at["cohort"])
            assert row is not None
            offering_id = teaching.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W).id
            teacher_id = ground.teacher(of=_programme(at)).id
        session().rollback()

        def take_back() -> object:
            return correcting.take_back_offering(offering=session().get_one(Offering, offering_id), reason="误排", **W)

        def task() -> object:
            offering = session().get(Offering, offering_id)
            if offering is None:
                raise teaching.BadTask("gone")
            teacher = session().get_one(Teacher, teacher_id)
            return teaching.give_task(teacher=teacher, title="讲授", hours_x10=320, starts_on=FIRST, offering=offering, **W)

        assert together(committed, take_back, task) == ["", "bad_teaching_task"]
        db.session.remove()


def test_an_offering_stays_where_marks_come_in_at_that_moment(committed: Flask) -> None:
    with committed.app_context():
        with transaction():
            at = _world()
            row, cohort = queries.course(at["course"]), session().get_one(Cohort, at["cohort"])
            assert row is not None
            offering_id = teaching.offer_course(course=row, cohort=cohort, first_teaching_on=FIRST, **W).id
        session().rollback()

        def score() -> object:
            row = queries.course(at["course"])
            assert row is not None
            return _scores(at, row)

        def take_back() -> object:
            return correcting.take_back_offering(offering=session().get_one(Offering, offering_id), reason="误排", **W)

        assert together(committed, score, take_back) == ["", "bad_offering"]
        db.session.remove()


def test_a_code_is_corrected_while_marks_come_in_or_another_course_takes_it(committed: Flask) -> None:
    """A code stays once somebody was marked; a code that another course takes at that moment is told as taken."""
    with committed.app_context():
        with transaction():
            at = _world()
        session().rollback()

        def of(key: str) -> CurriculumCourse:
            row = queries.course(at[key])
            assert row is not None
            return row

        def recode() -> object:
            return operations.change_course(course=of("course"), code="C03", reason="误填", **W)

        def add() -> object:
            version = programme_queries.version_by_id(of("other").version_id)
            assert version is not None
            return course(version, "C03")

        assert together(committed, add, recode) == ["", "curriculum_course_known"]
        session().rollback()

        def score() -> object:
            return _scores(at, of("course"))

        def recode_otherwise() -> object:
            return operations.change_course(course=of("course"), code="C04", reason="误填", **W)

        assert together(committed, score, recode_otherwise) == ["", "bad_curriculum_course"]
        db.session.remove()


def test_a_point_that_is_removed_while_something_begins_to_carry_it(committed: Flask) -> None:
    """Only of a draft; whoever saves the matrix at that moment is told."""
    with committed.app_context():
        with transaction():
            draft = ground.version(ground.programme(), is_published=False)
            objective = operations.add_objective(course=course(draft), text="能够分析", **W)
            at = {"point": programme_queries.requirements_of(draft.id)[0].points[0].id, "objective": objective.id}
        session().rollback()

        def remove() -> object:
            return plans.remove_point(point=session().get_one(IndicatorPoint, at["point"]), **W)

        def cover() -> object:
            return standards.cover_point(point_id=at["point"], kind=TargetKind.OBJECTIVE, target_id=at["objective"], **W)

        assert together(committed, remove, cover) == ["", "bad_cover"]
        db.session.remove()
