"""The simulation offers everybody of whom a fact that may still come about could change an answer, and cuts nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.curriculum.models import CourseResult
from courses.teaching.models import Secondment
from enterprises.capstones.models import Capstone
from enterprises.placements.models import Placement
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import simulation
from trainhub.oversight.evaluation.simulation import Assumptions, Choices, Outlook
from trainhub.people import operations as people
from trainhub.people.models import Person, PersonDegree, PersonStay, Student, Teacher
from trainhub.people.types import Degree

pytestmark = pytest.mark.database
DAY = factory.TODAY


def look(built: factory.Built, **given: Any) -> tuple[Outlook, Outlook, Choices]:
    return simulation.look(built.programme, DAY, Assumptions(**given))


def offered(built: factory.Built) -> list[int]:
    return [one.key for one in look(built)[2].students]


def of(student: Student, model: Any) -> Any:
    return sa.update(model).where(model.student_id == student.id)


def test_a_programme_that_lacks_nothing_offers_nobody(session: Session) -> None:
    choices = look(factory.meeting(students=3))[2]
    assert (choices.students, choices.lecturers, choices.abroad) == ((), (), ())


def test_who_has_the_days_and_lacks_something_else_is_offered(session: Session) -> None:
    """160 days are not all that a student finishes: the capstone, grades of placements and conclusions of courses change answers, too."""
    built = factory.meeting(students=5)
    capstone, grade, conclusion, none, whole = built.students
    session.execute(of(capstone, Capstone).values(finished_on=None, score_x10=None))
    session.execute(of(grade, Placement).values(mentor_score_x10=None))
    session.execute(sa.delete(CourseResult).where(CourseResult.student_id == conclusion.id))
    session.execute(of(none, Placement).values(ends_on=date(2024, 9, 29)))
    session.expire_all()
    choices = look(built)[2]
    found = {one.key: (one.days, one.lacks_items, one.lacks_capstone, one.courses > 0) for one in choices.students}
    assert found[capstone.id] == (0, True, True, False)
    assert found[grade.id] == (0, True, False, False)
    assert found[conclusion.id] == (0, False, False, True)
    assert found[none.id][:2] == (0, True)
    assert whole.id not in found
    before, then, _choices = look(built, student_ids=frozenset(found))
    changed = {code for code, status in before.statuses.items() if then.statuses[code] is not status}
    assert {"2.5", "6.9"} <= changed
    assert (
        then.statuses == look(built, everybody=True)[1].statuses == look(built, students=frozenset(one.label for one in choices.students))[1].statuses
    )


def test_every_student_who_lacks_is_offered_however_many(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.meeting(students=30)
        session.execute(sa.update(Capstone).values(finished_on=None, score_x10=None))
        code, programme_id, ids = built.programme.code, built.programme.id, [one.id for one in built.students]
    assert sorted(offered(built)) == sorted(ids)
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/{code}/simulate?on={DAY}&everybody=1&student={ids[3]}")
    assert (page.status_code, page.text.count("<option value=")) == (200, 30)
    assert f'<option value="{ids[3]}" selected>' in page.text
    assert 'data-search="true"' in page.text


def another_teacher(built: factory.Built) -> Teacher:
    """A full-time teacher who leads no designated course."""
    return ground.teacher(of=built.programme, since=date(2018, 9, 1))


def test_a_teacher_who_leads_none_of_the_six_is_offered_for_4_2(session: Session) -> None:
    """Two years that wait for their verification make a secondment needless, whoever leads the six courses (002:445)."""
    built = factory.meeting(students=2)
    teacher = another_teacher(built)
    before, _then, choices = look(built)
    assert before.statuses["4.2"].value == "not_met"
    assert [(one.key, one.lacks, one.unverified, one.leads) for one in choices.lecturers] == [(teacher.id, 365, (), False)]
    assert look(built, experienced=frozenset([teacher.id]))[1].statuses["4.2"].value == "met"
    work = ground.employment(session.get_one(Person, teacher.person_id), is_verified=False, since=date(2010, 1, 1), until=date(2011, 12, 31))
    [one] = look(built)[2].lecturers
    assert ([entry.organisation for entry in one.unverified], one.lacks, one.lacks_then) == ([work.organisation_name], 365, 0)
    supposed = look(built, lecturers=frozenset([teacher.id]))[1]
    people.verify_employment(employment=work, basis="劳动合同", by=SYSTEM, now=factory.NOW)
    assert supposed.statuses == look(built)[0].statuses
    assert supposed.statuses["4.2"].value == "met"
    assert look(built)[2].lecturers == ()


def test_work_that_waits_is_offered_of_who_has_a_plan_already(session: Session) -> None:
    """At 4.5 five years of it make a teacher senior."""
    built = factory.meeting(students=2)
    planned = session.scalars(sa.select(Secondment.teacher_id)).first()
    person = session.get_one(Person, session.get_one(Teacher, planned).person_id)
    ground.employment(person, is_verified=False, organisation_name="甲机械", since=date(2010, 1, 1), until=date(2010, 12, 31))
    assert [(one.key, one.lacks, len(one.unverified)) for one in look(built)[2].lecturers] == [(planned, 0, 1)]


def test_degrees_and_stays_that_wait_are_offered_for_9_1(session: Session) -> None:
    built = factory.meeting(students=2)
    for one in session.scalars(sa.select(Teacher).where(Teacher.programme_id == built.programme.id)):
        for row in rows_of(session, one):
            row.verified_at = row.verified_by_id = None
    session.flush()
    before, _then, choices = look(built)
    assert choices.abroad
    then = look(built, abroad=frozenset(one.key for one in choices.abroad))[1]
    found = [next(f for a in one.answers for f in a.findings if f.code == "9.1") for one in (before, then)]
    assert (found[0].status.value, found[1].status.value) == ("not_met", "met")


def rows_of(session: Session, teacher: Teacher) -> list[Any]:
    return [row for model in (PersonDegree, PersonStay) for row in session.scalars(sa.select(model).where(model.person_id == teacher.person_id))]


def test_a_degree_is_offered_by_name(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.meeting(students=1)
        teacher = another_teacher(built)
        person = session.get_one(Person, teacher.person_id)
        people.add_degree(person=person, degree=Degree.DOCTOR, university_name="斯图加特大学", region="DE", awarded_on=date(2012, 7, 1), by=SYSTEM, now=factory.NOW)  # fmt: skip
        code, programme_id, name = built.programme.code, built.programme.id, person.name
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/{code}/simulate?on={DAY}").text
    assert ("斯图加特大学" in page, name in page, 'name="abroad"' in page) == (True, True, True)
