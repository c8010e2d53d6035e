"""Requirement 7: the plan's weeks, every student's days, the place of every item. Three separate checks (requirements.md 8.1, 2)."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.oversight.evaluation.rules.common import cited, every, lacking
from trainhub.oversight.evaluation.types import Criterion, PlanItemCase, StudentCase
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter, Value


def weeks_text(weeks_x10: int) -> Value:
    """Whole weeks as a number, parts as text: 31.5 is never rounded."""
    return weeks_x10 // 10 if weeks_x10 % 10 == 0 else f"{weeks_x10 // 10}.{weeks_x10 % 10}"


def judge_plan_weeks(criterion: Criterion, items: Sequence[PlanItemCase], *, weeks: Parameter) -> Finding:
    """7.1: the items of the plan last 32 weeks or more; an empty plan lasts none (002:549)."""
    total = sum(item.weeks_x10 for item in items)
    finding = decided(
        criterion.code,
        total >= weeks.number * 10,
        found=weeks_text(total),
        parameter=weeks,
        denominator=f"企业培养方案 {len(items)} 个环节",
        details=[f"{item.label}：{weeks_text(item.weeks_x10)} 周" for item in items],
    )
    return cited(finding, criterion)


def judge_students(criterion: Criterion, students: Sequence[StudentCase], *, days: Parameter, per_week: Parameter, denominator: str) -> Finding:
    """7.2: EVERY judged student has 160 credited days; the least of them is what is found, never the mean (002:551). `per_week`: the days that are told
    as a week."""
    if not students:
        return lacking(criterion, days, "没有参加卓越计划的学生。")
    week = max(1, per_week.number)  # somebody may think about weeks of no day, in which nobody has one
    short = sorted((s for s in students if s.credited_days < days.number), key=lambda s: (s.credited_days, s.label))
    finding = decided(
        criterion.code,
        not short,
        found=min(student.credited_days for student in students),
        parameter=days,
        denominator=denominator,
        details=[f"{s.label}：{s.credited_days} 天（{s.credited_days / week:g} 周），还差 {days.number - s.credited_days} 天" for s in short],
    )
    return cited(finding, criterion)


def judge_places(criterion: Criterion, items: Sequence[PlanItemCase], *, location: Parameter) -> Finding:
    """7.3: every item of the plan is done in an enterprise; a campus item earns nothing (002:553)."""
    good = [item for item in items if item.is_at_enterprise]
    return every(
        criterion,
        len(good),
        len(items),
        parameter=location,
        denominator=f"企业培养方案 {len(items)} 个环节",
        details=[f"{item.label}：不在企业完成" for item in items if not item.is_at_enterprise],
        nothing="还没有企业培养方案。",
    )
