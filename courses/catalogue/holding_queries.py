"""What is asked, or held, before two people at once do what neither may."""

from __future__ import annotations

from sqlalchemy import func, select

from courses.catalogue.models import Course, RunStaff
from courses.catalogue.types import StaffRole
from trainhub.kernel.db import session


def hold_prerequisites() -> None:
    """Queue with whoever else changes what comes before what: two edges by two people may close a circle that neither sees. One row stands for all."""
    first = select(func.min(Course.id)).scalar_subquery()
    session().execute(select(Course.id).where(Course.id == first).with_for_update(key_share=True))


def count_leads(run_id: int) -> int:
    """How many lead a run, as it stands in the database now."""
    return session().scalar(select(func.count()).select_from(RunStaff).where(RunStaff.run_id == run_id, RunStaff.role == StaffRole.LEAD)) or 0
