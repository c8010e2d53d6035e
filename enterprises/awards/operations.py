"""Awards: applied for, recognised, accepted, decided inside the range with minutes, paid, closed; rejected or revoked.

Every step is one row of `types.TRANSITIONS`; who may take it is the rule's own department (`specs.SPECS`). A decision
stores the findings it rests on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from enterprises.awards import funds, labels, queries, rules, steps
from enterprises.awards.models import Award
from enterprises.awards.specs import SPECS
from enterprises.awards.types import TAKEN, TRANSITIONS, Action, AmountKind, AwardState, Entitlement, RuleCode, Verdict, Who
from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.rules import DEPARTMENTS
from enterprises.bases.types import AcceptanceStep
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_yuan, listed
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.policy.findings import as_dicts


class AwardRefused(Refused):
    """A fact of an award is impossible."""

    code = "award_refused"


class WrongStep(Refused):
    """The award is in a state where this cannot happen."""

    code = "wrong_step"
    status = 409


class AlreadyAwarded(Refused):
    """The same thing was awarded before: 一次性, 不得重复享受 (000:745, 000:833)."""

    code = "already_awarded"
    status = 409


class NotEligible(Refused):
    """Conditions are missing; each is a detail with its clause."""

    code = "not_eligible"


# -- who and when -------------------------------------------------------------------------------------------------------


def may_act(by: Identity, rule: RuleCode, who: Who) -> bool:
    """Whether the identity is the department, or the payer, that the rule names; a base's side is judged by its scope."""
    if by.everywhere(Role.SYSTEM_ADMIN):
        return True
    spec = SPECS[rule]
    names = {Who.DEPARTMENT: spec.departments, Who.PAYER: spec.payer_roles}.get(who)
    return names is None or by.everywhere(*(Role(name) for name in names))


def _begin(award: Award, action: Action, by: Identity, version: int | None) -> None:
    check_version(award, version)
    step = TRANSITIONS[action]
    if not may_act(by, RuleCode(award.rule), step.who):
        raise NotAllowed(
            _("“%(rule)s”的%(action)s由该项规定的主管部门办理，你的部门不能办理。", rule=_name(award.rule), action=labels.ACTIONS[action])
        )
    if not rules.may_follow(award.state, action):
        raise WrongStep(
            _("这项奖励现为“%(state)s”，不能%(action)s。请刷新页面查看最新进度。", state=labels.STATES[award.state], action=labels.ACTIONS[action])
        )


def _end(award: Award, action: Action, by: Identity, **data: object) -> Award:
    before = award.state
    award.state = TRANSITIONS[action].after
    try:
        with session().begin_nested():
            session().flush()
    except IntegrityError as twice:
        raise AlreadyAwarded(_("该基地已经获得过“%(rule)s”，同一事项不得重复奖励。", rule=_name(award.rule))) from twice
    audit.record(by=by, did=f"awards.award.{award.state.value}", on=award, data={"before": before, "after": award.state, **data})
    return award


def _name(rule: str) -> str:
    return f"{rule} {labels.RULES[RuleCode(rule)]}"


