"""What was paid comes back: ordered first, and money of its pool again when it has come in, with day and document. Until then it stays paid: its person
and course are claimed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm.attributes import flag_modified

from enterprises.awards import funds
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.operations import telling
from enterprises.subsidies.operations.acting import SubsidyRefused, recount
from enterprises.subsidies.types import ItemState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, format_yuan


def claw_back(*, item: SubsidyItem, claim: SubsidyClaim, reason: str, by: Identity, today: date, now: datetime) -> SubsidyItem:
    """Order a paid item back (a record that turned out wrong); who claimed is told. Ordered twice it changes nothing. Raises SubsidyRefused."""
    if item.claim_id != claim.id:
        raise SubsidyRefused(_("这一条不属于这份申领。"))
    _hold(claim)
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
    _move(claim)
    back = {"course": item.course, "amount": format_yuan(item.amount_fen), "reason": item.note}
    telling.tell(claim, "subsidies.item_clawed_back", N_("“%(name)s”“%(course)s”的一条培训补助 %(amount)s 被追回：%(reason)s"), back, now)
    audit.record(by=by, did="subsidies.item.clawed_back", on=item, data={"amount_fen": item.amount_fen, "reason": item.note})
    return item


def withdraw_order(*, item: SubsidyItem, claim: SubsidyClaim, reason: str, by: Identity, now: datetime) -> SubsidyItem:
    """Take an order back (by mistake, or who claimed was right) before its money has come in; who claimed is told. The item is paid as before. Taken back
    twice it changes nothing. Raises SubsidyRefused (the money has come in, no reason)."""
    if item.claim_id != claim.id:
        raise SubsidyRefused(_("这一条不属于这份申领。"))
    _hold(claim)
    session().refresh(item)
    if item.state is ItemState.CLAWED_BACK:
        raise SubsidyRefused(_("这一条的款项已经收到，不能再撤回追回。"), code="recovered")
    if item.clawed_back_on is None:
        return item
    if not reason.strip():
        raise SubsidyRefused(_("请写明撤回追回的理由，申领单位会看到。"), field="reason")
    ordered_on, item.clawed_back_on, item.note = item.clawed_back_on, None, reason.strip()[:400]
    item.checked_by_id, item.checked_at = by.account_id, now
    _move(claim)
    said = {"course": item.course, "amount": format_yuan(item.amount_fen), "reason": item.note}
    words = N_("“%(name)s”“%(course)s”的一条培训补助 %(amount)s 不再追回：%(reason)s")
    telling.tell(claim, "subsidies.item_order_withdrawn", words, said, now)
    audit.record(by=by, did="subsidies.item.order_withdrawn", on=item, data={"ordered_on": ordered_on, "reason": item.note})
    return item


def _hold(claim: SubsidyClaim) -> None:
    """One at a time: what is ordered, taken back and received of a claim, so that each sees what the other left."""
    session().refresh(claim, with_for_update={"of": SubsidyClaim})


def _move(claim: SubsidyClaim) -> None:
    """Another version of the claim, so that who has its page open receives nothing that was not on it."""
    flag_modified(claim, "reason")
    session().flush()


def recover(
    *,
    claim: SubsidyClaim,
    items: Sequence[SubsidyItem],
    on: date,
    reference: str,
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> int:
    """Record that the money of items that were ordered back has come in, on a day and with the document of the receipt: the pool holds it again, and
    person and course may be claimed anew, which who claimed is told. Fen that came in; what came in before counts for nothing. Raises Stale, SubsidyRefused (not ordered back, a day
    before the order or in the future, no reference)."""
    _hold(claim)
    check_version(claim, version)
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
        total += _received(item, on, reference.strip()[:120], by)
    if total and claim.pool_id is not None:
        funds.give_back(claim.pool_id, total)
    recount(claim)
    if total:
        words = N_("“%(name)s”追回的培训补助 %(amount)s 已于 %(day)s 收到（凭证 %(reference)s）；符合规定的，有关人员和课程可以重新申领")
        said = {"amount": format_yuan(total), "day": on.isoformat(), "reference": reference.strip()[:120]}
        telling.tell(claim, "subsidies.item_recovered", words, said, now)
    return total


def _received(item: SubsidyItem, on: date, reference: str, by: Identity) -> int:
    taken = session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.id == item.id, SubsidyItem.state == ItemState.PAID, SubsidyItem.clawed_back_on.is_not(None))
        .values(state=ItemState.CLAWED_BACK, recovered_on=on, recovery_reference=reference)
        .execution_options(synchronize_session=False)
    )
    session().refresh(item)
    if not taken.rowcount:  # type: ignore[attr-defined]
        return 0  # somebody else recorded it at the same moment: the pool gets the money once
    data = {"amount_fen": item.amount_fen, "on": on, "reference": reference}
    audit.record(by=by, did="subsidies.item.recovered", on=item, data=data)
    return item.amount_fen
