"""Money given to a recognised talent (FJ-15b, FJ-15d, 000:741): decided with minutes, paid from a pool, never twice for one year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.awards.types import AwardState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref

_STANDS = "state IN ('conference', 'decided', 'paid')"


class TalentAward(Versioned, Base):
    """What a talent was given for a year. `amount_fen` is what is put before the joint conference while its decision is awaited;
    `findings` are those of the day it was decided on."""

    __tablename__ = "talent_award"

    id: Mapped[Key]
    talent_id: Mapped[int] = mapped_column(ref("talent.id"), index=True)
    rule: Mapped[str] = mapped_column(sa.String(40))
    employer: Mapped[str] = mapped_column(sa.String(200), default="")
    """The name of the employer it was decided for, which its notice goes on telling; empty where there was none, or it was not kept."""
    year: Mapped[int]
    state: Mapped[AwardState] = mapped_column(enum_column(AwardState), index=True)
    amount_fen: Mapped[int]
    minutes: Mapped[str] = mapped_column(sa.Text)
    judgement: Mapped[str] = mapped_column(sa.String(400), default="")
    conference_minutes: Mapped[str] = mapped_column(sa.Text, default="")
    findings: Mapped[list[Any]]
    decided_on: Mapped[date | None]
    decided_by_id: Mapped[int | None]
    conferred_by_id: Mapped[int | None]
    """Who entered what the joint conference found."""
    published_on: Mapped[date | None]
    notice_until: Mapped[date | None]
    """The last day of the public notice: it may be paid from the day after."""
    paid_on: Mapped[date | None]
    payment_reference: Mapped[str] = mapped_column(sa.String(120), default="")
    pool_id: Mapped[int | None] = mapped_column(ref("fund_pool.id"))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    ended_on: Mapped[date | None]
    recovered_on: Mapped[date | None]
    """When what was paid came back after a revocation; empty while it is still to be recovered."""
    recovery_reference: Mapped[str] = mapped_column(sa.String(120), default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("uq_talent_award_year", "talent_id", "rule", "year", unique=True, sqlite_where=sa.text(_STANDS), postgresql_where=sa.text(_STANDS)),
        sa.CheckConstraint("amount_fen > 0", name="amount_positive"),
    )


class TalentObjection(Base):
    """What somebody said against an award during its public notice, and what the department found. While one is open, or was found
    right, nothing is paid. Who objected is for the department alone."""

    __tablename__ = "talent_objection"

    id: Mapped[Key]
    award_id: Mapped[int] = mapped_column(ref("talent_award.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    objector: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]
    is_upheld: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    settled_by_id: Mapped[int | None]
    settled_at: Mapped[datetime | None]
