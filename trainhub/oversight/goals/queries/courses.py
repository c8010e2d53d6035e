"""Figures of a goal by course. A province has thousands of titles: what a page shows of them is kept by unit and over all units, and read by an index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, literal, select

from trainhub.kernel.db import session
from trainhub.ledger.models import TrainingRecord
from trainhub.oversight.goals.models import Goal, GoalCourse, GoalPerson, GoalTitle
from trainhub.oversight.goals.queries.completing import completions
from trainhub.oversight.goals.queries.counting import pieces


# -- straight from the ledger -------------------------------------------------------------------------------------------
def course_pieces(person_ids: Collection[int]) -> Iterator[list[str]]:
    """The courses the persons completed, cancelled or not, in pieces that fit into one statement."""
    found: set[str] = set()
    for piece in pieces(person_ids):
        found.update(session().scalars(select(TrainingRecord.course).where(TrainingRecord.person_id.in_(piece)).distinct()))
    wanted = sorted(found)
    for start in range(0, len(wanted), 500):
        yield wanted[start : start + 500]


def course_figures(goal: Goal, courses: Collection[str] | None) -> dict[tuple[str, str], tuple[int, int]]:
    """(persons first counted, completions) by reporting unit and course, straight from the ledger."""
    source = completions(goal)
    first: Any = (
        select(GoalPerson.prefecture, TrainingRecord.course, func.count())
        .join(TrainingRecord, TrainingRecord.id == GoalPerson.record_id)
        .where(GoalPerson.goal_id == goal.id)
        .group_by(GoalPerson.prefecture, TrainingRecord.course)
    )
    if courses is not None:
        source, first = source.where(TrainingRecord.course.in_(courses)), first.where(TrainingRecord.course.in_(courses))
    every = source.subquery()
    enrolments = select(every.c.prefecture, every.c.course, func.count()).group_by(every.c.prefecture, every.c.course)
    persons = {(unit, course): int(count) for unit, course, count in session().execute(first)}
    return {(unit, course): (persons.get((unit, course), 0), int(count)) for unit, course, count in session().execute(enrolments)}


# -- what is kept -------------------------------------------------------------------------------------------------------
def sums_by_title(goal: Goal, courses: Collection[str] | None) -> Any:
    """The rows of `GoalTitle` of some courses (None: of all) from those of `GoalCourse`."""
    persons, enrolments = (sa.cast(func.sum(column), sa.BigInteger) for column in (GoalCourse.persons, GoalCourse.enrolments))
    statement: Any = select(literal(goal.id), GoalCourse.course, persons, enrolments).where(GoalCourse.goal_id == goal.id)
    if courses is not None:
        statement = statement.where(GoalCourse.course.in_(courses))
    return statement.group_by(GoalCourse.course)


def are_courses_as_in_ledger(goal: Goal) -> bool:
    """Whether the kept courses, of each unit and of all, are what the ledger and the kept persons say."""
    should = course_figures(goal, None)
    rows = session().execute(_kept(GoalCourse, goal).add_columns(GoalCourse.prefecture))
    if {(unit, course): (int(persons), int(enrolments)) for course, persons, enrolments, unit in rows} != should:
        return False
    over_all: dict[str, tuple[int, int]] = {}
    for (_unit, course), (persons, enrolments) in should.items():
        known = over_all.get(course, (0, 0))
        over_all[course] = known[0] + persons, known[1] + enrolments
    return {course: (int(persons), int(enrolments)) for course, persons, enrolments in session().execute(_kept(GoalTitle, goal))} == over_all


def kept_courses(goal: Goal, region: str = "") -> list[tuple[str, int, int]]:
    """(course, persons, enrolments) as kept, most persons first."""
    return [(course, int(persons), int(enrolments)) for course, persons, enrolments in session().execute(course_listing(goal, region))]


def kept_course(goal: Goal, course: str, region: str = "") -> tuple[int, int]:
    """(persons, enrolments) of one course as kept."""
    table = _table(region)
    found = session().execute(_kept(table, goal, region).where(table.course == course)).one_or_none()
    return (0, 0) if found is None else (int(found[1]), int(found[2]))


def course_listing(goal: Goal, region: str = "", *, step: int = 1, text: str = "", sort: str = "") -> Any:
    """(course, persons, enrolments) as kept, of the titles that hold a text; most persons first unless sorted otherwise. Counts are compared by whole
    `step`s, as who reads no more than those sees them."""
    table = _table(region)
    statement = _kept(table, goal, region)
    if text:
        statement = statement.where(table.course.icontains(text, autoescape=True))
    # The columns themselves where nothing is rounded: an index is in their order.
    persons, enrolments = (column if step == 1 else column // step for column in (table.persons, table.enrolments))
    orders = {"course": table.course, "persons": persons, "enrolments": enrolments}
    by = orders.get(sort.removeprefix("-"), persons)
    is_down = sort.startswith("-") or sort not in orders
    return statement.order_by(by.desc() if is_down else by, table.course)


def top_courses(goal: Goal, region: str, *, step: int, most: int | None) -> tuple[list[tuple[str, int, int]], int]:
    """The first `most` courses (None: all) and how many there are; 0 asks nothing."""
    if most == 0:
        return [], 0
    found = [(course, int(persons), int(some)) for course, persons, some in session().execute(course_listing(goal, region, step=step).limit(most))]
    if most is None or len(found) < most:
        return found, len(found)
    every = _kept(_table(region), goal, region).with_only_columns(func.count())
    return found, int(session().scalar(every) or 0)


def _table(region: str) -> Any:
    return GoalCourse if region else GoalTitle


def _kept(table: Any, goal: Goal, region: str = "") -> Any:
    statement: Any = select(table.course, table.persons, table.enrolments).where(table.goal_id == goal.id)
    return statement.where(table.prefecture == region) if region else statement
