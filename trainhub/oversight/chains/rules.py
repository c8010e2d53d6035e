"""The judgement of a chain: a finished course, the year in enterprises, a passed capstone. Pure."""

from __future__ import annotations

from trainhub.ledger.rules import judge_enterprise_weeks
from trainhub.oversight.chains.types import ChainFacts
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter

COURSE, PLACEMENT, CAPSTONE = "course", "placement", "capstone"


def judge(facts: ChainFacts, *, asked: Parameter, weeks: Parameter, days: Parameter) -> tuple[Finding, ...]:
    """The findings of the facts that `asked` (own.certificate.programme_facts) names, in its order.

    Enterprise learning is judged by `weeks` and `days` (PETOE-7.2, 002:551): 160 credited days are the 32 weeks.
    """
    judged = {
        COURSE: decided(
            "chain.course", bool(facts.courses), found=len(facts.courses), required=1, parameter=asked, details=[one.title for one in facts.courses]
        ),
        PLACEMENT: judge_enterprise_weeks(facts.credited_days, weeks=weeks, days_required=days),
        CAPSTONE: decided(
            "chain.capstone",
            bool(facts.capstones),
            found=len(facts.capstones),
            required=1,
            parameter=asked,
            details=[one.title for one in facts.capstones],
        ),
    }
    return tuple(judged[str(name)] for name in asked.items)
