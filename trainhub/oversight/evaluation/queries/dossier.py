"""What the tables and materials of the dossier ask: placements, capstones, courses of part-time teachers, bases, staff. Joined by programme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from courses.curriculum.models import CurriculumCourse
from courses.teaching.models import Offering, TeachingTask
from enterprises.bases.models import BaseAgreement, BaseLeader, BaseProfile, BaseTyping
from enterprises.bases.types import LeaderSide
from enterprises.capstones.models import Capstone
from enterprises.capstones.queries.export import ExportRow, export_rows
from enterprises.capstones.queries.standing import is_latest
from enterprises.capstones.queries.unassigned import Unassigned, unassigned_in
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, Position
from enterprises.placements.queries.daily import broken_off, last_day
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import session
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import SCHOOLS, OrganisationKind
from trainhub.people import queries as people
from trainhub.people.models import Employment, Person, Student, Teacher
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A placement for table T1."""

    student_id: int
    student_no: str
    name: str
    class_name: str
    cohort_year: int
    enterprise_id: int
    enterprise: str
    base: str
    position: str
    starts_on: date
    ends_on: date
    mentor: str
    score_x10: int | None
    base_id: int | None
    version_id: int | None
    is_petoe: bool


def petoe_students(programme_id: int, on: date) -> set[int]:
    """Students who belong to the 卓越计划 on a day or until they graduated: the ones who are judged, not who gave it up or dropped out."""
    return set(session().scalars(select(Student.id).where(people.in_programme(programme_id, on), people.petoe_of_cohort(on))))


def placed(programme_id: int, since: date, until: date) -> list[PlacedRow]:
    """The placements that ran in a span, also one that had begun before; students of the 卓越计划 marked: two queries. One that was withdrawn while it
    ran stands to its last confirmed day: its days are in the sum beside it."""
    last = last_day(until)
    base, mentor = aliased(Organisation), aliased(Person)
    petoe = petoe_students(programme_id, until)
    statement = (
        select(
            Student.id, Student.student_no, Person.name, Student.class_name, Cohort.year, Placement.enterprise_id, Organisation.name, base.name,
            Position.title, Placement.starts_on, last, mentor.name, Placement.mentor_score_x10,
            Placement.base_id, programmes.plan_of_cohort(),
        )
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Cohort, Cohort.id == people.cohort_on(until))
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .join(Position, Position.id == Placement.position_id)
        .outerjoin(base, base.id == Placement.base_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .outerjoin(mentor, mentor.id == Mentor.person_id)
        .where(
            people.in_programme(programme_id, until),
            or_(Placement.state.in_((PlacementState.STARTED, PlacementState.FINISHED)), broken_off(until)),
            last >= since,
            Placement.starts_on <= until,
        )
        .order_by(Placement.starts_on, Student.student_no, Placement.id)
    )  # fmt: skip
    return [
        PlacedRow(*row[:7], row[7] or "", row[8], row[9], row[10], row[11] or "", row[12], row[13], row[14], row[0] in petoe)
        for row in session().execute(statement)
    ]


def days_by_student(programme_id: int, until: date) -> dict[int, list[tuple[date, int]]]:
    """Confirmed days up to a day as (day, enterprise) by student: one query."""
    found: dict[int, list[tuple[date, int]]] = defaultdict(list)
    statement = (
        select(ConfirmedDay.student_id, ConfirmedDay.on, ConfirmedDay.enterprise_id)
        .join(Student, Student.id == ConfirmedDay.student_id)
        .where(people.in_programme(programme_id, until), ConfirmedDay.on <= until, ConfirmedDay.withdrawn_at.is_(None))
    )
    for student_id, day, enterprise_id in session().execute(statement):
        found[student_id].append((day, enterprise_id))
    return found


def capstones(programme_id: int, on: date) -> list[tuple[int, ExportRow]]:
    """(year of the cohort, row of T2) of every capstone of a programme: the same rows as the capstones' own table, one query a cohort."""
    cohorts = session().execute(select(Cohort.id, Cohort.year).where(Cohort.programme_id == programme_id).order_by(Cohort.year)).all()
    return [(year, row) for key, year in cohorts for row in export_rows(programme_id, key, on)]


