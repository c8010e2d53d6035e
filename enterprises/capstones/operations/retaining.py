"""Guidance loses its words when its time is over (own.retention.capstone_log_months); that it took place stays."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update

from enterprises.capstones import queries
from enterprises.capstones.models import GuidanceEntry
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import last_day
from trainhub.people import queries as people


def forget_guidance(*, today: date) -> int:
    """Erase what was said in guidances of students who left long ago; how many. Who is not free (`people.is_free`) is left alone."""
    students = people.left_before(last_day("capstone_log", today=today))
    capstones = queries.ids_of_students(students)
    statement = update(GuidanceEntry).where(GuidanceEntry.capstone_id.in_(capstones), GuidanceEntry.content != "").values(content="")
    count: int = session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
    if count:
        audit.record(by=SYSTEM, did="capstones.guidance.erased", on=("retention", "*"), data={"count": count})
    return count
