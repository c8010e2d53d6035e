"""A supervisor whose term ends before the capstone does: the heads are told, so that somebody else is named in time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from enterprises.capstones.labels import ROLES
from enterprises.capstones.operations._support import heads_of
from enterprises.capstones.queries import office
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications
from trainhub.people.models import Student

TOLD_LEAVING = N_("%(name)s（%(role)s）在任到 %(until)s，%(student)s 的毕业设计在这之后没有这一方的在任导师：请另行指派，或核对并更正任期")
TOLD_NO_TERM = N_("%(name)s（%(role)s）没有在任的登记，%(student)s 的毕业设计没有这一方的在任导师：请另行指派，或补登任期")


def tell_of_leaving(*, today: date, now: datetime, person_ids: Collection[int] | None = None) -> int:
    """Tell the heads of capstones that go on and outlast the term of a supervisor, of everybody or of some persons; how many capstones.

    Each once for the same last day.
    """
    found = office.leaving(today, person_ids=person_ids)
    for one in found:
        heads = heads_of(session().get_one(Student, one.student_id))
        if heads:
            notifications.notify(
                account_ids=heads,
                kind="capstones.supervisor_leaves",
                message=TOLD_NO_TERM if one.until is None else TOLD_LEAVING,
                values={
                    "name": one.name,
                    "role": notifications.word(ROLES[one.role]),
                    "student": one.student,
                    **({} if one.until is None else {"until": one.until.isoformat()}),
                },
                url=f"/capstones/{one.capstone_id}/supervisors",
                unique_key=f"capstones.leaves:{one.capstone_id}:{one.role.value}:{one.person_id}:{one.until}",
                now=now,
            )
    return len(found)


def term_changed(person_id: int, by: Identity, now: datetime) -> None:
    """Somebody's term at a university or an enterprise is another one: what that leaves without a supervisor is told at once."""
    tell_of_leaving(today=local(now).date(), now=now, person_ids=[person_id])