def without_capstones(programme_id: int, on: date) -> list[tuple[int, Unassigned]]:
    """(year of the cohort, student without a capstone), of cohorts in which somebody has one, or has graduated by the day. Who is asked are the students
    of each cohort on the day, as everywhere else: who changed it afterwards says nothing of where they are now."""
    cohorts = session().execute(select(Cohort.id, Cohort.year).where(Cohort.programme_id == programme_id).order_by(Cohort.year)).all()
    here, then = people.in_programme(programme_id, on), people.cohort_on(on)
    mine = select(then).select_from(Student).join(Capstone, Capstone.student_id == Student.id)
    begun = set(session().scalars(mine.where(is_latest(), here).distinct()))
    over = set(session().scalars(select(then).select_from(Student).where(here, people.has_graduated(on)).distinct()))
    found = {(key, year): unassigned_in(key, on) for key, year in cohorts if key in begun or key in over}
    return [(year, one) for (key, year), rows in found.items() if key in begun or any(one.is_graduate for one in rows) for one in rows]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A teaching task for table T3."""

    task: TeachingTask
    teacher: Teacher
    name: str
    course: CurriculumCourse | None
    lead_id: int | None
    is_designated: bool


def tasks(programme_id: int, year: int, until: date) -> list[TaskRow]:
    """The tasks from an academic year on that began by a day: of the programme's courses whoever teaches them, and its teachers' other tasks.

    One query.
    """
    statement = (
        select(TeachingTask, Teacher, Person.name, CurriculumCourse, Offering.lead_teacher_id, Offering.is_designated)
        .join(Teacher, Teacher.id == TeachingTask.teacher_id)
        .join(Person, Person.id == Teacher.person_id)
        .outerjoin(Offering, Offering.id == TeachingTask.offering_id)
        .outerjoin(Cohort, Cohort.id == Offering.cohort_id)
        .outerjoin(CurriculumCourse, CurriculumCourse.id == Offering.course_id)
        .where(
            or_(Cohort.programme_id == programme_id, and_(TeachingTask.offering_id.is_(None), Teacher.programme_id == programme_id)),
            TeachingTask.academic_year >= year,
            TeachingTask.starts_on <= until,
        )
        .order_by(TeachingTask.academic_year, TeachingTask.semester, TeachingTask.title, TeachingTask.id)
    )
    return [TaskRow(*row[:5], bool(row[5])) for row in session().execute(statement)]


@dataclass(frozen=True, slots=True)
class Job:
    """Where somebody worked as what, and when."""

    unit: str
    post: str
    since: date
    until: date | None
    is_enterprise: bool
    is_school: bool


def jobs_of(person_ids: Collection[int]) -> dict[int, list[Job]]:
    """The employments of persons, the earliest first: one query."""
    found: dict[int, list[Job]] = defaultdict(list)
    statement = (
        select(Employment, Organisation.kind)
        .outerjoin(Organisation, Organisation.id == Employment.organisation_id)
        .where(Employment.person_id.in_(list(person_ids)))
        .order_by(Employment.since, Employment.id)
    )
    for row, kind in session().execute(statement):
        found[row.person_id].append(Job(row.organisation_name, row.post, row.since, row.until, row.is_enterprise, kind in SCHOOLS))
    return found


def job_on(jobs: Sequence[Job], day: date) -> Job | None:
    """What somebody was on a day: in an enterprise before anywhere else, in the industry before a school, the latest begun."""
    there = [job for job in jobs if job.since <= day and (job.until is None or job.until >= day)]
    return max(there, key=lambda job: (job.is_enterprise, not job.is_school, job.since), default=None)


def enterprises_before(jobs: Sequence[Job], day: date) -> list[str]:
    """The enterprises somebody had worked in before a day, the earliest first."""
    return list(dict.fromkeys(job.unit for job in jobs if job.is_enterprise and job.since < day))


def employments(person_ids: Collection[int]) -> list[tuple[str, Employment]]:
    """(person, span) of every employment of persons, the earliest first."""
    statement = (
        select(Person.name, Employment)
        .join(Person, Person.id == Employment.person_id)
        .where(Employment.person_id.in_(list(person_ids)))
        .order_by(Person.name, Employment.since, Employment.id)
    )
    return [(name, row) for name, row in session().execute(statement)]


def bases(base_ids: Collection[int], on: date, *, university_id: int) -> list[dict[str, Any]]:
    """Bases with hosts, agreements, leaders and what was invested, for table T4: six queries whatever their number.

    What other schools signed there, and who leads for them, is left out.
    """
    ids = list(base_ids)
    names = {key: name for key, name in session().execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))}
    profiles = {row.base_id: row for row in session().scalars(select(BaseProfile).where(BaseProfile.base_id.in_(ids)))}
    hosts: dict[int, list[str]] = defaultdict(list)
    hosted = (
        select(BaseHost.base_id, Organisation.name)
        .join(Organisation, Organisation.id == BaseHost.organisation_id)
        .where(BaseHost.base_id.in_(ids), Organisation.kind == OrganisationKind.ENTERPRISE, or_(BaseHost.until.is_(None), BaseHost.until >= on))
        .order_by(BaseHost.id)
    )
    for key, name in session().execute(hosted):
        hosts[key].append(name)
    types: dict[int, list[Any]] = defaultdict(list)
    for key, kind in session().execute(select(BaseTyping.base_id, BaseTyping.type).where(BaseTyping.base_id.in_(ids), BaseTyping.since <= on)):
        types[key].append(kind)
    leaders: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    statement = (
        select(BaseLeader.base_id, BaseLeader.side, Person.name, BaseLeader.post)
        .join(Person, Person.id == BaseLeader.person_id)
        .where(
            BaseLeader.base_id.in_(ids),
            BaseLeader.since <= on,
            or_(BaseLeader.until.is_(None), BaseLeader.until >= on),
            or_(BaseLeader.side != LeaderSide.SCHOOL, BaseLeader.university_id == university_id),
        )
        .order_by(BaseLeader.id)
    )
    for key, side, name, post in session().execute(statement):
        leaders[key][side.value].append(f"{name}（{post}）")
    agreements: dict[int, list[BaseAgreement]] = defaultdict(list)
    signed = select(BaseAgreement).where(BaseAgreement.base_id.in_(ids), BaseAgreement.university_id == university_id)
    for row in session().scalars(signed.order_by(BaseAgreement.since, BaseAgreement.id)):
        agreements[row.base_id].append(row)
    return [
        {
            "id": key,
            "name": names[key],
            "types": types[key],
            "hosts": list(dict.fromkeys(hosts[key])),
            "capacity": profiles[key].capacity_per_term if key in profiles else None,
            "leaders": leaders[key],
            "agreements": agreements[key],
            "invested_fen": (profiles[key].school_invested_fen, profiles[key].enterprise_invested_fen) if key in profiles else (None, None),
        }
        for key in sorted(names, key=lambda key: names[key])
    ]
