"""A run at an instant, computed by a job, because the log of ten thousand learners is not read while somebody waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from courses.analytics.types import Risk
from trainhub.kernel.db import Base, Key, enum_column, ref


class RunSummary(Base):
    """The latest summary of a run; `data` is `analytics.types.Summary` as plain values."""

    __tablename__ = "run_summary"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), unique=True)
    computed_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]


class StoredRisk(Base):
    """One learner of a large run as the last summary judged him; a small run is judged while its list is read.

    `risk`, `points` and `reasons` follow from `rules.judge`; shares in thousandths, scores out of 1000.
    """

    __tablename__ = "learner_risk"

    enrolment_id: Mapped[int] = mapped_column(ref("enrolment.id"), primary_key=True, autoincrement=False)
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    cohort_id: Mapped[int | None] = mapped_column(ref("cohort.id"), index=True)
    risk: Mapped[Risk] = mapped_column(enum_column(Risk))
    points: Mapped[int]
    reasons: Mapped[list[Any]]
    progress_x1000: Mapped[int]
    expected_x1000: Mapped[int | None]
    score_x10: Mapped[int | None]
    overdue: Mapped[int]

    __table_args__ = (sa.Index("ix_learner_risk_order", "run_id", "risk", "points", "progress_x1000", "enrolment_id"),)
