"""Who sees a mentor, and how many students a mentor has: a school sees others' mentors with their consent, a student is counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.mentors import operations as mentors
from enterprises.mentors import queries
from enterprises.mentors.models import Mentor
from enterprises.placements import operations as placements
from enterprises.placements import planning
from enterprises.placements.operations._support import BadPlacement
from tests.factories import capstones, ground
from tests.factories import enterprises as make
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A school that works with nobody yet; a mentor of an enterprise who has not agreed to be seen by every school."""
    return _world()


@remembered
def _world() -> SimpleNamespace:
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    mentor = make.mentor(enterprise=enterprise, load_limit=2)
    return SimpleNamespace(university=university, enterprise=enterprise, programme=programme, mentor=mentor, key=mentor.id)


def offers(world: SimpleNamespace) -> None:
    make.position(enterprise=world.enterprise, terms=[make.term(university=world.university)])


def hosts(world: SimpleNamespace) -> None:
    ground.base(world.enterprise, world.university)


def agrees(world: SimpleNamespace) -> None:
    mentors.change_mentor(mentor=world.mentor, is_shared=True, by=SYSTEM, now=make.NOW)


def offers_another_school(world: SimpleNamespace) -> None:
    make.position(enterprise=world.enterprise, terms=[make.term(university=ground.university())])


@pytest.mark.parametrize(("happens", "is_seen"), [(None, False), (offers, True), (hosts, True), (agrees, True), (offers_another_school, False)])
@pytest.mark.parametrize("role", [Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR])
def test_a_school_sees_mentors_of_its_partners_and_others_with_their_consent(
    session: Session, as_role: AsRole, world: SimpleNamespace, happens: Callable[[SimpleNamespace], None] | None, is_seen: bool, role: Role
) -> None:
    """RESEARCH-4.7b: visible to other universities only with consent."""
    if happens is not None:
        happens(world)
    name = queries.name_of(world.key)
    at = {"organisation_id": world.university.id} if role is Role.UNIVERSITY_ADMIN else {"programme_id": world.programme.id}
    session.commit()
    school = as_role(role, **at)
    assert school.get(f"/mentors/{world.key}").status_code == (200 if is_seen else 403)
    assert (name in school.get("/mentors/").text, name in school.get("/mentors/export.csv").text) == (is_seen, is_seen)


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.DEPT_EDU, Role.MENTOR])
def test_the_enterprise_the_departments_and_the_mentor_see_the_page(session: Session, as_role: AsRole, world: SimpleNamespace, role: Role) -> None:
    at = {"organisation_id": world.enterprise.id, "person_id": world.mentor.person_id} if role is not Role.DEPT_EDU else {}
    session.commit()
    assert as_role(role, **at).get(f"/mentors/{world.key}").status_code == 200


# -- how many students ------------------------------------------------------------------------------------------------------
def load(mentor: Mentor, since: date, until: date) -> int:
    return len(queries.guided_by([mentor.id], since, until, today=make.TODAY)[mentor.id])


def test_a_student_with_placement_and_capstone_is_one_and_the_limit_counts_both(session: Session) -> None:
    """The capstone from November to May; a placement of the same student beside it, and one of another student."""
    case = capstones.case(has_stay=False)
    mentor = case.mentor
    assert mentor is not None
    mentors.change_mentor(mentor=mentor, load_limit=2, by=SYSTEM, now=make.NOW)
    summer = date(2026, 6, 1)
    days = [capstones.START - timedelta(days=1), capstones.START, capstones.END, capstones.END + timedelta(days=1)]
    assert [load(mentor, one, one) for one in days] == [0, 1, 1, 0]
    term = make.term(university=session.get_one(Organisation, case.student.university_id))
    position = make.position(enterprise=case.enterprise, terms=[term], seats=3)
    students = [case.student, *(ground.student(case.programme, petoe_since=date(2023, 9, 1)) for _n in range(2))]
    rows = [placements.place_student(student=one, position=position, term=term, by=SYSTEM, now=make.NOW) for one in students]
    placements.assign_mentor(placement=rows[0], mentor=mentor, by=SYSTEM, now=make.NOW)
    assert load(mentor, term.starts_on, term.ends_on) == 1
    placements.assign_mentor(placement=rows[1], mentor=mentor, by=SYSTEM, now=make.NOW)
    assert (load(mentor, term.starts_on, term.ends_on), load(mentor, summer, summer)) == (2, 2)
    with pytest.raises(BadPlacement) as refused:
        placements.assign_mentor(placement=rows[2], mentor=mentor, by=SYSTEM, now=make.NOW)
    assert refused.value.code == "mentor_full"


@pytest.mark.parametrize(("limit", "is_in_round", "room"), [(2, False, 1), (1, False, 0), (2, True, 2)])
def test_a_plan_leaves_mentors_the_time_for_the_capstones_they_guide(session: Session, limit: int, is_in_round: bool, room: int) -> None:
    """Who is planned themselves is one student of the mentor, placed or not."""
    case = capstones.case(has_stay=False)
    assert case.mentor is not None
    mentors.change_mentor(mentor=case.mentor, load_limit=limit, by=SYSTEM, now=make.NOW)
    programme = case.programme if is_in_round else ground.programme(session.get_one(Organisation, case.student.university_id))
    ground.student(programme, petoe_since=date(2023, 9, 1))
    term = make.term(university=session.get_one(Organisation, case.student.university_id), starts_on=date(2026, 4, 6))
    make.position(enterprise=case.enterprise, terms=[term], seats=3)
    round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
    found = planning.problem_of(round, today=make.TODAY).case.room
    assert found == {(planning.key(case.enterprise.id), planning.key(term.id)): room}
