"""What was paid and revoked comes back: recorded when it has come in, and only then money of its pool again."""

from __future__ import annotations

from datetime import date

from enterprises.awards import funds, queries
from enterprises.awards.models import Award
from enterprises.awards.operations.acting import AwardRefused, may_take, name, need
from enterprises.awards.projects import is_same
from enterprises.awards.types import BY_PROJECT, Who
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_yuan


def recover(*, award: Award, on: date, reference: str, by: Identity, today: date, version: int | None = None) -> Award:
    """Record that the money of a revoked award came back, on a day and with the document of the receipt: its pool holds it again. Recorded twice it
    changes nothing. Raises Stale, NotAllowed (the payer of the rule records it, as the payment), AwardRefused (nothing is to come back, a day
    before the revocation or in the future, no reference)."""
    check_version(award, version)
    if not may_take(by, award, Who.PAYER):
        raise NotAllowed(_("“%(rule)s”的收回由拨付单位登记，你的部门不能办理。", rule=name(award.rule)))
    queries.hold(award.organisation_id)
    session().refresh(award)
    if award.recovered_on is not None:
        return award
    if not queries.is_to_recover(award):
        raise AwardRefused(_("只有已拨付后撤销的奖励需要收回。"), code="nothing_to_recover")
    reference = need(reference, _("请填写收款凭证号。"), "reference")[:120]
    if on > today or (award.ended_on is not None and on < award.ended_on):
        raise AwardRefused(_("日期须在撤销与今天之间。"), field="on")
    if award.pool_id is not None and award.amount_fen is not None:
        funds.give_back(award.pool_id, award.amount_fen)
    award.recovered_on, award.recovery_reference = on, reference
    session().flush()
    audit.record(by=by, did="awards.award.recovered", on=award, data={"on": on, "reference": reference, "amount_fen": award.amount_fen})
    return award


def refuse_unrecovered(award: Award) -> None:
    """Beside money for the same thing that was revoked and has not come back nothing is paid (不得重复享受, 000:833). Raises AwardRefused."""
    owed = [one for one in queries.to_recover_of(award.organisation_id) if one.overlap_group == award.overlap_group or _is_same(one, award)]
    if owed:
        raise AwardRefused(
            _(
                "同一事项已撤销的“%(rule)s”（%(amount)s）还没有收回，收回以后才能拨付本项。",
                rule=name(owed[0].rule),
                amount=format_yuan(owed[0].amount_fen),
            ),
            code="not_recovered",
        )


def _is_same(one: Award, other: Award) -> bool:
    """Whether both are of one project, however either is spelled (`projects.is_same`)."""
    of = [(row.project, row.project_number, row.year) for row in (one, other)]
    return one.rule == other.rule and one.rule in BY_PROJECT and is_same(one.rule, *of)
