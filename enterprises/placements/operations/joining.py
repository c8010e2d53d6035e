"""Two persons turn out to be one human: who guides somebody may turn out to be that somebody."""

from __future__ import annotations

from datetime import datetime

from enterprises.placements import queries
from enterprises.placements.checklist import signs_twice
from enterprises.placements.models import Placement
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.people import queries as people

BOTH_SIDES = N_("人员合并后，%(name)s的实习协议有两方由同一个人签署：请更正协议文本，由各方不同的人重新签署")
TOLD = N_("人员合并后，%(name)s成为自己实习的企业指导教师，不能再确认、评定：请企业另行安排指导教师，或更正合并")


def tell_own_mentors(person_id: int, _by: Identity, now: datetime) -> None:
    """Tell school and enterprise of the placements in which a human has become their own mentor: nobody decides there until another is named
    (`_support.demand_other`). See `people.types.HUMANS`."""
    for row in queries.own_mentored(person_id):
        _tell_both(row, "placements.own_mentor", TOLD, f"/placements/{row.id}", f"own_mentor:{row.mentor_id}", now)


def tell_same_signers(person_id: int, _by: Identity, now: datetime) -> None:
    """Tell school and enterprise of the placements under whose agreement a human turns out to have signed for two sides: what has not begun does not
    begin before others have signed (`checklist.signs_twice`)."""
    accounts = [account.id for account in identities.all_of_human(person_id)]
    for row in queries.signed_by(accounts):
        if signs_twice(row):
            _tell_both(row, "placements.both_sides", BOTH_SIDES, f"/placements/{row.id}/agreement", "both_sides", now)


def _tell_both(row: Placement, kind: str, message: str, url: str, key: str, now: datetime) -> None:
    student, today = queries.student(row.student_id), local(now).date()
    notify(
        account_ids={
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
            *identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=row.enterprise_id),
        },
        kind=kind,
        message=message,
        values={"name": people.names_of([student.person_id])[student.person_id]},
        url=url,
        unique_key=f"placement:{row.id}:{key}:{now.isoformat()}",
        now=now,
    )
