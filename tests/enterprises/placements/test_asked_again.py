"""Whose placement it is, is asked of the database each time: two persons may be parted while a request waits for the placement."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.placements import queries
from tests.factories import ground
from trainhub.people.models import Student


def test_whose_it_is_follows_what_another_server_saved(session: Session) -> None:
    student, other = ground.student(), ground.person("林晓")
    assert queries.person_of_student(student.id) == student.person_id
    session.execute(sa.update(Student).where(Student.id == student.id).values(person_id=other.id), execution_options={"synchronize_session": False})
    assert queries.person_of_student(student.id) == other.id
    assert queries.person_of_student(0) is None
