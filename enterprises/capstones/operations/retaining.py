"""Guidance loses its words when its time is over (own.retention.capstone_log_months); that it took place stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import update

from enterprises.capstones import queries
from enterprises.capstones.models import GuidanceEntry, MentorLink
from enterprises.mentors.proving import FORGOTTEN
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import last_day
from trainhub.people import queries as people


def forget_addresses(person_ids: Sequence[int]) -> None:
    """What links keep of where they were sent goes with the addresses of their persons (`people.types.FORGOTTEN`)."""
    change = update(MentorLink).where(MentorLink.person_id.in_(person_ids), MentorLink.sent_to.is_not(None)).values(sent_to=FORGOTTEN)
    session().execute(change.execution_options(synchronize_session="fetch"))


def forget_guidance(*, today: date) -> int:
    """Erase what was said in guidances of students who left long ago; how many. Who is not free (`people.is_free`) is left alone."""
    students = people.left_before(last_day("capstone_log", today=today))
    capstones = queries.ids_of_students(students)
    statement = update(GuidanceEntry).where(GuidanceEntry.capstone_id.in_(capstones), GuidanceEntry.content != "").values(content="")
    count: int = session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
    if count:
        audit.record(by=SYSTEM, did="capstones.guidance.erased", on=("retention", "*"), data={"count": count})
    return count
