"""Requirement 8: capstones done in the enterprise of their topic, with a supervisor there who guides (002:279).

What holds for one capstone the capstones' own rule has found; here a group is judged: every student, or who is the exception.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.oversight.evaluation.rules.common import every, lacking
from trainhub.oversight.evaluation.types import CapstoneCase, Criterion
from trainhub.policy.findings import Finding
from trainhub.policy.types import Parameter

NOTHING = "没有参加卓越计划的学生。"
NO_CAPSTONE = "还没有登记毕业设计。"
WHY = {
    "8.2": "{found} 天不在该企业的实习期内，容许 {required} 天",
    "8.3.school": "校内导师 {found} 人，需 {required} 人",
    "8.3.enterprise": "毕业设计所在企业在任的企业导师 {found} 人，需 {required} 人",
    "8.3.guidance_school": "校内导师确认的指导记录 {found} 次，需 {required} 次",
    "8.3.guidance_enterprise": "企业导师确认的指导记录 {found} 次，需 {required} 次",
}


def gaps(case: CapstoneCase, code: str) -> list[str]:
    """Why a capstone does not meet a criterion; empty when it does."""
    if case.is_supposed:
        return []
    if not case.findings:
        return ["没有毕业设计"]
    short = [f for f in case.findings if (f.code == code or f.code.startswith(f"{code}.")) and not f.met]
    return [line for f in short for line in (WHY[f.code].format(found=f.found, required=f.required), *(one.rstrip("。") for one in f.details))]


def judge(criterion: Criterion, cases: Sequence[CapstoneCase], *, parameter: Parameter, denominator: str) -> Finding:
    """8.2 or 8.3: the capstone of every judged student meets it (002:567, 002:569)."""
    if cases and not any(case.findings or case.is_supposed for case in cases):
        return lacking(criterion, parameter, NO_CAPSTONE, required=len(cases))
    found = [(case.label, gaps(case, criterion.code)) for case in cases]
    return every(
        criterion,
        sum(1 for _label, why in found if not why),
        len(cases),
        parameter=parameter,
        denominator=denominator,
        details=[f"{label}：{'；'.join(why)}" for label, why in found if why],
        nothing=NOTHING,
    )
