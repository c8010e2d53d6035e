"""What every step of an award shares: who may take it and when, how it ends, how it is refused.

Every step is one row of `types.TRANSITIONS`; who may take it is the rule's own department (`specs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from enterprises.awards import labels, queries, rules, telling
from enterprises.awards.company_rules import EVERYWHERE
from enterprises.awards.models import Award
from enterprises.awards.specs import spec_of, terms_of
from enterprises.awards.types import LOCAL_GOVERNMENT, TRANSITIONS, Action, AwardState, Entitlement, StepKind, Who
from enterprises.permissions import Can
from trainhub.identity.queries import is_same_holder
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role, may
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.policy.findings import Finding


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


class UnderWay(Refused):
    """The same thing is applied for already: what is new is added there, so that nothing that was sent is lost."""

    code = "under_way"
    status = 409


class NotEligible(Refused):
    """Conditions are missing; each is a detail with its clause."""

    code = "not_eligible"


# -- who and when -------------------------------------------------------------------------------------------------------


CONFERENCE = (Role.DEPT_EDU, Role.DEPT_HR, Role.DEPT_ST)
"""The departments of the joint conference that have a role here; each may enter what it decided (FJ-34, 000:829)."""


def may_act(by: Identity, rule: str, who: Who) -> bool:
    """Whether the identity is the department, or the payer, that the rule names; who applies is judged by the scope."""
    if by.everywhere(Role.SYSTEM_ADMIN):
        return True
    spec = spec_of(rule)
    names = {Who.DEPARTMENT: spec.departments, Who.PAYER: spec.payer_roles, Who.CONFERENCE: CONFERENCE}.get(who)
    return names is None or by.everywhere(*(Role(name) for name in names))


def may_take(by: Identity, award: Award, who: Who) -> bool:
    """`may_act` for one award: what the local government pays its city may record, too."""
    is_its_city = who is Who.PAYER and pays_locally(award) and by.over(queries.award_subject(award), Role.PREFECTURE_OPERATOR)
    return is_its_city or may_act(by, award.rule, who)


def may_check(award: Award, by: Identity) -> bool:
    """Whether the check is this identity's: the prefecture's over whom it lies; of recipients from elsewhere (`EVERYWHERE`), who lie in no city of ours,
    the rule's department's, and then another person decides (`hand_before`)."""
    subject = queries.award_subject(award)
    if may(by, Can.AWARD_CHECK, subject):
        return True
    return (
        award.rule in EVERYWHERE
        and not queries.has_own_city(award)
        and may(by, Can.AWARD_HANDLE, subject)
        and may_act(by, award.rule, Who.DEPARTMENT)
    )


def pays_locally(award: Award) -> bool:
    """Whether the sentence names 所在地政府 as the payer (FJ-10b, FJ-25c; 000:717, 000:787), as it stood when the award was decided."""
    return award.decided_on is not None and terms_of(award.rule, queries.parameters(award.decided_on)).payer == LOCAL_GOVERNMENT


AFTER_APPLICATION = frozenset({Action.RECOGNISE, Action.ACCEPT, Action.DECIDE, Action.CONFER, Action.PAY})
"""What whoever applied, or added to the application, leaves to another."""


def tell_checkers(award: Award, what: str, now: datetime, unique_key: str | None = None, *, added_by: int | None = None) -> None:
    """Tell whoever checks an application (as `may_check` judges) that it waits for them: `to_check`, `added` to one that was found wanting, or
    `to_check_again` (once for a `unique_key`).
    Where the region that names the city is missing, who applied, who may enter it and the rule's department hear that it is entered first; of who is
    of another province who applied and the department hear that there is nobody to check."""
    is_of_city = award.rule not in EVERYWHERE or queries.has_own_city(award)
    if is_of_city and queries.is_unplaced(award):
        tell = telling.of_place if lacks_region(award) else telling.of_outside
        tell(award, spec_of(award.rule).departments, now, unique_key)
        return
    roles = () if is_of_city else spec_of(award.rule).departments
    telling.whose_turn(award, what, roles, now, is_of_city=is_of_city, unique_key=unique_key, added_by=added_by)


def lacks_region(award: Award) -> bool:
    """Whether the check waits until the region that names the city is entered; who is of another province has none of ours."""
    is_of_city = award.rule not in EVERYWHERE or queries.has_own_city(award)
    return is_of_city and queries.is_unplaced(award) and not queries.is_outside(award)


def hand_before(award: Award, action: Action, by: Identity) -> str:
    """What the human behind this account (or another account of theirs) did with the award that this step has to be a second person's for:
    who applied (or added to what was sent) does not recognise, accept or decide, who checked does not decide nor enter what the conference said, who put the amount forward does not enter what the joint conference
    said, and neither of them pays.
    Empty: the step is theirs to take. Nobody (a command of the house) is nobody."""
    conferred = queries.latest_steps(award.id).get(StepKind.CONFERENCE) if action is Action.PAY else None
    if action in (Action.DECIDE, Action.CONFER):
        checks = [step.recorded_by_id for step in queries.steps_of(award.id) if step.kind is StepKind.CHECK]
        if any(is_same_holder(by.account_id, key) for key in checks):
            return str(labels.STEPS[StepKind.CHECK])
    if action in AFTER_APPLICATION and any(is_same_holder(by.account_id, key) for key in queries.supplemented_by(award.id)):
        return str(labels.ACTIONS[Action.APPLY])
    hands = {
        Action.APPLY: (award.applied_by_id, AFTER_APPLICATION),
        Action.DECIDE: (award.decided_by_id, {Action.CONFER, Action.PAY}),
        Action.CONFER: (conferred.recorded_by_id if conferred else None, {Action.PAY}),
    }
    return next((str(labels.ACTIONS[did]) for did, (one, barred) in hands.items() if action in barred and is_same_holder(by.account_id, one)), "")


def begin(award: Award, action: Action, by: Identity, version: int | None) -> None:
    """Whether the step may be taken by this identity now. Raises NotAllowed, WrongStep (also who pressed the button a second time), Stale."""
    wrong = WrongStep(
        _("这项奖励现为“%(state)s”，不能%(action)s。请刷新页面查看最新进度。", state=labels.STATES[award.state], action=labels.ACTIONS[action])
    )
    try:
        check_version(award, version)
    except Stale as stale:
        raise (stale if rules.may_follow(award.state, action, award.rule) else wrong) from None
    step = TRANSITIONS[action]
    if not may_take(by, award, step.who):
        raise NotAllowed(
            _("“%(rule)s”的%(action)s由该项规定的主管部门办理，你的部门不能办理。", rule=name(award.rule), action=labels.ACTIONS[action])
        )
    if did := hand_before(award, action, by):
        raise NotAllowed(
            _(
                "这项奖励的“%(did)s”由你办理，%(action)s须由另一人办理（同一人的另一个账号也不行），没有改动。",
                did=did,
                action=labels.ACTIONS[action],
            )
        )
    if not rules.may_follow(award.state, action, award.rule):
        raise wrong


def end(award: Award, action: Action, by: Identity, now: datetime, *, after: AwardState | None = None, returned: str = "", **data: object) -> Award:
    """Into the state that follows (`after`: another one; `returned`: why it went back to an earlier one), with the entry in the log and the word to who
    applied. Raises AlreadyAwarded when the database stops it."""
    before = award.state
    award.state = after or TRANSITIONS[action].after
    try:
        with session().begin_nested():
            session().flush()
    except IntegrityError as twice:
        raise AlreadyAwarded(_("已经获得过“%(rule)s”，同一事项不得重复奖励。", rule=name(award.rule))) from twice
    audit.record(by=by, did=f"awards.award.{award.state.value}", on=award, data={"before": before, "after": award.state, **data})
    telling.of_move(award, now, returned=returned)
    if award.state is AwardState.DECIDED:
        telling.whose_turn(award, "to_pay", spec_of(award.rule).payer_roles, now, is_of_city=pays_locally(award))
    return award


def name(rule: str) -> str:
    """A rule as refusals call it."""
    return f"{rule} {labels.name_of(rule)}"


def need(text: str, message: str, field: str) -> str:
    """A text that has to be there. Raises AwardRefused."""
    text = text.strip()
    if not text:
        raise AwardRefused(message, field=field)
    return text


def once_found(answer: Entitlement) -> tuple[str, ...]:
    """What was given before, as the finding names it."""
    found = next(f.found for f in answer.findings if f.code.endswith(".once"))
    return tuple(str(x) for x in found) if isinstance(found, tuple) else (str(found),)


def not_eligible(bad: Sequence[Finding], what_to_do: str = "") -> NotEligible:
    """The refusal that names what is missing, each with its clause, and what can be done."""
    names = "；".join(str(labels.condition(f.code)) for f in bad)
    return NotEligible(
        _("条件不具备：%(names)s。各项依据见奖励页面。", names=names) + what_to_do,
        details=[{"column": f.code, "value": str(f.found), "problem": f"{f.required}（{f.clause.cite}）"} for f in bad],
    )
