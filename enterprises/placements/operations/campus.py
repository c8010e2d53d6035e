"""What follows when a base moves onto a campus: no new weeks there; its offers go back, and everybody concerned is told why."""

from __future__ import annotations

from datetime import datetime

from enterprises.placements import queries
from enterprises.placements.operations._support import tell
from enterprises.placements.operations.approving import return_position
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations


def move_onto_campus(base_id: int, *, by: Identity, now: datetime) -> None:
    """From today on nothing done at the base is learning in an enterprise (PETOE-7.3): offers that were handed in or approved go
    back to the enterprise with the reason, and whoever wished for them is told.

    Placements stay as they are, so that nobody loses a place without a decision: one that has not begun cannot start, one that
    runs earns no day from today on (days before stay). Student, mentor and school are told; the school moves the student to
    another unit, ends the placement or withdraws it.
    """
    base, today = organisations.by_id(base_id), local(now).date()
    assert base is not None
    with in_language("zh"):  # stands with the offers, whichever language who moves the base reads
        reason = _("基地“%(name)s”自 %(day)s 起设在校内，在那里的时间不计企业学习周数。", name=base.name, day=today)
    offered = queries.offers_at_base(base_id)
    for position in offered:
        return_position(position=position, reason=reason, by=by, now=now)
    enterprises = {position.enterprise_id for position in offered}
    if enterprises:
        notify(
            account_ids={
                account
                for enterprise_id in enterprises
                for account in identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=enterprise_id)
            },
            kind="placements.offers_on_campus",
            message=N_("基地“%(name)s”改为设在校内，那里的实习岗位已退回。"),
            values={"name": base.name},
            url="/placements/positions",
            unique_key=f"base:{base_id}:campus:{today.isoformat()}:offers",
            now=now,
        )
    going = queries.going_at_base(base_id, today)
    for row in going:
        tell(
            [queries.person_of_student(row.student_id), queries.person_of_mentor(row.mentor_id)],
            kind="placements.base_on_campus",
            message=N_("基地“%(name)s”自 %(day)s 起设在校内，这里的实习日从这天起不计入企业学习周数，请与学校联系更换单位。"),
            url=f"/placements/{row.id}",
            key=f"placement:{row.id}:campus:{today.isoformat()}",
            now=now,
            name=base.name,
            day=today.isoformat(),
        )
    students: dict[tuple[int, int], int] = {}
    for row in going:
        student = queries.student(row.student_id)
        students[student.programme_id, student.university_id] = students.get((student.programme_id, student.university_id), 0) + 1
    for (programme_id, university_id), count in sorted(students.items()):
        notify(
            account_ids={
                *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=programme_id),
                *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=university_id),
            },
            kind="placements.students_on_campus",
            message=N_("基地“%(name)s”自 %(day)s 起设在校内，不计企业学习周数；有 %(n)d 名学生安排在那里，请更换单位、提前结束或撤销。"),
            values={"name": base.name, "day": today.isoformat(), "n": count},
            url="/placements/?state=going",
            unique_key=f"base:{base_id}:campus:{today.isoformat()}:{programme_id}",
            now=now,
        )
