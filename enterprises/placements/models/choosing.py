"""The plans computed for a round, side by side, and the places students find themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.placements.types import PlanKind, SelfFoundState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class RoundPlan(Base):
    """One computed plan of a round: kept as it came out, so that plans can be compared. Nobody but planners sees it."""

    __tablename__ = "placement_plan"

    id: Mapped[Key]
    round_id: Mapped[int] = mapped_column(ref("placement_round.id"), index=True)
    number: Mapped[int]
    kind: Mapped[PlanKind] = mapped_column(enum_column(PlanKind))
    data: Mapped[dict[str, Any]]
    made_by_id: Mapped[int | None]
    made_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("round_id", "number"),)


class Priority(Base):
    """The class of a student in the published order of a round: 1 goes first; who has none comes after."""

    __tablename__ = "placement_priority"

    round_id: Mapped[int] = mapped_column(ref("placement_round.id"), primary_key=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), primary_key=True, index=True)
    rank: Mapped[int]

    __table_args__ = (sa.CheckConstraint("rank BETWEEN 1 AND 9", name="rank_known"),)


class SelfFound(Versioned, Base):
    """A place a student found: an enterprise as the student knows it, until the school finds it in the register and approves."""

    __tablename__ = "self_found_place"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    term_id: Mapped[int] = mapped_column(ref("placement_term.id"), index=True)
    enterprise_name: Mapped[str] = mapped_column(sa.String(160))
    enterprise_code: Mapped[str] = mapped_column(sa.String(40), default="")
    title: Mapped[str] = mapped_column(sa.String(160))
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    contact: Mapped[str] = mapped_column(sa.String(120), default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    state: Mapped[SelfFoundState] = mapped_column(enum_column(SelfFoundState), default=SelfFoundState.SUBMITTED)
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    placement_id: Mapped[int | None] = mapped_column(ref("placement.id"))
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
