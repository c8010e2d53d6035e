"""What became of changes of study that were written down by mistake."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, ref


class UndoneMove(Base):
    """A change of study that was taken back: where it had brought the student, from which day, why, and why it was undone. Append-only.

    The row of where the student was before (`FormerStudy`) is gone with it; this is what is left to be read. `moved_reason` is empty, `moved_at`
    None where the change had been undone before this was kept.
    """

    __tablename__ = "student_move_undone"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"))
    since: Mapped[date]
    moved_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    moved_by_id: Mapped[int | None]
    moved_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(200))
    undone_by_id: Mapped[int | None]
    undone_at: Mapped[datetime]


def _refuse_change(_mapper: Any, _connection: Any, row: Any) -> None:
    raise RuntimeError(f"{row.__tablename__} is append-only: write a new row")


sa.event.listen(UndoneMove, "before_update", _refuse_change)
sa.event.listen(UndoneMove, "before_delete", _refuse_change)
