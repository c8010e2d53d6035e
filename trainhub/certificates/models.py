"""Issued certificates: snapshots that are never changed; what happens later is an event."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.certificates.types import State, Kind
from trainhub.kernel.db import Base, Key, enum_column, ref


class CertificateCounter(Base):
    """The serial of (issuing unit, kind, year): gap-free, taken inside the issuing transaction."""

    __tablename__ = "certificate_counter"

    unit: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.CheckConstraint("last BETWEEN 0 AND 999999", name="serial_six_digits"),)


class IssuingUnit(Base):
    """The four digits that stand for an issuing organisation in certificate numbers."""

    __tablename__ = "issuing_unit"

    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(sa.String(4), unique=True)


class Certificate(Base):
    """One certificate. `facts` is the snapshot it was drawn from, with the holder's name as printed.

    `asked_key` is the stable name of what it certifies (`course:MC-101/2026:person:7`): issuing twice is harmless.
    """

    __tablename__ = "certificate"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(sa.String(18))
    edition: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), index=True)
    state: Mapped[State] = mapped_column(enum_column(State))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    asked_key: Mapped[str] = mapped_column(sa.String(160))
    template: Mapped[str] = mapped_column(sa.String(40))
    template_version: Mapped[int]
    facts: Mapped[dict[str, Any]]
    evidence: Mapped[list[Any]]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None]

    __table_args__ = (
        sa.UniqueConstraint("number", "edition"),
        sa.UniqueConstraint("asked_key", "edition"),
        sa.Index("ix_certificate_verify", "number", "code"),
    )


class CertificateEvent(Base):
    """Append-only history with a hash chain per certificate: issued, reissued, superseded, suspended, revoked."""

    __tablename__ = "certificate_event"

    id: Mapped[Key]
    certificate_id: Mapped[int] = mapped_column(ref("certificate.id"), index=True)
    state: Mapped[State] = mapped_column(enum_column(State))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime]
    by_account_id: Mapped[int | None]
    before_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
