"""A student says whom he would like as supervisors; the planner reads it as rank cost, the board shows it, nobody is bound by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from enterprises.capstones import queries
from enterprises.capstones.labels import ROLES
from enterprises.capstones.models import Capstone, SupervisorWish
from enterprises.capstones.operations._support import CapstoneRefused, demand
from enterprises.capstones.types import Action, SupervisorRole
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.policy.book import book


def save_wishes(
    *, capstone: Capstone, role: SupervisorRole, person_ids: Sequence[int], by: Identity, today: date, now: datetime
) -> list[SupervisorWish]:
    """Save the student's ranked wishes for one side, best first; the list replaces the one before, an empty one takes it back.

    Only while that side has no supervisor. A wish is for somebody who could be given: a teacher of the university, a mentor of the
    capstone's enterprise, without a conflict of interest, at most own.capstone.wishes_max. Raises WrongPerson, WrongState, CapstoneRefused.
    """
    demand(capstone, Action.WISH, by)
    held = queries.live_supervision(capstone.id, role)
    if held is not None:
        raise CapstoneRefused(_("%(role)s已经指派，志愿不再起作用。如需更换，请联系专业负责人。", role=ROLES[role]), code="has_supervisor")
    most = book().at("own.capstone.wishes_max", on=today).number
    wanted = list(person_ids)
    if len(wanted) > most:
        raise CapstoneRefused(_("每一方最多填 %(most)d 个志愿。", most=most), field=role.value)
    if len(set(wanted)) != len(wanted):
        raise CapstoneRefused(_("同一个人填了两次。"), field=role.value)
    open_to = {one.person_id for one in queries.wishable(capstone, role, today)}
    if not set(wanted) <= open_to:
        raise CapstoneRefused(
            _("有的人不能担任这个毕业设计的%(role)s（不在任、不属于这所学校或企业，或须回避），请重新选择。", role=ROLES[role]), field=role.value
        )
    before = queries.wishes_of(capstone.id, role)
    if [row.person_id for row in before] == wanted:
        return before
    for row in before:
        session().delete(row)
    session().flush()
    rows = [SupervisorWish(capstone_id=capstone.id, role=role, rank=rank, person_id=key, saved_at=now) for rank, key in enumerate(wanted, start=1)]
    session().add_all(rows)
    session().flush()
    audit.record(by=by, did="capstones.wishes.saved", on=capstone, data={"role": role, "people": wanted})
    return rows
