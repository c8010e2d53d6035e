"""Judgements on bases: leaders of both sides, agreements in force, capacity (PETOE-6.1, 6.2, 6.6); who accepts which type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from enterprises.bases.types import AcceptanceStep, AgreementSpan, BaseType, LeaderSide
from trainhub.policy.findings import Finding, decided, no_data
from trainhub.policy.types import Parameter

DEPARTMENTS: Mapping[BaseType, tuple[str, ...]] = {
    BaseType.EPEC: ("dept_edu",),
    BaseType.PRACTICE_BASE: ("dept_edu",),
    BaseType.TRAINING_INSTITUTION: ("dept_edu",),
    BaseType.TRAINING_BASE: ("dept_edu", "dept_hr"),
    BaseType.JOINT_TRAINING_BASE: ("dept_edu",),
    BaseType.INCUBATION_BASE: ("dept_hr",),
    BaseType.INCUBATOR: ("dept_st",),
    BaseType.RURAL_PARK: ("dept_hr",),
    BaseType.INTERNET_ZONE: ("dept_st",),
    BaseType.MAKER_SPACE: ("dept_st",),
    BaseType.INNOVATION_TRAINING_CENTRE: ("dept_edu", "dept_st"),
    BaseType.INTERNATIONAL_TRAINING: ("dept_edu", "dept_hr"),
    BaseType.ENGINEERING_TRAINING_CENTRE: ("dept_edu",),
    BaseType.OFF_CAMPUS_TRAINING: ("dept_edu",),
    BaseType.ENTERPRISE_TRAINING: ("dept_edu", "dept_hr"),
    BaseType.COACHING_STATION: ("dept_st",),
    BaseType.EXPERIENCE_CENTRE: ("dept_st",),
}
"""By type the departments that recognise and accept it: FJ-16b 省教育厅 (000:745), FJ-26b 省科技厅, FJ-26c/d 省人社厅 (000:793)."""


def judge_leaders(present: Iterable[LeaderSide], *, parameter: Parameter) -> Finding:
    """At least one leader of each side (PETOE-6.2, 002:509). `present`: the side of every leader in office."""
    sides = list(present)
    counts = {side: sides.count(side) for side in LeaderSide}
    found = f"学校 {counts[LeaderSide.SCHOOL]} · 企业 {counts[LeaderSide.ENTERPRISE]}"
    lacking = tuple(side.value for side in LeaderSide if counts[side] < parameter.number)
    return decided("6.2", not lacking, found=found, parameter=parameter, details=lacking)


def judge_agreement(agreements: Collection[AgreementSpan], *, on: date, parameter: Parameter) -> Finding:
    """An agreement in force with every mandatory topic (PETOE-6.6, 002:517-519). The best one in force answers."""
    if not agreements:
        wanted = len(parameter.items)
        return no_data("6.6", parameter.clause, required=f"{wanted}/{wanted}", parameter=parameter, details=("no_agreement",))
    topics = set(parameter.items)
    running = [one for one in agreements if is_in_force(one, on)]
    best = max(running, key=lambda one: (len(topics & set(one.topics)), one.until), default=None)
    count = len(topics & set(best.topics)) if best else 0
    lacking = tuple(sorted(topics - set(best.topics))) if best else ("not_in_force",)
    return decided("6.6", best is not None and not lacking, found=f"{count}/{len(topics)}", required=f"{len(topics)}/{len(topics)}",
                   parameter=parameter, details=lacking)  # fmt: skip


def judge_capacity(placed: int, capacity: int | None, *, parameter: Parameter) -> Finding:
    """Placed students of a term within the base's capacity (PETOE-6.1, 002:507). Unknown capacity: no data.

    The sentence holds no number: what is required is the base's own figure. `parameter` is one of the same document
    (petoe.centre_leaders_per_side_min); its clause is turned to the sentence of 6.1.
    """
    clause = replace(parameter.clause, rule="PETOE-6.1", line=507, quote="实训、实习、现场教学的场所与设备等，能够满足企业培养方案实施的需要")
    if capacity is None:
        return no_data("6.1", clause, details=("no_capacity",))
    return replace(decided("6.1", placed <= capacity, found=placed, required=capacity, parameter=parameter), clause=clause, parameter="")


def is_near_full(placed: int, capacity: int | None, percent: int) -> bool:
    """Whether the load of a term has reached the warning share of the capacity."""
    return capacity is not None and placed * 100 >= capacity * percent


def is_in_force(agreement: AgreementSpan, on: date) -> bool:
    """Whether an agreement holds on a day, both ends included; it never holds before it is signed."""
    return agreement.signed_on <= on and agreement.since <= on <= agreement.until


def expires_soon(agreement: AgreementSpan, *, on: date, days: int) -> bool:
    """Whether an agreement in force ends within `days`."""
    return is_in_force(agreement, on) and agreement.until <= on + timedelta(days=days)


def next_steps(history: Iterable[AcceptanceStep]) -> tuple[AcceptanceStep, ...]:
    """What a department may record after these steps: 认定 before 验收; a revocation opens the way again."""
    state: AcceptanceStep | None = None
    for step in history:
        state = step
    if state is None or state is AcceptanceStep.REVOKED:
        return (AcceptanceStep.RECOGNISED,)
    if state is AcceptanceStep.RECOGNISED:
        return (AcceptanceStep.ACCEPTED, AcceptanceStep.REVOKED)
    return (AcceptanceStep.REVOKED,)
