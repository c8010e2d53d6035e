"""Evidence with its codes and versions, what was frozen at a submission, the texts of the supplementary report, days remembered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.evaluation.store.types import PaperForm


class EvidenceItem(Versioned, Base):
    """A piece of evidence of a programme; one file may serve several codes (M6.1 = M7.1). Withdrawn, never deleted."""

    __tablename__ = "evidence_item"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    provided_by: Mapped[str] = mapped_column(sa.String(120), default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (sa.CheckConstraint("valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from", name="until_after_from"),)


class EvidenceCode(Base):
    """A code of the 43 materials that a piece of evidence serves."""

    __tablename__ = "evidence_code"

    item_id: Mapped[int] = mapped_column(ref("evidence_item.id"), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(8), primary_key=True, index=True)


class EvidenceVersion(Base):
    """One version of a piece of evidence. Append-only: the latest holds."""

    __tablename__ = "evidence_version"

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(ref("evidence_item.id"))
    edition: Mapped[int]
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    uploaded_by: Mapped[str] = mapped_column(sa.String(200))
    uploaded_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("item_id", "edition"),)


class FrozenEvidence(Base):
    """What stood under a code when the reports were handed in; never changed. `item_id` is None for generated material."""

    __tablename__ = "frozen_evidence"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(8))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    item_id: Mapped[int | None] = mapped_column(ref("evidence_item.id"), index=True)
    edition: Mapped[int]
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("application_id", "code", "position"),)


class FrozenReadiness(Base):
    """How ready the programme was when the reports were handed in: every finding with whom and what it speaks of; never changed.

    The experts of the visit read this, not what stands today. `requirements` by number, `behind` by criterion.
    """

    __tablename__ = "frozen_readiness"

    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), primary_key=True)
    on: Mapped[date] = mapped_column("on_day")
    requirements: Mapped[dict[str, Any]]
    findings: Mapped[list[Any]]
    raw: Mapped[list[Any] | None]
    """What the data alone said about each criterion, whoever had judged it: on this a verdict rests. Nothing for one of before this was kept."""
    behind: Mapped[dict[str, Any]]
    group: Mapped[dict[str, Any]] = mapped_column("judged_group")
    special_result: Mapped[str] = mapped_column(sa.String(20), default="")
    accreditation: Mapped[str] = mapped_column(sa.String(20), default="")
    verdict: Mapped[str] = mapped_column(sa.String(40), default="")
    reapply_from: Mapped[date | None]
    frozen_at: Mapped[datetime]


class ReportText(Versioned, Base):
    """The text of a section of the supplementary report, or the place in the self-report where it is said (002:289-349)."""

    __tablename__ = "report_text"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"))
    section: Mapped[str] = mapped_column(sa.String(4))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    pointer: Mapped[str] = mapped_column(sa.String(200), default="")
    examples: Mapped[str] = mapped_column(sa.Text, default="")
    saved_by: Mapped[str] = mapped_column(sa.String(200))
    saved_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("programme_id", "section"),)


class ReadinessDay(Base):
    """How ready a programme was on a day: the status of every criterion as it was found then. Written once."""

    __tablename__ = "readiness_day"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"))
    on: Mapped[date] = mapped_column("on_day")
    statuses: Mapped[dict[str, Any]]
    verdict: Mapped[str] = mapped_column(sa.String(40), default="")
    remembered_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("programme_id", "on_day"),)


class DossierPackage(Base):
    """A dossier somebody asked for as one archive: drawn by a job, kept as a file. Of an application it holds what was frozen."""

    __tablename__ = "dossier_package"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ref("evaluation_application.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    job_id: Mapped[int | None]
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"), index=True)
    pieces: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]


class ReportDrawing(Base):
    """The supplementary report as it was drawn on a day: by a job, kept as a file. Content that did not change keeps the file drawn before.

    With an application the job also hands it in there.
    """

    __tablename__ = "report_drawing"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ref("evaluation_application.id"), index=True)
    form: Mapped[PaperForm] = mapped_column(enum_column(PaperForm))
    on: Mapped[date] = mapped_column("on_day")
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    job_id: Mapped[int | None]
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"), index=True)
    asked_by: Mapped[str] = mapped_column(sa.String(200))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]


def _refuse_change(_mapper: Any, _connection: Any, row: Any) -> None:
    raise RuntimeError(f"{row.__tablename__} is append-only: write a new row")


for _kept in (FrozenEvidence, FrozenReadiness, EvidenceVersion):
    sa.event.listen(_kept, "before_update", _refuse_change)
    sa.event.listen(_kept, "before_delete", _refuse_change)
