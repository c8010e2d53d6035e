"""Paths: the order is advice, progress follows from completions, the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.learning import operations as learning
from courses.learning.types import EnrolmentState
from courses.paths import operations, queries, rules
from courses.paths.types import Step, StepState
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def step(number: int, state: EnrolmentState | None = None, *, is_required: bool = True, has_run: bool = True) -> Step:
    return Step(number, f"C{number}", "t", "", 100, is_required, has_run, state)


def test_a_required_course_waits_for_those_before_it_and_what_was_begun_stays_open() -> None:
    done, active = EnrolmentState.COMPLETED, EnrolmentState.ACTIVE
    steps = [step(1, done), step(2, is_required=False), step(3), step(4), step(5, active), step(6, has_run=False)]
    found = rules.progress(steps, is_ordered=True)
    s = StepState
    assert found.states == (s.DONE, s.READY, s.READY, s.LATER, s.LEARNING, s.LATER)
    assert (found.done, found.required, found.next_index, found.is_complete) == (1, 5, 1, False)
    free = rules.progress(steps, is_ordered=False)
    assert free.states == (s.DONE, s.READY, s.READY, s.READY, s.LEARNING, s.CLOSED)
    assert rules.progress([step(1, done), step(2, is_required=False)], is_ordered=True).is_complete
    assert not rules.progress([step(1, is_required=False)], is_ordered=True).is_complete


def test_a_path_is_made_filled_published_and_followed(as_role: AsRole, client: FlaskClient, session: Session) -> None:
    owner, who = ground.university(), ground.person()
    first, second = make.run(make.course(owner), is_published=True), make.run(make.course(owner), is_published=True)
    codes = [run.course.code for run in (first, second)]
    session.commit()
    maker, learner = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner.id), as_role(Role.TRAINEE, person_id=who.id)
    data = {"title": "产线工程师", "code": "LINE", "owner_id": owner.id, "summary": "入门", "is_ordered": "y"}
    assert maker.post("/teaching/paths/new", data=data).status_code == 303
    assert client.get("/paths/LINE").status_code == 404
    assert maker.post("/teaching/paths/LINE/publish", data={"on": "1"}).status_code == 422
    for course in codes:
        maker.post("/teaching/paths/LINE/courses", data={"verb": "add", "course": course, "is_required": "1"})
    assert maker.post("/teaching/paths/LINE/courses", data={"verb": "add", "course": codes[0]}).status_code == 422
    assert maker.post("/teaching/paths/LINE/courses", data={"verb": "add", "course": "NONE"}).status_code == 422
    maker.post("/teaching/paths/LINE/courses", data={"verb": "up", "course": codes[1]})
    path = queries.path_by_code("LINE")
    assert path is not None
    assert [s.code for s in queries.steps(path.id, None)] == codes[::-1]
    assert learner.post("/paths/LINE/follow", data={"on": "1"}).status_code == 422
    maker.post("/teaching/paths/LINE/publish", data={"on": "1"})
    assert maker.post("/teaching/paths/LINE/courses", data={"verb": "remove", "course": codes[0]}).status_code == 303
    assert maker.post("/teaching/paths/LINE/courses", data={"verb": "remove", "course": codes[1]}).status_code == 422
    maker.post("/teaching/paths/LINE/courses", data={"verb": "add", "course": codes[0], "is_required": "1"})
    assert "产线工程师" in client.get("/paths?q=chanxian").text
    assert client.get("/paths/LINE").status_code == 200
    assert learner.post("/teaching/paths/LINE/publish").status_code == 403
    assert learner.post("/paths/LINE/follow", data={"on": "1"}).status_code == 303
    assert "产线工程师" in learner.get("/learning/paths").text
    maker.post("/teaching/paths/LINE/publish")
    assert "产线工程师" not in learner.get("/learning/paths").text
    maker.post("/teaching/paths/LINE/publish", data={"on": "1"})
    row = make.enrolment(make.loaded(second), who)
    learning.evaluate(enrolment=row, by=SYSTEM, now=make.NOW)
    steps = queries.steps(path.id, who.id)
    assert [(s.enrolment, s.run_id) for s in steps] == [(EnrolmentState.ACTIVE, second.id), (None, None)]
    assert "继续学习" in learner.get("/paths/LINE").text
    assert learner.post("/paths/LINE/follow").status_code == 303
    assert not queries.is_member(path.id, who.id)


def test_the_best_enrolment_of_several_runs_counts(session: Session) -> None:
    course = make.course()
    old, new = make.run(course, is_published=True), make.run(course, is_published=True)
    who = ground.person()
    left = make.enrolment(new, who)
    learning.withdraw(enrolment=left, by=SYSTEM, now=make.NOW)
    make.enrolment(old, who)
    path = operations.create(code="P", title="p", owner=course.owner, by=SYSTEM, now=make.NOW)
    operations.set_courses(path=path, courses=[(course.code, True)], by=SYSTEM, now=make.NOW)
    assert [(s.enrolment, s.run_id) for s in queries.steps(path.id, who.id)] == [(EnrolmentState.ACTIVE, old.id)]
    days = [date(2026, 6, 30), date(2026, 7, 1)]
    for run in (old, new):
        run.ends_on = days[0]
    session.flush()
    assert [[s.has_run for s in queries.steps(path.id, None, day)] for day in days] == [[True], [False]], "who comes after the end finds none"
    with pytest.raises(operations.BadPath, match="已被使用"):
        operations.create(code="P", title="q", owner=course.owner, by=SYSTEM, now=make.NOW)
