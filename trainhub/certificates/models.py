"""Issued certificates: snapshots that are never changed; what happens later is an event."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.certificates.types import BatchSource, BatchState, Event, Kind, PrintMode, SheetState, State, TemplateState
from trainhub.kernel import append_only
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.people.models import STAYS

ENDED = "state IN ('reissued', 'revoked', 'superseded', 'suspended')"
"""SQL: what status lists tell of. In these very words an index holds them: a database takes it only where a query says the same, without parameters."""

CHANGED = "event <> 'issue'"
"""SQL: the events after issuing, few beside the hundred thousand by which something was issued; held by an index in these words too."""


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
    person_id: Mapped[int] = mapped_column(ref("person.id"))
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
        sa.Index("ix_certificate_asked_key", "asked_key"),  # of what was corrected too: a list asks for it
        # By all that a list asks for at once: between a holder's and an issuer's index SQLite chose by which was made last.
        sa.Index("ix_certificate_holder", "person_id", "issuer_id", "kind"),
        sa.Index("ix_certificate_verify", "number", "code"),
        sa.Index("ix_certificate_list", "issued_on", "id"),
        # A status list is asked for by anybody at any time: it reads the few that ended, not the hundred thousand that stand.
        sa.Index("ix_certificate_ended", "id", sqlite_where=sa.text(ENDED), postgresql_where=sa.text(ENDED)),
    )


class CertificateEvent(Base):
    """Append-only history with a hash chain per certificate, from its first edition on.

    `hash` covers the fields, the facts and the code of the certificate, its kind, template, issuer, holder and evidence, and the hash before (see
    `chain.digest`): what was changed since shows. Triggers refuse to change and to delete; the audit log knows the
    hash, so that one who owns the database and writes the row and its chain anew shows too.
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

    __table_args__ = (sa.Index("ix_certificate_event_changed", "certificate_id", sqlite_where=sa.text(CHANGED), postgresql_where=sa.text(CHANGED)),)


append_only.protect(CertificateEvent.__table__, "the history of a certificate is append-only")


class PrintRun(Base):
    """Certificates of one kind and issuer chosen to be printed together; the choice and its order are frozen in its items.

    `chunk_pages` is how many pages a file holds at most. `mode`, `bleed_mm` and `has_marks` are how it is drawn,
    `site` is the address its codes lead to (empty: none was noted yet). A run in
    `overprint` mode is closed (`settled_at`, 核销) when every blank handed out for it is accounted for.
    """

    __tablename__ = "print_run"

    id: Mapped[Key]
    title: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    count: Mapped[int]
    chunk_pages: Mapped[int] = mapped_column(default=1000)
    mode: Mapped[PrintMode] = mapped_column(enum_column(PrintMode), default=PrintMode.FULL)
    bleed_mm: Mapped[int] = mapped_column(default=0)
    has_marks: Mapped[bool] = mapped_column(default=False)
    site: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    job_id: Mapped[int | None] = mapped_column(ref("job.id"))
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None]

    __table_args__ = (sa.CheckConstraint("bleed_mm BETWEEN 0 AND 10", name="bleed_small"),)


