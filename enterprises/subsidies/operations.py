"""Verbs on subsidies: rates, claims drawn up from the ledger, samples, decisions, payment, clawback (FJ-16d, 000:745)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from enterprises.awards import funds
from enterprises.awards import queries as awards
from enterprises.awards.types import CompanyRule
from enterprises.subsidies import labels, queries, rules
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem, SubsidyRate
from enterprises.subsidies.types import ClaimState, ItemState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import plain_words
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
from trainhub.ledger.types import Category
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


class SubsidyRefused(Refused):
    """A rate, claim or payment that cannot be."""

    code = "subsidy_refused"


class Blacklisted(SubsidyRefused):
    """Who would be paid stands on the list of untrustworthy legal persons."""

    code = "blacklisted"


class Closed(SubsidyRefused):
    """Who would be paid was taken out of use."""

    code = "closed"


class WrongStep(Refused):
    """The claim is in a state where this cannot happen."""

    code = "wrong_step"
    status = 409


def set_rate(
    *,
    amount_fen: int,
    since: date,
    until: date | None,
    source: str,
    category: str = "",
    course: str = "",
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> SubsidyRate:
    """A rate from a day on, with its document. An earlier rate keeps its rows; the narrowest and latest one applies.

    `opened_at`: the latest rate (0 for none) that stood beside the form. Raises SubsidyRefused, and Stale when somebody has entered a
    rate for the same trainees and course since then: this one would take its place unseen.
    """
    course = course.strip()[:200]
    if opened_at is not None and any(rate.id > opened_at and (rate.category, rate.course) == (category, course) for rate in queries.rates()):
        raise Stale(_("同一人员类别和课程的标准刚由其他人登记，你的标准没有保存。请核对列出的标准后再提交。"))
    if amount_fen <= 0:
        raise SubsidyRefused(_("金额须大于零。"), field="amount")
    if until is not None and until < since:
        raise SubsidyRefused(_("截止日不能早于起始日。"), field="until")
    if not source.strip():
        raise SubsidyRefused(_("请填写标准的文件依据。"), field="source")
    if category and category not in {one.value for one in Category}:
        raise SubsidyRefused(_("没有这个人员类别。"), field="category")
    row = SubsidyRate(
        amount_fen=amount_fen,
        since=since,
        until=until,
        source=source.strip()[:200],
        category=category,
        course=course,
        entered_by_id=by.account_id,
        entered_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="subsidies.rate.set", on=row, data={"amount_fen": amount_fen, "since": since, "category": category, "course": row.course})
    return row


def draw_up(*, organisation: Organisation, since: date, until: date, by: Identity, today: date, now: datetime) -> SubsidyClaim:
    """Draw up a claim from the ledger: every counted completion of the span that nobody has claimed, one for a person and course.

    A draft that is there is drawn up anew. Raises SubsidyRefused.
    """
    if until < since:
        raise SubsidyRefused(_("截止日不能早于起始日。"), field="until")
    if until > today:
        raise SubsidyRefused(_("截止日不能晚于今天。"), field="until")
    _refuse_closed(organisation, today, _("申领培训补助"))
    row = queries.open_draft(organisation.id)
    if row is None:
        row = SubsidyClaim(organisation_id=organisation.id, since=since, until=until, asked_by_id=by.account_id, created_at=now)
        session().add(row)
        session().flush()
    else:
        session().execute(delete(SubsidyItem).where(SubsidyItem.claim_id == row.id).execution_options(synchronize_session="fetch"))
        row.since, row.until = since, until
    priced, left = rules.price(queries.candidates(organisation.id, since, until), queries.as_rates(), queries.taken(organisation.id, since, until))
    if not priced:
        raise SubsidyRefused(
            _(
                "这一时段没有可以申领的结业：已申领过 %(before)d，同一人同一课程重复 %(twice)d，没有补助标准 %(unpriced)d。",
                before=left.claimed_before,
                twice=left.same_course_twice,
                unpriced=left.no_rate,
            ),
            code="nothing_to_claim",
        )
    rows = [
        {
            "claim_id": row.id,
            "person_id": one.candidate.human_id,
            "record_id": one.candidate.record_id,
            "course": one.candidate.course,
            "course_key": plain_words(one.candidate.course),
            "amount_fen": one.amount_fen,
            "state": ItemState.CLAIMED,
            "is_sampled": False,
            "note": "",
        }
        for one in priced
    ]
    try:
        with session().begin_nested():
            session().execute(insert(SubsidyItem), rows)
    except IntegrityError as twice:
        raise SubsidyRefused(_("其他机构刚刚申领了其中的结业，请重新生成。"), code="claimed_meanwhile") from twice
    row.left_out_claimed, row.left_out_twice, row.left_out_no_rate = left.claimed_before, left.same_course_twice, left.no_rate
    _recount(row)
    audit.record(by=by, did="subsidies.claim.drafted", on=row, data={"organisation": organisation.code, "items": row.item_count})
    return row


def _recount(row: SubsidyClaim) -> None:
    row.item_count, row.amount_fen = queries.sums(row.id)
    session().flush()


def _in(row: SubsidyClaim, states: tuple[ClaimState, ...], version: int | None = None) -> None:
    check_version(row, version)
    if row.state not in states:
        raise WrongStep(_("这份申领现为“%(state)s”，不能这样办理。请刷新页面查看最新进度。", state=labels.STATES[row.state]))


def _refuse_unfit(claim: SubsidyClaim, today: date, step: str) -> None:
    """Public money does not go to who was taken out of use or is on the blacklist (FJ-31, 000:817), as with awards. Raises Closed, Blacklisted."""
    _refuse_closed(_of(claim), today, step)
    found = awards.credit_finding(_of(claim), CompanyRule.TRAINING, today)
    if found.met:
        return
    names = found.found if isinstance(found.found, tuple) else (found.found,)
    raise Blacklisted(
        _(
            "%(names)s在失信名单上，不能%(step)s：移出名单后在“企业扶持政策”重新核查信用，再办理；不再给予的，退回这份申领。",
            names=listed(str(one) for one in names),
            step=step,
        ),
        details=[{"column": found.code, "value": str(found.found), "problem": f"{found.required}（{found.clause.cite}）"}],
    )


def _refuse_closed(organisation: Organisation, today: date, step: str) -> None:
    """Nothing goes to who was taken out of use: the organisation, or the base with its lead or all of its hosts. Raises Closed."""
    found = awards.in_use_finding(organisation, CompanyRule.TRAINING, today)
    if found.met:
        return
    names = found.found if isinstance(found.found, tuple) else (found.found,)
    raise Closed(
        _(
            "%(names)s已停用，不能%(step)s：恢复使用（基地的牵头单位停用的，换一个牵头单位）后再办理；不再给予的，退回这份申领。",
            names=listed(str(one) for one in names),
            step=step,
        )
    )


def _of(claim: SubsidyClaim) -> Organisation:
    organisation = organisations.by_id(claim.organisation_id)
    assert organisation is not None
    return organisation


def _need_credit(claim: SubsidyClaim, today: date) -> None:
    """As with awards (FJ-31, 000:817): nothing is approved or paid before somebody has looked up every enterprise behind it."""
    if names := awards.unknown_credit(_of(claim), today):
        raise SubsidyRefused(_("还没有核查信用：%(names)s。请先在企业页面查询，或登记核查结果。", names=listed(names)), code="credit_unknown")


def submit(*, claim: SubsidyClaim, by: Identity, today: date) -> SubsidyClaim:
    """Hand a draft in to 省人社厅. Raises Closed, Blacklisted."""
    _in(claim, (ClaimState.DRAFT,))
    _refuse_unfit(claim, today, _("申领培训补助"))
    claim.state, claim.submitted_on = ClaimState.SUBMITTED, today
    session().flush()
    audit.record(by=by, did="subsidies.claim.submitted", on=claim, data={"items": claim.item_count, "amount_fen": claim.amount_fen})
    return claim


def draw_sample(*, claim: SubsidyClaim, percent: int, seed: int, by: Identity) -> int:
    """Draw the lot of items that are looked at; the seed is kept, so that the lot can be drawn again. The number drawn."""
    _in(claim, (ClaimState.SUBMITTED,))
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
    that was done, the finding stands: confirmed as well, the person and course would be paid twice. Raises SubsidyRefused."""
    _in(claim, (ClaimState.SAMPLED,))
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
    _recount(claim)
    audit.record(by=by, did="subsidies.item.confirmed" if is_confirmed else "subsidies.item.refused", on=item, data={"note": item.note})
    return item


