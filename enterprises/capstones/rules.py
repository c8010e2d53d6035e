"""Criteria 8.1 to 8.4 of the 卓越计划 on one capstone, and the arithmetic of its grade. Pure: values in, findings out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from enterprises.capstones.types import CapstoneFacts, ChoiceState, Result, RubricItem, SpotOutcome, SpotVerdict, Stay, SupervisorRole, TextGrade
from trainhub.policy.findings import Finding, at_least, decided
from trainhub.policy.types import Parameter

CRITERIA = ("8.1", "8.2", "8.3", "8.4")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The parameters that hold on the day asked for."""

    topic_source: Parameter
    topic_evidence_min: Parameter
    same_enterprise: Parameter
    uncovered_days_max: Parameter
    school_supervisors_min: Parameter
    enterprise_supervisors_min: Parameter
    guidance_logs_min: Parameter
    grades: Parameter
    school_weight: Parameter
    enterprise_weight: Parameter
    pass_mark: Parameter
    difference_over: Parameter
    text_grades_from: Parameter
    rubric_weights: Parameter
    review_weight: Parameter
    defence_weight: Parameter

    @property
    def text_limits(self) -> list[int]:
        """The lowest scores in tenths of 优秀, 良好, 中等 and 及格; the last is the pass mark, so that word and result never differ."""
        passed = self.pass_mark.number
        return [*(max(int(one), passed) for one in self.text_grades_from.items[:3]), passed]


def judge(facts: CapstoneFacts, numbers: Numbers) -> tuple[Finding, ...]:
    """Every finding of 8.1 to 8.4, in that order; the part of a code before its second dot names the criterion."""
    return (*judge_topic(facts, numbers), judge_place(facts, numbers), *judge_supervision(facts, numbers), judge_grades(facts, numbers))


def judge_all(many: Mapping[int, CapstoneFacts], numbers: Numbers) -> dict[int, tuple[Finding, ...]]:
    """`judge` of every capstone by its key. What is alike is judged once: a cohort of thousands shares its days and its topics."""
    known: dict[tuple[object, ...], tuple[Finding, ...]] = {}

    def once(part: Callable[[CapstoneFacts, Numbers], tuple[Finding, ...]], facts: CapstoneFacts, *asked: object) -> tuple[Finding, ...]:
        key = (part, *asked)
        if key not in known:
            known[key] = part(facts, numbers)
        return known[key]

    return {
        key: (
            *once(judge_topic, one, one.source, one.evidence),
            *once(_place, one, one.enterprise_id, one.topic_enterprise_id, one.starts_on, one.ends_on, one.stays),
            *once(judge_supervision, one, one.supervisors, tuple(sorted(one.logs.items()))),
            *once(_grades, one, one.grades),
        )
        for key, one in many.items()
    }


def _place(facts: CapstoneFacts, numbers: Numbers) -> tuple[Finding, ...]:
    return (judge_place(facts, numbers),)


def _grades(facts: CapstoneFacts, numbers: Numbers) -> tuple[Finding, ...]:
    return (judge_grades(facts, numbers),)


def criterion_of(code: str) -> str:
    """`8.3` of `8.3.guidance_school`."""
    return ".".join(code.split(".")[:2])


# -- 8.1 the topic ------------------------------------------------------------------------------------------------------


def judge_topic(facts: CapstoneFacts, numbers: Numbers) -> tuple[Finding, Finding]:
    """The topic comes from engineering practice, with evidence (PETOE-8.1, 002:565)."""
    source = decided("8.1.source", facts.source == numbers.topic_source.text, found=facts.source.value, parameter=numbers.topic_source)
    return source, at_least("8.1.evidence", facts.evidence, numbers.topic_evidence_min)


# -- 8.2 the place ------------------------------------------------------------------------------------------------------


def uncovered(starts_on: date, ends_on: date, enterprise_id: int, stays: Sequence[Stay]) -> list[tuple[date, date]]:
    """The spans of days (both ends included) of the capstone that lie in no placement at the enterprise; a base on a campus is none."""
    gaps, day = [], starts_on
    for stay in sorted((s for s in stays if s.enterprise_id == enterprise_id and not s.is_on_campus), key=lambda s: (s.starts_on, s.ends_on)):
        if stay.starts_on > ends_on:
            break
        if stay.starts_on > day:
            gaps.append((day, stay.starts_on - timedelta(days=1)))
        day = max(day, stay.ends_on + timedelta(days=1))
    if day <= ends_on:
        gaps.append((day, ends_on))
    return gaps


def _is_elsewhere(facts: CapstoneFacts, numbers: Numbers) -> bool:
    """Whether the capstone is done at another enterprise than the topic's although it has to be the same."""
    return numbers.same_enterprise.flag and facts.topic_enterprise_id != facts.enterprise_id


def open_spans(facts: CapstoneFacts, numbers: Numbers) -> list[tuple[date, date]]:
    """The days that count as not covered: none is at another enterprise than the topic's."""
    if _is_elsewhere(facts, numbers):
        return [(facts.starts_on, facts.ends_on)]
    return uncovered(facts.starts_on, facts.ends_on, facts.enterprise_id, facts.stays)


