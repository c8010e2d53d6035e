"""The payment list: what is approved, was paid and came back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from enterprises.permissions import SUBSIDY_VIEWERS
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.queries import ORDERED
from enterprises.subsidies.types import ClaimState, ItemState
from trainhub.kernel.access import Identity
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


def payment_list(identity: Identity) -> Any:
    """What is approved and waits for payment, or was paid: one row for each claim, with the organisation's code. `amount_fen` is what
    the payment was over, `clawed_fen` what came back of it since, `owed_fen` what was ordered back and has not come in."""
    owed = select(SubsidyItem.claim_id, func.sum(SubsidyItem.amount_fen).label("fen")).where(*ORDERED).group_by(SubsidyItem.claim_id).subquery()
    back = (
        select(SubsidyItem.claim_id, func.count().label("number"), func.sum(SubsidyItem.amount_fen).label("fen"))
        .where(SubsidyItem.state == ItemState.CLAWED_BACK)
        .group_by(SubsidyItem.claim_id)
        .subquery()
    )
    clawed_items, clawed_fen = func.coalesce(back.c.number, 0), func.coalesce(back.c.fen, 0)
    return (
        select(
            Organisation.code,
            Organisation.name,
            SubsidyClaim.since,
            SubsidyClaim.until,
            (SubsidyClaim.item_count + clawed_items).label("number"),
            (SubsidyClaim.amount_fen + clawed_fen).label("amount_fen"),
            clawed_fen.label("clawed_fen"),
            func.coalesce(owed.c.fen, 0).label("owed_fen"),
            SubsidyClaim.state,
            SubsidyClaim.decided_on,
            SubsidyClaim.paid_on,
            SubsidyClaim.payment_reference,
        )
        .join(Organisation, Organisation.id == SubsidyClaim.organisation_id)
        .outerjoin(back, back.c.claim_id == SubsidyClaim.id)
        .outerjoin(owed, owed.c.claim_id == SubsidyClaim.id)
        .where(organisations.inside(identity, SUBSIDY_VIEWERS), SubsidyClaim.state.in_((ClaimState.APPROVED, ClaimState.PAID)))
        .order_by(SubsidyClaim.decided_on, SubsidyClaim.id)
    )
