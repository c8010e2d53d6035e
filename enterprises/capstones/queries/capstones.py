"""Selects on capstones, their supervisors, guidance, papers and grades."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, case, func, or_, select

from enterprises.capstones.models import Capstone, CapstoneGrade, CapstonePaper, Supervision, Topic
from enterprises.capstones.queries.guiding import waiting_for
from enterprises.capstones.queries.office import lacks_supervisor, stands
from enterprises.capstones.queries.standing import is_appealed
from enterprises.capstones.types import CONCLUDED, LIVE, WORKING, CapstoneRow, CapstoneState, Load, Stage, SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.programmes.models import Programme

LIST_ROLES = (
    Role.PROGRAMME_ADMIN,
    Role.UNIVERSITY_ADMIN,
    Role.ENTERPRISE_COORDINATOR,
    Role.DEPT_EDU,
    Role.INSPECTOR,
    Role.EXPERT,
    Role.AUDITOR,
    Role.SYSTEM_ADMIN,
)
"""Who sees capstones inside the scope of the role; students and supervisors see their own."""


def by_id(capstone_id: int) -> Capstone | None:
    """A capstone by id."""
    return session().get(Capstone, capstone_id)


def title_of(row: Capstone) -> str:
    """The title of the capstone's topic."""
    return session().get_one(Topic, row.topic_id).title


def live_capstones_at(enterprise_id: int) -> list[Capstone]:
    """The capstones at an enterprise that are not concluded."""
    return list(session().scalars(select(Capstone).where(Capstone.enterprise_id == enterprise_id, Capstone.state.in_(LIVE)).order_by(Capstone.id)))


def may_move() -> ColumnElement[bool]:
    """SQL: capstones whose topic may still be changed: at work, and no thesis was ever handed in (one that was sent back is revised for its topic)."""
    thesis = select(CapstonePaper.id).where(CapstonePaper.capstone_id == Capstone.id, CapstonePaper.stage == Stage.THESIS)
    return sa.and_(Capstone.state.in_(WORKING), ~thesis.correlate(Capstone).exists())


def movable_among(capstone_ids: Collection[int]) -> set[int]:
    """Those of several capstones whose topic may still be changed."""
    return set(session().scalars(select(Capstone.id).where(Capstone.id.in_(capstone_ids), may_move())))


