"""An office reopens a computed criterion: the facts of the day count for the verdict, with who asked and why beside them.

The documents say that what was handed in is judged (002:213-217) and nothing of facts that come later. A record that was missing may be a mistake
of the submission; whether it counts is not the programme's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation import catalogue, readiness, submitted
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow import queries, words
from trainhub.oversight.evaluation.workflow.models import Application, Reopening
from trainhub.oversight.evaluation.workflow.operations import outside, telling
from trainhub.oversight.evaluation.workflow.types import Actor, State
from trainhub.policy.findings import finding_from_dict
from trainhub.programmes import queries as programmes

WHO: Mapping[State, Actor] = {
    State.VISITED: Actor.ASSOCIATION,
    State.AT_ASSOCIATION: Actor.ASSOCIATION,
    State.ACCREDITATION_CONCLUDED: Actor.ASSOCIATION,
    State.IN_WORKING_GROUP: Actor.WORKING_GROUP,
}
"""Who may reopen while an application stands where. During the visit every expert reads the same."""


class BadReopening(Refused):
    """The criterion cannot be reopened now, by this person, or without a reason."""

    code = "bad_reopening"


def reopen(*, application: Application, criterion: str, reason: str, by: Identity, today: date, now: datetime) -> Reopening:
    """Let what the data say today about a computed criterion stand for what was handed in: of the same group, by the same numbers.

    What was judged about it before counts no more. The same reason with the same finding again is returned as it is. Raises BadReopening.
    """
    queries.hold(application)
    office = WHO.get(application.state)
    kept, programme = None, programmes.by_id(application.programme_id)
    assert programme is not None
    if office is not None:
        kept = submitted.of_application(application, programme)
    if office is None or kept is None:
        raise BadReopening(_("申请现处于“%(state)s”，不能重新核查要点。", state=words.STATES[application.state]))
    if by.account_id is not None and office not in queries.offices_of(by):
        raise BadReopening(_("现在由%(who)s决定是否重新核查。", who=words.ACTORS[office]))
    outside.check(application, by, today)
    known = catalogue.criteria().get(criterion)
    if known is None:
        raise BadReopening(_("没有编号为 %(code)s 的评价要点。", code=criterion), field="criterion")
    if known.kind is not CriterionKind.COMPUTED:
        raise BadReopening(_("%(code)s 由专家判断，可以直接重新评判，不需要重新核查数据。", code=criterion), field="criterion")
    if not reason.strip():
        raise BadReopening(_("请写明理由。"), field="reason")
    group = kept.answer.group
    p = readiness.parameters(kept.on)
    case = case_of(programme, today, years=group.cohort_years, rules=p)
    if (case.group.cohort_years, case.group.is_finished) != (group.cohort_years, group.is_finished):
        years = "、".join(str(year) for year in group.cohort_years)
        raise BadReopening(_("%(years)s 级的毕业登记与提交时不同，请先更正，再重新核查。", years=years), field="criterion")
    found = readiness.raw_of(case, p)[criterion]
    last = next((one for one in reversed(queries.reopenings_of(application.id)) if one.criterion == criterion), None)
    if last is not None and (last.reason, finding_from_dict(last.finding)) == (reason.strip()[:400], finding_from_dict(found.as_dict())):
        return last
    row = Reopening(
        application_id=application.id,
        criterion=criterion,
        reason=reason.strip()[:400],
        finding=found.as_dict(),
        reopened_on=today,
        reopened_by_id=by.account_id,
        reopened_by=by.name[:200],
        reopened_at=now,
    )
    session().add(row)
    session().flush()
    data = {"criterion": criterion, "before": kept.raw[criterion].status.value, "after": found.status.value, "reason": row.reason}
    audit.record(by=by, did="evaluation.criterion.reopened", on=application, data=data)
    telling.tell_reopening(application, row, by=by, today=today, now=now)
    return row
