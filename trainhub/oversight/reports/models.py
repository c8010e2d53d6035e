"""Reports as they were made: the whole document is kept, with the moment whose knowledge it shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.reports.types import ReportKind, ReportState


class Report(Versioned, Base):
    """A report of a kind over a span of days, of one organisation or of the province, in a language. `sha256` is of the kept document."""

    __tablename__ = "report"

    id: Mapped[Key]
    kind: Mapped[ReportKind] = mapped_column(enum_column(ReportKind), index=True)
    state: Mapped[ReportState] = mapped_column(enum_column(ReportState), default=ReportState.ASKED)
    since: Mapped[date]
    until: Mapped[date]
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    known_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(sa.String(2), default="zh")
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    document: Mapped[dict[str, Any] | None]
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    problem: Mapped[str] = mapped_column(sa.String(400), default="")
    job_id: Mapped[int | None]
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    published_on: Mapped[date | None]
    published_by_id: Mapped[int | None]

    __table_args__ = (sa.CheckConstraint("until >= since", name="until_after_since"),)
