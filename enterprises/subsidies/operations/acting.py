"""What every step of a claim shares: how it is refused, in which state it may happen, who may be paid."""

from __future__ import annotations

from datetime import date

from enterprises.awards import queries as awards
from enterprises.awards.types import CompanyRule
from enterprises.subsidies import labels, queries
from enterprises.subsidies.models import SubsidyClaim
from enterprises.subsidies.types import ClaimState
from trainhub.identity.queries import is_same_holder
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
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


def recount(row: SubsidyClaim) -> None:
    row.item_count, row.amount_fen = queries.sums(row.id)
    session().flush()


def be_in(row: SubsidyClaim, states: tuple[ClaimState, ...], version: int | None = None) -> None:
    """Whether the claim is in one of the states, as it was seen. Raises WrongStep (also who pressed the button a second time), Stale, Repeated."""
    wrong = WrongStep(_("这份申领现为“%(state)s”，不能这样办理。请刷新页面查看最新进度。", state=labels.STATES[row.state]))
    try:
        check_version(row, version)
    except Stale as stale:
        raise (stale if row.state in states else wrong) from None
    if row.state not in states:
        raise wrong


def claimants(claim: SubsidyClaim) -> tuple[int | None, ...]:
    """The accounts that drew a claim up and handed it in."""
    return (claim.asked_by_id, claim.submitted_by_id)


def has_claimed(by: Identity, claim: SubsidyClaim) -> bool:
    """Whether the human behind this account (or another of theirs) drew the claim up or handed it in: who did neither samples nor approves nor pays it."""
    return any(is_same_holder(by.account_id, one) for one in claimants(claim))


def another_person(by: Identity, hands: tuple[int | None, ...], step: str) -> None:
    """Claiming, approving and paying take three persons; another account of the same human is no other person. Raises NotAllowed."""
    if any(is_same_holder(by.account_id, one) for one in hands):
        raise NotAllowed(_("这份申领的前一步由你办理，%(step)s须由另一人办理（同一人的另一个账号也不行），没有改动。", step=step))


def refuse_unfit(claim: SubsidyClaim, today: date, step: str) -> None:
    """Public money does not go to who was taken out of use or is on the blacklist (FJ-31, 000:817), as with awards. Raises Closed, Blacklisted."""
    refuse_closed(of(claim), today, step)
    found = awards.credit_finding(of(claim), CompanyRule.TRAINING, today)
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


def refuse_closed(organisation: Organisation, today: date, step: str) -> None:
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


def of(claim: SubsidyClaim) -> Organisation:
    organisation = organisations.by_id(claim.organisation_id)
    assert organisation is not None
    return organisation


def need_credit(claim: SubsidyClaim, today: date) -> None:
    """As with awards (FJ-31, 000:817): nothing is approved or paid before somebody has looked up every enterprise behind it."""
    if names := awards.unknown_credit(of(claim), today):
        raise SubsidyRefused(
            _("还没有核查信用，或核查已过期：%(names)s。请先在企业或基地的页面查询，或登记核查结果。", names=listed(names)), code="credit_unknown"
        )
