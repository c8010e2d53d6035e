"""For whose students somebody of an enterprise signs: as supervisor, reviewer, third grader, secretary or member of a panel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from enterprises.capstones.models import Capstone, DefenceGroup, DefenceMember, DefenceSlot, Review, SpotItem, SpotOpinion, Supervision, ThirdGrade
from enterprises.capstones.types import LIVE, SupervisorRole
from enterprises.mentors.models import Mentor
from enterprises.permissions import SCHOOL
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student


def guided() -> sa.Select[Any]:
    """(person_id, programme_id, university_id) of everybody who signs, or is asked to, for a capstone that goes on, or for one that is spot-checked."""
    held = [
        select(Supervision.person_id, Supervision.capstone_id).where(Supervision.until.is_(None)),
        select(Review.person_id, Review.capstone_id).where(Review.signed_at.is_(None), Review.cancelled_at.is_(None)),
        select(ThirdGrade.person_id, ThirdGrade.capstone_id).where(ThirdGrade.signed_at.is_(None)),
        select(DefenceGroup.secretary_id, DefenceSlot.capstone_id).join(DefenceSlot, DefenceSlot.group_id == DefenceGroup.id),
        select(DefenceMember.person_id, DefenceSlot.capstone_id).join(DefenceSlot, DefenceSlot.group_id == DefenceMember.group_id),
    ]
    signers = sa.union_all(*held).subquery("signers")
    going = select(signers.c.person_id, signers.c.capstone_id).join(Capstone, Capstone.id == signers.c.capstone_id).where(Capstone.state.in_(LIVE))
    checked = select(SpotOpinion.person_id, SpotItem.capstone_id).join(SpotItem, SpotItem.id == SpotOpinion.item_id)
    asked = sa.union_all(going, checked.where(SpotOpinion.signed_at.is_(None))).subquery("asked")
    statement: sa.Select[Any] = (
        select(asked.c.person_id, Student.programme_id, Student.university_id)
        .join(Capstone, Capstone.id == asked.c.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
    )
    return statement


def guides(mentor_ids: Collection[int], since: date, until: date, today: date) -> list[tuple[int, int]]:
    """(mentor, student) of the capstones that go on and share a day with a span: to their last day, and as long as they do go on."""
    statement = (
        select(Mentor.id, Capstone.student_id)
        .join(Supervision, Supervision.person_id == Mentor.person_id)
        .join(Capstone, sa.and_(Capstone.id == Supervision.capstone_id, Capstone.enterprise_id == Mentor.enterprise_id))
        .where(
            Mentor.id.in_(list(mentor_ids)),
            Supervision.role == SupervisorRole.ENTERPRISE,
            Supervision.until.is_(None),
            Capstone.state.in_(LIVE),
            Capstone.starts_on <= until,
            sa.true() if today >= since else Capstone.ends_on >= since,
        )
    )
    return [(mentor_id, student_id) for mentor_id, student_id in session().execute(statement)]


def partners(identity: Identity) -> sa.Select[Any]:
    """The enterprises where students of the reader's schools do or did their capstone."""
    return (
        select(Capstone.enterprise_id)
        .join(Student, Student.id == Capstone.student_id)
        .where(
            organisations.scope(
                identity, (*SCHOOL, Role.SCHOOL_SUPERVISOR), organisations=(Student.university_id,), programmes=(Student.programme_id,)
            )
        )
    )


def students_at(enterprise_id: int, student_ids: Collection[int]) -> set[int]:
    """Which students do or did their capstone with an enterprise."""
    statement = select(Capstone.student_id).where(Capstone.enterprise_id == enterprise_id, Capstone.student_id.in_(list(student_ids)))
    return set(session().scalars(statement))
