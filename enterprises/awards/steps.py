"""What comes between an application and its recognition: the prefecture's check, the department's site inspection."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from enterprises.awards.fund_models import AwardStep
from enterprises.awards.models import Award
from enterprises.awards.types import AwardState, StepKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _


class StepRefused(Refused):
    """A step that cannot be, or that is missing."""

    code = "step_refused"


def steps_of(award_id: int) -> list[AwardStep]:
    """Every step of an application in order."""
    return list(session().scalars(select(AwardStep).where(AwardStep.award_id == award_id).order_by(AwardStep.id)))


def latest(award_id: int) -> dict[StepKind, AwardStep]:
    """The step of each kind that holds: the last one recorded."""
    return {row.kind: row for row in steps_of(award_id)}


def record(
    *, award: Award, kind: StepKind, on: date, is_positive: bool, text: str, people: str = "", by: Identity, today: date, now: datetime
) -> AwardStep:
    """Record the prefecture's check, or the inspection after it. A later one of a kind replaces; the earlier stays readable.

    Raises StepRefused: not applied for, out of order, a day that cannot be, no words.
    """
    if award.state is not AwardState.APPLIED:
        raise StepRefused(_("只有已申请、尚未认定的奖励可以初审和考察。"), code="wrong_step")
    if not text.strip():
        raise StepRefused(_("请写明意见和依据。"), field="text")
    found = latest(award.id)
    earliest = award.applied_on
    if kind is StepKind.INSPECTION:
        check = found.get(StepKind.CHECK)
        if check is None or not check.is_positive:
            raise StepRefused(_("设区市初审通过后才能现场考察。"), code="check_needed")
        earliest = check.on
    if on > today or (earliest is not None and on < earliest):
        raise StepRefused(_("日期须在上一步与今天之间。"), field="on")
    row = AwardStep(
        award_id=award.id,
        kind=kind,
        on=on,
        is_positive=is_positive,
        text=text.strip(),
        people=people.strip()[:200],
        recorded_by_id=by.account_id,
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    did = {StepKind.CHECK: "awards.award.reviewed", StepKind.INSPECTION: "awards.award.inspected"}[kind]
    audit.record(by=by, did=did, on=award, data={"on": on, "is_positive": is_positive, "reason": row.text[:400]})
    return row


def require(award: Award) -> None:
    """Both steps stand and are positive, or the recognition has to wait. Raises StepRefused."""
    found = latest(award.id)
    for kind, message in (
        (StepKind.CHECK, _("设区市还没有初审通过，不能认定。")),
        (StepKind.INSPECTION, _("主管部门还没有现场考察通过，不能认定。")),
    ):
        row = found.get(kind)
        if row is None or not row.is_positive:
            raise StepRefused(message, code=f"{kind.value}_needed")
