"""For whose students mentors sign: the rooms below ask it of every feature in which they do."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.queries.placing import DECIDED, GOING
from enterprises.placements.types import DayState
from trainhub.people.models import Student


def guided() -> sa.Select[Any]:
    """(person_id, programme_id, university_id) of mentors whose placements go on, or ended without a mark or with days that wait."""
    waits = sa.exists().where(DayEntry.placement_id == Placement.id, DayEntry.state == DayState.PENDING)
    statement: Any = (
        select(Mentor.person_id, Student.programme_id, Student.university_id)
        .join(Placement, Placement.mentor_id == Mentor.id)
        .join(Student, Student.id == Placement.student_id)
        .where(or_(Placement.state.in_(GOING), sa.and_(Placement.state.in_(DECIDED), or_(Placement.mentor_score_x10.is_(None), waits))))
    )
    return statement  # type: ignore[no-any-return]
