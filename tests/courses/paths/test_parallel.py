"""Two who arrange one path at once (PostgreSQL): both have their way, and what neither may do alone they do not do together."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from flask import Flask

from courses.paths import operations, queries
from courses.paths.models import LearningPath
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction

pytestmark = pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")
GIVEN = {"by": SYSTEM, "now": make.NOW}


def path_of(courses: int, *, filled: bool) -> tuple[int, list[str]]:
    """A path and the codes of published courses, in it or not yet."""
    owner = ground.university()
    codes = [make.run(make.course(owner), is_published=True).course.code for _n in range(courses)]
    path = operations.create(code=f"P{owner.id}", title="产线工程师", owner=owner, **GIVEN)
    if filled:
        operations.set_courses(path=path, courses=[(code, True) for code in codes], **GIVEN)
        operations.publish(path=path, is_published=True, **GIVEN)
    return path.id, codes


def arrange(path_id: int, verb: str, code: str) -> Callable[[], object]:
    return lambda: operations.arrange(path=session().get_one(LearningPath, path_id), verb=verb, code=code, is_required=True, **GIVEN)


def courses_of(app: Flask, path_id: int) -> set[str]:
    with app.app_context():
        return {step.code for step in queries.steps(path_id, None)}


def test_two_who_add_a_course_at_once_both_find_it_there(committed: Flask) -> None:
    with committed.app_context(), transaction():
        path_id, codes = path_of(3, filled=False)
    assert together(committed, *(arrange(path_id, "add", code) for code in codes)) == [""] * 3
    assert courses_of(committed, path_id) == set(codes)


def test_two_who_take_out_the_last_courses_leave_one_in_a_published_path(committed: Flask) -> None:
    with committed.app_context(), transaction():
        path_id, codes = path_of(2, filled=True)
    assert sorted(together(committed, *(arrange(path_id, "remove", code) for code in codes))) == ["", "bad_path"]
    assert len(courses_of(committed, path_id)) == 1


def test_one_who_follows_twice_at_once_follows_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        path_id, _codes = path_of(1, filled=True)
        person_id = ground.person().id

    def follow() -> None:
        operations.follow(path=session().get_one(LearningPath, path_id), person_id=person_id, is_on=True, **GIVEN)

    assert together(committed, follow, follow) == ["", ""]
    with committed.app_context():
        assert queries.is_member(path_id, person_id)
