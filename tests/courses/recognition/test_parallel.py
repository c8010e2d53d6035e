"""One certificate, one learning, one recognition: also where two applications are made or decided at the same moment (PostgreSQL)."""

from __future__ import annotations

import os
from typing import Any

import pytest
from flask import Flask

from courses.catalogue.models import Course
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from courses.recognition import operations, queries
from courses.recognition.models import CreditClaim
from courses.recognition.types import HOLDING, ClaimState
from tests.courses.recognition.test_operations import GIVEN, NOW, TODAY, certificate, completed, decide, plan_course, studying
from tests.factories import courses as make
from tests.factories.parallel import at_once
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.people.models import Person

pytestmark = pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")


def standing() -> int:
    return session().query(CreditClaim).where(CreditClaim.state.in_(HOLDING)).count()


def again(student_id: int, target_id: int) -> tuple[Any, Any]:
    student, target = queries.student_by_id(student_id), session().get(operations.CurriculumCourse, target_id)
    assert student is not None
    return student, target


def two_runs_of_one_course() -> tuple[int, list[tuple[int, int]]]:
    """A student, and (target, enrolment) of two runs of one course that both count, each as another course of the plan."""
    student = studying()
    course, first = completed(student)
    run = make.run(session().get_one(Course, course.id), is_published=True)
    second = learning.enrol(run=run, person_id=student.person_id, by=SYSTEM, now=NOW, is_approved=True)
    learning.mark_done(enrolment=second, block=make.queries.blocks_of_run(run.id)[0], **GIVEN)
    targets = [plan_course(student, f"GC{n}") for n in range(2)]
    for target in targets:
        given = {"target": target, "credits_x10": 20, "least_score_x10": 0, "since": TODAY, "until": None, "document": ""}
        operations.add_mapping(course_code=course.code, **given, **GIVEN)
    return student.id, [(targets[0].id, first.id), (targets[1].id, second.id)]


def test_two_runs_of_one_course_are_not_both_applied_with(committed: Flask) -> None:
    for _round in range(3):
        with committed.app_context(), transaction():
            student_id, pairs = two_runs_of_one_course()
            before = standing()

        def apply(target_id: int, enrolment_id: int, student_id: int = student_id) -> None:
            student, target = again(student_id, target_id)
            enrolment = session().get_one(Enrolment, enrolment_id)
            operations.apply_with_run(student=student, target=target, enrolment=enrolment, statement="", **GIVEN)

        found = at_once(committed, *(lambda pair=pair: apply(*pair) for pair in pairs))
        with committed.app_context():
            assert (found, standing() - before) == (["", "recognised_twice"], 1)


def test_one_certificate_is_not_recognised_for_two_courses(committed: Flask) -> None:
    with committed.app_context(), transaction():
        student = studying()
        student_id, targets = student.id, [plan_course(student, f"GC{n}").id for n in range(2)]
    found = at_once(committed, *(lambda key=key: certificate(*again(student_id, key)) for key in targets))
    with committed.app_context():
        assert (found, standing()) == (["", "recognised_twice"], 1)


def test_two_who_are_one_human_are_not_both_approved(committed: Flask) -> None:
    with committed.app_context(), transaction():
        students = [studying() for _n in range(2)]
        claims = [certificate(one, plan_course(one)).id for one in students]
        session().get_one(Person, students[1].person_id).merged_into_id = students[0].person_id

    def approve(key: int) -> None:
        claim = queries.claim_by_id(key)
        assert claim is not None
        decide(claim, True)

    found = at_once(committed, *(lambda key=key: approve(key) for key in claims))
    with committed.app_context():
        approved = session().query(CreditClaim).where(CreditClaim.state == ClaimState.APPROVED).count()
        assert (found, approved) == (["", "recognised_twice"], 1)
