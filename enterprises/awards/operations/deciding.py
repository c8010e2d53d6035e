"""From the application to its end: recognised, accepted, decided inside the range with minutes, paid, closed; rejected, revoked.

A decision stores the findings it rests on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Any

from enterprises.awards import funds, labels, queries, rules, steps
from enterprises.awards.company_rules import EVERYWHERE
from enterprises.awards.models import Award
from enterprises.awards.operations.acting import AlreadyAwarded, AwardRefused, WrongStep, begin, end, may_act, name, need, not_eligible, pays_locally
from enterprises.awards.operations.recovering import refuse_unrecovered
from enterprises.awards.specs import SPECS, spec_of, terms_of
from enterprises.awards.types import (
    LOCAL_GOVERNMENT,
    OF_BASES,
    SHARED,
    TAKEN,
    Action,
    AmountKind,
    AwardState,
    Entitlement,
    RuleCode,
    StepKind,
    Verdict,
    Who,
)
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.rules import DEPARTMENTS
from enterprises.bases.types import AcceptanceStep
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_yuan, listed
from trainhub.organisations import queries as organisations
from trainhub.policy.findings import Finding, Status, as_dicts
from trainhub.policy.types import NotInForce


def recognise(*, award: Award, on: date, document: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """认定 by the rule's department, after the prefecture's check and the inspection; recorded with the base too where its type
    knows the step."""
    begin(award, Action.RECOGNISE, by, version)
    _hold(award)  # a step that is being recorded is waited for
    steps.require(award, needs_inspection=True, today=today)
    _check_day(on, today, award.applied_on, before=True)
    _check_inspected(award, AcceptanceStep.RECOGNISED, on)
    _record_step(award, AcceptanceStep.RECOGNISED, on, document, by, now)
    award.recognised_on = on
    return end(award, Action.RECOGNISE, by, now, on=on, document=document)


def accept(*, award: Award, on: date, document: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """验收 by the rule's department, after the recognition, as long as the city's last check stands."""
    begin(award, Action.ACCEPT, by, version)
    _hold(award)
    steps.require(award, needs_inspection=False, today=today)
    _check_day(on, today, award.recognised_on)
    _check_inspected(award, AcceptanceStep.ACCEPTED, on)
    _record_step(award, AcceptanceStep.ACCEPTED, on, document, by, now)
    award.accepted_on = on
    return end(award, Action.ACCEPT, by, now, on=on, document=document)


def _check_day(on: date, today: date, earliest: date | None, *, before: bool = False) -> None:
    if on > today:
        raise AwardRefused(_("日期不能晚于今天。"), field="on")
    queries.parameters(on)  # nothing was recognised under rules that did not exist yet
    if earliest is not None and on < earliest and not before:
        raise AwardRefused(_("日期不能早于上一步（%(day)s）。", day=earliest.isoformat()), field="on")


def _check_inspected(award: Award, step: AcceptanceStep, on: date) -> None:
    """What a department finds now it finds after its inspection; what the base's file has from before is taken over with its day."""
    inspection = queries.latest_steps(award.id).get(StepKind.INSPECTION)
    types = SPECS[RuleCode(award.rule)].types
    known = {row.on for row in base_queries.acceptances_of(award.organisation_id) if row.step is step and row.type.value in types}
    if inspection is not None and on < inspection.on and on not in known:
        raise AwardRefused(
            _("日期不能早于现场考察（%(day)s）；以前已经办理的，须先在基地的认定验收记录中登记。", day=inspection.on.isoformat()), field="on"
        )


