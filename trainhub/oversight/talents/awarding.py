"""Money for recognised talent, to its end: decided inside the range with minutes, before the joint conference, paid, revoked.

FJ-15b (000:741): 从省级新增引导资金中给予 30 万~100 万元的创业资金支持，并可根据情况连续支持. FJ-15d supports high-level talent
by the rules of the free trade zone, which are not in the documents: a person judges, and no bound is invented.
"""

from __future__ import annotations

from datetime import date, datetime

from enterprises.awards import funds
from enterprises.awards import labels as award_labels
from enterprises.awards import queries as pools
from enterprises.awards import rules as award_rules
from enterprises.awards.operations import AlreadyAwarded, AwardRefused, may_act
from enterprises.awards.operations import WrongStep as WrongAwardStep
from enterprises.awards.operations.acting import name as rule_name
from enterprises.awards.operations.acting import need, not_eligible
from enterprises.awards.types import AwardState, CompanyRule, Who
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import NotAllowed
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_yuan
from trainhub.oversight.talents import award_queries as queries
from trainhub.oversight.talents import noticing, rules
from trainhub.oversight.talents.award_models import TalentAward
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.operations import findings_of, is_nominator
from trainhub.oversight.talents.rules import Support
from trainhub.oversight.talents.types import AWARD_RULES, TalentState
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, as_dicts


def support_of(row: Talent, on: date) -> Support:
    """What the rule of the talent's database says on a day: conditions and range. Raises AwardRefused where no rule gives money."""
    rule = AWARD_RULES.get(row.kind)
    if rule is None:
        raise AwardRefused(_("兼职导师库没有对应的资金支持。"), code="no_award")
    held = {key: book().at(key, on=on) for key in rules.AWARD_PARAMETERS}
    return rules.judge_support(
        rule,
        is_recognised=row.state is TalentState.RECOGNISED and (row.valid_until is None or row.valid_until >= on),
        conditions=findings_of(row, on),
        given=[(one.year, one.decided_on) for one in queries.standing(row, rule)],
        credit=queries.credit_of(row, on),
        closed=queries.closed_of(row, on),
        book=held,
        year=on.year,
    )


def _begin(award: TalentAward, who: Who, before: tuple[AwardState, ...], by: Identity, version: int | None) -> None:
    check_version(award, version)
    _may(award.rule, who, by)
    if award.state not in before:
        raise WrongAwardStep(
            _("这项支持现为“%(state)s”，不能这样办理。请刷新页面查看最新进度。", state=award_labels.STATES[award.state]), code="wrong_step"
        )


def _may(rule: str, who: Who, by: Identity) -> None:
    if not may_act(by, rule, who):
        raise NotAllowed(_("“%(rule)s”由该项规定的部门办理，你的部门不能办理。", rule=rule_name(rule)))


def is_own(award: TalentAward, by: Identity) -> bool:
    """Whether this human put the amount forward: as with awards of bases and enterprises, who did neither enters what the joint conference
    said nor pays."""
    return is_same_holder(by.account_id, award.decided_by_id)


def is_conferrer(award: TalentAward, by: Identity) -> bool:
    """Whether this human entered what the joint conference said: who did does not pay, as with awards of bases and enterprises."""
    return is_same_holder(by.account_id, award.conferred_by_id)


def _another_person(award: TalentAward, by: Identity, step: str) -> None:
    if is_nominator(session().get_one(Talent, award.talent_id), by):
        raise NotAllowed(_("这名人才由你推荐，%(step)s须由另一人办理（同一人的另一个账号也不行），没有改动。", step=step))
    if is_own(award, by):
        raise NotAllowed(_("这项支持的金额由你决定，%(step)s须由另一人办理（同一人的另一个账号也不行），没有改动。", step=step))


