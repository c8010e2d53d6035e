"""All 22 computed criteria of a case at once: hands each judgement its parameters of the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from trainhub.oversight.evaluation.rules import capstones, centres, international, lecturers, practice, standards, teachers, weeks
from trainhub.oversight.evaluation.types import Case, Criterion, Group, PlacementCase, PlanCase
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Parameter

PARAMETERS = (
    "petoe.general_standards",
    "petoe.components_per_point_min",
    "petoe.assessments_per_course_min",
    "petoe.secondment_plans_per_teacher_min",
    "petoe.secondments_started_min",
    "petoe.secondment_months_min",
    "petoe.secondment_months_max",
    "petoe.senior_workload_percent",
    "own.teacher.senior_enterprise_years",
    "petoe.parttime_training_required",
    "own.parttime.appraisal_every_months",
    "petoe.core_courses",
    "petoe.core_course_importance",
    "own.lecturer.enterprise_days",
    "petoe.lecturer_course_cap_designated",
    "own.lecturer.cap_waiver_allowed",
    "petoe.centre_leaders_per_side_min",
    "petoe.tri_party_agreement_required",
    "petoe.agreement_topics",
    "petoe.plan_item_enterprise_mentors_min",
    "petoe.plan_item_assessments_min",
    "own.evaluation.item_time_percent",
    "petoe.plan_weeks",
    "own.weeks.days_required",
    "own.weeks.days_per_week",
    "petoe.plan_location",
    "petoe.capstone_same_enterprise",
    "own.capstone.uncovered_days_max",
    "petoe.capstone_enterprise_supervisors_min",
    "petoe.capstone_school_supervisors_min",
    "own.capstone.guidance_logs_min",
    "petoe.intl_faculty_percent",
    "own.intl.faculty_tolerance_points",
    "petoe.intl_stay_months",
    "petoe.intl_programmes_min",
    "petoe.intl_programme_modes",
    "petoe.intl_exchange_percent",
    "petoe.intl_foreign_students_percent",
    "petoe.intl_criteria_needed",
    "petoe.reapply_failed_years",
    "petoe.reapply_not_accepted_years",
    "own.evaluation.next_year_basis",
)


def group_text(group: Group) -> str:
    """Who the denominator is, in words."""
    years = "、".join(str(year) for year in group.cohort_years)
    if not group.size:
        return "卓越计划学生 0 人"
    return f"{years} 级（{'已毕业' if group.is_finished else '在读'}）卓越计划学生 {group.size} 人"


MAY_BE_EMPTY = frozenset(["4.5", "4.7", "9.1", "9.4", "9.6", "9.8"])
"""Where having nothing is legitimate: no senior teacher or no hours to compare (002:453), no part-time teachers (002:457), no students or teachers to
take a share of (1.x; of requirement 9 any three suffice). A person then says what follows."""
ALWAYS_ASKED = frozenset(["7.1", "7.3"])
"""An empty plan fails whether or not somebody has graduated (1.x)."""


def answered(finding: Finding, *, has_graduated: bool) -> Finding:
    """A finding of which nothing is recorded: once a cohort has graduated that is not "no data", it is what was asked and is not there.

    Total non-compliance would otherwise stand better than partial: nobody could be shown anything, and a word would settle it.
    """
    is_asked = finding.code in ALWAYS_ASKED or (has_graduated and finding.code not in MAY_BE_EMPTY)
    if finding.status is not Status.NO_DATA or not is_asked:
        return finding
    wanted = finding.required
    is_number = isinstance(wanted, int) and not isinstance(wanted, bool)
    return replace(finding, status=Status.NOT_MET, found=0, required=wanted if is_number else 1, unit=finding.unit if is_number else "")


WORST_FIRST = (Status.NOT_MET, Status.NO_DATA, Status.JUDGE, Status.MET)


def of_plans(case: Case, judge: Callable[[PlanCase], Finding]) -> Finding:
    """What is asked of a plan is asked of the plan of every judged cohort: the answer is that of the weakest, all of them are told."""
    answers = [(plan, judge(plan)) for plan in case.plans]
    if len(answers) == 1:
        return answers[0][1]
    _plan, weakest = min(answers, key=lambda one: WORST_FIRST.index(one[1].status))
    told = [f"{plan.name}：{one.found} / {one.required}" if one.found is not None else f"{plan.name}：无数据" for plan, one in answers]
    return replace(
        weakest,
        denominator="；".join(f"{plan.name}：{one.denominator or '无数据'}" for plan, one in answers),
        details=(*told, *(f"{plan.name}：{line}" for plan, one in answers for line in one.details)),
    )


def practice_of(case: Case, plan: PlanCase) -> list[practice.PracticeCase]:
    """What the students who are trained by a plan did in enterprises."""
    mine = [one for one in case.students if one.cohort_year in plan.cohort_years]
    return practice.practice_of(mine, case.placements, case.capstones, has_finished=case.group.is_finished)


def beside(case: Case, p: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    """What the case says about criteria that a person decides: the sum first, then its lines. Of several plans each is told for itself."""
    share = p["own.evaluation.item_time_percent"].number
    plans = [(plan, practice.told(plan.items, practice_of(case, plan), share)) for plan in case.plans]
    lines = [
        *("；".join(plan.named(text) for plan, (text, _lines) in plans if text),),
        *(plan.named(line) for plan, (text, more) in plans for line in ((text, *more) if len(plans) > 1 and text else more)),
    ]
    return {"6.11": tuple(lines)} if lines[0] else {}


def findings(case: Case, criteria: Mapping[str, Criterion], p: Mapping[str, Parameter]) -> dict[str, Finding]:
    """The findings of the computed criteria by code."""
    c, who = criteria, group_text(case.group)
    six = {"courses": p["petoe.core_courses"], "importance": p["petoe.core_course_importance"]}
    days = p["own.lecturer.enterprise_days"]

    def placed(plan: PlanCase) -> list[PlacementCase]:
        return [one for one in case.placements if one.cohort_year in plan.cohort_years]

    shown = {one.student for one in case.placements if one.has_ended}

    def unplaced(plan: PlanCase) -> list[str]:
        """Who graduated without a placement that ended: nothing shows what such a student reached."""
        return [one.label for one in case.students if case.group.is_finished and one.cohort_year in plan.cohort_years and one.label not in shown]

    found = (
        of_plans(
            case,
            lambda plan: standards.judge_coverage(
                c["1.1"], plan.standards, required=p["petoe.general_standards"], has_finished=case.group.is_finished
            ),
        ),
        of_plans(case, lambda plan: standards.judge_points(c["2.2"], plan.points, plan.unrefined, minimum=p["petoe.components_per_point_min"])),
        of_plans(
            case,
            lambda plan: standards.judge_conclusions(
                c["2.5"],
                plan.courses,
                minimum=p["petoe.assessments_per_course_min"],
                denominator=f"课程 {len(plan.courses)} 门，{group_text(replace(case.group, cohort_years=plan.cohort_years, size=plan.students))}",
            ),
        ),
        teachers.judge_secondments(
            c["4.2"],
            case.teachers,
            plans=p["petoe.secondment_plans_per_teacher_min"],
            started=p["petoe.secondments_started_min"],
            shortest=p["petoe.secondment_months_min"],
            longest=p["petoe.secondment_months_max"],
        ),
        teachers.judge_workload(
            c["4.5"], case.teachers, percent=p["petoe.senior_workload_percent"], senior_years=p["own.teacher.senior_enterprise_years"]
        ),
        teachers.judge_part_time(
            c["4.7"],
            case.part_time,
            on=case.on,
            training=p["petoe.parttime_training_required"],
            appraisal_months=p["own.parttime.appraisal_every_months"],
        ),
        lecturers.judge_designated(c["5.1"], case.candidates, **six),
        lecturers.judge_experience(c["5.2"], case.candidates, days=days, **six),
        lecturers.judge_cap(
            c["5.4"],
            case.candidates,
            days=days,
            cap=p["petoe.lecturer_course_cap_designated"],
            waiver_allowed=p["own.lecturer.cap_waiver_allowed"],
            **six,
        ),
        centres.judge_leadership(
            c["6.2"],
            case.centres,
            [one for one in case.placements if not one.is_broken_off],
            leaders=p["petoe.centre_leaders_per_side_min"],
            agreement=p["petoe.tri_party_agreement_required"],
        ),
        centres.judge_agreements(c["6.6"], case.centres, on=case.on, topics=p["petoe.agreement_topics"]),
        of_plans(
            case,
            lambda plan: centres.judge_item_mentors(
                c["6.8"], plan.items, placed(plan), unplaced(plan), mentors=p["petoe.plan_item_enterprise_mentors_min"]
            ),
        ),
        of_plans(
            case,
            lambda plan: practice.judge_item_results(
                c["6.9"],
                plan.items,
                practice_of(case, plan),
                assessments=p["petoe.plan_item_assessments_min"],
                share=p["own.evaluation.item_time_percent"],
            ),
        ),
        of_plans(case, lambda plan: weeks.judge_plan_weeks(c["7.1"], plan.items, weeks=p["petoe.plan_weeks"])),
        weeks.judge_students(c["7.2"], case.students, days=p["own.weeks.days_required"], per_week=p["own.weeks.days_per_week"], denominator=who),
        of_plans(case, lambda plan: weeks.judge_places(c["7.3"], plan.items, location=p["petoe.plan_location"])),
        capstones.judge(c["8.2"], case.capstones, parameter=p["petoe.capstone_same_enterprise"], denominator=who),
        capstones.judge(c["8.3"], case.capstones, parameter=p["petoe.capstone_enterprise_supervisors_min"], denominator=who),
        international.judge_faculty(
            c["9.1"],
            case.teachers,
            percent=p["petoe.intl_faculty_percent"],
            tolerance=p["own.intl.faculty_tolerance_points"],
            stay=p["petoe.intl_stay_months"],
        ),
        international.judge_programmes(c["9.4"], case.international, needed=p["petoe.intl_programmes_min"], modes=p["petoe.intl_programme_modes"]),
        international.judge_exchange(c["9.6"], case.international, percent=p["petoe.intl_exchange_percent"]),
        international.judge_foreign_students(c["9.8"], case.international, percent=p["petoe.intl_foreign_students_percent"]),
    )
    return {finding.code: answered(finding, has_graduated=case.group.is_finished) for finding in found}