def days_in(spans: Sequence[tuple[date, date]]) -> int:
    """How many calendar days the spans hold."""
    return sum((last - first).days + 1 for first, last in spans)


def judge_place(facts: CapstoneFacts, numbers: Numbers) -> Finding:
    """The whole capstone lies inside placements at the topic's enterprise (PETOE-8.2, 002:567).

    `found` counts uncovered calendar days against the tolerance (school days for opening and defence are no part of the
    process); each uncovered span is a detail. Days at a base on a campus are not covered: they are no learning in an enterprise (PETOE-7.3,
    RESEARCH-4.6b).
    """
    note: tuple[str, ...] = ("企业与选题的相关企业不是同一家。",) if _is_elsewhere(facts, numbers) else ()
    if any(s.is_on_campus and s.starts_on <= facts.ends_on and s.ends_on >= facts.starts_on for s in facts.stays):
        note += ("设在校内的基地不算在企业完成。",)
    spans = open_spans(facts, numbers)
    days, most = days_in(spans), numbers.uncovered_days_max
    lines = [f"{first.isoformat()} 至 {last.isoformat()}（{days_in([(first, last)])} 天）不在该企业的实习期内" for first, last in spans]
    return Finding(
        code="8.2",
        status=decided("8.2", days <= most.number, found=days, parameter=most).status,
        required=most.number,
        found=days,
        clause=numbers.same_enterprise.clause,
        details=(*note, *lines),
        unit=most.unit,
        parameter=most.key,
    )


# -- 8.3 the supervisors ------------------------------------------------------------------------------------------------


def judge_supervision(facts: CapstoneFacts, numbers: Numbers) -> tuple[Finding, ...]:
    """One supervisor of the school and one of the enterprise who really supervise (PETOE-8.3, 002:569).

    The enterprise's supervisor belongs to the capstone's enterprise, the school's to the university and not to the enterprise; nobody stands on both sides; each side has at
    least the minimum of confirmed guidances.
    """
    teachers = {s.person_id: s for s in facts.supervisors if s.role is SupervisorRole.SCHOOL}
    school = set(teachers)
    theirs = [s for s in teachers.values() if s.is_of_enterprise]
    gone = [s for s in teachers.values() if not s.is_of_school and not s.is_of_enterprise]
    enterprise = {s.person_id: s for s in facts.supervisors if s.role is SupervisorRole.ENTERPRISE}
    both = school & set(enterprise)
    strangers = [s for s in enterprise.values() if not s.is_of_enterprise]
    good = [key for key, s in enterprise.items() if s.is_of_enterprise and key not in both]
    details = [f"{s.name} 不是该企业在任的指导教师" for s in strangers] + [f"{enterprise[key].name} 同时担任双方导师" for key in sorted(both)]
    return (
        at_least(
            "8.3.school",
            len(school) - len(theirs) - len(gone),
            numbers.school_supervisors_min,
            details=[f"{s.name} 是该企业在任的指导教师" for s in theirs] + [f"{s.name} 不是本校在任的教师" for s in gone],
        ),
        at_least("8.3.enterprise", len(good), numbers.enterprise_supervisors_min, details=details),
        *(
            Finding(
                code=f"8.3.guidance_{role.value}",
                status=at_least("8.3", facts.logs.get(role, 0), numbers.guidance_logs_min).status,
                required=numbers.guidance_logs_min.number,
                found=facts.logs.get(role, 0),
                clause=numbers.enterprise_supervisors_min.clause,
                unit=numbers.guidance_logs_min.unit,
                parameter=numbers.guidance_logs_min.key,
            )
            for role in SupervisorRole
        ),
    )


# -- 8.4 the grade ------------------------------------------------------------------------------------------------------


def judge_grades(facts: CapstoneFacts, numbers: Numbers) -> Finding:
    """Both sides have graded (PETOE-8.4, 002:571)."""
    required = numbers.grades.items
    found = tuple(role for role in required if role in {r.value for r in facts.grades})
    return decided("8.4", set(found) == set(required), found=found, parameter=numbers.grades)


def holds_up(state: ChoiceState, closes_on: date, today: date) -> bool:
    """Whether a choice round keeps its cohort from another one: it is not published, and no draft whose last day passed before it was opened."""
    return state is not ChoiceState.PUBLISHED and not (state is ChoiceState.DRAFT and closes_on < today)


