"""A run at an instant, computed by a job, because the log of ten thousand learners is not read while somebody waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, ref


class RunSummary(Base):
    """The latest summary of a run; `data` is `analytics.types.Summary` as plain values."""

    __tablename__ = "run_summary"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), unique=True)
    computed_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