def _claimed_anew() -> SubsidyRefused:
    return SubsidyRefused(
        _("这名人员的这门课程已经重新申领，不能再改为“属实”：请在新的申领中办理；要在这里办理的，先退回那一份。"), code="claimed_elsewhere"
    )


def _refuse_void(claim: SubsidyClaim, by: Identity, now: datetime) -> None:
    """Items whose record was cancelled since the claim was drawn up bring nothing (a corrected completion may be claimed anew), nor does
    the second one of persons that were found to be one human."""
    for rows, note in ((queries.cancelled_items, _("培训记录已作废。")), (queries.doubled_items, _("与另一人判定为同一人，同一课程已另行申领。"))):
        for item in rows(claim.id):
            item.state, item.note = ItemState.REFUSED, note
            item.checked_by_id, item.checked_at = by.account_id, now
            audit.record(by=by, did="subsidies.item.refused", on=item, data={"note": item.note})
        session().flush()
    _recount(claim)


def approve(*, claim: SubsidyClaim, minutes: str, by: Identity, today: date, now: datetime, version: int | None = None) -> SubsidyClaim:
    """Approve what stands, when the whole lot was looked at; items whose record was cancelled meanwhile are refused, and the
    second of persons that were found to be one. Raises Closed, Blacklisted, SubsidyRefused (also when nobody has looked up the credit)."""
    _in(claim, (ClaimState.SAMPLED,), version)
    _refuse_unfit(claim, today, _("审核通过培训补助"))
    _need_credit(claim, today)
    drawn, checked, _refused = queries.sample_state(claim.id)
    if checked < drawn:
        raise SubsidyRefused(_("还有 %(n)d 条抽查没有结论。", n=drawn - checked))
    if not minutes.strip():
        raise SubsidyRefused(_("请写明审核意见。"), field="minutes")
    _refuse_void(claim, by, now)
    if not claim.amount_fen:
        raise SubsidyRefused(_("没有可以拨付的条目，请退回这份申领。"))
    claim.minutes, claim.decided_on, claim.state = minutes.strip(), today, ClaimState.APPROVED
    session().flush()
    audit.record(by=by, did="subsidies.claim.approved", on=claim, data={"items": claim.item_count, "amount_fen": claim.amount_fen})
    return claim


