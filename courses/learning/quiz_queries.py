"""Quizzes a learner has to take before they close."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from courses.assessment.queries import hours
from courses.assessment.rules.results import last_instant
from courses.assessment.types import Allowance
from courses.learning import opening
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from trainhub.kernel.db import session
from trainhub.people import queries as people

MOST = 10


class Closing(NamedTuple):
    """A quiz that closes."""

    block_id: int
    title: str
    closes_at: datetime


def closing(person_id: int, until: datetime, now: datetime) -> list[Closing]:
    """The quizzes of a person's runs that close from now until then, of which nothing was handed in; those that close first at the front.

    By the hours the person was given. What is not open for the person yet is not asked for: the calendar says when it opens.
    """
    mine = people.of_human(Enrolment.person_id, person_id)
    runs = set(session().scalars(select(Enrolment.run_id).where(mine, Enrolment.state == EnrolmentState.ACTIVE)))
    found = hours.hours_of(runs) if runs else []
    if not found:
        return []
    ids = [row.block_id for row in found]
    given, done = hours.allowances_of(person_id, ids), hours.handed_in(person_id, ids)
    rows = []
    for row in found:
        own = given.get(row.block_id, Allowance())
        opens_at, closes_at = own.opens_at or row.opens_at, last_instant(row.closes_at, own)
        is_open = opens_at is None or opens_at <= now
        if row.block_id not in done and is_open and closes_at is not None and now < closes_at <= until:
            rows.append((row, closes_at))
    doors = opening.doors(person_id, {row.run_id for row, _at in rows}, now)
    asked = [
        Closing(row.block_id, row.title, at) for row, at in rows if row.run_id not in doors or doors[row.run_id].is_open(row.unit_id, row.block_id)
    ]
    return sorted(asked, key=lambda one: (one.closes_at, one.block_id))[:MOST]
