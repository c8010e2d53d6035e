"""A topic that a student proposed is given to that student by hand, too: no round is needed for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones.models import Capstone
from enterprises.capstones.types import TopicOrigin
from tests.factories import capstones as make
from tests.factories import ground
from trainhub.kernel.access import Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort


@pytest.fixture
def given(session: Session, as_role: Callable[..., FlaskClient]) -> dict[str, Any]:
    """Two students of one cohort; the first has an approved topic of the own."""
    programme = ground.programme()
    owner, other = (ground.student(programme) for _n in range(2))
    topic = make.topic(programme=programme, origin=TopicOrigin.STUDENT, reserved_for=owner)
    at = f"/capstones/cohorts/{programme.code}/{session.get_one(Cohort, owner.cohort_id).year}/assign"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    session.commit()
    return {
        "head": head,
        "at": at,
        "owner": owner.id,
        "other": other.id,
        "topic": topic.id,
        "title": topic.title,
        "name": session.get_one(Person, owner.person_id).name,
    }


def _send(given: dict[str, Any], who: str) -> Any:
    data = {"student_id": given[who], "topic_id": given["topic"], "starts_on": "2026-12-01", "ends_on": "2027-05-28", "place": "车间"}
    return given["head"].post(given["at"], data=data)


def test_it_is_offered_with_the_name_and_given_to_its_student(session: Session, given: dict[str, Any]) -> None:
    page = given["head"].get(given["at"]).text
    assert given["title"] in page
    assert f"{given['name']}自拟" in page
    refused = _send(given, "other")
    assert (refused.status_code, "只能由其本人承担" in refused.text) == (422, True)
    assert _send(given, "owner").status_code == 303
    assert session.scalars(select(Capstone.student_id).where(Capstone.topic_id == given["topic"])).all() == [given["owner"]]
    assert f"{given['name']}自拟" not in given["head"].get(given["at"]).text


def test_of_who_has_a_capstone_it_is_not_offered(session: Session, given: dict[str, Any]) -> None:
    _send(given, "owner")
    session.get_one(Capstone, session.scalars(select(Capstone.id)).one()).topic_id = make.topic().id
    session.commit()
    assert given["title"] not in given["head"].get(given["at"]).text