def _check_amount(amount_fen: int, support: Support) -> None:
    if award_rules.is_in_range(amount_fen, support.amount_min_fen, support.amount_max_fen, support.amount_kind):
        return
    low, high = support.amount_min_fen, support.amount_max_fen
    if low is None or high is None:
        raise AwardRefused(_("请填写大于零的金额。"), field="amount", code="amount_out_of_range")
    raise AwardRefused(
        _("金额须在 %(low)s 至 %(high)s 之间。", low=format_yuan(low), high=format_yuan(high)), field="amount", code="amount_out_of_range"
    )


def decide(
    *, talent: Talent, amount_fen: int, minutes: str, judgement: str = "", by: Identity, today: date, now: datetime, version: int | None = None
) -> TalentAward:
    """Decide the amount for this year, inside the range, with minutes; the findings of the day are stored with it.

    From own.awards.joint_conference_from_fen on it is only put forward (`confer`, FJ-34). Another year may follow (连续支持), the
    same year may not. `version` is that of the entry whose conditions were read. Raises AlreadyAwarded, NotEligible, AwardRefused, NotAllowed, Stale.
    """
    queries.hold(talent.id)
    session().refresh(talent)  # an end of the same moment is seen
    check_version(talent, version)
    support = support_of(talent, today)
    _may(support.rule, Who.DEPARTMENT, by)
    if is_nominator(talent, by):
        raise NotAllowed(_("这名人才由你推荐，资金支持须由另一人决定（同一人的另一个账号也不行），没有改动。"))
    minutes = need(minutes, _("请写明决定的依据和会议纪要。"), "minutes")
    if bad := [one for one in support.findings if one.code.endswith(".once") and not one.met]:
        raise AlreadyAwarded(
            _("“%(rule)s”：%(name)s 年已有支持，同一年不得重复。", rule=rule_name(support.rule), name=today.year), details=_cited(bad)
        )
    if bad := [one for one in support.findings if not one.met and one.status.value != "judge"]:
        raise not_eligible(bad)
    if any(not one.met for one in support.findings) and not judgement.strip():
        raise AwardRefused(_("有条件需要由人判断，请写明判断的结论和理由。"), field="judgement", code="judgement_needed")
    _check_amount(amount_fen, support)
    _need_credit(talent, today)
    waits = award_rules.needs_conference(amount_fen, book().at("own.awards.joint_conference_from_fen", on=today))
    row = TalentAward(
        talent_id=talent.id,
        rule=support.rule,
        year=today.year,
        employer=queries.employer_of(talent),
        state=AwardState.CONFERENCE if waits else AwardState.DECIDED,
        amount_fen=amount_fen,
        minutes=minutes,
        judgement=judgement.strip()[:400],
        findings=as_dicts(support.findings),
        decided_on=None if waits else today,
        decided_by_id=by.account_id,
        created_at=now,
    )
    add_once(row, lambda: AlreadyAwarded(_("刚刚有人作出了同一项决定，请刷新页面查看。")))
    audit.record(by=by, did=f"talents.award.{row.state.value}", on=row, data={"talent": talent.id, "rule": row.rule, "amount_fen": amount_fen})
    return row


def _cited(findings: list[Finding]) -> list[dict[str, str]]:
    return [{"column": one.code, "value": str(one.found), "problem": f"{one.required}（{one.clause.cite}）"} for one in findings]


def confer(
    *, award: TalentAward, on: date, is_positive: bool, text: str, by: Identity, today: date, now: datetime, version: int | None = None
) -> TalentAward:
    """What the joint conference decided (联席会议, FJ-34, 000:829): the amount stands, or it ends and may be decided anew."""
    queries.hold(award.talent_id)
    session().refresh(award)
    _begin(award, Who.CONFERENCE, (AwardState.CONFERENCE,), by, version)
    _another_person(award, by, _("登记联席会议审议"))
    text = need(text, _("请写明联席会议的意见和纪要。"), "text")
    _check_day(on, today, local(award.created_at).date())  # before that there was no amount to speak of
    talent = _talent_of(award)
    award.conference_minutes, award.conferred_by_id = text, by.account_id
    if is_positive:
        _refuse_ended(talent)
        _refuse_second(award, talent, today)
        if bad := _of_employer(talent, today):
            raise not_eligible(bad)
        award.state, award.decided_on = AwardState.DECIDED, on
    else:
        award.state, award.reason, award.ended_on = AwardState.REJECTED, text[:400], today
    return _ended(award, by, on=on)


