"""Rates, claims and their items; one live item for a human and course, whoever claims it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.subsidies.types import ClaimState, ItemState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import STAYS

_LIVE = "state IN ('claimed', 'paid')"
_ORDERED = "clawed_back_on IS NOT NULL"


class SubsidyRate(Base):
    """An amount for one person and course, with its document. A new amount is a new row; nothing is changed."""

    __tablename__ = "subsidy_rate"

    id: Mapped[Key]
    category: Mapped[str] = mapped_column(sa.String(40), default="")
    course: Mapped[str] = mapped_column(sa.String(200), default="")
    amount_fen: Mapped[int]
    since: Mapped[date]
    until: Mapped[date | None]
    source: Mapped[str] = mapped_column(sa.String(200))
    entered_by_id: Mapped[int | None]
    entered_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("amount_fen > 0", name="amount_positive"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
    )


class SubsidyClaim(Versioned, Base):
    """What one training organisation claims for the completions of a span of days."""

    __tablename__ = "subsidy_claim"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    state: Mapped[ClaimState] = mapped_column(enum_column(ClaimState), default=ClaimState.DRAFT, index=True)
    since: Mapped[date]
    until: Mapped[date]
    left_out_claimed: Mapped[int] = mapped_column(default=0)
    left_out_twice: Mapped[int] = mapped_column(default=0)
    left_out_no_rate: Mapped[int] = mapped_column(default=0)
    item_count: Mapped[int] = mapped_column(default=0)
    amount_fen: Mapped[int] = mapped_column(default=0)
    sample_percent: Mapped[int | None]
    sample_seed: Mapped[int | None]
    submitted_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    minutes: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    pool_id: Mapped[int | None] = mapped_column(ref("fund_pool.id"))
    paid_on: Mapped[date | None]
    payment_reference: Mapped[str] = mapped_column(sa.String(120), default="")
    asked_by_id: Mapped[int | None]
    submitted_by_id: Mapped[int | None]
    decided_by_id: Mapped[int | None]
    """Who approved it; none of the three pays, and the first two do not approve."""
    created_at: Mapped[datetime]
    """When it was drawn up; a draft that is drawn up anew begins again, and lapses own.subsidy.draft_days after it."""

    __table_args__ = (sa.CheckConstraint("until >= since", name="until_after_since"),)


class SubsidyItem(Base):
    """One human and course of a claim, by the record that shows the completion; `person_id` is the person of the record, whose human is
    looked up when it is read (`queries.HUMAN`)."""

    __tablename__ = "subsidy_item"

    id: Mapped[Key]
    claim_id: Mapped[int] = mapped_column(ref("subsidy_claim.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    record_id: Mapped[int] = mapped_column(ref("training_record.id"))
    course: Mapped[str] = mapped_column(sa.String(200))
    course_key: Mapped[str] = mapped_column(sa.String(400))
    """The course for comparison (`kernel.characters.plain_words`): two spellings of one title are paid once. What was paid twice before this was
    looked at has `#` and its id behind it (migrations 0069, 0073)."""
    amount_fen: Mapped[int]
    state: Mapped[ItemState] = mapped_column(enum_column(ItemState), default=ItemState.CLAIMED)
    is_sampled: Mapped[bool] = mapped_column(default=False)
    is_confirmed: Mapped[bool | None]
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    checked_by_id: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    clawed_back_on: Mapped[date | None]
    """When it was ordered back; it stays paid until the money has come in."""
    recovered_on: Mapped[date | None]
    recovery_reference: Mapped[str] = mapped_column(sa.String(120), default="")

    __table_args__ = (
        sa.Index("ix_subsidy_item_claim", "claim_id", "id"),
        sa.Index("uq_subsidy_item_live", "person_id", "course_key", unique=True, sqlite_where=sa.text(_LIVE), postgresql_where=sa.text(_LIVE)),
        sa.Index("uq_subsidy_item_record", "record_id", "course_key", unique=True, sqlite_where=sa.text(_LIVE), postgresql_where=sa.text(_LIVE)),
        sa.Index("ix_subsidy_item_record", "record_id"),
        sa.Index("ix_subsidy_item_ordered", "claim_id", sqlite_where=sa.text(_ORDERED), postgresql_where=sa.text(_ORDERED)),
    )
