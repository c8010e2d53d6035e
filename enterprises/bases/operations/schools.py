"""Which school is meant at a base that several may build: an agreement and a leader of a school's side say it (PETOE-6.2, 6.6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask import current_app

from enterprises.bases import queries
from enterprises.bases.operations.errors import BadBase
from enterprises.bases.types import LeaderSide
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import SCHOOLS


def name_leaders_school(*, base: Organisation, leader_id: int, university_id: int, by: Identity, now: datetime, reason: str = "") -> None:
    """Say for which school somebody leads: a base may have several. Where one was said already it is corrected, with a reason that the log keeps.
    The same again changes nothing. Raises BadBase."""
    for leader in queries.leader_rows(base.id):
        if leader.id == leader_id and leader.side is LeaderSide.SCHOOL and leader.university_id != university_id:
            before, school = leader.university_id, school_meant(base, university_id)
            if before is not None and not reason.strip():
                raise BadBase(_("请写明更正所代表学校的理由。"), field="reason")
            leader.university_id = school
            session().flush()
            told = {"leader": leader_id, "university": [before, school], "reason": reason.strip()[:400]}
            audit.record(by=by, did="bases.leader.changed", on=("base", str(base.id)), data=told)


def sending(unit_id: int) -> set[int]:
    """The schools for whose terms seats are offered at a unit: they sign there what they need, whether they build it or not."""
    return {key for ask in current_app.extensions.get(queries.SCHOOLS, []) for key in ask(unit_id)}


def school_meant(base: Organisation, university_id: int | None, *, others: Collection[int] = ()) -> int | None:
    """The school that is meant at a base: the one that is said, of those that build it or did or of `others`, else the only one that builds it. Raises
    BadBase when it is none."""
    if university_id is None:
        building = queries.schools_of(base.id)
        return building[0][0] if len(building) == 1 else None
    schools, row = queries.schools_ever(base.id), organisations.by_id(university_id)
    if row is None or row.kind not in SCHOOLS or (schools and university_id not in {*others, *(key for key, _name in schools)}):
        raise BadBase(_("请选择共建这个基地、或有学生安排在这里的学校。") if others else _("请选择共建这个基地的学校。"), field="university_id")
    return university_id