def _talent_of(award: TalentAward) -> Talent:
    """The entry as it is now: what was read before the lock may have ended since."""
    talent = session().get_one(Talent, award.talent_id)
    session().refresh(talent)
    return talent


def _of_employer(talent: Talent, today: date) -> list[Finding]:
    """What stands against the employer since the decision: the credit list (FJ-31), or that it was taken out of use."""
    return [one for one in support_of(talent, today).findings if one.code.endswith((".credit", ".open")) and not one.met]


def _need_credit(talent: Talent, today: date) -> None:
    """As with awards (FJ-31, 000:817): nothing is decided or paid before somebody has looked up who employs the talent."""
    if name := queries.never_looked_up(talent, today):
        message = _("还没有核查信用，或核查已过期：%(names)s。请先在企业或基地的页面查询，或登记核查结果。", names=name)
        raise AwardRefused(message, code="credit_unknown")


def _refuse_second(award: TalentAward, talent: Talent, today: date) -> None:
    """Of two awards for one year that were decided before their persons were found to be one human only the earlier is conferred and
    paid, or the one that was paid already (不得重复享受, 000:833)."""
    repeats = award.rule != CompanyRule.LEADING_TALENT or book().at("fj.talent_repeatable", on=today).flag
    rivals = [one for one in queries.standing(talent, award.rule) if one.id != award.id and (one.year == award.year or not repeats)]
    if any(one.id < award.id or one.state is AwardState.PAID for one in rivals):
        raise AlreadyAwarded(
            _("“%(rule)s”：这名人才与另一人判定为同一人，%(name)s 年已有支持。请由主管部门撤销这一项。", rule=rule_name(award.rule), name=award.year)
        )


def _refuse_unrecovered(award: TalentAward, talent: Talent) -> None:
    """Beside money for the same year that was revoked and has not come back nothing is paid (不得重复享受, 000:833)."""
    if any(one.rule == award.rule and one.year == award.year and queries.is_to_recover(one) for one in queries.awards_of(talent)):
        raise AwardRefused(_("这名人才 %(year)s 年已撤销的支持还没有收回，收回以后才能拨付本项。", year=award.year), code="not_recovered")


def _refuse_ended(talent: Talent) -> None:
    """Who was taken out of the database since the decision gets nothing; an entry that merely ran out was good when it was decided. One that
    was set aside for another of the same human is as good as that one."""
    if talent.instead_id is not None:
        talent = session().get_one(Talent, talent.instead_id)
    if talent.state is not TalentState.RECOGNISED:
        raise AwardRefused(_("这名人才已经出库，不能再通过或拨付：请由主管部门撤销这项支持；还在联席会议的，登记为不同意。"), code="talent_ended")


def _check_day(on: date, today: date, earliest: date | None) -> None:
    if on > today:
        raise AwardRefused(_("日期不能晚于今天。"), field="on")
    if earliest is not None and on < earliest:
        raise AwardRefused(_("日期不能早于上一步（%(day)s）。", day=earliest.isoformat()), field="on")


