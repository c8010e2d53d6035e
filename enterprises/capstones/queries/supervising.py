"""Selects for the plan of supervisors and for the board on which they are given by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, CapstoneGrade, Supervision, SupervisorPlan, SupervisorWish
from enterprises.capstones.queries.capstones import mentor_load, school_load
from enterprises.capstones.queries.impartiality import barred_among
from enterprises.capstones.queries.office import no_student, stands
from enterprises.capstones.types import LIVE, WORKING, CapstoneState, Load, SupervisorRole
from enterprises.mentors.models import Mentor
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.kernel.jobs import Job, JobState
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import StudentState

NO_LIMIT = 1_000_000
OPEN = (*WORKING, CapstoneState.SUBMITTED)


@dataclass(frozen=True, slots=True)
class ToSupervise:
    """A capstone that may still get a supervisor."""

    id: int
    student_id: int
    student_person_id: int
    enterprise_id: int


def to_supervise(cohort_id: int) -> list[ToSupervise]:
    """The capstones of a cohort that may still get supervisors, by id."""
    statement = (
        select(Capstone.id, Capstone.student_id, Student.person_id, Capstone.enterprise_id)
        .join(Student, Student.id == Capstone.student_id)
        .where(Student.cohort_id == cohort_id, Capstone.state.in_(OPEN), Student.state != StudentState.WITHDRAWN)
        .order_by(Capstone.id)
    )
    return [ToSupervise(*row) for row in session().execute(statement)]


def hold(capstone_ids: Iterable[int]) -> None:
    """Lock capstones to the end of the transaction, in the order of their ids, and read them anew."""
    statement = select(Capstone).where(Capstone.id.in_(set(capstone_ids))).order_by(Capstone.id)
    session().scalars(statement.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def supervisions_among(capstone_ids: Collection[int]) -> list[Supervision]:
    """Who supervises these capstones now."""
    return list(session().scalars(select(Supervision).where(Supervision.capstone_id.in_(list(capstone_ids)), Supervision.until.is_(None))))


@dataclass(frozen=True, slots=True)
class Replacement:
    """A supervisor who was replaced, or taken away without a successor (`now` is empty)."""

    at: datetime
    role: SupervisorRole
    before: str
    now: str
    reason: str


def replacements_of(capstone_id: int) -> list[Replacement]:
    """Who was replaced by whom and why, the latest first, as the audit log has it: what was decided is written nowhere else."""
    statement = select(AuditEvent.at, AuditEvent.did, AuditEvent.data).where(
        AuditEvent.on_kind == Capstone.__tablename__,
        AuditEvent.on_id == str(capstone_id),
        AuditEvent.did.in_(["capstones.supervisor.assigned", "capstones.supervisor.ended"]),
    )
    found = []
    for at, did, data in session().execute(statement.order_by(AuditEvent.id.desc())):
        is_end = did == "capstones.supervisor.ended"
        before, now = (data["person"], None) if is_end else (data.get("before"), data["person"])
        if before is not None:
            found.append((at, SupervisorRole(data["role"]), before, now, str(data.get("reason") or "")))
    names = people.names_of({key for row in found for key in row[2:4]})
    return [Replacement(at, role, names.get(before, ""), names.get(now or 0, ""), reason) for at, role, before, now, reason in found]


def is_enrolled(person_id: int) -> bool:
    """Whether a human is a student now: a classmate who is on the register of mentors supervises and judges nobody."""
    enrolled = select(Student.id).where(people.of_human(Student.person_id, person_id), Student.state == StudentState.ENROLLED)
    return session().scalar(enrolled.limit(1)) is not None


def enrolled_among(person_ids: Collection[int]) -> frozenset[int]:
    """Those of persons who, by any row of theirs, are students now: one query."""
    mine, row = aliased(Person), aliased(Person)
    human = func.coalesce(row.merged_into_id, row.id)
    enrolled = select(human).join(Student, Student.person_id == row.id).where(Student.state == StudentState.ENROLLED)
    statement = select(mine.id).where(mine.id.in_(list(person_ids)), func.coalesce(mine.merged_into_id, mine.id).in_(enrolled))
    return frozenset(session().scalars(statement))


def graded_slots(capstone_ids: Collection[int]) -> set[tuple[int, SupervisorRole]]:
    """(capstone, side) that have graded: nobody is exchanged there."""
    statement = select(CapstoneGrade.capstone_id, CapstoneGrade.role).where(CapstoneGrade.capstone_id.in_(list(capstone_ids)))
    return {(key, role) for key, role in session().execute(statement)}


def teachers_for(university_id: int, on: date) -> list[Teacher]:
    """The teachers of a university in office on a day, without who is an enrolled student (no student supervises)."""
    statement = select(Teacher).where(Teacher.university_id == university_id, stands(Teacher, on), no_student(Teacher.person_id))
    return list(session().scalars(statement.order_by(Teacher.person_id, Teacher.id)))


def mentors_for(enterprise_ids: Collection[int], on: date) -> list[Mentor]:
    """The mentors of enterprises in office on a day, without who is an enrolled student."""
    statement = select(Mentor).where(Mentor.enterprise_id.in_(list(enterprise_ids)), stands(Mentor, on), no_student(Mentor.person_id))
    return list(session().scalars(statement.order_by(Mentor.person_id, Mentor.id)))


def of_house(enterprise_id: int, on: date) -> frozenset[int]:
    """Every person row of the humans who are mentors of an enterprise on a day: they do not stand for the school (8.3)."""
    mine = people.rows_of_humans(one.person_id for one in mentors_for([enterprise_id], on))
    return frozenset(row for rows in mine.values() for row in rows)


def enterprise_names(enterprise_ids: Collection[int]) -> dict[int, str]:
    """Names of enterprises; two of the same name are told apart by their codes."""
    rows = session().execute(select(Organisation.id, Organisation.name, Organisation.code).where(Organisation.id.in_(list(enterprise_ids)))).all()
    names = [name for _key, name, _code in rows]
    return {key: name if names.count(name) == 1 else f"{name}（{code}）" for key, name, code in rows}


def loads_outside(capstone_ids: Collection[int]) -> dict[tuple[int, SupervisorRole], int]:
    """Live capstones each person supervises on each side, those asked for left out: the load over all programmes."""
    statement = (
        select(Supervision.person_id, Supervision.role, func.count())
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .where(Supervision.until.is_(None), Capstone.state.in_(LIVE), Capstone.id.not_in(list(capstone_ids)))
        .group_by(Supervision.person_id, Supervision.role)
    )
    return {(person_id, role): int(number) for person_id, role, number in session().execute(statement)}


def wishes_of(capstone_id: int, role: SupervisorRole) -> list[SupervisorWish]:
    """A student's wishes for one side, the best first."""
    statement = select(SupervisorWish).where(SupervisorWish.capstone_id == capstone_id, SupervisorWish.role == role)
    return list(session().scalars(statement.order_by(SupervisorWish.rank)))


