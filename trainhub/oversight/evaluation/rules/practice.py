"""Criteria 6.9 and 6.11: what every student reached and did in every item of the enterprise training plan (002:525, 002:529)."""

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
    unassessed = [item.label for item in items if not item.has_assessment]  # how an item is assessed is one text: the number is built in
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


@dataclass(frozen=True, slots=True)
class ItemDone:
    """An item of the plan: how many students did it, and who did not, with the tenths of a week they were in it (None of a capstone)."""

    item: PlanItemCase
    done: int
    short: tuple[tuple[str, int | None], ...]


def carried_out(items: Sequence[PlanItemCase], students: Sequence[PracticeCase], percent: int) -> list[ItemDone]:
    """6.11: every item of the plan against what each student did of it (002:529), measured as 6.9 does: placements that are over fill the items in
    their order, one counts from `percent` of its weeks on; the capstone is done once it is over and has its result."""
    over = [reached(items, case.ended_x10, percent) for case in students]
    found, before = [], 0
    for place, item in enumerate(items):
        if item.source is MarkSource.CAPSTONE:
            short: list[tuple[str, int | None]] = [(case.label, None) for case in students if not (case.capstone_ended and case.has_capstone_result)]
        else:
            short = [
                (case.label, min(max(case.ended_x10 - before, 0), item.weeks_x10))
                for case, done in zip(students, over, strict=True)
                if place not in done
            ]
            before += item.weeks_x10
        found.append(ItemDone(item, len(students) - len(short), tuple(short)))
    return found


def weeks(tenths: int) -> str:
    """Weeks as people write them: 14, 1.5."""
    return f"{tenths / 10:g}"


def lack_of(one: ItemDone, tenths: int | None) -> str:
    """What a student did of an item that is not done."""
    return f"{one.item.label}没有完成" if tenths is None else f"{one.item.label} {weeks(tenths)}/{weeks(one.item.weeks_x10)} 周"


def told(items: Sequence[PlanItemCase], students: Sequence[PracticeCase], percent: int) -> tuple[str, tuple[str, ...]]:
    """6.11 beside the question that a person answers: the sum, then each item; empty without students. Who lacks which stands in the table behind,
    frozen with it: a line a student would be copied into every judgement and decision."""
    if not students:
        return "", ()
    if not items:
        return NO_PLAN, ()
    found = carried_out(items, students, percent)
    lacks = {student for one in found for student, _tenths in one.short}
    open_ = [one.item.label for one in found if one.short]
    whole = f"企业培养方案 {len(items)} 个环节，全部完成的学生 {len(students) - len(lacks)}/{len(students)} 人"
    lines = [f"{one.item.label}：方案 {weeks(one.item.weeks_x10)} 周，完成 {one.done}/{len(students)} 人" for one in found]
    return f"{whole}；没有全部完成的环节：{'、'.join(open_)}" if open_ else whole, tuple(lines)
