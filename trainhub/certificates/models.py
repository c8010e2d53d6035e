"""Issued certificates: snapshots that are never changed; what happens later is an event."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.certificates.types import Event, Kind, State
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
    """One edition of a certificate. `facts` is the snapshot it was drawn from, with the holder's name as printed.

    `asked_key` is the stable name of what it certifies (`course:MC-101/2026:person:7`): issuing twice is harmless. Of the
    editions and corrections for one `asked_key` exactly one `is_current`; `replaces_id` leads to the one before. A draft has
    its number but attests nothing; `note` says why it waits (`needs_glyph`: no installed font draws its facts).
    """

    __tablename__ = "certificate"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(sa.String(18))
    edition: Mapped[int] = mapped_column(default=1)
    code: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), index=True)
    state: Mapped[State] = mapped_column(enum_column(State))
    state_on: Mapped[date]
    note: Mapped[str] = mapped_column(sa.String(60), default="")
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    holder: Mapped[str] = mapped_column(sa.String(200))
    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    asked_key: Mapped[str] = mapped_column(sa.String(160))
    is_current: Mapped[bool] = mapped_column(default=True)
    replaces_id: Mapped[int | None] = mapped_column(ref("certificate.id"), index=True)
    template: Mapped[str] = mapped_column(sa.String(40))
    template_version: Mapped[int]
    facts: Mapped[dict[str, Any]]
    evidence: Mapped[list[Any]]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    issued_by_id: Mapped[int | None]

    __table_args__ = (
        sa.UniqueConstraint("number", "edition"),
        sa.Index(
            "uq_certificate_current",
            "asked_key",
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        ),
        sa.Index("ix_certificate_verify", "number", "code"),
        sa.Index("ix_certificate_list", "issued_on", "id"),
    )


class CertificateEvent(Base):
    """Append-only history with a hash chain per certificate, from its first edition on.

    `hash` covers the fields, the facts of the certificate and the hash before: changed facts or a changed event show.
    """

    __tablename__ = "certificate_event"

    id: Mapped[Key]
    certificate_id: Mapped[int] = mapped_column(ref("certificate.id"), index=True)
    event: Mapped[Event] = mapped_column(enum_column(Event))
    state: Mapped[State] = mapped_column(enum_column(State))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime]
    by_account_id: Mapped[int | None]
    before_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)


class PrintRun(Base):
    """Certificates of one kind and issuer chosen to be printed together; the choice is frozen in its items.

    `files` lists what was drawn: {"file_id", "name", "pages"} of each PDF and of the manifest.
    """

    __tablename__ = "print_run"

    id: Mapped[Key]
    title: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    count: Mapped[int]
    job_id: Mapped[int | None] = mapped_column(ref("job.id"))
    files: Mapped[list[Any]]
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class PrintItem(Base):
    """One page of a print run, in the order of printing."""

    __tablename__ = "print_item"

    run_id: Mapped[int] = mapped_column(ref("print_run.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ref("certificate.id"), index=True)
