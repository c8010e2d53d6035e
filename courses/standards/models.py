"""Which courses and plan items carry which indicator points; industry standards; where the school standard is written."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from courses.standards.types import TargetKind
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class PointCover(Base):
    """An edge of both matrices: an indicator point is the teaching objective of something (PETOE-2.2, 002:383).

    `weight`: how strongly it carries the point, 3 high, 2 medium, 1 low; the attainment of a point is the mean by these weights.
    """

    __tablename__ = "point_cover"

    id: Mapped[Key]
    point_id: Mapped[int] = mapped_column(ref("indicator_point.id"))
    kind: Mapped[TargetKind] = mapped_column(enum_column(TargetKind))
    target_id: Mapped[int]
    weight: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("point_id", "kind", "target_id"),
        sa.CheckConstraint("weight BETWEEN 1 AND 3", name="weight_low_to_high"),
        sa.Index("ix_point_cover_target", "kind", "target_id"),
    )


class IndustryStandard(Base):
    """An industry standard (行业标准) the school standard has to cover beside the general one (PETOE-1, 002:257)."""

    __tablename__ = "industry_standard"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    issuer: Mapped[str] = mapped_column(sa.String(160), default="")


class IndustryClause(Base):
    """One clause of an industry standard."""

    __tablename__ = "industry_clause"

    id: Mapped[Key]
    standard_id: Mapped[int] = mapped_column(ref("industry_standard.id"))
    number: Mapped[str] = mapped_column(sa.String(12))
    text: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("standard_id", "number"),)


class RequirementClause(Base):
    """A graduation requirement answers a clause of an industry standard (PETOE-1.2, 002:362)."""

    __tablename__ = "requirement_clause"

    requirement_id: Mapped[int] = mapped_column(ref("graduation_requirement.id"), primary_key=True)
    clause_id: Mapped[int] = mapped_column(ref("industry_clause.id"), primary_key=True)


class SchoolStandard(Versioned, Base):
    """The document in which the school standard of a version was issued (PETOE-1, 002:257; M1.1)."""

    __tablename__ = "school_standard"

    version_id: Mapped[int] = mapped_column(ref("programme_version.id"), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    issued_no: Mapped[str] = mapped_column(sa.String(80), default="")
    issued_on: Mapped[date | None]
    positioning: Mapped[str] = mapped_column(sa.Text, default="")
    industry_standard_id: Mapped[int | None] = mapped_column(ref("industry_standard.id"))