def pay(
    *, award: TalentAward, on: date, reference: str, pool_id: int | None, by: Identity, today: date, now: datetime, version: int | None = None
) -> TalentAward:
    """Record the payment, after the public notice and with nothing said against it left open. FJ-15b comes out of the newly added provincial guidance fund (从省级新增引导资金中), so it names a pool of
    that kind; FJ-15d may be a department's own money (None). Raises PoolRefused, NotEligible, NoticeRefused, AwardRefused."""
    queries.hold(award.talent_id)  # an objection that is being recorded is heard before the money goes out
    session().refresh(award)
    _begin(award, Who.PAYER, (AwardState.DECIDED,), by, version)
    _another_person(award, by, _("登记拨付"))
    if is_conferrer(award, by):
        raise NotAllowed(_("这项支持的联席会议审议由你登记，登记拨付须由另一人办理（同一人的另一个账号也不行），没有改动。"))
    talent = _talent_of(award)
    _refuse_ended(talent)
    _refuse_second(award, talent, today)
    _refuse_unrecovered(award, talent)
    if bad := _of_employer(talent, today):
        if any(one.code.endswith(".open") for one in bad):
            raise not_eligible(
                bad, _("决定之后用人单位已停用，不能拨付：恢复使用后再拨付；换了用人单位的，由主管部门撤销这项奖励，变更工作单位后重新决定。")
            )
        raise not_eligible(bad, _("决定之后列入失信名单，不能拨付：移出名单后重新核查信用再拨付，或由主管部门撤销这项奖励。"))
    _need_credit(talent, today)
    noticing.require(award, on)
    award.payment_reference = need(reference, _("请填写拨付凭证号。"), "reference")[:120]
    _check_day(on, today, award.decided_on)
    pool = pools.pool(pool_id) if pool_id is not None else None
    fund = queries.fund_of(award.rule, on)
    if fund is not None and (pool is None or pool.kind is not fund):
        raise AwardRefused(_("这项支持从省级新增引导资金中给予（000:741），请选择一项新增引导资金。"), field="pool", code="pool_of_other_kind")
    if pool_id is not None:
        funds.spend(pool_id, award.amount_fen, on=on)
        award.pool_id = pool_id
    award.paid_on, award.state = on, AwardState.PAID
    return _ended(award, by, on=on, reference=award.payment_reference, pool=award.pool_id)


def revoke(*, award: TalentAward, reason: str, by: Identity, today: date, now: datetime, version: int | None = None) -> TalentAward:
    """Take a decision back, with a reason; the row stays, the year is free again. What was paid is to be recovered: its pool gets it back
    when it has come in (`recover`)."""
    _begin(award, Who.DEPARTMENT, queries.STANDS, by, version)
    award.reason, award.ended_on = need(reason, _("请写明撤销的理由和文件依据。"), "reason")[:400], today
    award.state = AwardState.REVOKED
    return _ended(award, by, reason=award.reason)


def recover(*, award: TalentAward, on: date, reference: str, by: Identity, today: date, version: int | None = None) -> TalentAward:
    """Record that the money of a revoked award came back: its pool holds it again. Recorded twice it changes nothing. Raises Stale,
    NotAllowed, AwardRefused (nothing is to come back, a day before the revocation or in the future, no reference)."""
    check_version(award, version)
    _may(award.rule, Who.PAYER, by)
    queries.hold(award.talent_id)
    session().refresh(award)
    if award.recovered_on is not None:
        return award
    if not queries.is_to_recover(award):
        raise AwardRefused(_("只有已拨付后撤销的奖励需要收回。"), code="nothing_to_recover")
    reference = need(reference, _("请填写收款凭证号。"), "reference")[:120]
    if on > today or (award.ended_on is not None and on < award.ended_on):
        raise AwardRefused(_("日期须在撤销与今天之间。"), field="on")
    if award.pool_id is not None:
        funds.give_back(award.pool_id, award.amount_fen)
    award.recovered_on, award.recovery_reference = on, reference
    session().flush()
    audit.record(by=by, did="talents.award.recovered", on=award, data={"on": on, "reference": reference, "amount_fen": award.amount_fen})
    return award


def _ended(award: TalentAward, by: Identity, **data: object) -> TalentAward:
    session().flush()
    audit.record(by=by, did=f"talents.award.{award.state.value}", on=award, data=data)
    return award
