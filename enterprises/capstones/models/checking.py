"""Spot checks of finished theses (抽检)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.capstones.types import SpotOutcome, SpotVerdict
from trainhub.kernel.db import Base, Key, enum_column, ref


class SpotCheck(Base):
    """A random sample of the theses that passed at a university in an academic year (`year`: its first calendar year). The seed and the list it was drawn from are kept."""

    __tablename__ = "spot_check"

    id: Mapped[Key]
    university_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    year: Mapped[int]
    percent: Mapped[int]
    seed: Mapped[int]
    population: Mapped[list[Any]]
    drawn_by_id: Mapped[int | None]
    drawn_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    """Since when the sample is void, with its reason: drawn by mistake, kept for whoever asks what was drawn first."""
    voided_by_id: Mapped[int | None]
    void_reason: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")

    __table_args__ = (
        sa.Index(
            "uq_spot_check_standing",
            "university_id",
            "year",
            unique=True,
            sqlite_where=sa.text("voided_at IS NULL"),
            postgresql_where=sa.text("voided_at IS NULL"),
        ),
    )


class SpotItem(Base):
    """A thesis of the sample."""

    __tablename__ = "spot_item"

    id: Mapped[Key]
    check_id: Mapped[int] = mapped_column(ref("spot_check.id"), index=True)
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"))
    outcome: Mapped[SpotOutcome] = mapped_column(enum_column(SpotOutcome), default=SpotOutcome.OPEN)
    anonymous_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    """The thesis without names, made by who runs the check where the student has handed in none."""
    anonymous_said: Mapped[dict[str, Any] | None]

    __table_args__ = (sa.UniqueConstraint("check_id", "capstone_id"),)


class SpotOpinion(Base):
    """One expert's opinion; `stage` 1 is the first three, 2 the further ones. No expert reads a thesis twice."""

    __tablename__ = "spot_opinion"

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ref("spot_item.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    stage: Mapped[int] = mapped_column(default=1)
    verdict: Mapped[SpotVerdict | None] = mapped_column(enum_column(SpotVerdict))
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    asked_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("item_id", "person_id"), sa.CheckConstraint("stage IN (1, 2)", name="stage_1_or_2"))