def reject(*, claim: SubsidyClaim, reason: str, by: Identity, today: date) -> SubsidyClaim:
    """Refuse a claim as a whole, with a reason; its completions may be claimed again."""
    _in(claim, (ClaimState.SUBMITTED, ClaimState.SAMPLED, ClaimState.APPROVED))
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
    audit.record(by=by, did="subsidies.claim.rejected", on=claim, data={"reason": claim.reason})
    return claim


def pay(*, claim: SubsidyClaim, pool_id: int, reference: str, on: date, by: Identity, today: date) -> SubsidyClaim:
    """Pay an approved claim from a pool that holds enough. Raises PoolRefused, Closed, Blacklisted (also who came onto the list since the
    approval), SubsidyRefused (also when a record was cancelled since, or two persons were found to be one)."""
    _in(claim, (ClaimState.APPROVED,))
    _refuse_unfit(claim, today, _("拨付培训补助"))
    _need_credit(claim, today)
    if not reference.strip():
        raise SubsidyRefused(_("请填写拨付凭证号。"), field="reference")
    if on > today or (claim.decided_on is not None and on < claim.decided_on):
        raise SubsidyRefused(_("拨付日期须在审核日期与今天之间。"), field="on")
    queries.hold_records(claim.id)
    if gone := len(queries.cancelled_items(claim.id)):
        raise SubsidyRefused(_("审核以后有 %(n)d 条培训记录作废，请省人社厅退回这份申领重新生成。", n=gone), code="record_cancelled")
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
    audit.record(by=by, did="subsidies.claim.paid", on=claim, data={"amount_fen": claim.amount_fen, "pool": pool_id, "reference": reference.strip()})
    return claim


def claw_back(*, item: SubsidyItem, claim: SubsidyClaim, reason: str, by: Identity, today: date, now: datetime) -> SubsidyItem:
    """Take a paid item back (a record that turned out wrong): the pool gets the money, the person and course are free again.

    Doing it twice changes nothing.
    """
    if item.claim_id != claim.id:
        raise SubsidyRefused(_("这一条不属于这份申领。"))
    if item.state is ItemState.CLAWED_BACK:
        return item
    if item.state is not ItemState.PAID:
        raise SubsidyRefused(_("只有已拨付的条目可以追回。"))
    if not reason.strip():
        raise SubsidyRefused(_("请写明追回的理由。"), field="reason")
    taken = session().execute(
        update(SubsidyItem)
        .where(SubsidyItem.id == item.id, SubsidyItem.state == ItemState.PAID)
        .values(state=ItemState.CLAWED_BACK, note=reason.strip()[:400], clawed_back_on=today, checked_by_id=by.account_id, checked_at=now)
        .execution_options(synchronize_session=False)
    )
    session().refresh(item)
    if not taken.rowcount:  # type: ignore[attr-defined]
        return item  # somebody else took it back at the same moment: the pool gets the money once
    if claim.pool_id is not None:
        funds.give_back(claim.pool_id, item.amount_fen)
    session().flush()
    _recount(claim)
    audit.record(by=by, did="subsidies.item.clawed_back", on=item, data={"amount_fen": item.amount_fen, "reason": item.note})
    return item
