"""A course without runs belongs to nobody's list of runs: who made it finds it again and goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def test_a_course_that_was_left_before_its_first_run_is_found_again(as_role: AsRole, session: Session) -> None:
    owner, other = ground.university(), ground.university()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=owner.id, person_id=ground.person().id)
    data = {"code": "NEW-1", "title": "刚建的课", "owner_id": owner.id, "language": "zh", "family": "professional", "education_type": "continuing"}
    assert author.post("/teaching/courses/new", data={**data, "hours": "8", "credits": "0", "submission_key": "once"}).status_code == 303
    link = 'href="/teaching/courses/NEW-1/runs/new"'
    assert link in author.get("/teaching").text
    for stranger in (as_role(Role.LECTURER, organisation_id=other.id), as_role(Role.TRAINEE, person_id=ground.person().id)):
        assert "刚建的课" not in stranger.get("/teaching").text
    run = {"code": "1", "starts_on": "2026-12-01", "mode": "open", "pass_mark": "60", "goal_category": "worker"}
    assert author.post("/teaching/courses/NEW-1/runs/new", data=run).status_code == 303
    page = author.get("/teaching").text
    assert ("刚建的课" in page, link in page) == (True, False)


def test_the_list_asks_once_however_many(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    owner = ground.university()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=owner.id)
    asked = []
    for more in (1, 29):
        for _n in range(more):
            make.course(owner)
        session.commit()
        session.expire_all()
        author.get("/teaching")
        count_queries.clear()
        author.get("/teaching")
        asked.append(len(count_queries))
    assert asked[0] == asked[1]