def _record_step(award: Award, step: AcceptanceStep, on: date, document: str, by: Identity, now: datetime) -> None:
    """Keep the step in the base's own file for each type the rule asks for, unless it already stands there."""
    base = organisations.by_id(award.organisation_id)
    assert base is not None
    spec = SPECS[RuleCode(award.rule)]
    for kind in [row.type for row in base_queries.types_of(award.organisation_id) if row.type.value in spec.types]:
        taken = [row.step for row in base_queries.acceptances_of(award.organisation_id) if row.type is kind]
        if AcceptanceStep.REVOKED in taken:
            taken = taken[len(taken) - taken[::-1].index(AcceptanceStep.REVOKED) :]
        if step in taken or (step is AcceptanceStep.ACCEPTED and AcceptanceStep.RECOGNISED not in taken):
            continue
        department = next((name for name in spec.departments if name in DEPARTMENTS[kind] and by.everywhere(Role(name), Role.SYSTEM_ADMIN)), None)
        if department is not None:
            bases.record_acceptance(base=base, type=kind, step=step, on=on, by=by, now=now, department=department, document=document)


def decide(
    *,
    award: Award,
    amount_fen: int | None,
    minutes: str,
    payer: str = "",
    overlap_group: str | None = None,
    overlap_reason: str = "",
    judgement: str = "",
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> Award:
    """Decide the amount inside the rule's range, with minutes; the findings of the day are stored with the decision.

    `overlap_group` differs from that of the policy for a reason only (`overlap_reason`), which is kept and shown.
    `judgement` is the reviewer's answer where a condition goes to a person; a condition that is not met refuses. From
    own.awards.joint_conference_from_fen on the amount is only put forward: the joint conference decides (`confer`, FJ-34). Nothing
    of the same overlap group may stand awarded: a lower one is revoked first (就高不重复, 000:833). The prefecture's check has to stand, made of
    the figures that are decided on, and no inspection may have found against it. Raises AlreadyAwarded, NotEligible, AwardRefused, WrongStep, NotAllowed.
    """
    begin(award, Action.DECIDE, by, version)
    _hold(award)  # before anything is read that it rests on: a step or a figure that is being entered is waited for
    steps.require(award, needs_inspection=False, today=today)
    minutes = need(minutes, _("请写明决定的依据和会议纪要。"), "minutes")
    answer = queries.answer_of(award, today)
    _group(award, answer, (overlap_group or "").strip()[:40], overlap_reason.strip()[:400])
    _refuse_overlap(award, amount_fen, today)
    answer = queries.answer_of(award, today)
    _refuse_twice(award, answer)
    bad = [f for f in answer.missing if f.status is not Status.JUDGE]
    if bad:
        raise not_eligible(bad)
    if answer.missing and not judgement.strip():
        raise AwardRefused(_("有条件需要由人判断，请写明判断的结论和理由。"), field="judgement", code="judgement_needed")
    _check_amount(amount_fen, answer)
    _need_credit(award, today)
    _need_verified(award, today)
    award.amount_fen, award.minutes = amount_fen, minutes
    award.payer = _payer(award, payer, answer)
    award.findings = as_dicts(answer.findings)
    award.reason = judgement.strip()[:400]
    award.decided_by_id = by.account_id
    if rules.needs_conference(amount_fen, queries.parameters(today)["own.awards.joint_conference_from_fen"]):
        award.proposed_on = today
        return end(award, Action.DECIDE, by, now, after=AwardState.CONFERENCE, amount_fen=amount_fen, **_grouped(award))
    award.decided_on = today
    return end(award, Action.DECIDE, by, now, amount_fen=amount_fen, **_grouped(award))


def _group(award: Award, answer: Entitlement, typed: str, reason: str) -> None:
    """The group is what the policy of the day says (own.awards.overlap_groups); who judges otherwise in one case says why. Raises AwardRefused."""
    if typed and typed != answer.overlap_group and not reason:
        message = _(
            "“%(rule)s”按规定属于重叠组“%(group)s”，要改为“%(typed)s”，请写明理由，会与决定一并保存。",
            rule=name(award.rule),
            group=answer.overlap_group,
            typed=typed,
        )
        raise AwardRefused(message, field="overlap_reason", code="overlap_reason_needed")
    is_own = bool(typed) and typed != answer.overlap_group
    award.overlap_group, award.overlap_reason = (typed, reason) if is_own else (answer.overlap_group, "")


def _grouped(award: Award) -> dict[str, Any]:
    """The group as the log keeps it, with the reason where it is not that of the policy."""
    return {"overlap_group": award.overlap_group} | ({"overlap_reason": award.overlap_reason} if award.overlap_reason else {})


def confer(
    *,
    award: Award,
    on: date,
    is_positive: bool,
    text: str,
    people: str = "",
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> Award:
    """What the joint conference (联席会议, FJ-34, 000:829) decided about an amount that was put before it: the award is decided, or
    goes back to where its amount is decided, with the minutes. Nothing given meanwhile, no condition or figure that fell away meanwhile, and no
    cap that others have used up meanwhile, may stand in the way. Raises AlreadyAwarded, NotEligible, AwardRefused, StepRefused, WrongStep, NotAllowed.
    """
    begin(award, Action.CONFER, by, version)
    steps.record(award=award, kind=StepKind.CONFERENCE, on=on, is_positive=is_positive, text=text, people=people, by=by, today=today, now=now)
    if not is_positive:
        back = AwardState.ACCEPTED if award.rule in OF_BASES else AwardState.APPLIED
        award.amount_fen = None
        return end(award, Action.CONFER, by, now, after=back, returned=text.strip()[:400], reason=text.strip()[:400])
    _hold(award)
    _refuse_overlap(award, award.amount_fen, today)
    answer = queries.answer_of(award, today)
    _refuse_twice(award, answer)
    if bad := [f for f in answer.missing if f.status is not Status.JUDGE] or _lost(award, answer):
        raise not_eligible(bad, _("提交联席会议之后才不具备的，请登记为不同意，退回重新办理。"))
    _check_amount(award.amount_fen, answer)
    _need_verified(award, today)
    award.conference_minutes, award.decided_on = text.strip(), on
    return end(award, Action.CONFER, by, now, amount_fen=award.amount_fen, **_grouped(award))


def _payer(award: Award, typed: str, answer: Entitlement) -> str:
    """Who pays: whom the sentence names, else who is typed. Of 所在地政府 the government that is meant may be named."""
    typed = typed.strip()[:100]
    if answer.payer is None:
        return typed or award.payer
    if typed and typed != answer.payer and answer.payer != LOCAL_GOVERNMENT:
        named = {"rule": name(award.rule), "payer": answer.payer, "cite": spec_of(award.rule).clause.cite, "typed": typed}
        raise AwardRefused(_("“%(rule)s”按原文由%(payer)s拨付（%(cite)s），不能改为“%(typed)s”。", **named), field="payer", code="payer_named")
    return typed or answer.payer


LOSABLE = (".credit", ".open", ".recognised", ".accepted", ".type", ".form", ".leading", ".partner", ".place", ".firm")
"""What must still stand when money goes out: who the award is for, and what the department itself said of it. Figures are those of
the decision, and so is every number of the rules: it stores its findings."""


def _lost(award: Award, answer: Entitlement) -> list[Finding]:
    """What fell away since the decision; what a person had to judge then was judged."""
    then = {str(one["code"]): one["status"] for one in award.findings or ()}
    return [f for f in answer.missing if f.code.endswith(LOSABLE) and (f.status is not Status.JUDGE or then.get(f.code) == Status.MET.value)]


def _need_credit(award: Award, today: date) -> None:
    """Nothing is decided or paid before somebody has looked up the credit (FJ-31, 000:817): not looked up is not "not listed"."""
    if names := queries.never_looked_up(award, today):
        message = _("还没有核查信用，或核查已过期：%(names)s。请先在企业或基地的页面查询，或登记核查结果。", names=listed(names))
        raise AwardRefused(message, code="credit_unknown")


def _need_verified(award: Award, today: date) -> None:
    """Nothing is given to whom nobody verified (IPLUS-3.3.2 asks as much of who publishes a position): a changed name or code has to be looked at again. Who may
    come from elsewhere (`EVERYWHERE`) has no region of ours, by which one is verified: those the department looks at itself."""
    if (award.rule not in EVERYWHERE or queries.has_own_city(award)) and (names := queries.unverified(award.organisation_id, today)):
        message = _("还没有核验，或更改名称、代码后没有重新核验：%(names)s。请先核验，再决定或拨付。", names=listed(names))
        raise AwardRefused(message, code="not_verified")


def _hold(award: Award) -> None:
    queries.hold(award.organisation_id)
    if award.rule in SHARED:
        queries.hold_all(award.rule, award.year)


def _check_amount(amount_fen: int | None, answer: Entitlement) -> None:
    low, high = answer.amount_min_fen, answer.amount_max_fen
    if rules.is_in_range(amount_fen, low, high, answer.amount_kind):
        return
    if answer.amount_kind is AmountKind.NO_MONEY:
        raise AwardRefused(_("这一项没有奖金，金额应留空。"), field="amount", code="amount_out_of_range")
    if high is not None and high <= 0:
        message = _("按规定算得的金额为零（上限已经用完，或不足一分），没有可以决定的金额。请核对指标和已获得的奖励；不能再给的，请不予通过。")
    elif low is not None and high is not None and low == high:
        message = _("按规定金额应为 %(high)s。", high=format_yuan(high))
    elif high is not None:
        message = _("金额须在 %(low)s 至 %(high)s 之间。", low=format_yuan(low or 1), high=format_yuan(high))
    else:
        message = _("请填写大于零的金额。")
    raise AwardRefused(message, field="amount", code="amount_out_of_range")


def _refuse_twice(award: Award, answer: Entitlement) -> None:
    if answer.verdict is Verdict.AWARDED:
        raise AlreadyAwarded(_("已经获得过“%(rule)s”，同一事项不得重复奖励。", rule=name(award.rule)))


def _refuse_overlap(award: Award, amount_fen: int | None, today: date) -> None:
    """One of a group only. The sentence says that the highest is taken (000:833), not how a lower one is exchanged: it is revoked
    first, by the department that gave it, and what was paid comes back. The same rule again is the rule's own question."""
    given = [one for one in queries.taken_in_group(award.organisation_id, award.overlap_group) if one.rule != award.rule]
    if not given or not queries.parameters(today)["fj.highest_only"].flag:
        return
    top = max(given, key=lambda one: one.amount_fen or 0)
    words = {"rule": name(top.rule), "amount": format_yuan(top.amount_fen), "own": name(award.rule)}
    if (amount_fen or 0) > (top.amount_fen or 0):
        raise AlreadyAwarded(
            _(
                "同类事项已获得“%(rule)s”（%(amount)s），就高享受，不得重复。本项更高，要改享本项，请该项的主管部门先把它撤销，"
                "理由写明“就高改享 %(own)s”，已拨付的收回，再来决定本项。",
                **words,
            )
        )
    raise AlreadyAwarded(_("同类事项已获得“%(rule)s”（%(amount)s），就高享受，不得重复。它不低于本项，请对本项作不予通过处理。", **words))


def pay(
    *,
    award: Award,
    on: date,
    reference: str,
    pool_id: int | None = None,
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> Award:
    """Record the payment with its reference, from a pool that holds enough (None: a department's own money).

    Awards without money are closed without a payment. Who came onto the credit list since the decision is not paid (FJ-31,
    000:817), nor who lost what the award is given for: recognition, acceptance, type, hosts (`LOSABLE`), nor beside money for the same that was
    revoked and has not come back. Raises NotEligible, PoolRefused.
    """
    begin(award, Action.PAY, by, version)
    refuse_unrecovered(award)
    if bad := _lost(award, queries.answer_of(award, today)):
        only_listed = all(f.code.endswith(".credit") and f.status is Status.NOT_MET for f in bad)
        listed = _("决定之后列入失信名单，不能拨付：移出名单后重新核查信用再拨付，或由主管部门撤销这项奖励。")
        raise not_eligible(bad, listed if only_listed else _("决定之后条件已不具备，不能拨付：恢复之后再拨付，或由主管部门撤销这项奖励。"))
    _need_credit(award, today)
    _need_verified(award, today)
    if award.amount_fen is None:
        reference = reference.strip() or "—"
    award.payment_reference = need(reference, _("请填写拨付凭证号。"), "reference")[:120]
    _check_day(on, today, award.decided_on)
    award.paid_on = on
    if award.amount_fen is not None:
        _check_fund(award, pool_id, on)
    if pool_id is not None and award.amount_fen is not None:
        funds.spend(pool_id, award.amount_fen, on=on)
        award.pool_id = pool_id
    return end(award, Action.PAY, by, now, on=on, reference=award.payment_reference, pool=award.pool_id)


def _check_fund(award: Award, pool_id: int | None, on: date) -> None:
    """Where the sentence names the fund the money is of, it comes out of a pool of that kind and no other (`fj.award_funds`); what the local
    government pays comes out of none of the province."""
    if pays_locally(award) and pool_id is not None:
        message = _("“%(rule)s”按原文由%(payer)s给予（%(cite)s），不从省级资金列支，请不要选择资金。", **_payers(award))
        raise AwardRefused(message, field="pool", code="pool_of_other_kind")
    fund = terms_of(award.rule, queries.parameters(on)).fund_of(award.payer)
    pool = queries.pool(pool_id) if pool_id is not None else None
    if fund is not None and (pool is None or pool.kind is not fund):
        raise AwardRefused(
            _(
                "“%(rule)s”按原文从%(fund)s列支（%(cite)s），请选择一项%(fund)s。",
                rule=name(award.rule),
                fund=labels.POOLS[fund],
                cite=spec_of(award.rule).clause.cite,
            ),
            field="pool",
            code="pool_of_other_kind",
        )


def _payers(award: Award) -> dict[str, Any]:
    return {"rule": name(award.rule), "payer": LOCAL_GOVERNMENT, "cite": spec_of(award.rule).clause.cite}


def close(*, award: Award, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Close a paid award; nothing changes any more but a revocation."""
    begin(award, Action.CLOSE, by, version)
    award.ended_on = today
    return end(award, Action.CLOSE, by, now)


def reject(*, award: Award, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Reject an application before its decision, with a reason the applicant reads and the findings of the day; who may apply again."""
    begin(award, Action.REJECT, by, version)
    award.reason, award.ended_on = need(reason, _("请写明不予通过的理由，申请单位会看到。"), "reason")[:400], today
    with suppress(NotInForce):  # a rule that has ended meanwhile is no bar: what the application found stays
        award.findings = as_dicts(queries.answer_of(award, today).findings)
    return end(award, Action.REJECT, by, now, reason=award.reason, keeps_findings=True)


def revoke(*, award: Award, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Revoke a decided award, with a reason; the row stays, and an award may be applied for again. What was paid is to be recovered: its pool
    gets it back when it has come in (`recover`)."""
    begin(award, Action.REVOKE, by, version)
    award.reason, award.ended_on = need(reason, _("请写明撤销的理由和文件依据。"), "reason")[:400], today
    return end(award, Action.REVOKE, by, now, reason=award.reason)


def publish(*, award: Award, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Publish a decision: everybody may read for whom, rule, amount and clause. Publishing twice changes nothing. Raises NotAllowed, Stale, WrongStep."""
    if not may_act(by, award.rule, Who.DEPARTMENT):
        raise NotAllowed(_("“%(rule)s”的公布由该项规定的主管部门办理。", rule=name(award.rule)))
    if award.state not in TAKEN:
        raise WrongStep(_("只有已决定的奖励可以公布。"))
    if award.published_on is None:
        check_version(award, version)
        award.published_on = today
        session().flush()
        audit.record(by=by, did="awards.award.published", on=award, data={"on": today})
    return award
