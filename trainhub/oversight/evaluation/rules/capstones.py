"""Requirement 8: capstones done in the enterprise of their topic, with a supervisor there who guides (002:279)."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.oversight.evaluation.rules.common import every, lacking, uncovered_days
from trainhub.oversight.evaluation.types import CapstoneCase, Criterion
from trainhub.policy.findings import Finding
from trainhub.policy.types import Parameter

NOTHING = "没有参加卓越计划的学生。"
NO_CAPSTONE = "还没有登记毕业设计。"


def place_gaps(case: CapstoneCase, *, tolerance: int) -> list[str]:
    """Why a capstone was not done as a whole in the enterprise of its topic; empty when it was (PETOE-8.2, 002:567).

    The defence on campus lies outside the process: `tolerance` days may stay uncovered.
    """
    if case.enterprise_id is None:
        return ["没有毕业设计"]
    gaps = []
    if case.topic_enterprise_id != case.enterprise_id:
        gaps.append("毕业设计所在企业不是选题相关企业")
    if case.starts_on is not None and case.ends_on is not None:
        open_ = uncovered_days(case.starts_on, case.ends_on, case.spans)
        if open_ > tolerance:
            gaps.append(f"{open_} 天不在该企业的实习期内，容许 {tolerance} 天")
    return gaps


def supervision_gaps(case: CapstoneCase, *, guidances: int, needs_school: bool = True) -> list[str]:
    """Why the supervision is not whole; substantive means guided, not only named (PETOE-8.3, 002:569)."""
    if case.enterprise_id is None:
        return ["没有毕业设计"]
    gaps = []
    if needs_school and not case.has_school:
        gaps.append("没有校内导师")
    if case.enterprise_supervisor is None:
        gaps.append("没有企业导师")
    else:
        if not case.is_of_enterprise:
            gaps.append(f"企业导师 {case.enterprise_supervisor} 不属于毕业设计所在企业")
        if case.guidances < guidances:
            gaps.append(f"企业导师确认的指导记录 {case.guidances} 次，需 {guidances} 次")
    return gaps


def _judge(criterion: Criterion, cases: Sequence[CapstoneCase], gaps: list[list[str]], parameter: Parameter, denominator: str) -> Finding:
    if cases and all(case.enterprise_id is None for case in cases):
        return lacking(criterion, parameter, NO_CAPSTONE, required=len(cases))
    return every(
        criterion,
        sum(1 for found in gaps if not found),
        len(cases),
        parameter=parameter,
        denominator=denominator,
        details=[f"{case.label}：{'；'.join(found)}" for case, found in zip(cases, gaps, strict=True) if found],
        nothing=NOTHING,
    )


def judge_place(
    criterion: Criterion, cases: Sequence[CapstoneCase], *, same_enterprise: Parameter, tolerance: Parameter, denominator: str
) -> Finding:
    """8.2: every judged student's capstone is done as a whole in the enterprise of its topic (002:567)."""
    return _judge(criterion, cases, [place_gaps(case, tolerance=tolerance.number) for case in cases], same_enterprise, denominator)


def judge_supervision(
    criterion: Criterion, cases: Sequence[CapstoneCase], *, enterprise: Parameter, school: Parameter, guidances: Parameter, denominator: str
) -> Finding:
    """8.3: every judged student has a school supervisor and an enterprise one who guides (002:569)."""
    gaps = [supervision_gaps(case, guidances=guidances.number, needs_school=school.number > 0) for case in cases]
    return _judge(criterion, cases, gaps, enterprise, denominator)