def wishes_among(capstone_ids: Collection[int]) -> dict[tuple[int, SupervisorRole, int], int]:
    """The rank of each (capstone, side, person) that was wished for."""
    statement = select(SupervisorWish.capstone_id, SupervisorWish.role, SupervisorWish.person_id, SupervisorWish.rank)
    return {
        (capstone_id, role, person_id): rank
        for capstone_id, role, person_id, rank in session().execute(statement.where(SupervisorWish.capstone_id.in_(list(capstone_ids))))
    }


def wishable(row: Capstone, role: SupervisorRole, on: date) -> list[Load]:
    """Who could be wished for on one side: in office there, and barred by nothing (`capstones.impartiality`).

    The limits of the policy are asked when somebody is given; here the own limit of a person stands beside the load.
    """
    student = session().get_one(Student, row.student_id)
    barred = barred_among({row.id: row.student_id}, Office(role.value))[row.id]
    if role is SupervisorRole.SCHOOL:
        found = school_load(student.university_id, on, most=NO_LIMIT, programme_id=student.programme_id)
        barred |= of_house(row.enterprise_id, on)
    else:
        found = mentor_load(row.enterprise_id, on, most=NO_LIMIT)
    barred |= enrolled_among([one.person_id for one in found])
    return [one for one in found if one.person_id not in barred]


def has_failed(plan: SupervisorPlan) -> bool:
    """Whether the computation of a plan was given up."""
    job = job_of(plan)
    return job is not None and job.state is JobState.FAILED


def job_of(plan: SupervisorPlan) -> Job | None:
    """The job that computes a plan."""
    return session().get(Job, plan.job_id) if plan.job_id is not None else None
