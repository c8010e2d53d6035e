"""A mentor who must not guide a student any more does not go on guiding them."""

from __future__ import annotations

from datetime import datetime

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations.guiding import takes_mentor
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.people.models import Student


def release_mentor(mentor: Mentor, student: Student, *, by: Identity, now: datetime) -> int:
    """Take a mentor who declared a conflict off the student's placements that are not over, or that are and wait for a mark or a confirmed day; how many.
    School and enterprise are told to name another: what the student logs waits for that one, and a placement that has not begun cannot begin before."""
    rows = [row for row in queries.of_students([student.id]) if row.mentor_id == mentor.id and takes_mentor(row)]
    for row in rows:
        _release(row, mentor, student, by=by, now=now)
    return len(rows)


def release_again(placement: Placement, *, by: Identity, now: datetime) -> bool:
    """The same of one placement that was over and graded when the conflict was declared, and now has something to confirm again: a day that is entered
    anew, or the school opened it. Whether the mentor was taken off."""
    mentor = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if mentor is None or mentors.conflict(mentor.id, placement.student_id) is None or not takes_mentor(placement):
        return False
    _release(placement, mentor, queries.student(placement.student_id), by=by, now=now)
    return True


def _release(row: Placement, mentor: Mentor, student: Student, *, by: Identity, now: datetime) -> None:
    today = local(now).date()
    row.mentor_id = None
    session().flush()
    audit.record(by=by, did="placements.mentor.assigned", on=row, data={"before": mentor.id, "after": None})
    notify(
        account_ids={
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
            *identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=row.enterprise_id),
        },
        kind="placements.mentor_conflict",
        message=N_("%(mentor)s须回避所指导的学生，已不再是其企业指导教师，请另行安排。"),
        values={"mentor": mentors.name_of(mentor.id)},
        url=f"/placements/{row.id}",
        unique_key=f"placement:{row.id}:conflict:{mentor.id}:{now.isoformat()}",  # a conflict may be taken back and declared again
        now=now,
    )