def _need(text: str, message: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise AwardRefused(message, field=field)
    return text


# -- the steps ----------------------------------------------------------------------------------------------------------


def apply(
    *,
    base: Organisation,
    rule: RuleCode,
    statement: str = "",
    evidence: Sequence[int] = (),
    by: Identity,
    today: date,
    now: datetime,
) -> Award:
    """Apply for an award of a base; `evidence` are ids of stored files. The application that is under way is returned as it is.

    Recognition and acceptance may still be missing: they are the steps that follow. Raises AlreadyAwarded, NotEligible (the
    base is not of the rule's type, or a host is on the blacklist), AwardRefused.
    """
    if base.kind is not OrganisationKind.BASE:
        raise AwardRefused(_("“%(name)s”不是基地，不能申请。", name=base.name), field="base")
    known = queries.open_award(base.id, rule.value)
    if known is not None and known.state is not AwardState.DRAFT:
        return known
    answer = _answer(base.id, rule, today)
    if answer.verdict is Verdict.AWARDED:
        raise AlreadyAwarded(
            _("该基地已经获得过“%(rule)s”或与其重叠的奖励（%(what)s），不得重复享受。", rule=_name(rule.value), what=listed(_once_found(answer)))
        )
    bad = [f for f in answer.missing if f.code.rsplit(".", 1)[-1] in ("type", "form", "credit", "place")]
    if bad:
        raise _not_eligible(answer, bad)
    spec = SPECS[rule]
    row = known or Award(
        base_id=base.id,
        rule=rule.value,
        is_one_off=spec.is_one_off,
        overlap_group=spec.overlap_group,
        evidence=[],
        findings=[],
        payer=spec.payer or "",
        created_at=now,
    )
    row.statement, row.evidence = statement.strip(), list(evidence)
    row.applied_on, row.applied_by_id, row.state = today, by.account_id, AwardState.APPLIED
    row.findings = as_dicts(answer.findings)
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError as twice:
        raise AlreadyAwarded(_("这个基地刚刚提交了同一项申请，请刷新页面查看。")) from twice
    audit.record(by=by, did="awards.award.applied", on=row, data={"base": base.code, "rule": rule.value})
    return row


def _answer(base_id: int, rule: RuleCode, on: date) -> Entitlement:
    return rules.judge(queries.case_of(base_id, on), rule, queries.parameters(on), on)


def _once_found(answer: Entitlement) -> tuple[str, ...]:
    found = next(f.found for f in answer.findings if f.code.endswith(".once"))
    return tuple(str(x) for x in found) if isinstance(found, tuple) else (str(found),)


def _not_eligible(answer: Entitlement, bad: Sequence[object]) -> NotEligible:
    lines = [f for f in answer.missing if f in bad]
    names = "；".join(str(labels.CONDITIONS[f.code.rsplit(".", 1)[-1]]) for f in lines)
    return NotEligible(
        _("条件不具备：%(names)s。各项依据见奖励页面。", names=names),
        details=[{"column": f.code, "value": str(f.found), "problem": f"{f.required}（{f.clause.cite}）"} for f in lines],
    )


def recognise(*, award: Award, on: date, document: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """认定 by the rule's department, after the prefecture's check and the inspection; recorded with the base too where its type
    knows the step."""
    _begin(award, Action.RECOGNISE, by, version)
    steps.require(award)
    _check_day(on, today, award.applied_on, before=True)
    _record_step(award, AcceptanceStep.RECOGNISED, on, document, by, now)
    award.recognised_on = on
    return _end(award, Action.RECOGNISE, by, on=on, document=document)


def accept(*, award: Award, on: date, document: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """验收 by the rule's department, after the recognition."""
    _begin(award, Action.ACCEPT, by, version)
    _check_day(on, today, award.recognised_on)
    _record_step(award, AcceptanceStep.ACCEPTED, on, document, by, now)
    award.accepted_on = on
    return _end(award, Action.ACCEPT, by, on=on, document=document)


def _check_day(on: date, today: date, earliest: date | None, *, before: bool = False) -> None:
    if on > today:
        raise AwardRefused(_("日期不能晚于今天。"), field="on")
    if earliest is not None and on < earliest and not before:
        raise AwardRefused(_("日期不能早于上一步（%(day)s）。", day=earliest.isoformat()), field="on")


def _record_step(award: Award, step: AcceptanceStep, on: date, document: str, by: Identity, now: datetime) -> None:
    """Keep the step in the base's own file for each type the rule asks for, unless it already stands there."""
    base = organisations.by_id(award.base_id)
    assert base is not None
    spec = SPECS[RuleCode(award.rule)]
    carried = [row.type for row in base_queries.types_of(award.base_id) if row.type.value in spec.types]
    for kind in carried:
        steps = [row.step for row in base_queries.acceptances_of(award.base_id) if row.type is kind]
        if AcceptanceStep.REVOKED in steps:
            steps = steps[len(steps) - steps[::-1].index(AcceptanceStep.REVOKED) :]
        if step in steps or (step is AcceptanceStep.ACCEPTED and AcceptanceStep.RECOGNISED not in steps):
            continue
        department = next((name for name in spec.departments if name in DEPARTMENTS[kind] and by.everywhere(Role(name), Role.SYSTEM_ADMIN)), None)
        if department is not None:
            bases.record_acceptance(base=base, type=kind, step=step, on=on, by=by, now=now, department=department, document=document)


def decide(
    *,
    award: Award,
    amount_fen: int | None,
    minutes: str,
    conference_minutes: str = "",
    payer: str = "",
    overlap_group: str | None = None,
    judgement: str = "",
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> Award:
    """Decide the amount inside the rule's range, with minutes; the findings of the day are stored with the decision.

    `judgement` is the reviewer's answer where a condition goes to a person; a condition that is not met refuses. From
    own.awards.joint_conference_from_fen on the joint conference's minutes are needed (FJ-34). Nothing of the same overlap
    group may have been awarded (就高不重复, 000:833). Raises AlreadyAwarded, NotEligible, AwardRefused, WrongStep, NotAllowed.
    """
    _begin(award, Action.DECIDE, by, version)
    rule = RuleCode(award.rule)
    minutes = _need(minutes, _("请写明决定的依据和会议纪要。"), "minutes")
    if overlap_group is not None and overlap_group.strip():
        award.overlap_group = overlap_group.strip()[:40]
    given = queries.taken_in_group(award.base_id, award.overlap_group, but=award.id)
    if given and queries.parameters(today)["fj.highest_only"].flag:
        raise AlreadyAwarded(
            _(
                "该基地同类事项已获得“%(rule)s”（%(amount)s），就高享受，不得重复。",
                rule=_name(given[0].rule),
                amount=format_yuan(given[0].amount_fen),
            )
        )
    answer = _answer(award.base_id, rule, today)
    if answer.verdict is Verdict.AWARDED:
        raise AlreadyAwarded(_("该基地已经获得过“%(rule)s”，同一事项不得重复奖励。", rule=_name(award.rule)))
    bad = [f for f in answer.missing if f.status.value != "judge"]
    if bad:
        raise _not_eligible(answer, bad)
    if answer.missing and not judgement.strip():
        raise AwardRefused(_("有条件需要由人判断，请写明判断的结论和理由。"), field="judgement", code="judgement_needed")
    _check_amount(amount_fen, answer)
    if rules.needs_conference(amount_fen, queries.parameters(today)["own.awards.joint_conference_from_fen"]) and not conference_minutes.strip():
        raise AwardRefused(_("金额达到联席会议审议的标准，请写明联席会议纪要（FJ-34）。"), field="conference_minutes", code="conference_needed")
    award.amount_fen, award.minutes, award.conference_minutes = amount_fen, minutes, conference_minutes.strip()
    award.payer = payer.strip() or award.payer
    award.findings = as_dicts(answer.findings)
    award.reason = judgement.strip()[:400]
    award.decided_on, award.decided_by_id = today, by.account_id
    return _end(award, Action.DECIDE, by, amount_fen=amount_fen, overlap_group=award.overlap_group)


def _check_amount(amount_fen: int | None, answer: Entitlement) -> None:
    low, high = answer.amount_min_fen, answer.amount_max_fen
    if rules.is_in_range(amount_fen, low, high, answer.amount_kind):
        return
    if answer.amount_kind is AmountKind.NO_MONEY:
        raise AwardRefused(_("这一项没有奖金，金额应留空。"), field="amount", code="amount_out_of_range")
    if low is not None and high is not None and low == high:
        message = _("按规定金额应为 %(high)s。", high=format_yuan(high))
    elif high is not None:
        message = _("金额须在 %(low)s 至 %(high)s 之间。", low=format_yuan(low or 1), high=format_yuan(high))
    else:
        message = _("请填写大于零的金额。")
    raise AwardRefused(message, field="amount", code="amount_out_of_range")


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

    Awards without money are closed without a payment. Raises PoolRefused.
    """
    _begin(award, Action.PAY, by, version)
    if award.amount_fen is None:
        reference = reference.strip() or "—"
    award.payment_reference = _need(reference, _("请填写拨付凭证号。"), "reference")[:120]
    _check_day(on, today, award.decided_on)
    award.paid_on = on
    if pool_id is not None and award.amount_fen is not None:
        funds.spend(pool_id, award.amount_fen)
        award.pool_id = pool_id
    return _end(award, Action.PAY, by, on=on, reference=award.payment_reference, pool=award.pool_id)


def close(*, award: Award, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Close a paid award; nothing changes any more but a revocation."""
    _begin(award, Action.CLOSE, by, version)
    award.ended_on = today
    return _end(award, Action.CLOSE, by)


def reject(*, award: Award, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Reject an application before its decision, with a reason the base reads; it may apply again."""
    _begin(award, Action.REJECT, by, version)
    award.reason, award.ended_on = _need(reason, _("请写明不予通过的理由，基地会看到。"), "reason")[:400], today
    return _end(award, Action.REJECT, by, reason=award.reason)


def revoke(*, award: Award, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> Award:
    """Revoke a decided award, with a reason; the row stays, the pool gets the money back, and the base may be awarded again."""
    _begin(award, Action.REVOKE, by, version)
    if award.pool_id is not None and award.amount_fen is not None:
        funds.give_back(award.pool_id, award.amount_fen)
    award.reason, award.ended_on = _need(reason, _("请写明撤销的理由和文件依据。"), "reason")[:400], today
    return _end(award, Action.REVOKE, by, reason=award.reason)


def publish(*, award: Award, by: Identity, today: date, now: datetime) -> Award:
    """Publish a decision: everybody may read base, rule, amount and clause. Publishing twice changes nothing."""
    if not may_act(by, RuleCode(award.rule), Who.DEPARTMENT):
        raise NotAllowed(_("“%(rule)s”的公布由该项规定的主管部门办理。", rule=_name(award.rule)))
    if award.state not in TAKEN:
        raise WrongStep(_("只有已决定的奖励可以公布。"))
    if award.published_on is None:
        award.published_on = today
        session().flush()
        audit.record(by=by, did="awards.award.published", on=award, data={"on": today})
    return award


__all__ = [
    "AlreadyAwarded",
    "AwardRefused",
    "NotEligible",
    "WrongStep",
    "accept",
    "apply",
    "close",
    "decide",
    "may_act",
    "pay",
    "publish",
    "recognise",
    "reject",
    "revoke",
]