class PrintChunk(Base):
    """One file of a run: the items from `first` to `last`. `sha256` stands once the file is whole on the disk."""

    __tablename__ = "print_chunk"

    run_id: Mapped[int] = mapped_column(ref("print_run.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int]
    last: Mapped[int]
    pages: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    finished_at: Mapped[datetime | None]


class PrintItem(Base):
    """One certificate of a run. `page` is its page in the file of its chunk; empty: its state had changed, it got no page."""

    __tablename__ = "print_item"

    run_id: Mapped[int] = mapped_column(ref("print_run.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ref("certificate.id"), index=True)
    base: Mapped[str] = mapped_column(sa.String(200), default="")
    class_name: Mapped[str] = mapped_column(sa.String(200), default="")
    page: Mapped[int | None]


class BlankSheet(Base):
    """A pre-printed blank by its serial in the books of a run; none is used twice, none disappears. `position` is the item printed on it.

    What a run gave back may be handed out to the next: the books of the first keep their row.
    """

    __tablename__ = "blank_sheet"

    run_id: Mapped[int] = mapped_column(ref("print_run.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    state: Mapped[SheetState] = mapped_column(enum_column(SheetState))
    position: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    by_account_id: Mapped[int | None]
    at: Mapped[datetime]

    __table_args__ = (
        sa.Index("ix_blank_sheet_run", "run_id", "state", "serial"),
        sa.Index(
            "uq_blank_sheet_used",
            "run_id",
            "position",
            unique=True,
            sqlite_where=sa.text("state = 'used'"),
            postgresql_where=sa.text("state = 'used'"),
        ),
        sa.Index(
            "uq_blank_sheet_held",
            "serial",
            unique=True,
            sqlite_where=sa.text("state <> 'returned'"),
            postgresql_where=sa.text("state <> 'returned'"),
        ),
    )


class IssueBatch(Base):
    """Certificates to be issued together: prepared by one person, decided by another (four eyes), issued in portions.

    Nothing is numbered before the decision. `digest` is the SHA-256 of the list it was drawn up from: of the file that was imported, or
    of the rows that were selected (`queries.table_of`). A correction is a batch of one: `replaces_id` is the certificate that stands
    until the decision, `why`, `document` and `effective_on` are what the event will say, `template_version` is what it is drawn from.
    """

    __tablename__ = "issue_batch"

    id: Mapped[Key]
    title: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    template: Mapped[str] = mapped_column(sa.String(40))
    source: Mapped[BatchSource] = mapped_column(enum_column(BatchSource))
    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState), default=BatchState.PREPARED)
    count: Mapped[int]
    waiting: Mapped[int] = mapped_column(default=0)
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    job_id: Mapped[int | None] = mapped_column(ref("job.id"))
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    finished_at: Mapped[datetime | None]
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    replaces_id: Mapped[int | None] = mapped_column(ref("certificate.id"), index=True)
    template_version: Mapped[int | None]
    why: Mapped[str] = mapped_column(sa.String(400), default="")
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    effective_on: Mapped[date | None]

    __table_args__ = (
        sa.Index(
            "uq_issue_batch_open_correction",
            "replaces_id",
            unique=True,
            sqlite_where=sa.text("state = 'prepared'"),
            postgresql_where=sa.text("state = 'prepared'"),
        ),
    )


class IssueItem(Base):
    """One certificate of a batch; `note` says why it would be printed wrong (`needs_glyph`, `overflows`), `evidence` what it rests on.

    It names whom the batch was drawn up for; after a merging of persons the certificate goes to the one who stands for them.
    """

    __tablename__ = "issue_item"

    batch_id: Mapped[int] = mapped_column(ref("issue_batch.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True, info=STAYS)
    asked_key: Mapped[str] = mapped_column(sa.String(160))
    facts: Mapped[dict[str, Any]]
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(sa.String(60), default="")
    certificate_id: Mapped[int | None] = mapped_column(ref("certificate.id"), index=True)


class CertificateTemplate(Versioned, Base):
    """A version of a template drawn up here; `body` is its layout (JSON, see layouts/model.py). Approved ones never change.

    Only its owner draws it up and issues from it: it may bear the owner's seal. Without an owner it is common to all issuers.
    """

    __tablename__ = "certificate_template"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(30))
    edition: Mapped[int]
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    owner_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    state: Mapped[TemplateState] = mapped_column(enum_column(TemplateState), default=TemplateState.DRAFT)
    body: Mapped[str] = mapped_column(sa.Text)
    made_by_id: Mapped[int | None]
    made_at: Mapped[datetime]
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (sa.UniqueConstraint("code", "edition"),)


class IssuerTemplate(Base):
    """The template an issuer's certificates of a kind are drawn from unless another is named; without a row it is the kind's own."""

    __tablename__ = "issuer_template"

    issuer_id: Mapped[int] = mapped_column(ref("organisation.id"), primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind), primary_key=True)
    template: Mapped[str] = mapped_column(sa.String(40))
    chosen_by_id: Mapped[int | None]
    chosen_at: Mapped[datetime]


class SigningKey(Base):
    """A key that signs or signed credentials. `sealed` is the seed under the keyring's data key; the first key's lies in keys.json.

    A retired key still verifies; a leaked one (`leaked_at`) does not. `vouched` is what the key `vouched_by` (both in hex) signed for this one when it was
    made: who kept the keys of before learns it from there.
    """

    __tablename__ = "signing_key"

    id: Mapped[Key]
    public: Mapped[str] = mapped_column(sa.String(64), unique=True)
    sealed: Mapped[bytes | None]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    leaked_at: Mapped[datetime | None]
    vouched_by: Mapped[str | None] = mapped_column(sa.String(64))
    vouched: Mapped[str | None] = mapped_column(sa.String(128))


class CertificatePortion(Base):
    """Where the audit log tells of a portion of a list, by its numbers: those from `first` to `last`, of no other portion.

    An index into the log and no more: what its line says is believed, not this row, and where a row lacks the log itself is searched. `told_id` is the line where it was written before there was this
    table; otherwise, and where a line was written later for what stood then, the line is on this row.
    """

    __tablename__ = "certificate_portion"

    id: Mapped[Key]
    first: Mapped[str] = mapped_column(sa.String(18), unique=True)
    last: Mapped[str] = mapped_column(sa.String(18))
    batch_id: Mapped[int | None] = mapped_column(ref("issue_batch.id"), index=True)
    told_id: Mapped[int | None]


class StatusShift(Base):
    """From the certificate `first_id` on, the place in the status lists is the id and `shift`. One row a restore.

    After an older backup was restored ids are given again, while files that carry the places of then are out: a place is given once. The audit log
    tells of each, and what it tells counts.
    """

    __tablename__ = "status_shift"

    first_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shift: Mapped[int]

    __table_args__ = (sa.CheckConstraint("shift > 0", name="forward"),)


class CertificateShare(Base):
    """A link by which the holder shows a certificate with the whole name; switched off for good by `closed_at`.

    It moves on to the row that takes the certificate's place.
    """

    __tablename__ = "certificate_share"

    token: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ref("certificate.id"), index=True)
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_certificate_share_open",
            "certificate_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )
