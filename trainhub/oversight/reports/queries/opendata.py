"""What is open: sums of persons over groups, of the kept facts of goals, of bases, of courses. No row tells of a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from courses.learning.models import Enrolment
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.goals.models import Goal, GoalFact
from trainhub.people.models import Person

HUMAN = func.coalesce(Person.merged_into_id, Person.id)


def trained(goal_ids: list[int]) -> list[tuple[Any, ...]]:
    """(goal, year, reporting unit's code and name, category, persons, enrolments)."""
    year = func.extract("year", GoalFact.on)
    found = session().execute(
        select(Goal.code, year, GoalFact.prefecture, Region.name, GoalFact.category, func.sum(GoalFact.persons), func.sum(GoalFact.enrolments))
        .join(Goal, Goal.id == GoalFact.goal_id)
        .join(Region, Region.code == GoalFact.prefecture)
        .where(GoalFact.goal_id.in_(goal_ids))
        .group_by(Goal.code, year, GoalFact.prefecture, Region.name, GoalFact.category)
        .order_by(Goal.code, year, GoalFact.prefecture, GoalFact.category)
    )
    return [(goal, int(when), code, name, category, int(persons), int(enrolments)) for goal, when, code, name, category, persons, enrolments in found]


def bases() -> list[tuple[str, str, str | None]]:
    """(code, name, region) of the bases that are verified."""
    found = session().execute(
        select(Organisation.code, Organisation.name, Region.name)
        .outerjoin(Region, Region.code == Organisation.region_code)
        .where(Organisation.kind == OrganisationKind.BASE, Organisation.state == OrganisationState.VERIFIED)
        .order_by(Organisation.code)
    )
    return [(code, name, region) for code, name, region in found]


def courses(today: date) -> list[tuple[str, str, str, int, int, int, int]]:
    """(code, title, school, enrolments, humans enrolled, completions, humans who completed) of every course that ran: a published run of it has
    begun. Only who was admitted has enrolled."""
    found = session().execute(
        select(
            Course.code,
            Course.title,
            Organisation.name,
            func.count(Enrolment.id),
            func.count(func.distinct(HUMAN)),
            func.sum(case((Enrolment.completed_on.is_not(None), 1), else_=0)),
            func.count(func.distinct(case((Enrolment.completed_on.is_not(None), HUMAN)))),
        )
        .select_from(Run)
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .outerjoin(Enrolment, and_(Enrolment.run_id == Run.id, Enrolment.enrolled_at.is_not(None)))
        .outerjoin(Person, Person.id == Enrolment.person_id)
        .where(Run.state != RunState.DRAFT, Run.starts_on <= today)
        .group_by(Course.code, Course.title, Organisation.name)
        .order_by(Course.code)
    )
    return [
        (code, title, owner, int(enrolled), int(persons), int(done or 0), int(finished))
        for code, title, owner, enrolled, persons, done, finished in found
    ]
