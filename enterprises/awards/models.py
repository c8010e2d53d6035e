"""Awards of bases and incentives of enterprises: a decision stores the findings it rests on; a one-off award is decided once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.awards.types import AwardState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref

_TAKEN = "is_one_off AND state IN ('decided', 'paid', 'closed')"
_YEARLY = "year > 0 AND state IN ('decided', 'paid', 'closed')"
_OPEN = "state IN ('draft', 'applied', 'recognised', 'accepted', 'conference')"


class Award(Versioned, Base):
    """An application of a base, or of an enterprise, under one rule, and what became of it. `evidence` holds ids of stored files.

    `year` is the year an incentive is claimed for, 0 where the rule knows no year (every rule of bases). `project` is what it is
    claimed for where the sentence gives it for each project (FJ-25a), empty otherwise; `project_number` is the number its source
    gave it (招标编号、合同编号), `project_key` that number without what people write differently, or the name where none is kept. `amount_fen` is what is put before the joint
    conference while its decision is awaited.
    """

    __tablename__ = "award"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column("base_id", ref("organisation.id"), index=True)
    rule: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[AwardState] = mapped_column(enum_column(AwardState), default=AwardState.DRAFT, index=True)
    year: Mapped[int] = mapped_column(default=0)
    project: Mapped[str] = mapped_column(sa.String(120), default="")
    project_number: Mapped[str] = mapped_column(sa.String(60), default="")
    project_key: Mapped[str] = mapped_column(sa.String(120), default="")
    is_one_off: Mapped[bool]
    overlap_group: Mapped[str] = mapped_column(sa.String(40), default="")
    overlap_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    """Why the award stands in another group than the policy says; empty where it stands in that one."""
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    evidence: Mapped[list[Any]]
    amount_fen: Mapped[int | None]
    payer: Mapped[str] = mapped_column(sa.String(100), default="")
    minutes: Mapped[str] = mapped_column(sa.Text, default="")
    conference_minutes: Mapped[str] = mapped_column(sa.Text, default="")
    findings: Mapped[list[Any]]
    applied_on: Mapped[date | None]
    applied_by_id: Mapped[int | None]
    recognised_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    proposed_on: Mapped[date | None]
    """Since when the amount is before the joint conference; what it found is not dated before."""
    decided_on: Mapped[date | None]
    decided_by_id: Mapped[int | None]
    paid_on: Mapped[date | None]
    payment_reference: Mapped[str] = mapped_column(sa.String(120), default="")
    pool_id: Mapped[int | None] = mapped_column(ref("fund_pool.id"))
    published_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    ended_on: Mapped[date | None]
    recovered_on: Mapped[date | None]
    """When what was paid came back after a revocation; empty while it is still to be recovered."""
    recovery_reference: Mapped[str] = mapped_column(sa.String(120), default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("uq_award_one_off", "base_id", "rule", unique=True, sqlite_where=sa.text(_TAKEN), postgresql_where=sa.text(_TAKEN)),
        sa.Index(
            "uq_award_yearly", "base_id", "rule", "year", "project_key", unique=True, sqlite_where=sa.text(_YEARLY), postgresql_where=sa.text(_YEARLY)
        ),
        sa.Index(
            "uq_award_open", "base_id", "rule", "year", "project_key", unique=True, sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)
        ),
        sa.CheckConstraint("amount_fen IS NULL OR amount_fen > 0", name="amount_positive"),
    )
