"""Steps beside an application: the prefecture's check, the department's site inspection, the joint conference."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.awards import labels, queries, telling
from enterprises.awards.fund_models import AwardStep
from enterprises.awards.models import Award
from enterprises.awards.specs import spec_of
from enterprises.awards.types import AwardState, StepKind
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed

WHEN = {StepKind.CHECK: AwardState.APPLIED, StepKind.INSPECTION: AwardState.APPLIED, StepKind.CONFERENCE: AwardState.CONFERENCE}
AGAIN = queries.CHECKED_AGAIN
"""Where the check is made again when figures it saw have changed since."""
DID = {
    StepKind.CHECK: "awards.award.reviewed",
    StepKind.INSPECTION: "awards.award.inspected",
    StepKind.CONFERENCE: "awards.award.conferred",
}


class StepRefused(Refused):
    """A step that cannot be, or that is missing."""

    code = "step_refused"


def record(
    *,
    award: Award,
    kind: StepKind,
    on: date,
    is_positive: bool,
    text: str,
    people: str = "",
    by: Identity,
    today: date,
    now: datetime,
    version: int | None = None,
) -> AwardStep:
    """Record the prefecture's check, the inspection after it, or what the joint conference found. A later one of a kind replaces;
    the earlier stays readable.

    Raises StepRefused: not applied for, out of order, a day that cannot be, no words; NotAllowed: who applied.
    """
    queries.hold(award.organisation_id)  # a decision of the same moment rests on this step, or comes before it
    session().refresh(award)
    check_version(award, version)
    if is_own(award, kind, by):
        raise NotAllowed(_("这项奖励的“申请”由你办理，%(step)s须由另一人办理（同一人的另一个账号也不行），没有改动。", step=labels.STEPS[kind]))
    if not is_open(award, kind, today):
        raise StepRefused(_("奖励现在不在“%(step)s”这一步，请刷新页面。", step=labels.STEPS[kind]), code="wrong_step")
    if not text.strip():
        raise StepRefused(_("请写明意见和依据。"), field="text")
    found = queries.latest_steps(award.id)
    earliest = max((day for day in (award.accepted_on, award.applied_on) if day is not None), default=None)
    if kind is StepKind.INSPECTION:
        check = found.get(StepKind.CHECK)
        if check is None or not check.is_positive:
            raise StepRefused(_("初审通过后才能现场考察。"), code="check_needed")
        earliest = check.on
    if kind is StepKind.CONFERENCE and award.proposed_on is not None:
        earliest = award.proposed_on
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
    audit.record(by=by, did=DID[kind], on=award, data={"on": on, "is_positive": is_positive, "reason": row.text[:400]})
    telling.of_step(award, row, now)
    if kind is StepKind.CHECK and (is_positive or award.state in AGAIN):
        telling.whose_turn(award, "to_handle" if is_positive else "to_settle", spec_of(award.rule).departments, now, is_of_city=False)
    return row


def is_own(award: Award, kind: StepKind, by: Identity) -> bool:
    """Whether the human behind this account (or another of theirs) applied or added to the application: who did neither checks nor inspects it."""
    hands = (award.applied_by_id, *queries.supplemented_by(award.id)) if kind is not StepKind.CONFERENCE else ()
    return any(is_same_holder(by.account_id, key) for key in hands)


def is_open(award: Award, kind: StepKind, today: date) -> bool:
    """Whether a step may be recorded now: in its state, and the check again later where figures have changed since."""
    if award.state is WHEN[kind]:
        return True
    return kind is StepKind.CHECK and award.state in AGAIN and bool(queries.changed_since_check(award, today))


def require(award: Award, *, needs_inspection: bool, today: date) -> None:
    """The check stands, is positive and saw the figures of today; and so does the inspection (`needs_inspection` False: if there is
    one). Raises StepRefused."""
    if missing := lacks(award, needs_inspection=needs_inspection, today=today):
        raise missing


def lacks(award: Award, *, needs_inspection: bool, today: date) -> StepRefused | None:
    """What `require` would refuse with, None where nothing is missing."""
    found = queries.latest_steps(award.id)
    check, inspection = found.get(StepKind.CHECK), found.get(StepKind.INSPECTION)
    if check is None:
        return StepRefused(_("还没有初审通过，不能往下办理。"), code="check_needed")
    if not check.is_positive:
        return StepRefused(_("最近一次初审没有通过，不能往下办理：请不予通过，或等补充、改正后再次初审通过。"), code="check_needed")
    if changed := queries.changed_since_check(award, today):
        names = listed(dict.fromkeys(str(labels.condition(code)) for code in changed))
        return StepRefused(_("初审之后指标有改动（%(names)s），请先按现在的数字重新初审，再往下办理。", names=names), code="check_outdated")
    if not inspection.is_positive if inspection else needs_inspection:
        return StepRefused(_("主管部门还没有现场考察通过，不能往下办理。"), code="inspection_needed")
    return None
