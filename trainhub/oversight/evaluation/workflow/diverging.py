"""Where the visiting group and the data say different things about a computed criterion.

The computed finding stands: nobody types over data (002:215 asks the experts for an opinion, the verdict is derived). The opinion stands
beside it and the difference is listed, so that the data are looked at again or the group is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import func, select

from trainhub.kernel.clock import end_of
from trainhub.kernel.db import session
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow.models import Application, Consensus
from trainhub.oversight.evaluation.workflow.types import Opinion, State
from trainhub.policy.findings import Finding, Status

NOT_READABLE = (State.VISIT_SCHEDULED, State.WITHDRAWN)
"""While the visit lasts nobody reads what the group agreed on; what was withdrawn says nothing."""


def differs(finding: Finding, opinion: Opinion) -> bool:
    """Data say met and the group says 未达到, or the other way round. 未能判断 and what soft words leave open differ from nothing."""
    if catalogue.criteria()[finding.code].kind is not CriterionKind.COMPUTED:
        return False
    if opinion is Opinion.UNCLEAR or finding.status is Status.JUDGE:
        return False
    return (finding.status is Status.MET) is not (opinion is Opinion.MET)


def among(findings: Iterable[Finding], agreed: Mapping[str, Consensus]) -> list[tuple[Finding, Consensus]]:
    """The criteria where both differ, in their order."""
    return [(one, agreed[one.code]) for one in findings if one.code in agreed and differs(one, agreed[one.code].opinion)]


def latest_of(programme_id: int, on: date) -> dict[str, Consensus]:
    """By criterion: what the group of the last visit that was over agreed on up to a day. One query."""
    last = (
        select(func.max(Consensus.application_id))
        .join(Application, Application.id == Consensus.application_id)
        .where(Application.programme_id == programme_id, Application.state.not_in(NOT_READABLE), Consensus.recorded_at <= end_of(on))
        .scalar_subquery()
    )
    statement = select(Consensus).where(Consensus.application_id == last, Consensus.recorded_at <= end_of(on)).order_by(Consensus.id)
    return {row.criterion: row for row in session().scalars(statement)}
