"""A mentor who must not guide a student any more does not go on guiding them."""

from __future__ import annotations

from datetime import datetime

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
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
    today = local(now).date()
    rows = [row for row in queries.of_students([student.id]) if row.mentor_id == mentor.id and takes_mentor(row)]
    for row in rows:
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
            unique_key=f"placement:{row.id}:conflict:{mentor.id}",
            now=now,
        )
    return len(rows)
