"""Regions and organisations. Which base is this? An organisation of kind `base`; its capacity and agreements live in
`enterprises.bases` under the same id."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.types import EnterpriseSize, HostSide, OrganisationKind, OrganisationState, RegionLevel


class Region(Base):
    """A division of GB/T 2260. `reporting_code` is the prefecture-level row under which its figures stand (平潭: itself)."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    name_en: Mapped[str] = mapped_column(sa.String(80), default="")
    level: Mapped[RegionLevel] = mapped_column(enum_column(RegionLevel))
    parent_code: Mapped[str | None] = mapped_column(ref("region.code"), index=True)
    reporting_code: Mapped[str | None] = mapped_column(sa.String(6), index=True)
    is_reported_separately: Mapped[bool] = mapped_column(default=False)


class RegionAlias(Base):
    """A county code that was abolished, valid for events up to `until`, and its successor."""

    __tablename__ = "region_alias"

    code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    until: Mapped[date]
    successor_code: Mapped[str] = mapped_column(ref("region.code"))


class Organisation(Versioned, Base):
    """Any organisation. `code` is what people and files say: ministry code of a school, USCC of an enterprise, or our own."""

    __tablename__ = "organisation"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind), index=True)
    state: Mapped[OrganisationState] = mapped_column(enum_column(OrganisationState), default=OrganisationState.REGISTERED)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_en: Mapped[str] = mapped_column(sa.String(200), default="")
    short_name: Mapped[str] = mapped_column(sa.String(60), default="")
    pinyin: Mapped[str] = mapped_column(sa.String(400), default="")
    uscc: Mapped[str | None] = mapped_column(sa.String(18), unique=True)
    region_code: Mapped[str | None] = mapped_column(ref("region.code"), index=True)
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    parent_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    supervising_department: Mapped[str] = mapped_column(sa.String(100), default="")
    ownership: Mapped[str] = mapped_column(sa.String(40), default="")
    size: Mapped[EnterpriseSize | None] = mapped_column(enum_column(EnterpriseSize))
    is_internet_enterprise: Mapped[bool] = mapped_column(default=False)
    is_leading_internet: Mapped[bool] = mapped_column(default=False)
    allows_self_registration: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    contact_name: Mapped[str] = mapped_column(sa.String(60), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    cio_name: Mapped[str] = mapped_column(sa.String(60), default="")
    credit_status: Mapped[str] = mapped_column(sa.String(40), default="")
    credit_checked_on: Mapped[date | None]
    created_at: Mapped[datetime]

    region: Mapped[Region | None] = relationship(lazy="raise", viewonly=True)
    parent: Mapped[Organisation | None] = relationship(lazy="raise", remote_side="Organisation.id", viewonly=True)
    hosts: Mapped[list[BaseHost]] = relationship(lazy="raise", foreign_keys="BaseHost.base_id", viewonly=True, order_by="BaseHost.id")

    __table_args__ = (
        sa.CheckConstraint("length(code) > 0", name="code_not_empty"),
        sa.CheckConstraint("length(name) > 0", name="name_not_empty"),
        sa.Index("ix_organisation_kind_name", "kind", "name", "id"),
        # Not unique: codes that differ in capitals only were registered before. A migration that makes this table anew on SQLite makes it anew too.
        sa.Index("ix_organisation_letters", sa.text("upper(code)")),
    )


class OrganisationPast(Base):
    """A mark of an organisation that was replaced (`operations.DATED`): `value` held up to the day before `until`. Append-only; what no
    row names held all along."""

    __tablename__ = "organisation_past"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[bool]
    until: Mapped[date]
    replaced_by_id: Mapped[int | None]
    replaced_at: Mapped[datetime]


class BaseHost(Base):
    """Who hosts or co-builds a base, and on which side; the lead of the base is marked.

    A partnership that ended and begins again is another row: when it was none stays known. One of an organisation on a side stands at a time.
    """

    __tablename__ = "base_host"

    id: Mapped[Key]
    base_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    side: Mapped[HostSide] = mapped_column(enum_column(HostSide))
    is_lead: Mapped[bool] = mapped_column(default=False)
    since: Mapped[date | None]
    until: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[organisation_id], viewonly=True)

    __table_args__ = (
        sa.Index(
            "uq_base_host_standing",
            "base_id",
            "organisation_id",
            "side",
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        ),
    )


__all__ = ["BaseHost", "Organisation", "OrganisationPast", "Region", "RegionAlias"]
