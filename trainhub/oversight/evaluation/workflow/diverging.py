"""Where the visiting group and the data say different things about a computed criterion.

The computed finding stands: nobody types over data (002:215 asks the experts for an opinion, the verdict is derived). The opinion stands
beside it and the difference is listed, so that the data are looked at again or the group is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow.models import Consensus
from trainhub.oversight.evaluation.workflow.types import Opinion
from trainhub.policy.findings import Finding, Status


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
