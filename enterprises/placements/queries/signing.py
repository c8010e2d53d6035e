"""For whose students mentors sign, and which students have to do with an enterprise: the rooms below ask it of every feature."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import or_, select

from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement, Position, Preference
from enterprises.placements.queries.placing import DECIDED, GOING
from enterprises.placements.types import DayState
from trainhub.kernel.db import session
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


def students_at(enterprise_id: int, student_ids: Collection[int]) -> set[int]:
    """Which students are or were placed at an enterprise, or ranked a position of it."""
    placed = select(Placement.student_id).where(Placement.enterprise_id == enterprise_id, Placement.student_id.in_(list(student_ids)))
    ranked = (
        select(Preference.student_id)
        .join(Position, Position.id == Preference.position_id)
        .where(Position.enterprise_id == enterprise_id, Preference.student_id.in_(list(student_ids)))
    )
    return set(session().scalars(sa.union(placed, ranked)))
