"""Who decides on a moderation or an appeal, and is told of it."""

from __future__ import annotations

from datetime import datetime

from enterprises.capstones import queries
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, Reconsideration
from enterprises.capstones.operations._support import heads_of
from enterprises.capstones.queries.impartiality import barred_from
from enterprises.capstones.queries.standing import settled_by
from enterprises.capstones.types import ReasonKind
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications
from trainhub.people.models import Person, Student

TOLD = {
    ReasonKind.MODERATION: ("capstones.moderation", N_("%(name)s 的毕业设计成绩进入复核，请作出结论：%(title)s")),
    ReasonKind.APPEAL: ("capstones.appeal", N_("%(name)s 对毕业设计成绩提出申诉，请处理：%(title)s")),
}


def tell_deciders(row: Reconsideration, capstone: Capstone, *, by: Identity, now: datetime) -> None:
    """Tell who may decide on a result that is looked at again; who opened it knows."""
    student = session().get_one(Student, capstone.student_id)
    kind, message = TOLD[row.kind]
    others = [one for one in deciders(capstone, student, row.kind) if one != by.account_id]
    if others:
        notifications.notify(
            account_ids=others,
            kind=kind,
            message=message,
            values={"name": session().get_one(Person, student.person_id).name, "title": queries.title_of(capstone)},
            url=f"/capstones/{capstone.id}#grades",
            unique_key=f"{kind}:opened:{row.id}",
            now=now,
        )


def deciders(capstone: Capstone, student: Student, kind: ReasonKind) -> list[int]:
    """The accounts of the heads who may decide; where none may, of the university's administrators who may, or of all of them, or of the heads:
    somebody has to know.

    Not who supervises, has scored or stands near the student (`impartiality.BARS`), and on an appeal not who settled the result.
    """
    heads = heads_of(student)
    able = _able(capstone, heads, kind)
    if able:
        return able
    offices = identity.accounts_holding(Role.UNIVERSITY_ADMIN, organisation_id=student.university_id)
    return _able(capstone, offices, kind) or offices or heads


def _able(capstone: Capstone, accounts: list[int], kind: ReasonKind) -> list[int]:
    barred = barred_from(capstone, Office.DECISION)
    settled = settled_by([capstone.id])[capstone.id] if kind is ReasonKind.APPEAL else set()
    known = identity.accounts_by_id(accounts)
    return [key for key in accounts if known[key].person_id not in barred and not settled.intersection(identity.accounts_of_holder(key))]
