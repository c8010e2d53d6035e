"""Steps before an award, the credit list, the figures of companies, and the pools awards and subsidies are paid from."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.awards.types import PoolKind, StepKind
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class AwardStep(Base):
    """A prefecture's check or a department's site inspection of an application. Append-only; the latest of a kind holds."""

    __tablename__ = "award_step"

    id: Mapped[Key]
    award_id: Mapped[int] = mapped_column(ref("award.id"), index=True)
    kind: Mapped[StepKind] = mapped_column(enum_column(StepKind))
    on: Mapped[date] = mapped_column("on_day")
    is_positive: Mapped[bool]
    text: Mapped[str] = mapped_column(sa.Text)
    people: Mapped[str] = mapped_column(sa.String(200), default="")
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]


class FundPool(Versioned, Base):
    """Money of a year awards and subsidies are paid from (FJ-9, 000:713): what is planned is never overdrawn."""

    __tablename__ = "fund_pool"

    id: Mapped[Key]
    year: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[PoolKind] = mapped_column(enum_column(PoolKind))
    planned_fen: Mapped[int]
    spent_fen: Mapped[int] = mapped_column(default=0)
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("year", "name"),
        sa.CheckConstraint("planned_fen > 0", name="planned_positive"),
        sa.CheckConstraint("spent_fen >= 0 AND spent_fen <= planned_fen", name="not_overdrawn"),
    )


class CreditListing(Base):
    """A line of the list of untrustworthy legal persons as it was imported; `until` empty: it stands."""

    __tablename__ = "credit_listing"

    id: Mapped[Key]
    uscc: Mapped[str] = mapped_column(sa.String(18), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    since: Mapped[date]
    until: Mapped[date | None]
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    entered_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("uscc", "since"),)


class CreditCheck(Base):
    """That somebody looked up an organisation's credit on a day, where, and what was found. Append-only."""

    __tablename__ = "credit_check"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    is_listed: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(400), default="")
    checked_by_id: Mapped[int | None]
    checked_at: Mapped[datetime]


class CompanyFigure(Base):
    """A figure of an enterprise that an incentive asks for, of a year (0: no year), with its document. A later entry replaces.

    `project` names the contract of a figure that belongs to one (`types.PROJECT_KEYS`), empty otherwise.
    """

    __tablename__ = "company_figure"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    key: Mapped[str] = mapped_column(sa.String(60))
    year: Mapped[int] = mapped_column(default=0)
    project: Mapped[str] = mapped_column(sa.String(120), default="")
    value: Mapped[int]
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    entered_by_id: Mapped[int | None]
    entered_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_company_figure_of", "organisation_id", "key", "year", "id"),)
