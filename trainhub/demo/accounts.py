"""The eleven demo accounts (contract, "Set-up"), each with its role over its scope."""

from __future__ import annotations

from trainhub.demo.ground import register
from trainhub.demo.world import World
from trainhub.identity import operations as identity
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import Role
from trainhub.organisations import queries as organisations
from trainhub.people.models import Person

PASSWORD = "demo-2026"  # noqa: S105 - the published password of the demo accounts
ACCOUNTS = ("student", "trainee", "lecturer", "mentor", "supervisor", "enterprise", "programme", "prefecture", "province", "expert", "admin")

FURTHER = ("association", "workgroup", "expert2", "programme1")
"""Made with the evaluations of the demo: the association, the expert working group, a second expert of a visit, the head of the first programme."""

READERS = ("expert3", "expert4", "expert5", "expert6")
"""Made with the capstones of the demo: with `expert` they read the theses of its spot check."""

JUDGES = ("teacher3", "teacher4", "teacher5", "teacher6")
"""Made with the capstones of the demo: teachers who review and grade as a third, for which one signs."""

OFFICES = (("science", Role.DEPT_ST), ("finance", Role.DEPT_FIN))
"""Made with the awards of the demo: who decides an award neither enters what the joint conference said nor pays, so two more departments act."""


def open_offices(world: World) -> None:
    """The accounts of the departments beside `province`."""
    row = world.row_of_people(53, age_from=30, age_to=55)
    for name, role in OFFICES:
        person = register(world, next(row))
        account = identity.create_account(
            person=person, display_name=person.name, username=name, password=PASSWORD, logins=[], by=world.by, now=world.calendar.at(-300)
        )
        identity.grant_role(account=account, role=role, by=world.by, since=world.calendar.plus(-300), today=world.day, now=world.calendar.at(-300))


def build(world: World) -> None:
    """Accounts for those who sign in, roles for everybody who has one."""
    row = world.row_of_people(13, age_from=28, age_to=55)
    final = world.calendar.final_entry
    student = world.students[2, final][0]
    teachers = world.teachers[2]
    third = world.universities[2]
    persons: dict[str, Person] = {
        "student": world.made["person_of"](student.person_id),
        "lecturer": world.made["person_of"](teachers[0].person_id),
        "supervisor": world.made["person_of"](teachers[1].person_id),
    }
    for name in ("trainee", "mentor", "enterprise", "programme", "prefecture", "province", "expert", "admin"):
        persons[name] = register(world, next(row))
    world.persons = persons
    for name in ACCOUNTS:
        logins = [(LoginKind.STUDENT_NO, student.student_no, third.code)] if name == "student" else []
        world.accounts[name] = identity.create_account(
            person=persons[name],
            display_name=persons[name].name,
            username=name,
            password=PASSWORD,
            logins=logins,
            by=world.by,
            now=world.calendar.at(-300),
        )
    first_enterprise, programme, base = world.enterprises[0], world.programmes[2], world.bases[0]
    pool = organisations.by_code("DEMO-EXPERTS")
    assert pool is not None
    for name, role, scope in (
        ("student", Role.STUDENT, {"organisation_id": third.id}),
        ("trainee", Role.TRAINEE, {"organisation_id": world.bases[1].id}),
        ("lecturer", Role.LECTURER, {"organisation_id": third.id}),
        ("mentor", Role.MENTOR, {"organisation_id": first_enterprise.id}),
        ("supervisor", Role.SCHOOL_SUPERVISOR, {"organisation_id": third.id}),
        ("enterprise", Role.ENTERPRISE_COORDINATOR, {"organisation_id": first_enterprise.id}),
        ("enterprise", Role.CENTRE_LEADER, {"organisation_id": base.id}),
        ("programme", Role.PROGRAMME_ADMIN, {"programme_id": programme.id}),
        ("prefecture", Role.PREFECTURE_OPERATOR, {"region_code": "350100"}),
        ("province", Role.DEPT_EDU, {}),
        ("province", Role.DEPT_HR, {}),
        ("expert", Role.EXPERT, {"organisation_id": pool.id}),
        ("admin", Role.SYSTEM_ADMIN, {}),
    ):
        identity.grant_role(
            account=world.accounts[name],
            role=role,
            by=world.by,
            today=world.day,
            now=world.calendar.at(-300),
            since=world.calendar.plus(-300),
            **scope,
        )
