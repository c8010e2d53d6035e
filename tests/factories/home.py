"""One small world in which every role has something on its first page; all dates are around today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Flask
from flask.testing import FlaskClient

from courses.catalogue.models import Run
from enterprises.placements import operations as placements
from enterprises.placements.models import Placement, Round
from tests.factories import courses, enterprises, ground
from tests.factories.identity import signed_in_client
from tests.factories.remembering import remembered
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session, transaction
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import Route, State
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class World:
    """The ids a test needs."""

    university_id: int
    enterprise_id: int
    base_id: int
    programme_id: int
    programme_code: str
    student_id: int
    student_person_id: int
    mentor_person_id: int
    lecturer_person_id: int
    placement_id: int
    round_id: int
    run_id: int
    expert_group_id: int


def weekdays(count: int) -> list[date]:
    """The last working days before today, the earliest first."""
    found: list[date] = []
    day = clock.today()
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            found.append(day)
    return found[::-1]


def build(app: Flask, *, students: int = 1) -> World:
    """A student in a started placement with three days that wait, an open round, a run with a lecturer, a base, an evaluation with the working group."""
    return build_each(app, students)[0]


def build_each(app: Flask, *students: int) -> list[World]:
    """Worlds beside each other, with so many students each."""
    with app.app_context(), transaction():
        return _built(*students)


@remembered
def _built(*students: int) -> list[World]:
    return [_world(number) for number in students]


def _world(students: int) -> World:
    today = clock.today()
    monday = today - timedelta(days=today.weekday() + 28)
    university: Organisation = ground.university()
    enterprise: Organisation = ground.enterprise(name="榕城智能装备有限公司")
    profile = enterprises.opened_base(enterprise=enterprise)
    programme: Programme = ground.programme(university, name="机械设计制造")
    version = ground.version(programme)
    cohort = ground.cohort(programme)
    cohort.version_id = version.id
    term = enterprises.term(university=university, starts_on=monday)
    later = enterprises.term(university=university, starts_on=monday + timedelta(days=7 * 20))
    position = enterprises.position(enterprise=enterprise, terms=[term, later], seats=20 + students)
    enterprises.position(enterprise=enterprise, is_approved=False)
    mentor = enterprises.mentor(enterprise=enterprise, load_limit=20 + students)
    rows: list[tuple[Student, Placement]] = []
    for number in range(students):
        student = ground.student(programme, who=ground.person("曾晓明" if number == 0 else f"李同学{number}"), petoe_since=date(2023, 9, 1))
        placement = enterprises.started(student=student, position=position, term=term, mentor=mentor)
        for day in weekdays(3):
            placements.log_day(placement=placement, on=day, today=today, by=SYSTEM, now=clock.now(), note="装配线实习")
        rows.append((student, placement))
    round_: Round = enterprises.round(
        programme=programme, cohort=cohort, terms=[later], opens_on=today - timedelta(days=1), closes_on=today + timedelta(days=5)
    )
    lecturer: Person = ground.person()
    run: Run = courses.run(courses.course(university, title="工业机器人基础"), lead=lecturer, has_content=True)
    courses.publish(run)
    student, placement = rows[0]
    group = ground.organisation(kind=OrganisationKind.EXPERT_GROUP)
    session().add(
        Application(
            programme_id=programme.id,
            open_key=programme.id,
            route=Route.EVALUATION_ONLY,
            state=State.IN_WORKING_GROUP,
            state_since=today - timedelta(days=3),
            created_at=clock.now(),
        )
    )
    session().flush()
    return World(
        university.id,
        enterprise.id,
        profile.base_id,
        programme.id,
        programme.code,
        student.id,
        student.person_id,
        mentor.person_id,
        lecturer.id,
        placement.id,
        round_.id,
        run.id,
        group.id,
    )


def browser(app: Flask, world: World, role: Role) -> FlaskClient:
    """Somebody of the world who holds a role over the scope it is usually given over."""
    scopes: dict[Role, dict[str, object]] = {
        Role.STUDENT: {"organisation_id": world.university_id, "person_id": world.student_person_id},
        Role.TRAINEE: {"organisation_id": world.base_id, "person_id": world.student_person_id},
        Role.MENTOR: {"organisation_id": world.enterprise_id, "person_id": world.mentor_person_id},
        Role.SCHOOL_SUPERVISOR: {"organisation_id": world.university_id, "person_id": world.lecturer_person_id},
        Role.LECTURER: {"organisation_id": world.university_id, "person_id": world.lecturer_person_id},
        Role.ENTERPRISE_COORDINATOR: {"organisation_id": world.enterprise_id},
        Role.CENTRE_LEADER: {"organisation_id": world.base_id},
        Role.PROGRAMME_ADMIN: {"programme_id": world.programme_id},
        Role.UNIVERSITY_ADMIN: {"organisation_id": world.university_id},
        Role.PREFECTURE_OPERATOR: {"region_code": "350100"},
        Role.EXPERT: {"organisation_id": world.expert_group_id},
    }
    return signed_in_client(app, role, **scopes.get(role, {}))  # type: ignore[arg-type]
