"""What a base is beyond an organisation: types, figures, leaders, agreements, acceptance, inspections. Key: the organisation's id."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enterprises.bases.types import AcceptanceStep, BaseLevel, BaseType, Conclusion, InspectionKind, LeaderSide
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person


class BaseProfile(Versioned, Base):
    """The figures that rules ask for; empty means not known, never zero."""

    __tablename__ = "base_profile"

    base_id: Mapped[int] = mapped_column(ref("organisation.id"), primary_key=True)
    level: Mapped[BaseLevel | None] = mapped_column(enum_column(BaseLevel))
    is_on_campus: Mapped[bool] = mapped_column(default=False)
    opened_on: Mapped[date | None]
    capacity_per_term: Mapped[int | None]
    area_new_m2: Mapped[int | None]
    area_extended_m2: Mapped[int | None]
    startup_entities: Mapped[int | None]
    workers: Mapped[int | None]
    latitude_e5: Mapped[int | None]
    longitude_e5: Mapped[int | None]
    school_invested_fen: Mapped[int | None]
    enterprise_invested_fen: Mapped[int | None]
    facilities: Mapped[str] = mapped_column(sa.Text, default="")
    summary: Mapped[str] = mapped_column(sa.Text, default="")

    organisation: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.CheckConstraint("capacity_per_term IS NULL OR capacity_per_term >= 0", name="capacity_not_negative"),)


class BaseFigurePast(Base):
    """A figure of a profile that was replaced: `value` held up to the day before `until`. Append-only; what no row names held all along."""

    __tablename__ = "base_figure_past"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[int | None]
    until: Mapped[date]
    replaced_by_id: Mapped[int | None]
    replaced_at: Mapped[datetime]


class BasePeriod(Versioned, Base):
    """What a base can take and show in a span of time (a term), where it is not what the profile says."""

    __tablename__ = "base_period"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    since: Mapped[date]
    until: Mapped[date]
    capacity: Mapped[int]
    facilities: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.CheckConstraint("until >= since", name="until_after_since"),
        sa.CheckConstraint("capacity >= 0", name="capacity_not_negative"),
    )


class BaseTyping(Base):
    """A type a base carries, since when."""

    __tablename__ = "base_typing"

    base_id: Mapped[int] = mapped_column(ref("organisation.id"), primary_key=True)
    type: Mapped[BaseType] = mapped_column(enum_column(BaseType), primary_key=True)
    since: Mapped[date]


class BaseLeader(Base):
    """A leader of one side with post and span; of a school's side, of which school: several may build a base."""

    __tablename__ = "base_leader"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    side: Mapped[LeaderSide] = mapped_column(enum_column(LeaderSide))
    university_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    """The school led for; None on the side of the enterprise, and where nobody has said it yet."""
    post: Mapped[str] = mapped_column(sa.String(100))
    since: Mapped[date]
    until: Mapped[date | None]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)


class BaseAgreement(Versioned, Base):
    """A cooperative education agreement that a school signed, with its term and topics (校企双方签署, 002:517)."""

    __tablename__ = "base_agreement"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    university_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    """The school that signed it; None where nobody has said it yet: it counts for no programme then."""
    title: Mapped[str] = mapped_column(sa.String(200))
    signed_on: Mapped[date]
    since: Mapped[date]
    until: Mapped[date]
    topics: Mapped[list[str]]
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))

    __table_args__ = (sa.CheckConstraint("until >= since", name="until_after_since"),)


class BaseAcceptance(Base):
    """A department's step towards an award for one type of base: recognised, accepted, revoked. Append-only."""

    __tablename__ = "base_acceptance"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    type: Mapped[BaseType] = mapped_column(enum_column(BaseType))
    step: Mapped[AcceptanceStep] = mapped_column(enum_column(AcceptanceStep))
    department: Mapped[str] = mapped_column(sa.String(20))
    on: Mapped[date] = mapped_column("on_day")
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("base_id", "type", "step", "on_day"),)


class BaseInspection(Base):
    """An on-site inspection, or a review of safety or quality, with what was concluded."""

    __tablename__ = "base_inspection"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    kind: Mapped[InspectionKind] = mapped_column(enum_column(InspectionKind))
    on: Mapped[date] = mapped_column("on_day")
    inspectors: Mapped[str] = mapped_column(sa.String(200))
    conclusion: Mapped[Conclusion] = mapped_column(enum_column(Conclusion))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]


class InspectionFinding(Versioned, Base):
    """Something an inspection found: by when it has to be mended, and how it was."""

    __tablename__ = "base_finding"

    id: Mapped[Key]
    inspection_id: Mapped[int] = mapped_column(ref("base_inspection.id"), index=True)
    text: Mapped[str] = mapped_column(sa.String(400))
    due_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    measure: Mapped[str] = mapped_column(sa.String(400), default="")
    closed_by_id: Mapped[int | None]


class EnterpriseInterest(Versioned, Base):
    """Whether an enterprise takes students in a year, how many, or why not."""

    __tablename__ = "enterprise_interest"

    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    is_interested: Mapped[bool]
    seats: Mapped[int | None]
    reasons: Mapped[list[str]]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    stated_by_id: Mapped[int | None]
    stated_at: Mapped[datetime]
