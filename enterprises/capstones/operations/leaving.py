"""A supervisor whose term ends before the capstone does: the heads are told, so that somebody else is named in time, and the enterprise, which can renew."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any

from enterprises.capstones.labels import ROLES
from enterprises.capstones.operations._support import heads_at
from enterprises.capstones.queries import office
from enterprises.capstones.queries.office import Leaving
from enterprises.capstones.types import SupervisorRole
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications
from trainhub.notifications.operations import Telling

KIND = "capstones.supervisor_leaves"
TOLD_LEAVING = N_("%(name)s（%(role)s）在任到 %(until)s，%(student)s 的毕业设计在这之后没有这一方的在任导师：请另行指派，或核对并更正任期")
TOLD_NO_TERM = N_("%(name)s（%(role)s）没有在任的登记，%(student)s 的毕业设计没有这一方的在任导师：请另行指派，或补登任期")
TOLD_LEAVING_MANY = N_(
    "%(name)s（%(role)s）在任到 %(until)s，%(student)s 等 %(n)d 人的毕业设计在这之后没有这一方的在任导师：请另行指派，或核对并更正任期"
)
TOLD_NO_TERM_MANY = N_("%(name)s（%(role)s）没有在任的登记，%(student)s 等 %(n)d 人的毕业设计没有这一方的在任导师：请另行指派，或补登任期")
TOLD_HOUSE = N_("%(name)s 的聘任到 %(until)s，其指导的 %(n)d 项毕业设计在这之后没有企业导师：请续聘并更正任期，或联系学校另行指派")
TOLD_HOUSE_NO_TERM = N_("%(name)s 没有聘任的登记，其指导的 %(n)d 项毕业设计没有企业导师：请补登任期，或联系学校另行指派")


def tell_of_leaving(*, today: date, now: datetime, person_ids: Collection[int] | None = None) -> int:
    """Tell the heads of capstones that go on and outlast the term of a supervisor, and the coordinators of the enterprise whose mentor that is, of
    everybody or of some persons; how many capstones.

    One notice for person, programme and enterprise, once for the same last day unless more capstones come to it.
    """
    found = office.leaving(today, person_ids=person_ids)
    notifications.notify_each([one for _of, rows in groupby(sorted(found, key=_of), _of) for one in _tellings(list(rows), today)], now=now)
    return len(found)


def _of(one: Leaving) -> tuple[Any, ...]:
    firm = one.enterprise_id if one.role is SupervisorRole.ENTERPRISE else 0
    return one.programme_id, one.role.value, one.person_id, firm, one.until or date.min


def _tellings(rows: list[Leaving], today: date) -> Iterator[Telling]:
    """What is told of the capstones of one programme that one person leaves."""
    one, newest = rows[0], max(row.capstone_id for row in rows)
    values = {"name": one.name, "role": notifications.word(ROLES[one.role]), "student": one.student, "n": len(rows)}
    messages = (TOLD_NO_TERM, TOLD_NO_TERM_MANY, TOLD_HOUSE_NO_TERM)
    if one.until is not None:
        values["until"], messages = one.until.isoformat(), (TOLD_LEAVING, TOLD_LEAVING_MANY, TOLD_HOUSE)
    # The list of those without a supervisor holds them once the last day is over.
    state = "alone" if one.until is None or one.until < today else "live"
    url = f"/capstones/{one.capstone_id}/supervisors" if len(rows) == 1 else f"/capstones/?state={state}&programme={one.programme_id}"
    key = f"capstones.leaves:{newest}:{one.role.value}:{one.person_id}:{one.until}"
    for account_id in heads_at(one.programme_id, one.university_id):
        yield Telling(account_id, KIND, messages[0 if len(rows) == 1 else 1], values, url, key)
    if one.role is SupervisorRole.ENTERPRISE:
        url = "/mentors/" if one.term_id is None else f"/mentors/{one.term_id}"
        for account_id in identity.accounts_holding(Role.ENTERPRISE_COORDINATOR, organisation_id=one.enterprise_id):
            yield Telling(account_id, KIND, messages[2], values, url, f"{key}:house")


def term_changed(person_id: int, by: Identity, now: datetime) -> None:
    """Somebody's term at a university or an enterprise is another one: what that leaves without a supervisor is told at once."""
    tell_of_leaving(today=local(now).date(), now=now, person_ids=[person_id])
