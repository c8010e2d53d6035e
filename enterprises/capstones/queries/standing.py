"""Which capstone speaks for its student: one at a time, and after a failure that is archived a repeat; whose student has appealed."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from enterprises.capstones.models import Capstone, Reconsideration
from enterprises.capstones.types import CapstoneState, ReasonKind
from trainhub.kernel.db import session


def holds_its_student() -> ColumnElement[bool]:
    """Capstones beside which their student gets no other one (`models.work.HOLDS_ITS_STUDENT`)."""
    return and_(Capstone.state != CapstoneState.WITHDRAWN, or_(Capstone.state != CapstoneState.FAILED, Capstone.archived_at.is_(None)))


@cache
def is_latest() -> ColumnElement[bool]:
    """Capstones that speak for their student: not withdrawn, and no repeat came after a failure. Criteria 8.1 to 8.4 judge these."""
    repeat = aliased(Capstone)
    after = select(repeat.id).where(repeat.student_id == Capstone.student_id, repeat.id > Capstone.id, repeat.state != CapstoneState.WITHDRAWN)
    return and_(Capstone.state != CapstoneState.WITHDRAWN, or_(Capstone.state != CapstoneState.FAILED, ~after.correlate(Capstone).exists()))


def is_appealed() -> ColumnElement[bool]:
    """Capstones whose student has appealed and has no decision yet."""
    waiting = select(Reconsideration.id).where(
        Reconsideration.capstone_id == Capstone.id, Reconsideration.kind == ReasonKind.APPEAL, Reconsideration.decided_at.is_(None)
    )
    return waiting.exists()


def is_moderated() -> ColumnElement[bool]:
    """Capstones whose result is looked at again before its publication."""
    return Capstone.state == CapstoneState.MODERATION


def settled_by(ids: Collection[int]) -> dict[int, set[int]]:
    """{capstone: the accounts that settled a moderation of it, or ended it as failed}: an appeal against it is another one's to decide."""
    found: dict[int, set[int]] = {key: set() for key in ids}
    statement = select(Reconsideration.capstone_id, Reconsideration.decided_by_id).where(
        Reconsideration.capstone_id.in_(found), Reconsideration.kind == ReasonKind.MODERATION, Reconsideration.decided_by_id.is_not(None)
    )
    for key, account_id in session().execute(statement):
        if account_id is not None:
            found[key].add(account_id)
    return found


def capstone_of_student(student_id: int) -> Capstone | None:
    """The student's latest capstone that was not withdrawn."""
    return session().scalar(select(Capstone).where(Capstone.student_id == student_id, is_latest()))


def capstone_holding(student_id: int) -> Capstone | None:
    """The capstone because of which a student gets no other one; none after a failure that is archived."""
    return session().scalar(select(Capstone).where(Capstone.student_id == student_id, holds_its_student()))


def earlier_of(row: Capstone) -> list[Capstone]:
    """The capstones a student failed before this one, the latest first: they stay as history."""
    statement = select(Capstone).where(Capstone.student_id == row.student_id, Capstone.id < row.id, Capstone.state == CapstoneState.FAILED)
    return list(session().scalars(statement.order_by(Capstone.id.desc())))
