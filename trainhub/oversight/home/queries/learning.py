"""Counts of courses: what a lecturer teaches and what waits there, what the catalogue offers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import func, select

from courses.catalogue.models import RUN_TITLE, Course, Run, RunStaff
from courses.catalogue.types import RunState
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from trainhub.kernel.db import session


def taught(person_id: int, limit: int = 8) -> list[Any]:
    """The runs a person is on the staff of, the latest first: id, course, run, state, days, taken, quota."""
    statement = (
        select(Run.id, RUN_TITLE.label("title"), Run.code, Run.state, Run.starts_on, Run.ends_on, Run.taken, Run.quota)
        .join(Course, Course.id == Run.course_id)
        .join(RunStaff, RunStaff.run_id == Run.id)
        .where(RunStaff.person_id == person_id)
        .order_by(Run.state == RunState.CLOSED, Run.starts_on.desc(), Run.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement))


def asking(run_ids: Collection[int]) -> dict[int, int]:
    """By run how many persons wait for a decision about their enrolment."""
    statement = (
        select(Enrolment.run_id, func.count(Enrolment.id))
        .where(Enrolment.run_id.in_(list(run_ids)), Enrolment.state == EnrolmentState.PENDING)
        .group_by(Enrolment.run_id)
    )
    return {key: count for key, count in session().execute(statement)}


def still_open(rows: Collection[Any], on: date) -> list[Any]:
    """The runs of a list that are not over."""
    return [row for row in rows if row.state is not RunState.CLOSED and (row.ends_on is None or row.ends_on >= on)]
