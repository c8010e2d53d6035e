"""Two persons turn out to be one human: who guides somebody may turn out to be that somebody."""

from __future__ import annotations

from datetime import datetime

from enterprises.placements import queries
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.people import queries as people

TOLD = N_("人员合并后，%(name)s成为自己实习的企业指导教师，不能再确认、评定：请企业另行安排指导教师，或更正合并")


def tell_own_mentors(person_id: int, _by: Identity, now: datetime) -> None:
    """Tell school and enterprise of the placements in which a human has become their own mentor: nobody decides there until another is named
    (`_support.demand_other`). See `people.types.HUMANS`."""
    today = local(now).date()
    for row in queries.own_mentored(person_id):
        student = queries.student(row.student_id)
        notify(
            account_ids={
                *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
                *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
                *identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=row.enterprise_id),
            },
            kind="placements.own_mentor",
            message=TOLD,
            values={"name": people.names_of([student.person_id])[student.person_id]},
            url=f"/placements/{row.id}",
            unique_key=f"placement:{row.id}:own_mentor:{row.mentor_id}:{now.isoformat()}",
            now=now,
        )
