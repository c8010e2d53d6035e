"""Requirement 5: six core or major specialty courses led by lecturers with five years in enterprises, two courses each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from trainhub.oversight.evaluation.rules.common import cited, lacking
from trainhub.oversight.evaluation.types import CandidateCase, Criterion
from trainhub.policy.findings import Finding, decided, to_judge
from trainhub.policy.types import Parameter

Cohorts = Mapping[int, Sequence[CandidateCase]]
NOTHING = "还没有为任何年级确定 6 门课程。"


def is_eligible(case: CandidateCase, importance: Parameter) -> bool:
    """A core or major specialty course within the four years of study, which everybody takes (002:481, 002:271)."""
    return not case.is_optional and case.is_specialty and case.importance in importance.items and case.is_in_window


def is_qualified(case: CandidateCase, days: Parameter) -> bool:
    """Its lead lecturer worked long enough in enterprises before the first teaching day (002:483)."""
    return case.lead_id is not None and case.lead_days >= days.number


def within_cap(cases: Sequence[CandidateCase], cap: int) -> int:
    """How many courses can be chosen with at most `cap` for each lecturer, a human under whatever number: the sum of min(cap, courses) (1.x)."""
    leads = Counter(case.human for case in cases if case.human is not None)
    return sum(min(cap, number) for number in leads.values())


def pool(cases: Sequence[CandidateCase], needed: int, *tests: Sequence[bool]) -> list[CandidateCase]:
    """The narrowest set of candidates that still holds `needed` courses: so one weakness is not counted twice."""
    chosen = list(cases)
    for passed in tests:
        narrower = [case for case, good in zip(cases, passed, strict=True) if good and case in chosen]
        if len(narrower) >= needed:
            chosen = narrower
    return chosen


def _weakest(found: Mapping[int, int]) -> tuple[int, int]:
    year = min(found, key=lambda key: (found[key], key))
    return year, found[year]


def _denominator(cohorts: Cohorts) -> str:
    return "、".join(f"{year} 级候选 {len(cases)} 门" for year, cases in sorted(cohorts.items()))


def judge_designated(criterion: Criterion, cohorts: Cohorts, *, courses: Parameter, importance: Parameter) -> Finding:
    """5.1: the six are core or major specialty courses (002:481). Every judged cohort has to have them."""
    if not any(cohorts.values()):
        return lacking(criterion, courses, NOTHING)
    found = {year: sum(1 for case in cases if is_eligible(case, importance)) for year, cases in cohorts.items()}
    details = [
        f"{year} 级 {case.label}："
        + ("是选修课，不是全体学生修读" if case.is_optional else "不在入学后四年内" if not case.is_in_window else "不是主要或核心的专业课程")
        for year, cases in sorted(cohorts.items())
        for case in cases
        if not is_eligible(case, importance)
    ]
    _year, least = _weakest(found)
    finding = decided(criterion.code, least >= courses.number, found=least, parameter=courses, denominator=_denominator(cohorts), details=details)
    return cited(finding, criterion)


def judge_experience(criterion: Criterion, cohorts: Cohorts, *, courses: Parameter, importance: Parameter, days: Parameter) -> Finding:
    """5.2: the lecturers of the six have worked 1826 days in enterprises before the first teaching day (002:483)."""
    if not any(cohorts.values()):
        return lacking(criterion, courses, NOTHING)
    found, details = {}, []
    for year, cases in sorted(cohorts.items()):
        candidates = pool(cases, courses.number, [is_eligible(case, importance) for case in cases])
        found[year] = sum(1 for case in candidates if is_qualified(case, days))
        details += [
            f"{year} 级 {case.label}：{case.lead} 的企业工作经历 {case.lead_days} 天，需 {days.number} 天"
            if case.lead is not None
            else f"{year} 级 {case.label}：没有主讲教师"
            for case in candidates
            if not is_qualified(case, days)
        ]
    _year, least = _weakest(found)
    finding = decided(criterion.code, least >= courses.number, found=least, parameter=courses, denominator=_denominator(cohorts), details=details)
    return cited(finding, criterion)


def judge_cap(
    criterion: Criterion,
    cohorts: Cohorts,
    *,
    courses: Parameter,
    importance: Parameter,
    days: Parameter,
    cap: Parameter,
    waiver_allowed: Parameter,
) -> Finding:
    """5.4: nobody leads more than two of the six; of more candidates a valid six is chosen (002:487).

    The requirement says 原则上 (002:271): with a written waiver for what exceeds the cap a person decides (requirements.md 8.1, 1). The
    waivers of a lecturer cover what this one leads too many, not what another does.
    """
    if not any(cohorts.values()):
        return lacking(criterion, cap, NOTHING, required=courses.number)
    found, details, is_waived = {}, [], True
    for year, cases in sorted(cohorts.items()):
        eligible = [is_eligible(case, importance) for case in cases]
        candidates = pool(cases, courses.number, eligible, [is_qualified(case, days) for case in cases])
        found[year] = within_cap(candidates, cap.number)
        if found[year] >= courses.number:
            continue
        over = {lead for lead, number in Counter(case.human for case in candidates).items() if lead is not None and number > cap.number}
        covered = 0
        for lead in sorted(over):
            mine = [case for case in candidates if case.human == lead]
            reasons = [case.waiver for case in mine if case.waiver]
            open_ = max(len(mine) - cap.number - len(reasons), 0)
            covered += len(mine) - cap.number - open_
            line = f"{year} 级 {mine[0].lead}：主讲 {len(mine)} 门，上限 {cap.number} 门" + (f"（豁免：{reasons[0]}）" if reasons else "")
            details.append("；".join((line, f"超出的课程中 {open_} 门没有豁免")) if open_ else line)
        is_waived = is_waived and waiver_allowed.flag and found[year] + covered >= courses.number
        if not over:
            details.append(f"{year} 级：有主讲教师的候选课程只有 {found[year]} 门")
    _year, least = _weakest(found)
    if least < courses.number and is_waived:
        return to_judge(
            criterion.code,
            criterion.clause,
            found=least,
            required=courses.number,
            denominator=_denominator(cohorts),
            details=details,
            parameter=cap,
        )
    finding = decided(
        criterion.code,
        least >= courses.number,
        found=least,
        required=courses.number,
        parameter=cap,
        denominator=_denominator(cohorts),
        details=details,
    )
    return cited(finding, criterion)
