"""The sample, the decision and the payment."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from enterprises.awards import funds
from enterprises.subsidies import queries, rules
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem
from enterprises.subsidies.operations import telling
from enterprises.subsidies.operations.acting import SubsidyRefused, another_person, be_in, claimants, need_credit, recount, refuse_unfit
from enterprises.subsidies.types import ClaimState, ItemState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, format_yuan


def draw_sample(*, claim: SubsidyClaim, percent: int, seed: int, by: Identity, version: int | None = None) -> int:
    """Draw the lot of items that are looked at; the seed is kept, so that the lot can be drawn again. The number drawn. Raises NotAllowed (who claimed)."""
    be_in(claim, (ClaimState.SUBMITTED,), version)
    another_person(by, claimants(claim), _("抽查"))
    if not 1 <= percent <= 100:
        raise SubsidyRefused(_("抽查比例须在 1 至 100 之间。"), field="percent")
    chosen = rules.sample(queries.item_ids(claim.id), percent, seed)
    for start in range(0, len(chosen), 900):
        session().execute(
            update(SubsidyItem)
            .where(SubsidyItem.id.in_(chosen[start : start + 900]))
            .values(is_sampled=True)
            .execution_options(synchronize_session="fetch")
        )
    claim.sample_percent, claim.sample_seed, claim.state = percent, seed, ClaimState.SAMPLED
    session().flush()
    audit.record(by=by, did="subsidies.claim.sampled", on=claim, data={"percent": percent, "seed": seed, "drawn": len(chosen)})
    return len(chosen)


def check_item(*, item: SubsidyItem, claim: SubsidyClaim, is_confirmed: bool, note: str, by: Identity, now: datetime) -> SubsidyItem:
    """What looking at one item of the lot found. One that is not confirmed is refused, with a note, and may be claimed again; once
    that was done, the finding stands: confirmed as well, the person and course would be paid twice. Raises SubsidyRefused, NotAllowed (who claimed)."""
    be_in(claim, (ClaimState.SAMPLED,))
    another_person(by, claimants(claim), _("抽查"))
    if not item.is_sampled or item.claim_id != claim.id:
        raise SubsidyRefused(_("这一条不在抽查范围内。"))
    if not is_confirmed and not note.strip():
        raise SubsidyRefused(_("不予确认的，请写明理由。"), field="note")
    if is_confirmed and item.state is not ItemState.CLAIMED and queries.is_claimed_elsewhere(item):
        raise _claimed_anew()
    try:
        with session().begin_nested():
            item.is_confirmed, item.note, item.checked_by_id, item.checked_at = is_confirmed, note.strip()[:400], by.account_id, now
            item.state = ItemState.CLAIMED if is_confirmed else ItemState.REFUSED
            session().flush()
    except IntegrityError as meanwhile:
        raise _claimed_anew() from meanwhile
    recount(claim)
    audit.record(by=by, did="subsidies.item.confirmed" if is_confirmed else "subsidies.item.refused", on=item, data={"note": item.note})
    return item


def _claimed_anew() -> SubsidyRefused:
    return SubsidyRefused(
        _("这名人员的这门课程已经重新申领，不能再改为“属实”：请在新的申领中办理；要在这里办理的，先退回那一份。"), code="claimed_elsewhere"
    )


def _refuse_void(claim: SubsidyClaim, by: Identity, now: datetime) -> None:
    """Items whose record was cancelled since the claim was drawn up bring nothing (a corrected completion may be claimed anew), nor does
    the second one of persons that were found to be one human, nor one of whom it is no longer known who they are."""
    void = (
        (queries.cancelled_items, _("培训记录已作废。")),
        (queries.unsure_items, _("身份未核实。")),
        (queries.doubled_items, _("与另一人判定为同一人，同一课程已另行申领。")),
    )
    for rows, note in void:
        for item in rows(claim.id):
            item.state, item.note = ItemState.REFUSED, note
            item.checked_by_id, item.checked_at = by.account_id, now
            audit.record(by=by, did="subsidies.item.refused", on=item, data={"note": item.note})
        session().flush()
    recount(claim)


def approve(*, claim: SubsidyClaim, minutes: str, by: Identity, today: date, now: datetime, version: int | None = None) -> SubsidyClaim:
    """Approve what stands, when the whole lot was looked at; items whose record was cancelled meanwhile are refused, and the
    second of persons that were found to be one. Raises NotAllowed (who claimed), Closed, Blacklisted, SubsidyRefused (also when nobody has looked up the credit)."""
    be_in(claim, (ClaimState.SAMPLED,), version)
    another_person(by, claimants(claim), _("审核"))
    refuse_unfit(claim, today, _("审核通过培训补助"))
    need_credit(claim, today)
    drawn, checked, _refused = queries.sample_state(claim.id)
    if checked < drawn:
        raise SubsidyRefused(_("还有 %(n)d 条抽查没有结论。", n=drawn - checked))
    if not minutes.strip():
        raise SubsidyRefused(_("请写明审核意见。"), field="minutes")
    _refuse_void(claim, by, now)
    if not claim.amount_fen:
        raise SubsidyRefused(_("没有可以拨付的条目，请退回这份申领。"))
    claim.minutes, claim.decided_on, claim.decided_by_id, claim.state = minutes.strip(), today, by.account_id, ClaimState.APPROVED
    session().flush()
    audit.record(by=by, did="subsidies.claim.approved", on=claim, data={"items": claim.item_count, "amount_fen": claim.amount_fen})
    return claim


def reject(*, claim: SubsidyClaim, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> SubsidyClaim:
    """Refuse a claim as a whole, with a reason that who claims is told; its completions may be claimed again."""
    be_in(claim, (ClaimState.SUBMITTED, ClaimState.SAMPLED, ClaimState.APPROVED), version)
    if not reason.strip():
        raise SubsidyRefused(_("请写明退回的理由，申领单位会看到。"), field="reason")
    session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.claim_id == claim.id, SubsidyItem.state == ItemState.CLAIMED)
        .values(state=ItemState.REFUSED)
        .execution_options(synchronize_session="fetch")
    )
    claim.reason, claim.decided_on, claim.state = reason.strip()[:400], today, ClaimState.REJECTED
    session().flush()
    telling.tell(
        claim, "subsidies.claim_rejected", N_("“%(name)s”%(since)s 至 %(until)s 的补助申领被退回：%(reason)s"), {"reason": claim.reason}, now
    )
    audit.record(by=by, did="subsidies.claim.rejected", on=claim, data={"reason": claim.reason})
    return claim


def pay(
    *, claim: SubsidyClaim, pool_id: int, reference: str, on: date, by: Identity, today: date, now: datetime, version: int | None = None
) -> SubsidyClaim:
    """Pay an approved claim from a pool that holds enough. Raises NotAllowed (who claimed or approved), PoolRefused, Closed, Blacklisted (also who came onto the list since the
    approval), SubsidyRefused (also when a record was cancelled since, it is no longer known who somebody is, or two persons were found to be one)."""
    be_in(claim, (ClaimState.APPROVED,), version)
    another_person(by, (*claimants(claim), claim.decided_by_id), _("拨付"))
    refuse_unfit(claim, today, _("拨付培训补助"))
    need_credit(claim, today)
    if not reference.strip():
        raise SubsidyRefused(_("请填写拨付凭证号。"), field="reference")
    if on > today or (claim.decided_on is not None and on < claim.decided_on):
        raise SubsidyRefused(_("拨付日期须在审核日期与今天之间。"), field="on")
    queries.hold_records(claim.id)
    if gone := len(queries.cancelled_items(claim.id)):
        raise SubsidyRefused(_("审核以后有 %(n)d 条培训记录作废，请省人社厅退回这份申领重新生成。", n=gone), code="record_cancelled")
    if unknown := len(queries.unsure_items(claim.id)):
        raise SubsidyRefused(
            _("审核以后有 %(n)d 条的人员身份不再是已核实，请先核实身份，或由省人社厅退回这份申领重新生成。", n=unknown), code="not_identified"
        )
    if twice := len(queries.doubled_items(claim.id)):
        raise SubsidyRefused(
            _("审核以后有 %(n)d 条的人员与另一人判定为同一人，同一课程只补一次，请省人社厅退回这份申领重新生成。", n=twice), code="same_human"
        )
    funds.spend(pool_id, claim.amount_fen, on=on)
    session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.claim_id == claim.id, SubsidyItem.state == ItemState.CLAIMED)
        .values(state=ItemState.PAID)
        .execution_options(synchronize_session="fetch")
    )
    claim.pool_id, claim.payment_reference, claim.paid_on, claim.state = pool_id, reference.strip()[:120], on, ClaimState.PAID
    session().flush()
    paid = {"amount": format_yuan(claim.amount_fen), "reference": claim.payment_reference}
    telling.tell(claim, "subsidies.claim_paid", N_("“%(name)s”%(since)s 至 %(until)s 的培训补助已拨付 %(amount)s（凭证 %(reference)s）。"), paid, now)
    audit.record(by=by, did="subsidies.claim.paid", on=claim, data={"amount_fen": claim.amount_fen, "pool": pool_id, "reference": reference.strip()})
    return claim
