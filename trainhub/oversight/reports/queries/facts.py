"""Counts of the rooms by organisation: hosted students, teachers in practice, trainees, mentors, capstones. Counts only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from courses.teaching.models import Secondment
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState
from enterprises.mentors.models import Mentor
from trainhub.kernel.clock import last_over
from trainhub.kernel.db import session
from trainhub.kernel.i18n import language
from trainhub.ledger.models import ConfirmedDay, TrainingRecord
from trainhub.ledger.training_queries import completed
from trainhub.organisations import queries as named
from trainhub.organisations.models import Organisation
from trainhub.oversight.reports.types import Asked
from trainhub.people import queries as people
from trainhub.people.models import Employment, Student, Teacher
from trainhub.people.types import TeacherKind


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation as a report names it."""

    id: int
    code: str
    name: str


def organisations(ids: Any, asked: Asked) -> dict[int, Named]:
    """Codes and names by id, as they were called at the moment asked for, in the language of the report where they had a name in it."""
    wanted, then = sorted(set(ids)), named.names_at(asked.known_at)
    columns = (Organisation.id, Organisation.code, Organisation.name, Organisation.name_en)
    found = session().execute(select(*columns).where(Organisation.id.in_(wanted)))
    return {row.id: Named(row.id, row.code, in_report(row, then.get(row.id))) for row in found}


def in_report(row: Any, then: Mapping[str, str] | None = None) -> str:
    """The name of a row with `name` and `name_en`; `then`: what these were where they were changed since."""
    name, english = ((then or {}).get(key, getattr(row, key)) for key in ("name", "name_en"))
    return str(english if language() == "en" and english else name)


def known_days(asked: Asked) -> list[sa.ColumnElement[bool]]:
    """Confirmed days of the span as they stood at the moment asked for."""
    return [
        ConfirmedDay.on.between(asked.since, asked.until),
        ConfirmedDay.confirmed_at <= asked.known_at,
        or_(ConfirmedDay.withdrawn_at.is_(None), ConfirmedDay.withdrawn_at > asked.known_at),
    ]


def human_of(row: Any, person: Any, column: str, asked: Asked) -> tuple[Any, Any, sa.Subquery]:
    """SQL: whose a row was before it followed a merging, who stood for that person at the moment of the report, and what to join for it
    (`gone_id` is the first). Rows that follow their person tell today's only; `column` is theirs, as `rows_moved` calls it."""
    moved, stood = people.rows_moved(column), people.mergings_at(asked.known_at)
    own = sa.case(moved, value=row, else_=person) if moved else person
    return own, func.coalesce(stood.c.into_id, own), stood


def hosted(asked: Asked, by: Any = None, *only: sa.ColumnElement[bool]) -> dict[int, tuple[int, int]]:
    """(distinct students, their confirmed days) by enterprise, or by another column of the confirmed day. A human who studies under two
    rows is one student, and a day of both is one day."""
    column = ConfirmedDay.enterprise_id if by is None else by
    own, human, stood = human_of(ConfirmedDay.student_id, Student.person_id, "student.person_id", asked)
    days = (
        select(column.label("key"), human.label("human"), ConfirmedDay.on)
        .join(Student, Student.id == ConfirmedDay.student_id)
        .outerjoin(stood, stood.c.gone_id == own)
        .where(*known_days(asked), *only, column.is_not(None))
        .distinct()
        .subquery()
    )
    found = session().execute(select(days.c.key, func.count(sa.distinct(days.c.human)), func.count()).group_by(days.c.key))
    return {key: (int(students), int(days)) for key, students, days in found}


def practising_teachers(asked: Asked) -> dict[int, int]:
    """Distinct teachers in practice by enterprise (教师践习): a secondment that took place, or verified work there of full-time teachers while
    they taught, in the span. Who teaches beside a post in an enterprise is at home there, and what was done before the first day as a teacher
    is a career, no practice."""
    found: dict[int, set[int]] = defaultdict(set)
    own, human, stood = human_of(Teacher.id, Teacher.person_id, "teacher.person_id", asked)
    seconded = session().execute(
        select(Secondment.enterprise_id, human)
        .join(Teacher, Teacher.id == Secondment.teacher_id)
        .outerjoin(stood, stood.c.gone_id == own)
        .where(
            Secondment.enterprise_id.is_not(None),
            Secondment.created_at <= asked.known_at,
            Secondment.started_on <= asked.until,
            or_(Secondment.ended_on.is_(None), Secondment.ended_on >= asked.since),
        )
    )
    own, human, stood = human_of(Employment.id, Employment.person_id, "employment.person_id", asked)
    worked = session().execute(
        select(Employment.organisation_id, human)
        .join(Teacher, Teacher.person_id == Employment.person_id)
        .outerjoin(stood, stood.c.gone_id == own)
        .where(
            Teacher.kind == TeacherKind.FULL_TIME,
            Employment.since <= func.coalesce(Teacher.until, asked.until),
            func.coalesce(Employment.until, asked.until) >= Teacher.since,
            Teacher.since <= asked.until,
            func.coalesce(Teacher.until, asked.since) >= asked.since,
            Employment.organisation_id.is_not(None),
            Employment.is_enterprise.is_(True),
            Employment.verified_at <= asked.known_at,
            Employment.since <= asked.until,
            or_(Employment.until.is_(None), Employment.until >= asked.since),
        )
    )
    for enterprise_id, person_id in (*seconded, *worked):
        found[enterprise_id].add(person_id)
    return {key: len(persons) for key, persons in found.items()}


def trained(asked: Asked, of: int | None = None) -> dict[int, tuple[int, int, int]]:
    """(completions, distinct persons, courses) of trainees by organisation, by the rule of the goals (`of`: of this one alone); persons as they were
    joined at the moment of the report."""
    only = [] if of is None else [TrainingRecord.organisation_id == of]
    rows = completed(asked.since, asked.until, asked.known_at, *only).subquery()
    counts = (func.count(), func.count(sa.distinct(rows.c.human)), func.count(sa.distinct(rows.c.course)))
    found = session().execute(select(rows.c.organisation_id, *counts).group_by(rows.c.organisation_id))
    return {key: (int(completions), int(persons), int(courses)) for key, completions, persons, courses in found}


def mentors(asked: Asked) -> dict[int, int]:
    """Mentors in office during the span, by enterprise."""
    own, human, stood = human_of(Mentor.id, Mentor.person_id, "mentor.person_id", asked)
    found = session().execute(
        select(Mentor.enterprise_id, func.count(sa.distinct(human)))
        .outerjoin(stood, stood.c.gone_id == own)
        .where(and_(Mentor.created_at <= asked.known_at, Mentor.since <= asked.until, or_(Mentor.until.is_(None), Mentor.until >= asked.since)))
        .group_by(Mentor.enterprise_id)
    )
    return {key: int(count) for key, count in found}


def concluded(asked: Asked) -> sa.ColumnElement[bool]:
    """Capstones that were passed or failed in the span; who has not been judged yet has not ended one, whatever day was planned."""
    return and_(
        Capstone.created_at <= asked.known_at,
        Capstone.state.in_((CapstoneState.PASSED, CapstoneState.FAILED)),
        Capstone.finished_on.between(asked.since, min(asked.until, last_over(asked.known_at))),
    )


def capstones(asked: Asked) -> dict[int, int]:
    """Capstones that were passed in the span, by enterprise."""
    found = session().execute(
        select(Capstone.enterprise_id, func.count()).where(concluded(asked), Capstone.state == CapstoneState.PASSED).group_by(Capstone.enterprise_id)
    )
    return {key: int(count) for key, count in found}