def to_move(cohort_id: int) -> list[tuple[int, str, str]]:
    """(capstone, student, topic) of a cohort's capstones that never had a thesis and whose enterprise takes nobody further: to be moved or carried through."""
    statement = (
        select(Capstone.id, Person.name, Topic.title)
        .join(Topic, Topic.id == Capstone.topic_id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(Student.cohort_id == cohort_id, may_move(), Topic.closed_at.is_not(None))
        .order_by(Student.student_no, Capstone.id)
    )
    return [(key, name, title) for key, name, title in session().execute(statement)]


# -- who may see and do -------------------------------------------------------------------------------------------------


def _people(row: Capstone) -> tuple[Student, frozenset[int], frozenset[str]]:
    student = session().get_one(Student, row.student_id)
    supervisors = session().scalars(select(Supervision.person_id).where(Supervision.capstone_id == row.id, Supervision.until.is_(None)))
    university = organisations.by_id(student.university_id)
    return student, frozenset(supervisors), organisations.region_path(university.region_code if university else None).codes


def subject_of(row: Capstone) -> Subject:
    """The university, the programme, the enterprise, the region; the student and both supervisors as its own persons."""
    student, supervisors, regions = _people(row)
    return Subject.of(
        organisations=(student.university_id, row.enterprise_id),
        programmes=(student.programme_id,),
        regions=regions,
        persons=(student.person_id, *supervisors),
    )


def student_subject(row: Capstone) -> Subject:
    """Only the student: for what nobody else may do."""
    return Subject.of(persons=(session().get_one(Student, row.student_id).person_id,))


def supervisor_subject(row: Capstone) -> Subject:
    """Only the supervisors in office."""
    return Subject.of(persons=_people(row)[1])


def visible_to(identity: Identity) -> ColumnElement[bool]:
    """Capstones inside the reader's scope, the reader's own, and those the reader supervises. Needs Student in the select."""
    scope = organisations.scope(
        identity,
        LIST_ROLES,
        organisations=(Student.university_id, Capstone.enterprise_id),
        programmes=(Student.programme_id,),
        region=organisations.region_of(Student.university_id),
        persons=(Student.person_id,),
    )
    if identity.person_id is None:
        return scope
    mine = select(Supervision.capstone_id).where(Supervision.person_id == identity.person_id, Supervision.until.is_(None))
    return or_(scope, Capstone.id.in_(mine))


# -- lists --------------------------------------------------------------------------------------------------------------


def _supervisor_name(role: SupervisorRole) -> Any:
    return (
        select(Person.name)
        .join(Supervision, Supervision.person_id == Person.id)
        .where(Supervision.capstone_id == Capstone.id, Supervision.role == role, Supervision.until.is_(None))
        .correlate(Capstone)
        .scalar_subquery()
    )


PUBLISHED_SCORE = case((Capstone.state.in_(CONCLUDED), Capstone.score_x10))
SORTS: dict[str, tuple[Any, ...]] = {
    "student": (Person.pinyin, Person.name),
    "enterprise": (Organisation.pinyin, Student.student_no),
    "ends": (Capstone.ends_on, Student.student_no),
    "score": (PUBLISHED_SCORE, Student.student_no),
    "state": (Capstone.state, Student.student_no),
}


def listing(
    identity: Identity,
    *,
    text: str = "",
    state: CapstoneState | None = None,
    programme_id: int | None = None,
    cohort_id: int | None = None,
    enterprise_id: int | None = None,
    counted_on: date | None = None,
    only_live: bool = False,
    only_alone: bool = False,
    only_appealed: bool = False,
    on: date | None = None,
    among: Collection[int] | None = None,
    sort: str = "",
) -> organisations.Statement:
    """The rows of the list in the order of student numbers unless sorted otherwise; `CapstoneRow(*row)`.

    `only_live`: not concluded; `only_alone`: of those, the ones without a supervisor in office on one of the two sides on the day `on`;
    `only_appealed`: those whose student waits for the decision of an appeal; `counted_on`: of students who count on that day;
    `among`: only these.
    """
    statement = _rows().where(visible_to(identity))
    if state is not None:
        statement = statement.where(Capstone.state == state)
    else:
        statement = statement.where(Capstone.state != CapstoneState.WITHDRAWN)
    if programme_id is not None:
        statement = statement.where(Student.programme_id == programme_id)
    if cohort_id is not None:
        statement = statement.where(Student.cohort_id == cohort_id)
    if enterprise_id is not None:
        statement = statement.where(Capstone.enterprise_id == enterprise_id)
    if counted_on is not None:
        statement = statement.where(people.counts_in_cohort(counted_on))
    if text:
        statement = statement.where(people.finds_student(text, Topic.title, Organisation.name))
    if only_live or only_alone:
        statement = statement.where(Capstone.state.in_(LIVE))
    if only_alone:
        assert on is not None
        statement = statement.where(lacks_supervisor(on))
    if among is not None:
        statement = statement.where(Capstone.id.in_(among))
    if only_appealed:
        statement = statement.where(is_appealed())
    return organisations.ordered_or(statement, sort, SORTS, Student.student_no, Capstone.id)


def _rows() -> organisations.Statement:
    """The columns of `CapstoneRow`; a score is there once it is published, for whoever reads the list."""
    return (
        select(
            Capstone.id,
            Capstone.student_id,
            Student.student_no,
            Person.name,
            Programme.name,
            Topic.title,
            Organisation.name,
            Capstone.state,
            Capstone.starts_on,
            Capstone.ends_on,
            PUBLISHED_SCORE,
            case((Capstone.state.in_(CONCLUDED), Capstone.grade_text), else_=""),
            func.coalesce(_supervisor_name(SupervisorRole.SCHOOL), ""),
            func.coalesce(_supervisor_name(SupervisorRole.ENTERPRISE), ""),
        )
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .join(Organisation, Organisation.id == Capstone.enterprise_id)
    )


def as_row(row: Any) -> CapstoneRow:
    """A row of `listing`."""
    return CapstoneRow(*row)


def graded_by(person_id: int) -> set[int]:
    """The capstones for which a person has signed a grade that holds."""
    statement = select(CapstoneGrade.capstone_id).where(CapstoneGrade.person_id == person_id, CapstoneGrade.replaced_at.is_(None))
    return set(session().scalars(statement))


def rows_of(ids: Iterable[int]) -> dict[int, CapstoneRow]:
    """List rows of the capstones asked for, by id."""
    wanted = sorted(set(ids))
    return {row[0]: CapstoneRow(*row) for row in session().execute(_rows().where(Capstone.id.in_(wanted)))} if wanted else {}


def supervised_by(person_id: int) -> list[tuple[CapstoneRow, SupervisorRole]]:
    """The capstones a person supervises, those that go on first, by the day they end."""
    roles = {
        row.capstone_id: row.role
        for row in session().scalars(select(Supervision).where(Supervision.person_id == person_id, Supervision.until.is_(None)))
    }
    rows = rows_of(roles)
    order = sorted(rows.values(), key=lambda row: (row.state not in LIVE, row.ends_on, row.student_no, row.id))
    return [(row, roles[row.id]) for row in order]


def open_work(person_id: int, today: date) -> tuple[int, int]:
    """(capstones that wait for this person's grade, guidances that wait for this person's confirmation)."""
    mine = select(Supervision.capstone_id, Supervision.role).where(Supervision.person_id == person_id, Supervision.until.is_(None)).subquery()
    graded = select(CapstoneGrade.id).where(
        CapstoneGrade.capstone_id == mine.c.capstone_id, CapstoneGrade.role == mine.c.role, CapstoneGrade.replaced_at.is_(None)
    )
    to_grade = session().scalar(
        select(func.count())
        .select_from(mine)
        .join(Capstone, Capstone.id == mine.c.capstone_id)
        .where(Capstone.state == CapstoneState.SUBMITTED, ~graded.exists())
    )
    return to_grade or 0, len(waiting_for(person_id, today))


# -- supervisors --------------------------------------------------------------------------------------------------------


def supervisions_of(capstone_id: int) -> list[tuple[Supervision, str]]:
    """Every supervision with the person's name; those in office first."""
    statement = (
        select(Supervision, Person.name)
        .join(Person, Person.id == Supervision.person_id)
        .where(Supervision.capstone_id == capstone_id)
        .order_by(Supervision.until.is_not(None), Supervision.role.desc(), Supervision.id)
    )
    return [(row, name) for row, name in session().execute(statement)]


_SUPERVISES = select(Supervision).where(
    Supervision.capstone_id == sa.bindparam("capstone_id"), Supervision.role == sa.bindparam("side"), Supervision.until.is_(None)
)
"""Made once: asked by whatever is done to a capstone."""


def live_supervision(capstone_id: int, role: SupervisorRole) -> Supervision | None:
    """Who supervises on one side now."""
    return session().scalar(_SUPERVISES, {"capstone_id": capstone_id, "side": role})


def is_supervisor(capstone_id: int, role: SupervisorRole, person_id: int | None) -> bool:
    """Whether the person supervises on that side now."""
    found = live_supervision(capstone_id, role)
    return person_id is not None and found is not None and found.person_id == person_id


def _loads(role: SupervisorRole) -> Any:
    return (
        select(Supervision.person_id, func.count().label("load"))
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .where(Supervision.role == role, Supervision.until.is_(None), Capstone.state.in_(LIVE))
        .group_by(Supervision.person_id)
        .subquery()
    )


def school_load(university_id: int, on: date, *, most: int, programme_id: int | None = None) -> list[Load]:
    """The teachers of a university with their live capstones over all programmes; those of the programme first."""
    loads = _loads(SupervisorRole.SCHOOL)
    statement = (
        select(
            Person.id, Person.name, Teacher.title, Teacher.discipline, Teacher.programme_id, func.coalesce(loads.c.load, 0), Teacher.capstone_capacity
        )
        .join(Person, Person.id == Teacher.person_id)
        .outerjoin(loads, loads.c.person_id == Teacher.person_id)
        .where(Teacher.university_id == university_id, stands(Teacher, on))
        .order_by(Person.pinyin, Person.id)
    )
    rows = session().execute(statement).all()
    return [
        Load(key, name, " · ".join(x for x in (title, discipline) if x), load, min(capacity, most))
        for key, name, title, discipline, programme, load, capacity in sorted(rows, key=lambda r: r[4] != programme_id)
    ]


def mentor_load(enterprise_id: int, on: date, *, most: int) -> list[Load]:
    """The mentors of an enterprise in office on a day, with their live capstones."""
    return mentor_loads([enterprise_id], on, most=most)[enterprise_id]


def mentor_loads(enterprise_ids: Iterable[int], on: date, *, most: int) -> dict[int, list[Load]]:
    """The same for several enterprises, by enterprise: one query however many they are."""
    found: dict[int, list[Load]] = {key: [] for key in sorted(set(enterprise_ids))}
    loads = _loads(SupervisorRole.ENTERPRISE)
    statement = (
        select(Mentor.enterprise_id, Person.id, Person.name, Mentor.post, func.coalesce(loads.c.load, 0), Mentor.load_limit)
        .join(Person, Person.id == Mentor.person_id)
        .outerjoin(loads, loads.c.person_id == Mentor.person_id)
        .where(Mentor.enterprise_id.in_(found), stands(Mentor, on))
        .order_by(Person.pinyin, Person.id)
    )
    for enterprise_id, key, name, post, load, limit in session().execute(statement):
        found[enterprise_id].append(Load(key, name, post, load, min(limit, most)))
    return found


def load_of(person_id: int, role: SupervisorRole) -> int:
    """How many live capstones a person supervises on one side, over all programmes."""
    return (
        session().scalar(
            select(func.count())
            .select_from(Supervision)
            .join(Capstone, Capstone.id == Supervision.capstone_id)
            .where(Supervision.person_id == person_id, Supervision.role == role, Supervision.until.is_(None), Capstone.state.in_(LIVE))
        )
        or 0
    )


def teacher_at(person_id: int, university_id: int, on: date) -> Teacher | None:
    """The person as a teacher of the university on a day."""
    return session().scalar(
        select(Teacher)
        .where(
            Teacher.person_id == person_id,
            Teacher.university_id == university_id,
            Teacher.since <= on,
            or_(Teacher.until.is_(None), Teacher.until >= on),
        )
        .order_by(Teacher.id)
        .limit(1)
    )


def mentor_at(person_id: int, enterprise_id: int, on: date) -> Mentor | None:
    """The person as a mentor of the enterprise on a day."""
    return session().scalar(
        select(Mentor).where(
            Mentor.person_id == person_id,
            Mentor.enterprise_id == enterprise_id,
            Mentor.since <= on,
            or_(Mentor.until.is_(None), Mentor.until >= on),
        )
    )


def ids_of_students(students: sa.Select[int]) -> sa.Select[int]:
    """The capstones of students, as a part of a statement."""
    return select(Capstone.id).where(Capstone.student_id.in_(students))