def half_up(part: int, whole: int) -> int:
    """part / whole as a whole number, halves up: marks are never cut by the machine's arithmetic."""
    return int((Decimal(part) / Decimal(whole)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def rubric_weights(numbers: Numbers) -> dict[str, int]:
    """The weight of each item of the default rubric, in per cent."""
    return dict(zip((item.value for item in RubricItem), (int(x) for x in numbers.rubric_weights.items), strict=True))


def rubric_score(points: Mapping[str, int], weights: Mapping[str, int]) -> int:
    """The score in tenths of a point from whole points (0 to 100) of every item; raises ValueError for anything else."""
    if set(points) != set(weights):
        raise ValueError("every item of the rubric needs points")
    if any(not 0 <= value <= 100 for value in points.values()):
        raise ValueError("points lie between 0 and 100")
    return half_up(sum(points[item] * weights[item] * 10 for item in weights), sum(weights.values()))


COMPONENTS = ("school", "enterprise", "review", "defence")
"""What a result is made of; the weights of the first two are never 0 (002:571: both sides assess)."""


def default_weights(numbers: Numbers) -> dict[str, int]:
    """The weights of the policy in per cent, where a programme has none of its own."""
    found = (numbers.school_weight, numbers.enterprise_weight, numbers.review_weight, numbers.defence_weight)
    return {name: parameter.number for name, parameter in zip(COMPONENTS, found, strict=True)}


def check_weights(weights: Mapping[str, int]) -> str:
    """What is wrong with the weights of a rubric; empty when nothing."""
    if set(weights) != set(COMPONENTS) or any(not 0 <= value <= 100 for value in weights.values()):
        return "weights"
    if not weights["school"] or not weights["enterprise"]:
        return "both_sides"
    return "" if sum(weights.values()) == 100 else "sum"


def lacking(scores: Mapping[str, int | None], weights: Mapping[str, int]) -> tuple[str, ...]:
    """The components that carry weight and have no score yet, in order."""
    return tuple(name for name in COMPONENTS if weights.get(name) and scores.get(name) is None)


def replaced_by_third(school_x10: int, enterprise_x10: int, third_x10: int) -> str:
    """The side whose grade the third one takes the place of: the one farther from it; at equal distance none (own decision)."""
    school, enterprise = abs(school_x10 - third_x10), abs(enterprise_x10 - third_x10)
    return "" if school == enterprise else "school" if school > enterprise else "enterprise"


def result(scores: Mapping[str, int], weights: Mapping[str, int], numbers: Numbers, *, third_x10: int | None = None) -> Result:
    """The weighted score of everything that carries weight, halves up; exactly the pass mark passes.

    `scores` in tenths by component, all with weight must be there. When the two sides lie too far apart a third grade takes the
    place of the one that is farther from it.
    """
    apart = abs(scores["school"] - scores["enterprise"])
    is_far = apart > numbers.difference_over.number
    replaced = replaced_by_third(scores["school"], scores["enterprise"], third_x10) if is_far and third_x10 is not None else ""
    counted = {**scores, replaced: third_x10} if replaced and third_x10 is not None else dict(scores)
    held = {name: weight for name, weight in weights.items() if weight}
    score = half_up(sum(counted[name] * weight for name, weight in held.items()), sum(held.values()))
    return Result(
        score_x10=score,
        grade=text_grade(score, numbers.text_limits),
        is_passed=score >= numbers.pass_mark.number,
        difference_x10=apart,
        is_far_apart=is_far,
        replaced=replaced,
    )


def text_grade(score_x10: int, limits: Sequence[int]) -> TextGrade:
    """The grade in words; `limits` are the lowest scores of all grades but the last, best first."""
    for grade, lowest in zip(TextGrade, limits, strict=False):
        if score_x10 >= lowest:
            return grade
    return TextGrade.FAIL


def fits_discipline(own_programme_id: int | None, discipline: str, programme_id: int, programme: str) -> bool:
    """Whether a teacher belongs to the discipline of a programme: a teacher of it, or one whose discipline is (part of) its name.

    Who has neither a programme nor a discipline in the register fits everywhere: nothing is known against it.
    """
    if own_programme_id == programme_id:
        return True
    plain = discipline.strip()
    if not plain:
        return own_programme_id is None
    return plain in programme or programme in plain


def bars_defence(passes: int, fails: int) -> bool:
    """Whether the signed reviews keep a thesis from its defence: one says no, and not more of them say yes (own decision)."""
    return fails > 0 and passes <= fails


# -- spot checks (教督〔2020〕5号) ------------------------------------------------------------------------------------------


def sample(population: Sequence[int], percent: int, seed: int) -> list[int]:
    """A random sample of at least `percent` of the population, rounded up, never empty; the same seed draws the same."""
    number = max(-(-len(population) * percent // 100), 1)
    return sorted(random.Random(f"{seed}/spot-check").sample(sorted(population), min(number, len(population))))


def spot_outcome(
    first: Sequence[SpotVerdict | None], second: Sequence[SpotVerdict | None], *, experts: int, fails: int, more: int, more_fails: int
) -> SpotOutcome:
    """The outcome of a thesis: `fails` of the first experts make it a problem, one of them calls further experts.

    Nothing is decided before a round is complete; among the further experts `more_fails` suffice.
    """
    if len(first) < experts or None in first:
        return SpotOutcome.OPEN
    bad = sum(verdict is SpotVerdict.UNQUALIFIED for verdict in first)
    if bad >= fails:
        return SpotOutcome.PROBLEM
    if not bad:
        return SpotOutcome.FINE
    if len(second) < more or None in second:
        return SpotOutcome.MORE_EXPERTS
    return SpotOutcome.PROBLEM if sum(v is SpotVerdict.UNQUALIFIED for v in second) >= more_fails else SpotOutcome.FINE
