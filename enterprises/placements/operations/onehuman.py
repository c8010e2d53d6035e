"""One human stands for one side: nobody signs for two, and nobody decides for the school about the enterprise they speak for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from enterprises.placements import queries
from enterprises.placements.checklist import on_page
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import WrongState
from enterprises.placements.types import AgreementParty
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.i18n import _
from trainhub.people import queries as people


def demand_one_side(placement: Placement, party: AgreementParty, texts: Collection[int], *, by: Identity) -> None:
    """Refuse a signature on the page for a second side of a placement, whichever account the human comes with (`same_person`), and one of the
    student for another side than their own (`own_side`). `texts`: those that stand; what was replaced is history.

    A paper signature is somebody else's who recorded it, and is not asked. Raises WrongState.
    """
    student = queries.person_of_student(placement.student_id)
    if party is not AgreementParty.STUDENT and people.is_same_human(by.person_id, student):
        raise WrongState(_("学生本人不能代表学校、企业或监护人签署自己的协议，请由他人签署。"), code="own_side")
    for known in on_page(queries.signatures_of(placement.id), texts):
        if known.party is not party and identities.is_same_holder(known.recorded_by_id, by.account_id):
            raise WrongState(_("另一方是你签署的，同一个人不能代表双方签署。请由同事登录后签署。"), code="same_person")


def demand_not_host(enterprise_id: int, *, by: Identity, today: date) -> None:
    """Who speaks for an enterprise does not approve its offers and places for the school, with no account of theirs. Raises WrongState."""
    if by.account_id is None:
        return
    hosts = identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=today, organisation_id=enterprise_id)
    if not set(hosts).isdisjoint(identities.accounts_of_holder(by.account_id)):
        raise WrongState(_("你是这家企业的联系人，不能同时代表学校审核它的岗位。请由学校的其他人审核。"), code="both_sides")
