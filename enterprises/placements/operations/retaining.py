"""Logs go when their time is over (own.retention.placement_log_months); the confirmed days of the ledger stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import delete, or_, select, update

from enterprises.mentors.models import Mentor
from enterprises.mentors.proving import FORGOTTEN
from enterprises.placements import queries
from enterprises.placements.models import DayEntry, LogNote, LogPhoto, MentorLink, PlacementEvent, PlacementPaper, WeeklyLog
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import last_day
from trainhub.people import queries as people


def forget_addresses(person_ids: Sequence[int]) -> None:
    """What links keep of where they were sent goes with the addresses of their mentors (`people.types.FORGOTTEN`)."""
    theirs = select(Mentor.id).where(Mentor.person_id.in_(person_ids))
    change = update(MentorLink).where(MentorLink.mentor_id.in_(theirs), MentorLink.sent_to.is_not(None)).values(sent_to=FORGOTTEN)
    session().execute(change.execution_options(synchronize_session="fetch"))


def forget_logs(*, today: date) -> dict[str, int]:
    """Delete weekly logs with their notes and photos, and papers, and erase the words of day entries of students who left long ago; how many of each. Legal holds are left alone."""
    students = people.left_before(last_day("placement_log", today=today))
    logs = select(WeeklyLog.id).where(WeeklyLog.placement_id.in_(queries.ids_of_students(students)))
    statements = {
        "notes": delete(LogNote).where(LogNote.log_id.in_(logs)),
        "photos": delete(LogPhoto).where(LogPhoto.placement_id.in_(queries.ids_of_students(students))),
        "papers": delete(PlacementPaper).where(PlacementPaper.placement_id.in_(queries.ids_of_students(students))),
        "weeks": delete(WeeklyLog).where(WeeklyLog.placement_id.in_(queries.ids_of_students(students))),
        "days": update(DayEntry)
        .where(DayEntry.student_id.in_(students), or_(DayEntry.note != "", DayEntry.reason != "", DayEntry.earlier.is_not(sa.null())))
        .values(note="", reason="", earlier=sa.null()),
        "set_aside": update(PlacementEvent)
        .where(PlacementEvent.placement_id.in_(queries.ids_of_students(students)), PlacementEvent.set_aside.is_not(sa.null()))
        .values(set_aside=sa.null()),
    }
    counts: dict[str, int] = {
        name: session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
        for name, statement in statements.items()
    }
    if any(counts.values()):
        audit.record(by=SYSTEM, did="placements.log.erased", on=("retention", "*"), data=counts)
    return counts
