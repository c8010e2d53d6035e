"""What an enterprise gave in a year: students hosted, weeks, mentors, capstones, courses. Counts only; formulas live above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState
from enterprises.mentors.models import Mentor
from enterprises.permissions import CAPSTONE_VIEWERS
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.ledger.models import ConfirmedDay, TrainingRecord
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person, Student

VIEWERS = (*CAPSTONE_VIEWERS, Role.DEPT_HR, Role.PREFECTURE_OPERATOR)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One enterprise and year. `days` are confirmed student-days; five of them are a person-week. `capstones` were passed in the year, as in
    the reports."""

    id: int
    code: str
    name: str
    students: int
    days: int
    mentors: int
    capstones: int
    courses: int

    @property
    def weeks_x10(self) -> int:
        """Person-weeks in tenths: days / 5."""
        return self.days * 2


def listing(identity: Identity, year: int, *, text: str = "", sort: str = "") -> organisations.Statement:
    """The enterprises the reader sees that gave anything in the year, most students first; `Contribution(*row)`."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    human = func.coalesce(Person.merged_into_id, Person.id)  # one human under two rows is one, and a day of both is one day
    each = (
        select(ConfirmedDay.enterprise_id.label("id"), human.label("human"), ConfirmedDay.on)
        .join(Student, Student.id == ConfirmedDay.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(ConfirmedDay.on.between(first, last), ConfirmedDay.withdrawn_at.is_(None))
        .distinct()
        .subquery()
    )
    days = select(each.c.id, func.count(sa.distinct(each.c.human)).label("students"), func.count().label("days")).group_by(each.c.id).subquery()
    mentors = (
        select(Mentor.enterprise_id.label("id"), func.count(sa.distinct(human)).label("count"))
        .join(Person, Person.id == Mentor.person_id)
        .where(Mentor.since <= last, or_(Mentor.until.is_(None), Mentor.until >= first))
        .group_by(Mentor.enterprise_id)
        .subquery()
    )
    capstones = (
        select(Capstone.enterprise_id.label("id"), func.count().label("count"))
        .where(Capstone.finished_on.between(first, last), Capstone.state == CapstoneState.PASSED)
        .group_by(Capstone.enterprise_id)
        .subquery()
    )
    courses = (
        select(TrainingRecord.organisation_id.label("id"), func.count(sa.distinct(TrainingRecord.course)).label("count"))
        .where(TrainingRecord.completed_on.between(first, last), TrainingRecord.cancelled_at.is_(None))
        .group_by(TrainingRecord.organisation_id)
        .subquery()
    )
    students = func.coalesce(days.c.students, 0)
    counts = {
        "days": func.coalesce(days.c.days, 0),
        "mentors": func.coalesce(mentors.c.count, 0),
        "capstones": func.coalesce(capstones.c.count, 0),
        "courses": func.coalesce(courses.c.count, 0),
    }
    statement = (
        select(Organisation.id, Organisation.code, Organisation.name, students, *counts.values())
        .outerjoin(days, days.c.id == Organisation.id)
        .outerjoin(mentors, mentors.c.id == Organisation.id)
        .outerjoin(capstones, capstones.c.id == Organisation.id)
        .outerjoin(courses, courses.c.id == Organisation.id)
        .where(
            and_(
                Organisation.kind == OrganisationKind.ENTERPRISE,
                visible_to(identity),
                or_(days.c.id.is_not(None), mentors.c.id.is_not(None), capstones.c.id.is_not(None), courses.c.id.is_not(None)),
            )
        )
    )
    if text:
        statement = statement.where(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    sorts = {"name": (Organisation.pinyin,), "students": (students,)} | {name: (count,) for name, count in counts.items()}
    return organisations.ordered_or(statement, sort, sorts, students.desc(), Organisation.pinyin, Organisation.id)


def visible_to(identity: Identity) -> Any:
    """Schools see every enterprise they may work with; an enterprise sees itself; a city those of its region."""
    if identity.has(Role.UNIVERSITY_ADMIN, Role.PROGRAMME_ADMIN):
        return sa.true()
    return organisations.scope(identity, VIEWERS, organisations=(Organisation.id,), region=Organisation.region_code)


def rows(identity: Identity, year: int, *, text: str = "", sort: str = "") -> list[Contribution]:
    """All of them, for the file."""
    return [Contribution(*row) for row in session().execute(listing(identity, year, text=text, sort=sort))]
