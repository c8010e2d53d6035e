"""Criterion 6.9: what every student reached in every item of the enterprise training plan (002:525)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from trainhub.oversight.evaluation.rules.centres import NO_PLAN
from trainhub.oversight.evaluation.rules.common import cited, lacking
from trainhub.oversight.evaluation.types import CapstoneCase, Criterion, MarkSource, PlacementCase, PlanItemCase, StudentCase
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter


@dataclass(frozen=True, slots=True)
class PracticeCase:
    """A judged student in enterprises: the time of placements that ended, of those among them that were graded (tenths of a week), which
    were not, and the capstone. `has_finished`: the cohort graduated, so every item of its plan is asked."""

    label: str
    has_finished: bool
    ended_x10: int
    graded_x10: int
    ungraded: tuple[str, ...]
    capstone_ended: bool
    has_capstone_result: bool


def practice_of(
    students: Sequence[StudentCase], placements: Sequence[PlacementCase], capstones: Sequence[CapstoneCase], *, has_finished: bool
) -> list[PracticeCase]:
    """What the placements and the capstone of each student show."""
    mine: dict[str, list[PlacementCase]] = defaultdict(list)
    for one in placements:
        if one.has_ended:
            mine[one.student].append(one)
    concluded = {one.label: one for one in capstones}
    nothing = CapstoneCase("")
    return [
        PracticeCase(
            student.label,
            has_finished,
            sum(one.days for one in mine[student.label]) * 10 // 7,
            sum(one.days for one in mine[student.label] if one.has_grade) * 10 // 7,
            tuple(one.label for one in mine[student.label] if not one.has_grade),
            concluded.get(student.label, nothing).has_ended,
            concluded.get(student.label, nothing).has_result,
        )
        for student in students
    ]


def reached(items: Sequence[PlanItemCase], weeks_x10: int, percent: int) -> set[int]:
    """The places of the items that placements of so many weeks reach: they are done in the order of the plan, and one counts when `percent`
    of its weeks is covered. The capstone is no placement: it takes no part."""
    found, before = set(), 0
    for place, item in enumerate(items):
        if item.source is MarkSource.CAPSTONE:
            continue
        if weeks_x10 * 100 >= before * 100 + item.weeks_x10 * percent:
            found.add(place)
        before += item.weeks_x10
    return found


def results_of(items: Sequence[PlanItemCase], case: PracticeCase, percent: int) -> tuple[int, list[str]]:
    """(items of which a result is asked, those of them without one). A student still at it is asked for what is over, a graduate for all."""
    over, graded = reached(items, case.ended_x10, percent), reached(items, case.graded_x10, percent)
    asked, without = 0, []
    for place, item in enumerate(items):
        is_capstone = item.source is MarkSource.CAPSTONE
        if not (case.has_finished or (case.capstone_ended if is_capstone else place in over)):
            continue
        asked += 1
        has_result = case.has_capstone_result if is_capstone else place in graded and item.source is not MarkSource.NONE
        if not has_result:
            without.append(item.label)
    return asked, without


def judge_item_results(
    criterion: Criterion, items: Sequence[PlanItemCase], students: Sequence[PracticeCase], *, assessments: Parameter, share: Parameter
) -> Finding:
    """6.9: every item of the plan has an assessment, and every student a result in each (002:525): a graduate in all, others in what is over.

    A placement that ended without a grade is told beside the items it leaves open. With nothing over there is no data, unless an item
    lacks its assessment anyway.
    """
    if not items:
        return lacking(criterion, assessments, NO_PLAN)
    unassessed = [item.label for item in items if int(item.has_assessment) < assessments.number]
    whole, missing, details = 0, 0, [f"{label}：没有考核方式" for label in unassessed]
    for case in students:
        asked, without = results_of(items, case, share.number)
        whole += max(asked, len(case.ungraded))
        missing += max(len(without), len(case.ungraded))
        details += [f"{label}：没有考核结果" for label in case.ungraded]
        if without and not case.ended_x10:
            details.append(f"{case.label}：没有完成的实习，没有考核结果")
        elif without:
            details.append(f"{case.label}：{'、'.join(without)}没有考核结果")
    if not whole and not unassessed:
        return lacking(criterion, assessments, "还没有结束的实习，没有考核结果。")
    finding = decided(
        criterion.code,
        not unassessed and not missing,
        found=f"环节 {len(items) - len(unassessed)}/{len(items)}，考核结果 {whole - missing}/{whole}",
        required=f"环节 {len(items)}/{len(items)}，考核结果 {whole}/{whole}",
        parameter=assessments,
        denominator=f"教学环节 {len(items)} 项，学生 {len(students)} 人，应有的考核结果 {whole} 项",
        details=details,
    )
    return cited(finding, criterion)
