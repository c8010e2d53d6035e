"""Requirement 4: secondments of full-time teachers, workload of senior ones, files of part-time ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from trainhub.oversight.evaluation.rules.common import cited, every, lacking, later
from trainhub.oversight.evaluation.types import Criterion, PartTimeCase, SecondmentCase, TeacherCase
from trainhub.policy.findings import Finding, decided, to_judge
from trainhub.policy.types import Parameter


def full_time(teachers: Sequence[TeacherCase]) -> list[TeacherCase]:
    """The full-time teachers, a human under whatever numbers once: with the hours and secondments of all of them."""
    found: dict[int | str, TeacherCase] = {}
    for one in teachers:
        if not one.is_full_time:
            continue
        known = found.get(one.human)
        found[one.human] = (
            one
            if known is None
            else replace(
                known,
                is_senior=known.is_senior or one.is_senior,
                enterprise_days=max(known.enterprise_days, one.enterprise_days),
                hours_x10=known.hours_x10 + one.hours_x10,
                secondments=(*known.secondments, *one.secondments),
            )
        )
    return list(found.values())


def is_experienced(teacher: TeacherCase, *, months: int) -> bool:
    """Whether verified work in enterprises makes a secondment needless (PETOE-4.2): as long as the shortest secondment."""
    return teacher.enterprise_days * 12 >= months * 365


def real_plans(teacher: TeacherCase) -> list[SecondmentCase]:
    """The plans of work in an enterprise; a written exemption is none."""
    return [one for one in teacher.secondments if not one.is_exempt]


def exemption_of(teacher: TeacherCase) -> str:
    """Why no plan is needed, as it was written; empty without a word."""
    return "；".join(one.reason for one in teacher.secondments if one.is_exempt and one.reason)


def judge_secondments(
    criterion: Criterion,
    teachers: Sequence[TeacherCase],
    *,
    plans: Parameter,
    started: Parameter,
    shortest: Parameter,
    longest: Parameter,
) -> Finding:
    """4.2: a plan for every full-time teacher, or verified experience that makes it needless; at least one has begun (002:445).

    A plan shorter or longer than the soft "1-2 年" (002:267) is shown, and so is who is exempt by a written reason alone: a person decides when
    nothing else is wrong.
    """
    staff = full_time(teachers)
    if not staff:
        return lacking(criterion, plans, "没有登记本专业的专职教师。")
    open_, odd, said, begun, good = [], [], [], 0, 0
    for teacher in staff:
        real = real_plans(teacher)
        begun += sum(1 for one in real if one.is_started)
        if len(real) >= plans.number or is_experienced(teacher, months=shortest.number):
            good += 1
        elif len(real) < len(teacher.secondments):
            said.append(f"{teacher.label}：没有核实的企业工作经历，免予选送的理由：{exemption_of(teacher)}")
        else:
            open_.append(f"{teacher.label}：没有到企业工作的计划，也没有免予选送的理由")
        odd += [
            f"{teacher.label}：计划 {one.months} 个月，在 {shortest.number}—{longest.number} 个月之外"
            for one in real
            if one.months is not None and not shortest.number <= one.months <= longest.number
        ]
    details = [*open_, *odd, *said]
    if begun < started.number:
        details.append("还没有一项计划开始实施")
    counted = [f"{good}/{len(staff)} 人有计划或免予选送，已开始 {begun} 项", *([f"只写明理由的 {len(said)} 人"] if said else [])]
    found = "；".join(counted)
    required = f"{len(staff)}/{len(staff)} 人，至少开始 {started.number} 项"
    denominator = f"专职教师 {len(staff)} 人"
    is_met = not open_ and begun >= started.number
    if is_met and (odd or said):
        return to_judge(
            criterion.code, criterion.clause, found=found, required=required, denominator=denominator, details=details, parameter=shortest
        )
    return cited(
        decided(criterion.code, is_met, found=found, required=required, parameter=plans, denominator=denominator, details=details), criterion
    )


def is_senior(teacher: TeacherCase, *, years: int) -> bool:
    """学术水平高 (the flag of the file) or 工程经验丰富 (years in enterprises) (PETOE-4.5, 002:453)."""
    return teacher.is_senior or teacher.enterprise_days >= years * 1461 // 4  # five years are 1826 days, as at 5.2 (1.x)


def judge_workload(criterion: Criterion, teachers: Sequence[TeacherCase], *, percent: Parameter, senior_years: Parameter) -> Finding:
    """4.5: senior full-time teachers teach on average no less than all full-time teachers do (002:453). Whole numbers, no rounding.

    The hours are those of one term: the last that is over, the running one as long as none is.
    """
    staff = full_time(teachers)
    seniors = [teacher for teacher in staff if is_senior(teacher, years=senior_years.number)]
    total, mine = sum(t.hours_x10 for t in staff), sum(t.hours_x10 for t in seniors)
    if not staff or total == 0:
        return lacking(criterion, percent, "没有下达给专职教师的教学任务。")
    if not seniors:
        return lacking(criterion, percent, "没有登记学术水平高、工程经验丰富的专职教师。")
    # mine / len(seniors) >= percent/100 * total / len(staff)
    is_met = mine * len(staff) * 100 >= percent.number * total * len(seniors)
    finding = decided(
        criterion.code,
        is_met,
        found=f"{mine / len(seniors) / 10:.1f} 学时/人",
        required=f"{total / len(staff) / 10:.1f} 学时/人",
        parameter=percent,
        denominator=f"高水平教师 {len(seniors)} 人，专职教师 {len(staff)} 人",
        details=[f"{t.label}：{t.hours_x10 / 10:g} 学时" for t in seniors if t.hours_x10 * len(staff) < total],
    )
    return cited(finding, criterion)


def part_time_gaps(case: PartTimeCase, on: date, *, every_months: int, asks_training: bool = True) -> list[str]:
    """What a part-time teacher's file lacks on a day (PETOE-4.7, 002:457); `asks_training`: training has to come before the job."""
    gaps = []
    if case.since is None:
        return ["没有聘任"]
    if case.ended_on is not None:
        gaps.append(f"聘任已于 {case.ended_on} 到期")
    if not case.duties:
        gaps.append("没有写明岗位职责")
    passed_on, first_on = case.training_passed_on, case.first_task_on
    if asks_training and passed_on is None:
        gaps.append("没有通过岗前培训")
    elif asks_training and passed_on is not None and first_on is not None and first_on < passed_on:
        gaps.append(f"{first_on} 开始的教学任务早于岗前培训通过日期 {passed_on}")
    due = later(max(case.since, case.last_appraised_on or case.since), every_months)
    if due < on:
        gaps.append(f"应在 {due} 前考核")
    return gaps


def judge_part_time(criterion: Criterion, cases: Sequence[PartTimeCase], *, on: date, training: Parameter, appraisal_months: Parameter) -> Finding:
    """4.7: an appointment that holds, training before the job, duties, an appraisal in every period, for each part-time teacher in use (002:457)."""
    gaps = {case.label: part_time_gaps(case, on, every_months=appraisal_months.number, asks_training=training.flag) for case in cases}
    return every(
        criterion,
        sum(1 for found in gaps.values() if not found),
        len(cases),
        parameter=training,
        denominator=f"兼职教师 {len(cases)} 人",
        details=[f"{label}：{'；'.join(found)}" for label, found in gaps.items() if found],
        nothing="没有登记兼职教师。",
    )
