"""Who applied is told what became of an application, step by step, and what there is to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from enterprises.awards import labels, queries
from enterprises.awards.company_rules import EVERYWHERE
from enterprises.awards.fund_models import AwardStep
from enterprises.awards.models import Award
from enterprises.awards.reference import incentives
from enterprises.awards.types import OF_BASES, AwardState, RuleCode, StepKind
from enterprises.permissions import AWARD_APPLICANTS
from trainhub.identity import queries as identities
from trainhub.kernel.access import Role
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import N_, format_yuan
from trainhub.notifications.operations import in_both, notify, word
from trainhub.organisations import queries as organisations
from trainhub.organisations.permissions import VERIFIERS
from trainhub.organisations.types import OrganisationKind

MOVED: dict[AwardState, str] = {
    AwardState.RECOGNISED: N_("“%(name)s”申请的“%(rule)s”已认定（%(on)s），下一步由主管部门验收。"),
    AwardState.ACCEPTED: N_("“%(name)s”申请的“%(rule)s”已通过验收（%(on)s），下一步由主管部门决定金额。"),
    AwardState.CONFERENCE: N_("“%(name)s”申请的“%(rule)s”拟给予 %(amount)s，已提交联席会议审议。"),
    AwardState.DECIDED: N_("“%(name)s”申请的“%(rule)s”已决定给予 %(amount)s，由%(payer)s拨付。"),
    AwardState.PAID: N_("“%(name)s”的“%(rule)s”已于 %(on)s 拨付 %(amount)s（凭证 %(reference)s）。"),
    AwardState.REJECTED: N_("“%(name)s”申请的“%(rule)s”没有通过：%(reason)s 改正后可以重新申请。"),
    AwardState.REVOKED: N_("“%(name)s”的“%(rule)s”已被撤销：%(reason)s"),
}
WITHOUT_MONEY: dict[AwardState, str] = {
    AwardState.DECIDED: N_("“%(name)s”申请的“%(rule)s”已决定给予（这一项没有奖金）。"),
    AwardState.PAID: N_("“%(name)s”的“%(rule)s”已于 %(on)s 兑现（凭证 %(reference)s）。"),
}
RETURNED = N_("联席会议没有同意“%(name)s”申请的“%(rule)s”的金额，退回主管部门重新办理：%(reason)s")
STEPPED: dict[tuple[StepKind, bool], str] = {
    (StepKind.CHECK, True): N_("“%(name)s”申请的“%(rule)s”设区市初审通过（%(on)s）。"),
    (StepKind.CHECK, False): N_("“%(name)s”申请的“%(rule)s”设区市初审没有通过：%(reason)s 请到申请页面补充说明和材料。"),
    (StepKind.INSPECTION, True): N_("“%(name)s”申请的“%(rule)s”现场考察通过（%(on)s）。"),
    (StepKind.INSPECTION, False): N_("“%(name)s”申请的“%(rule)s”现场考察没有通过：%(reason)s"),
}
BY_DEPARTMENT: dict[bool, str] = {
    True: N_("“%(name)s”申请的“%(rule)s”主管部门初审通过（%(on)s）。"),
    False: N_("“%(name)s”申请的“%(rule)s”主管部门初审没有通过：%(reason)s 请到申请页面补充说明和材料。"),
}
"""Of recipients from elsewhere, whom no city of ours checks."""
AGAINST = N_("“%(name)s”申请的“%(rule)s”设区市重新初审没有通过：%(reason)s 指标改正后，由设区市再次初审；没有改正的，主管部门可以不予通过。")
"""Of one that was recognised or accepted before: nothing is added to it any more."""
DID = {StepKind.CHECK: "awards.reviewed", StepKind.INSPECTION: "awards.inspected"}


def of_move(award: Award, now: datetime, *, returned: str = "") -> None:
    """Tell that an award came into another state (`returned`: why the joint conference sent it back). Closing a paid one is no news."""
    message = RETURNED if returned else (WITHOUT_MONEY if award.amount_fen is None else {}).get(award.state, MOVED.get(award.state))
    if message is None:
        return
    day = {AwardState.RECOGNISED: award.recognised_on, AwardState.ACCEPTED: award.accepted_on, AwardState.PAID: award.paid_on}.get(award.state)
    values = {
        "on": day.isoformat() if day else "",
        "amount": format_yuan(award.amount_fen),
        "payer": word(labels.PAYERS[award.payer]) if award.payer in labels.PAYERS else award.payer,
        "reference": award.payment_reference,
        "reason": returned or award.reason,
    }
    _tell(award, "awards.returned" if returned else f"awards.{award.state.value}", message, values, now)


def of_step(award: Award, step: AwardStep, now: datetime) -> None:
    """Tell what a check or an inspection found; what the conference said is told with the move that follows from it."""
    if step.kind in DID:
        values = {"on": step.on.isoformat(), "reason": step.text[:400]}
        of_department = step.kind is StepKind.CHECK and award.rule in EVERYWHERE and not queries.has_own_city(award)
        message = BY_DEPARTMENT[step.is_positive] if of_department else STEPPED[step.kind, step.is_positive]
        if step.kind is StepKind.CHECK and not step.is_positive and award.state is not AwardState.APPLIED:
            message = AGAINST
        _tell(award, DID[step.kind], message, values, now)


NEXT: dict[str, str] = {
    "to_check": N_("“%(name)s”申请了“%(rule)s”，请初审。"),
    "added": N_("“%(name)s”对“%(rule)s”的申请补充了说明和材料，请重新初审。"),
    "to_check_again": N_("“%(name)s”的指标在“%(rule)s”初审之后有改动，重新初审之前，主管部门不能往下办理。请按现在的数字重新初审。"),
    "to_handle": N_("“%(name)s”申请的“%(rule)s”已通过初审，请按规定考察和办理。"),
    "to_settle": N_("“%(name)s”申请的“%(rule)s”重新初审没有通过，不能往下办理：请不予通过，或等指标改正并再次通过初审后办理。"),
    "to_pay": N_("“%(name)s”申请的“%(rule)s”已决定给予，请拨付并登记。"),
}
"""What whoever has to act next is told."""


PLACE = N_("“%(name)s”申请了“%(rule)s”，但没有登记福建省内的所在地区，哪个设区市都收不到这份申请。请先在机构资料中登记所在地区，再由当地设区市初审。")
WAITS = N_("“%(name)s”申请了“%(rule)s”，但没有登记福建省内的所在地区。申请单位或省教育厅、省人社厅登记以后，由当地设区市初审。")
"""For the department of a rule that may not enter the region itself."""
OUTSIDE = N_(
    "“%(name)s”申请了“%(rule)s”，但按登记的所在地区或统一社会信用代码不在福建省内，没有设区市可以初审。确在福建省内的，请登记所在地区；不在的，由主管部门不予通过。"
)
ENTERING = frozenset(VERIFIERS) - {Role.PREFECTURE_OPERATOR, Role.SYSTEM_ADMIN}
"""Who may enter the region of somebody who lies in no city, and is told that it is missing."""


def of_place(award: Award, roles: Collection[str], now: datetime, unique_key: str | None = None) -> None:
    """Tell who applies, who may enter the region, and who holds these roles, that no city gets the application before it is entered."""
    today = local(now).date()
    entering = set(identities.accounts_holding(*sorted(ENTERING), today=today))
    told = _tell(award, "awards.to_place", PLACE, {}, now, also=entering, unique_key=unique_key)
    others = set(identities.accounts_holding(*(Role(role) for role in roles), today=today)) - told
    _send(award, others, "awards.to_place", WAITS, {}, now, unique_key=unique_key)


def of_outside(award: Award, roles: Collection[str], now: datetime, unique_key: str | None = None) -> None:
    """Tell who applies, and who holds these roles, that it is of another province: nobody checks, and only the department ends it."""
    holding = identities.accounts_holding(*(Role(role) for role in roles), today=local(now).date())
    _tell(award, "awards.to_refuse", OUTSIDE, {}, now, also=holding, unique_key=unique_key)


def whose_turn(
    award: Award, what: str, roles: Collection[str], now: datetime, *, is_of_city: bool, unique_key: str | None = None, added_by: int | None = None
) -> None:
    """Tell those for whom an application waits now: who holds these roles, and (`is_of_city`) the operators of the city where the base or
    enterprise lies. Who applied or added to it (`added_by`: just now), under whichever account, is not told: the step is another's; nor
    who took a step before that bars them from this one."""
    organisation, today = organisations.by_id(award.organisation_id), local(now).date()
    assert organisation is not None
    told = set(identities.accounts_holding(*(Role(role) for role in roles), today=today)) if roles else set()
    if is_of_city:
        for code in queries.award_subject(award).regions:
            told.update(identities.accounts_holding(Role.PREFECTURE_OPERATOR, today=today, region_code=code))
    for key in {award.applied_by_id, added_by, *queries.supplemented_by(award.id), *_before(award, what)}:
        told.difference_update(identities.accounts_of_holder(key) if key is not None else ())
    values = {"name": organisation.name, "rule": _name(award.rule)}
    notify(
        account_ids=told,
        kind=f"awards.{what}",
        message=NEXT[what],
        values=values,
        url=f"/awards/{award.id}",
        unique_key=unique_key,
        now=now,
    )


def _before(award: Award, what: str) -> set[int | None]:
    """Whose earlier step makes the next one another's (`operations.hand_before`): who checked what is decided next, who decided or entered what the
    conference said of what is paid next."""
    if what == "to_pay":
        conferred = queries.latest_steps(award.id).get(StepKind.CONFERENCE)
        return {award.decided_by_id, conferred.recorded_by_id if conferred else None}
    if what == "to_handle" and (award.rule not in OF_BASES or award.state is AwardState.ACCEPTED):
        return {step.recorded_by_id for step in queries.steps_of(award.id) if step.kind is StepKind.CHECK}
    return set()


def _tell(
    award: Award,
    kind: str,
    message: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    also: Collection[int] = (),
    unique_key: str | None = None,
) -> set[int]:
    """Tell who applied, and who applies for the organisation or the hosts of its base today; and `also` these accounts. Returns who was told."""
    organisation, today = organisations.by_id(award.organisation_id), local(now).date()
    assert organisation is not None
    hosts = organisations.host_ids(organisation.id) if organisation.kind is OrganisationKind.BASE else []
    told = {*also, *([award.applied_by_id] if award.applied_by_id is not None else [])}
    for key in (organisation.id, *hosts):
        told.update(identities.accounts_holding(*AWARD_APPLICANTS, today=today, organisation_id=key))
    _send(award, told, kind, message, values, now, unique_key=unique_key)
    return told


def _send(
    award: Award, told: Collection[int], kind: str, message: str, values: Mapping[str, Any], now: datetime, *, unique_key: str | None = None
) -> None:
    organisation = organisations.by_id(award.organisation_id)
    assert organisation is not None
    notify(
        account_ids=told,
        kind=kind,
        message=message,
        values={"name": organisation.name, "rule": _name(award.rule), **values},
        url=f"/awards/{award.id}",
        unique_key=unique_key,
        now=now,
    )


def _name(rule: str) -> dict[str, str]:
    """A rule as its reader calls it."""
    if rule in OF_BASES:
        return word(labels.RULES[RuleCode(rule)])
    row = next(one for one in incentives() if one["id"] == rule)
    return in_both(row["zh"], row["en"])
