"""What was paid comes back: ordered first, and money of its pool again when it has come in, with day and document. Until then it stays paid: its person
and course are claimed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update

from enterprises.awards import funds
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.operations import telling
from enterprises.subsidies.operations.acting import SubsidyRefused, recount
from enterprises.subsidies.types import ItemState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, format_yuan


def claw_back(*, item: SubsidyItem, claim: SubsidyClaim, reason: str, by: Identity, today: date, now: datetime) -> SubsidyItem:
    """Order a paid item back (a record that turned out wrong); who claimed is told. Ordered twice it changes nothing. Raises SubsidyRefused."""
    if item.claim_id != claim.id:
        raise SubsidyRefused(_("这一条不属于这份申领。"))
    if item.clawed_back_on is not None:
        return item
    if item.state is not ItemState.PAID:
        raise SubsidyRefused(_("只有已拨付的条目可以追回。"))
    if not reason.strip():
        raise SubsidyRefused(_("请写明追回的理由。"), field="reason")
    ordered = session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.id == item.id, SubsidyItem.state == ItemState.PAID, SubsidyItem.clawed_back_on.is_(None))
        .values(note=reason.strip()[:400], clawed_back_on=today, checked_by_id=by.account_id, checked_at=now)
        .execution_options(synchronize_session=False)
    )
    session().refresh(item)
    if not ordered.rowcount:  # type: ignore[attr-defined]
        return item  # somebody else ordered it at the same moment
    back = {"course": item.course, "amount": format_yuan(item.amount_fen), "reason": item.note}
    telling.tell(claim, "subsidies.item_clawed_back", N_("“%(name)s”“%(course)s”的一条培训补助 %(amount)s 被追回：%(reason)s"), back, now)
    audit.record(by=by, did="subsidies.item.clawed_back", on=item, data={"amount_fen": item.amount_fen, "reason": item.note})
    return item


def recover(*, claim: SubsidyClaim, items: Sequence[SubsidyItem], on: date, reference: str, by: Identity, today: date) -> int:
    """Record that the money of items that were ordered back has come in, on a day and with the document of the receipt: the pool holds it again, and
    person and course may be claimed anew. Fen that came in; what came in before counts for nothing. Raises SubsidyRefused (not ordered back, a day
    before the order or in the future, no reference)."""
    if not reference.strip():
        raise SubsidyRefused(_("请填写收款凭证号。"), field="reference")
    if not items:
        raise SubsidyRefused(_("没有待收回的条目。"), field="item", code="nothing_to_recover")
    total = 0
    for item in items:
        if item.claim_id != claim.id:
            raise SubsidyRefused(_("这一条不属于这份申领。"), field="item")
        if item.state is ItemState.CLAWED_BACK:
            continue
        if item.state is not ItemState.PAID or item.clawed_back_on is None:
            raise SubsidyRefused(_("只有已追回、还没有收到款项的条目可以登记收款。"), field="item", code="nothing_to_recover")
        if not item.clawed_back_on <= on <= today:
            raise SubsidyRefused(_("日期须在追回与今天之间。"), field="on")
        total += _received(claim, item, on, reference.strip()[:120], by)
    recount(claim)
    return total


def _received(claim: SubsidyClaim, item: SubsidyItem, on: date, reference: str, by: Identity) -> int:
    taken = session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.id == item.id, SubsidyItem.state == ItemState.PAID)
        .values(state=ItemState.CLAWED_BACK, recovered_on=on, recovery_reference=reference)
        .execution_options(synchronize_session=False)
    )
    session().refresh(item)
    if not taken.rowcount:  # type: ignore[attr-defined]
        return 0  # somebody else recorded it at the same moment: the pool gets the money once
    if claim.pool_id is not None:
        funds.give_back(claim.pool_id, item.amount_fen)
    data = {"amount_fen": item.amount_fen, "on": on, "reference": reference}
    audit.record(by=by, did="subsidies.item.recovered", on=item, data=data)
    return item.amount_fen
