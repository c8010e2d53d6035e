"""A course without runs belongs to nobody's list of runs: who made it finds it again and goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue.models import Course
from courses.catalogue.operations import offerings
from courses.catalogue.types import StaffRole
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role

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
    strangers = [as_role(Role.LECTURER, organisation_id=one.id, person_id=ground.person().id) for one in (owner, other)]
    strangers.append(as_role(Role.TRAINEE, person_id=ground.person().id))
    session.commit()
    for stranger in strangers:
        assert "刚建的课" not in stranger.get("/teaching").text
        assert stranger.get("/teaching/courses/NEW-1/runs/new").status_code == 403
        assert stranger.get("/teaching/courses/NEW-1/bank").status_code == 403
    manager = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner.id)
    assert link in manager.get("/teaching").text
    assert author.get("/teaching/courses/NEW-1/bank").status_code == 200
    run = {"code": "1", "starts_on": "2026-12-01", "mode": "open", "pass_mark": "60", "goal_category": "worker"}
    assert author.post("/teaching/courses/NEW-1/runs/new", data=run).status_code == 303
    page = author.get("/teaching").text
    assert ("刚建的课" in page, link in page) == (True, False)


def test_the_list_asks_once_however_many(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    owner = ground.university()
    session.commit()
    author = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner.id)
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


def test_only_the_team_of_a_course_and_who_answers_for_it_make_a_run_of_it(as_role: AsRole, session: Session) -> None:
    """Who makes a run leads it, and who leads one reads the questions of the course with their answers: a colleague of the same school may not."""
    owner, lead, colleague, co_author = ground.university(), ground.person(), ground.person(), ground.person()
    course = make.course(owner)
    run = make.run(course, lead=lead, is_published=True)
    make.single(run)
    offerings.set_staff(run=make.loaded(run), person_id=co_author.id, role=StaffRole.CO_AUTHOR, by=SYSTEM, now=make.NOW)
    session.commit()
    form = {"starts_on": "2026-12-01", "mode": "open", "pass_mark": "60", "goal_category": "worker"}
    url = f"/teaching/courses/{course.code}/runs/new"
    page = f"/courses/{course.code}"
    for person, status in ((colleague, 403), (lead, 303), (co_author, 303)):
        browser = as_role(Role.LECTURER, organisation_id=owner.id, person_id=person.id)
        session.commit()
        assert (url in browser.get(page).text) is (status == 303)
        assert browser.post(url, data={**form, "code": f"R{person.id}"}).status_code == status
        assert browser.get(f"/teaching/courses/{course.code}/bank").status_code == (200 if status == 303 else 403)
    manager = as_role(Role.UNIVERSITY_ADMIN, organisation_id=owner.id, person_id=ground.person().id)
    assert manager.post(url, data={**form, "code": "R9"}).status_code == 303
    # Somebody on the team who may not make courses of the owner at all does not make runs either: seats and certificates are the owner's.
    other = ground.person()
    offerings.set_staff(run=make.loaded(run), person_id=other.id, role=StaffRole.CO_AUTHOR, by=SYSTEM, now=make.NOW)
    session.commit()
    guest = as_role(Role.LECTURER, organisation_id=ground.university().id, person_id=other.id)
    assert guest.post(url, data={**form, "code": "R10"}).status_code == 403


def test_who_made_a_course_edits_it_with_a_role_over_its_owner_alone(as_role: AsRole, session: Session) -> None:
    """Who has left the school, or whose course went to another owner, reads no bank of it by having made it once."""
    owner, elsewhere, maker = ground.university(), ground.university(), ground.person()
    author = as_role(Role.LECTURER, organisation_id=owner.id, person_id=maker.id)
    session.commit()
    data = {"code": "MADE-1", "title": "装配", "owner_id": owner.id, "language": "zh", "family": "professional", "education_type": "continuing"}
    assert author.post("/teaching/courses/new", data={**data, "hours": "8", "credits": "0", "submission_key": "once"}).status_code == 303
    course = session.query(Course).filter_by(code="MADE-1").one()
    assert author.get("/teaching/courses/MADE-1/bank").status_code == 200
    course.owner_id = elsewhere.id
    session.commit()
    session.expire_all()
    assert author.get("/teaching/courses/MADE-1/bank").status_code == 403
    assert author.get("/teaching/courses/MADE-1/edit").status_code == 403


def test_a_course_of_an_enterprise_goes_on_with_its_next_coordinator(as_role: AsRole, session: Session) -> None:
    firm = ground.enterprise()
    make.course(firm, code="FIRM-1")
    session.commit()
    next_one = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm.id, person_id=ground.person().id)
    stranger = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=ground.enterprise().id, person_id=ground.person().id)
    session.commit()
    form = {"code": "FIRM-R1", "starts_on": "2026-12-01", "mode": "open", "pass_mark": "60", "goal_category": "worker"}
    assert ("FIRM-1" in next_one.get("/teaching").text, "FIRM-1" in stranger.get("/teaching").text) == (True, False)
    assert stranger.post("/teaching/courses/FIRM-1/runs/new", data=form).status_code == 403
    assert next_one.post("/teaching/courses/FIRM-1/runs/new", data=form).status_code == 303
