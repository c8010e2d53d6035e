"""Who looks for a student or staff number that somebody had before finds them, and is told; a list that still holds it is told the number of today."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.learning import imports as invitations
from tests.factories import courses, ground
from tests.factories import identity as make
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people import operations, queries
from trainhub.people.models import Student, Teacher
from trainhub.people.types import StudentFilter

pytestmark = pytest.mark.database


@pytest.fixture
def renumbered(session: Session) -> tuple[Student, Teacher]:
    """A student and a teacher of one school with new numbers, and a student to whom the old number was given."""
    programme = ground.programme()
    student = ground.student(programme, student_no="2023-OLD7", who=ground.person("林改号"))
    operations.renumber_student(student=student, student_no="2023-NEW8", reason="录入有误", by=SYSTEM, now=clock.now())
    teacher = ground.teacher(session.get_one(Organisation, student.university_id), who=ground.person("陈改号"), of=programme)
    before = teacher.staff_no
    operations.renumber_teacher(teacher=teacher, staff_no="T-NEW9", reason="录入有误", by=SYSTEM, now=clock.now())
    assert before != teacher.staff_no
    session.commit()
    return student, teacher


def test_lists_and_search(app: Flask, session: Session, renumbered: tuple[Student, Teacher]) -> None:
    student, teacher = renumbered
    (former,) = queries.former_numbers_of(teacher_id=teacher.id)
    client = make.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=student.university_id)
    for path in ("/people/students?q=2023-old7", "/search?q=2023-OLD7"):
        page = client.get(path, follow_redirects=True).text
        assert ("林改号" in page, "原学号 2023-OLD7" in page) == (True, True), path
    for path in (f"/people/teachers?q={former.number}", f"/search?q={former.number}"):
        page = client.get(path, follow_redirects=True).text
        assert ("陈改号" in page, f"原工号 {former.number}" in page) == (True, True), path
    assert "原学号" not in client.get("/people/students?q=2023-NEW8").text
    assert "2023-OLD7" not in client.get("/people/students").text
    assert client.get("/people/students/export.csv?q=2023-OLD7").text.count("林改号") == 1
    stranger = ground.university()
    session.commit()
    other = make.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=stranger.id)
    assert "林改号" not in other.get("/people/students?q=2023-OLD7").text


def test_whose_number_it_is_now_is_found_first(session: Session, renumbered: tuple[Student, Teacher]) -> None:
    student, _teacher = renumbered
    heir = ground.student(student_no="2023-OLD7", who=ground.person("王继承"))
    session.flush()
    found = session.execute(queries.students_listing(SYSTEM, StudentFilter(text="2023-OLD7"), on=clock.today())).all()
    assert {row[0] for row in found} == {student.id, heir.id}
    assert queries.students_who_had("2023-OLD7") == {student.id: "2023-OLD7"}


def test_a_list_is_told_the_number_of_today(session: Session, renumbered: tuple[Student, Teacher]) -> None:
    student, _teacher = renumbered
    make.account(person=queries.person(student.person_id))
    run = courses.run()
    session.flush()
    for name in ("林改号", "别人"):
        text = f"login,name\n2023-OLD7,{name}\n"
        with pytest.raises(imports.ImportRefused) as refused:
            imports.execute_bytes(invitations.spec_for(run), text.encode(), filename="i.csv", by=SYSTEM, today=clock.today(), now=clock.now())
        (problem,) = [one["problem"] for one in refused.value.details]
        assert ("更正为 2023-NEW8" in problem) is (name == "林改号")
        assert ("没有找到" in problem) is (name == "别人")
