"""Every computed criterion at, below and above its threshold, with the edge cases of requirements.md 1.x. No app, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from trainhub.oversight.evaluation import catalogue, simulation
from trainhub.oversight.evaluation.centre_types import AgreementCase, CentreCase
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.rules import capstones, centres, international, lecturers, practice, standards, teachers, verdict, weeks
from trainhub.oversight.evaluation.rules.common import days_in, months_between
from trainhub.oversight.evaluation.rules.whole import PARAMETERS
from trainhub.oversight.evaluation.types import (
    AccreditationCase,
    AccreditationStanding,
    CandidateCase,
    CapstoneCase,
    CourseCase,
    DecisionCase,
    InternationalCase,
    JudgementCase,
    JudgementResult,
    MarkSource,
    Outcome,
    PartTimeCase,
    PlacementCase,
    PlanItemCase,
    PointCase,
    SecondmentCase,
    SpecialResult,
    StandardCase,
    StudentCase,
    TeacherCase,
    Verdict,
)
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status, at_least, at_most
from trainhub.policy.types import Use

ON = date(2026, 3, 2)
P = {key: book().at(key, on=ON) for key in PARAMETERS}
C = catalogue.criteria()
NUMBERS = count(1)


def seen(finding: Finding) -> tuple[str, Any, Any]:
    return finding.status.value, finding.found, finding.required


def test_the_catalogue_has_ten_requirements_and_64_criteria_of_which_22_are_computed() -> None:
    assert [len(one.criteria) for one in catalogue.requirements()] == [4, 7, 7, 8, 5, 11, 3, 4, 9, 6]
    assert sum(c.kind.value == "computed" for c in C.values()) == 22
    assert C["7.2"].clause.cite == "PETOE-7.2, 002:551"


# -- days and spans


@pytest.mark.parametrize(
    ("spans", "days"),
    [
        ([(date(2010, 1, 1), date(2014, 12, 31))], 1826),
        ([(date(2010, 1, 1), date(2012, 6, 30)), (date(2012, 7, 1), date(2014, 12, 31))], 1826),
        ([(date(2010, 1, 1), date(2013, 6, 30)), (date(2012, 1, 1), date(2014, 12, 31))], 1826),
        ([(date(2010, 1, 1), None)], 5904),
        ([(date(2027, 1, 1), None)], 0),
        ([], 0),
    ],
)
def test_days_of_spans_count_once_and_an_open_end_lasts_to_the_day(spans: list[Any], days: int) -> None:
    assert days_in(spans, until=date(2026, 3, 1)) == days


def test_whole_months() -> None:
    assert months_between(date(2025, 3, 1), date(2026, 2, 28)) == 12
    assert months_between(date(2025, 3, 1), date(2026, 2, 27)) == 11


# -- 1 and 2


def test_coverage_counts_standards_and_names_breaks() -> None:
    cases = [StandardCase(f"G{n}", (1,), (1,)) for n in range(1, 12)]
    assert seen(standards.judge_coverage(C["1.1"], cases, required=P["petoe.general_standards"])) == ("met", 11, 11)
    unmapped = [*cases[:10], StandardCase("G11", ())]
    assert seen(standards.judge_coverage(C["1.1"], unmapped, required=P["petoe.general_standards"])) == ("not_met", 10, 11)
    broken = standards.judge_coverage(C["1.1"], [*cases[:10], StandardCase("G11", (3,), ())], required=P["petoe.general_standards"])
    assert broken.details == ("G11：已对应，但没有通到有考核的课程或环节",)
    assert seen(broken) == ("not_met", 10, 11), "a path that breaks off covers nothing"
    optional = [replace(one, without=("张三（1）", "李四（2）")) if one.code in ("G3", "G7") else one for one in cases]
    told = standards.judge_coverage(C["1.1"], optional, required=P["petoe.general_standards"], has_finished=True).details
    heads = tuple(f"{code}：只通到选修课程，2 名学生没有修读" for code in ("G3", "G7"))
    assert told[:2] == heads, "a long list of names hides no standard that breaks"
    assert told[2:4] == ("G3：没有修读相关选修课程的学生：张三（1）", "G3：没有修读相关选修课程的学生：李四（2）")
    assert standards.judge_coverage(C["1.1"], [StandardCase("G1", ())], required=P["petoe.general_standards"]).status is Status.NO_DATA


def test_every_point_is_carried() -> None:
    good, bad = PointCase("1.1", "ability", ("课程·目标1",)), PointCase("1.2", "ability", ())
    minimum = P["petoe.components_per_point_min"]
    assert seen(standards.judge_points(C["2.2"], [good], minimum=minimum)) == ("met", 1, 1)
    assert seen(standards.judge_points(C["2.2"], [good, bad], minimum=minimum)) == ("not_met", 1, 2)
    assert standards.judge_points(C["2.2"], [], minimum=minimum).status is Status.NO_DATA
    chosen = standards.judge_points(C["2.2"], [good, PointCase("1.3", "ability", ("选修课·目标1",), is_optional=True)], minimum=minimum)
    assert (seen(chosen), chosen.details) == (("met", 2, 2), ("指标点 1.3：只由选修课程支撑，没有选修的学生不修读（提示）",))
    bare = standards.judge_points(C["2.2"], [good], (3,), minimum=minimum)
    assert (seen(bare), bare.details) == (("not_met", 1, 2), ("毕业要求 3：还没有分解为指标点，没有课程或环节支撑",))
    assert standards.judge_points(C["2.2"], [], (1, 2), minimum=minimum).status is Status.NO_DATA


@pytest.mark.parametrize(
    ("course", "status"),
    [
        (CourseCase("A", 100, 2, 1), "met"),
        (CourseCase("A", 0, 2, 1), "not_met"),
        (CourseCase("A", 90, 2, 1), "not_met"),
        (CourseCase("A", 100, 0, 1), "not_met"),
        (CourseCase("A", 100, 2, 1, ("张三",)), "not_met"),
        (CourseCase("A", 100, 2, 1, recognised=("张三",)), "met"),
        (CourseCase("A", 100, 2, 0), "no_data"),
        (CourseCase("A", 100, 2, 1, open_years=(2022,)), "not_met"),
        (CourseCase("A", 100, 2, 1, open_years=(2022,), is_optional=True), "not_met"),  # a cohort in which somebody takes it
        (CourseCase("A", 100, 2, 1, ("张三",), is_optional=True), "not_met"),
        (CourseCase("A", 0, 2, 1, is_optional=True), "not_met"),
    ],
)
def test_courses_conclude_about_everybody(course: CourseCase, status: str) -> None:
    found = standards.judge_conclusions(C["2.5"], [course], minimum=P["petoe.assessments_per_course_min"], denominator="")
    assert found.status.value == status


@pytest.mark.parametrize(("assessments", "least", "status"), [(1, 2, "not_met"), (2, 2, "met"), (3, 2, "met"), (0, 1, "not_met"), (1, 1, "met")])
def test_assessments_of_a_course_are_counted(assessments: int, least: int, status: str) -> None:
    """A number of assessments is compared with how many there are, not with their per cent."""
    minimum = replace(P["petoe.assessments_per_course_min"], value=least)
    case = CourseCase("A", 100 if assessments else 0, 2, 1, assessments=assessments)
    found = standards.judge_conclusions(C["2.5"], [case], minimum=minimum, denominator="")
    assert found.status.value == status
    if (assessments, least) == (1, 2):
        assert found.details == ("A：考核方式 1 个，需 2 个",)


# -- 4


def teacher(label: str = "甲", **given: Any) -> TeacherCase:
    base = TeacherCase(label, True, False, 0, 1000, False, False, 0, person_id=next(NUMBERS))
    return replace(base, **given)


def secondments(*cases: TeacherCase) -> Finding:
    return teachers.judge_secondments(
        C["4.2"],
        cases,
        plans=P["petoe.secondment_plans_per_teacher_min"],
        started=P["petoe.secondments_started_min"],
        shortest=P["petoe.secondment_months_min"],
        longest=P["petoe.secondment_months_max"],
    )


@pytest.mark.parametrize(
    ("cases", "status"),
    [
        ([teacher(secondments=(SecondmentCase(False, True, 12),)), teacher(enterprise_days=365)], "met"),
        ([teacher(secondments=(SecondmentCase(False, True, 12),)), teacher(enterprise_days=364)], "not_met"),
        ([teacher(secondments=(SecondmentCase(False, False, 12),))], "not_met"),
        (
            [teacher(secondments=(SecondmentCase(False, True, 12),)), teacher(secondments=(SecondmentCase(True, False, None, reason="工作需要"),))],
            "judge",
        ),
        (
            [teacher(secondments=(SecondmentCase(False, True, 12),)), teacher(enterprise_days=365, secondments=(SecondmentCase(True, False, None),))],
            "met",
        ),
        ([teacher(secondments=(SecondmentCase(True, False, None), SecondmentCase(False, True, 12)))], "met"),
        ([teacher(secondments=(SecondmentCase(False, True, 12),)), teacher(secondments=(SecondmentCase(True, False, None),)), teacher()], "not_met"),
        ([teacher(secondments=(SecondmentCase(False, False, 12),)), teacher(secondments=(SecondmentCase(True, False, None),))], "not_met"),
        ([teacher(secondments=(SecondmentCase(False, True, 24),))], "met"),
        ([teacher(secondments=(SecondmentCase(False, True, 25),))], "judge"),
        ([teacher(secondments=(SecondmentCase(False, True, 11),))], "judge"),
        ([teacher(is_full_time=False)], "no_data"),
    ],
)
def test_secondments(cases: list[TeacherCase], status: str) -> None:
    assert secondments(*cases).status.value == status


def test_a_written_reason_alone_exempts_nobody() -> None:
    """4.2 knows one exemption: experience that was verified. Any other reason a person judges, and who it is stands there with the reason."""
    told = secondments(
        teacher("甲", secondments=(SecondmentCase(False, True, 12),)),
        teacher("乙", secondments=(SecondmentCase(True, False, None, reason="工作需要"),)),
    )
    assert (told.status, told.found) == (Status.JUDGE, "1/2 人有计划或免予选送，已开始 1 项；只写明理由的 1 人")
    assert told.details == ("乙：没有核实的企业工作经历，免予选送的理由：工作需要",)


@pytest.mark.parametrize(("senior", "other", "status"), [(1000, 1000, "met"), (999, 1000, "not_met"), (1001, 1000, "met"), (0, 0, "no_data")])
def test_senior_teachers_teach_the_average(senior: int, other: int, status: str) -> None:
    cases = [teacher("甲", is_senior=True, hours_x10=senior), teacher("乙", hours_x10=other)]
    found = teachers.judge_workload(
        C["4.5"], cases, percent=P["petoe.senior_workload_percent"], senior_years=P["own.teacher.senior_enterprise_years"]
    )
    assert found.status.value == status


def test_a_human_with_two_staff_numbers_is_one_teacher() -> None:
    """4.5 and 4.2 count humans (002:453, 002:445): 60 hours under two numbers are 60 hours of one."""
    two = [teacher("甲（1）", person_id=1, is_senior=True, hours_x10=300), teacher("甲（2）", person_id=1, hours_x10=300)]
    found = teachers.judge_workload(
        C["4.5"],
        [*two, teacher("乙", person_id=2, hours_x10=500)],
        percent=P["petoe.senior_workload_percent"],
        senior_years=P["own.teacher.senior_enterprise_years"],
    )
    assert (found.status, found.found, found.required) == (Status.MET, "60.0 学时/人", "55.0 学时/人")
    assert found.denominator == "高水平教师 1 人，专职教师 2 人"
    planned = [replace(two[0], secondments=(SecondmentCase(False, True, 12),)), two[1]]
    assert secondments(*planned).found == "1/1 人有计划或免予选送，已开始 1 项"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "met"),
        ({"first_task_on": date(2024, 9, 10)}, "met"),
        ({"first_task_on": date(2024, 9, 9)}, "not_met"),
        ({"training_passed_on": None}, "not_met"),
        ({"last_appraised_on": date(2025, 3, 2)}, "met"),
        ({"last_appraised_on": date(2025, 3, 1)}, "not_met"),
        ({"duties": ""}, "not_met"),
        ({"since": None}, "not_met"),
        ({"ended_on": date(2026, 2, 28)}, "not_met"),
    ],
)
def test_files_of_part_time_teachers(change: dict[str, Any], status: str) -> None:
    case = replace(PartTimeCase("丙", date(2024, 9, 1), "指导", date(2024, 9, 10), date(2024, 10, 1), date(2025, 12, 1)), **change)
    found = teachers.judge_part_time(
        C["4.7"], [case], on=ON, training=P["petoe.parttime_training_required"], appraisal_months=P["own.parttime.appraisal_every_months"]
    )
    assert found.status.value == status


@pytest.mark.parametrize("change", [{"training_passed_on": None}, {"first_task_on": date(2024, 9, 9)}])
def test_training_is_asked_where_the_switch_asks_it(change: dict[str, Any]) -> None:
    case = replace(PartTimeCase("丙", date(2024, 9, 1), "指导", date(2024, 9, 10), date(2024, 10, 1), date(2025, 12, 1)), **change)
    asked = P["petoe.parttime_training_required"]
    months = P["own.parttime.appraisal_every_months"]
    for training, status in ((asked, "not_met"), (replace(asked, value=False), "met")):
        assert teachers.judge_part_time(C["4.7"], [case], on=ON, training=training, appraisal_months=months).status.value == status


# -- 5

SIX: dict[str, Any] = {"courses": P["petoe.core_courses"], "importance": P["petoe.core_course_importance"]}
DAYS = P["own.lecturer.enterprise_days"]


def candidates(*leads: int, days: int = 1826, **given: Any) -> dict[int, tuple[CandidateCase, ...]]:
    return {2022: tuple(CandidateCase(f"课{n}", 2022, True, "core", f"师{lead}", lead, days, **given) for n, lead in enumerate(leads))}


def cap(cohorts: Any) -> Finding:
    return lecturers.judge_cap(
        C["5.4"],
        cohorts,
        days=DAYS,
        cap=P["petoe.lecturer_course_cap_designated"],
        waiver_allowed=P["own.lecturer.cap_waiver_allowed"],
        **SIX,
    )


def test_exactly_five_years_pass_and_one_day_less_fails() -> None:
    assert seen(lecturers.judge_experience(C["5.2"], candidates(1, 1, 2, 2, 3, 3), days=DAYS, **SIX)) == ("met", 6, 6)
    short = lecturers.judge_experience(C["5.2"], candidates(1, 1, 2, 2, 3, 3, days=1825), days=DAYS, **SIX)
    assert seen(short) == ("not_met", 0, 6)
    assert lecturers.judge_experience(C["5.2"], {2022: ()}, days=DAYS, **SIX).status is Status.NO_DATA


def test_the_cap_of_two() -> None:
    assert seen(cap(candidates(1, 1, 2, 2, 3, 3))) == ("met", 6, 6)
    assert seen(cap(candidates(1, 1, 1, 2, 2, 2))) == ("not_met", 4, 6)
    assert seen(cap(candidates(1, 1, 1, 2, 2, 3, 3))) == ("met", 6, 6)
    assert seen(cap(candidates(1, 1, 1, 2, 2, 3, waiver="企业专题仅此人能讲"))) == ("judge", 5, 6)
    assert seen(cap(candidates(1, 2, 3, 4, 5))) == ("not_met", 5, 6)


def waived(*leads: tuple[int, str]) -> dict[int, tuple[CandidateCase, ...]]:
    """Candidates as (lead, waiver)."""
    return {2022: tuple(CandidateCase(f"课{n}", 2022, True, "core", f"师{lead}", lead, 5000, waiver=why) for n, (lead, why) in enumerate(leads))}


@pytest.mark.parametrize(
    ("leads", "status"),
    [
        ([(1, "仅此人能讲")] * 3 + [(2, "")] * 3, "not_met"),  # the waivers of one do not cover what the other exceeds
        ([(1, "仅此人能讲"), (1, ""), (1, ""), (2, "仅此人能讲"), (2, ""), (2, "")], "judge"),  # each for the one course too many
        ([(1, "仅此人能讲")] + [(1, "")] * 3 + [(2, ""), (3, "")], "not_met"),  # two too many, one waived
        ([(1, "仅此人能讲")] * 2 + [(1, "")] * 2 + [(2, ""), (3, "")], "judge"),
        ([(1, ""), (1, ""), (1, ""), (2, "仅此人能讲"), (2, "仅此人能讲"), (3, "")], "not_met"),  # a waiver of who exceeds nothing
    ],
)
def test_a_waiver_covers_what_exceeds_the_cap_and_nothing_else(leads: list[tuple[int, str]], status: str) -> None:
    found = cap(waived(*leads))
    assert found.status.value == status
    assert any("没有豁免" in line for line in found.details) is (status == "not_met")


def test_a_weakness_counts_once_but_the_six_are_the_same_six() -> None:
    six = candidates(1, 1, 2, 2, 3, 3, days=10)
    assert cap(six).status is Status.MET
    mixed = {
        2022: (
            *candidates(1, 1, 2, 2, 3)[2022],
            CandidateCase("X", 2022, True, "ordinary", "师9", 9, 5000),
            CandidateCase("Y", 2022, True, "core", "师8", 8, 0),
        )
    }
    assert lecturers.judge_designated(C["5.1"], mixed, **SIX).found == 6
    assert seen(lecturers.judge_experience(C["5.2"], mixed, days=DAYS, **SIX)) == ("not_met", 5, 6)


def test_only_core_or_major_specialty_courses_within_four_years_count() -> None:
    assert seen(lecturers.judge_designated(C["5.1"], candidates(1, 1, 2, 2, 3, 3), **SIX)) == ("met", 6, 6)
    assert lecturers.judge_designated(C["5.1"], candidates(1, 1, 2, 2, 3, 3, is_in_window=False), **SIX).found == 0
    assert seen(lecturers.judge_designated(C["5.1"], candidates(1, 1, 2, 2, 3), **SIX)) == ("not_met", 5, 6)


# -- 6

ALL = frozenset(["operation", "training_model", "duties", "term"])


@pytest.mark.parametrize(
    ("since", "until", "topics", "status"),
    [
        (ON, ON, ALL, "met"),
        (ON + timedelta(days=1), ON + timedelta(days=9), ALL, "not_met"),
        (ON - timedelta(days=9), ON - timedelta(days=1), ALL, "not_met"),
        (ON, ON, ALL - {"term"}, "not_met"),
    ],
)
def test_agreements_bind_on_the_day(since: date, until: date, topics: frozenset[str], status: str) -> None:
    centre = CentreCase("中心", {}, (AgreementCase(since, since, until, topics),))
    assert centres.judge_agreements(C["6.6"], [centre], on=ON, topics=P["petoe.agreement_topics"]).status.value == status
    assert centres.judge_agreements(C["6.6"], [], on=ON, topics=P["petoe.agreement_topics"]).status is Status.NO_DATA


def placement(signed: frozenset[str] = frozenset(["school", "enterprise", "student"]), *, has_grade: bool = True) -> PlacementCase:
    return PlacementCase("张三", signed, True, True, has_grade, student="张三", days=240)


def test_leaders_of_both_sides_and_three_signatures() -> None:
    def judge(leaders: dict[str, int], case: PlacementCase) -> str:
        return centres.judge_leadership(
            C["6.2"],
            [CentreCase("中心", leaders, ())],
            [case],
            leaders=P["petoe.centre_leaders_per_side_min"],
            agreement=P["petoe.tri_party_agreement_required"],
        ).status.value

    assert judge({"school": 1, "enterprise": 1}, placement()) == "met"
    assert judge({"school": 2}, placement()) == "not_met"
    assert judge({"school": 1, "enterprise": 1}, placement(frozenset(["school", "student"]))) == "not_met"


@pytest.mark.parametrize(("leaders", "status"), [({"school": 1, "enterprise": 1}, Status.NO_DATA), ({"school": 1}, Status.NOT_MET)])
def test_no_placement_proves_no_agreement(leaders: dict[str, int], status: Status) -> None:
    """With nothing to look at there is never a pass; what is known to be wrong is said anyway."""
    found = centres.judge_leadership(
        C["6.2"],
        [CentreCase("中心", leaders, ())],
        [],
        leaders=P["petoe.centre_leaders_per_side_min"],
        agreement=P["petoe.tri_party_agreement_required"],
    )
    assert found.status is status


@pytest.mark.parametrize(("has_mentor", "status"), [(True, Status.NO_DATA), (False, Status.NOT_MET)])
def test_no_placement_that_ended_proves_no_grade(has_mentor: bool, status: Status) -> None:
    item = PlanItemCase("实习", 320, True, True, int(has_mentor))
    running = replace(placement(has_grade=False), has_ended=False)
    for cases in ([], [running]):
        assert centres.judge_item_mentors(C["6.8"], [item], cases, mentors=P["petoe.plan_item_enterprise_mentors_min"]).status is status


def test_plan_items_have_mentors_and_assessments() -> None:
    item = PlanItemCase("实习", 320, True, True, 1)
    mentors = P["petoe.plan_item_enterprise_mentors_min"]
    assert centres.judge_item_mentors(C["6.8"], [item], [placement()], mentors=mentors).status is Status.MET
    assert centres.judge_item_mentors(C["6.8"], [item], [placement(has_grade=False)], mentors=mentors).status is Status.NOT_MET
    assert centres.judge_item_mentors(C["6.8"], [replace(item, enterprise_mentors=0)], [], mentors=mentors).status is Status.NOT_MET
    assert results([item], [placement()]).status is Status.MET
    assert results([item], []).status is Status.NO_DATA
    assert results([replace(item, has_assessment=False)], [placement()]).status is Status.NOT_MET
    assert results([item], [placement(has_grade=False)]).details == ("张三：没有考核结果", "张三：实习没有考核结果")


def results(items: list[PlanItemCase], cases: list[PlacementCase], capstone: CapstoneCase | None = None, *, graduated: bool = False) -> Finding:
    capstone = capstone or CapstoneCase("张三")
    mine = practice.practice_of([StudentCase("张三", 2022, 160)], cases, [capstone], has_finished=graduated)
    numbers = {"assessments": P["petoe.plan_item_assessments_min"], "share": P["own.evaluation.item_time_percent"]}
    return practice.judge_item_results(C["6.9"], items, mine, **numbers)


PLAN = [PlanItemCase("认识实习", 40, True, True, 1), PlanItemCase("生产实习", 120, True, True, 1)]


@pytest.mark.parametrize(
    ("days", "graduated", "found"),
    [
        (28, False, ("met", "环节 2/2，考核结果 1/1")),  # still at it: asked for what is over
        (28, True, ("not_met", "环节 2/2，考核结果 1/2")),
        (69, True, ("not_met", "环节 2/2，考核结果 1/2")),  # 9.8 weeks: less than four and half of twelve
        (70, True, ("met", "环节 2/2，考核结果 2/2")),
        (0, True, ("not_met", "环节 2/2，考核结果 0/2")),
    ],
)
def test_one_item_of_the_plan_does_not_stand_for_all(days: int, graduated: bool, found: tuple[str, str]) -> None:
    """6.9 (002:525) asks for every student and every item: who did the first alone has no result of the second."""
    cases = [replace(placement(), days=days)] if days else []
    answer = results(PLAN, cases, graduated=graduated)
    assert seen(answer)[:2] == found
    if days == 28 and graduated:
        assert answer.details == ("张三：生产实习没有考核结果",)


def test_the_capstone_speaks_for_its_item_and_no_source_for_none() -> None:
    whole = [*PLAN, PlanItemCase("毕业设计", 160, True, True, 1, MarkSource.CAPSTONE)]
    long = replace(placement(), days=400)
    assert results(whole, [long], graduated=True).details == ("张三：毕业设计没有考核结果",)
    assert results(whole, [long], CapstoneCase("张三", has_ended=True, has_result=True), graduated=True).status is Status.MET
    assert results(whole, [long], CapstoneCase("张三", has_ended=True)).status is Status.NOT_MET, "over, and nobody concluded it"
    assert results(whole, [long]).status is Status.MET, "a capstone that runs is not asked yet"
    untold = [PLAN[0], replace(PLAN[1], source=MarkSource.NONE)]
    assert results(untold, [long], graduated=True).details == ("张三：生产实习没有考核结果",)


# -- 7


@pytest.mark.parametrize(
    ("weeks_x10", "status", "found"), [([320], "met", 32), ([315], "not_met", "31.5"), ([], "not_met", 0), ([300, 40], "met", 34)]
)
def test_the_weeks_of_the_plan(weeks_x10: list[int], status: str, found: Any) -> None:
    items = [PlanItemCase("环节", number, True, True, 1) for number in weeks_x10]
    assert seen(weeks.judge_plan_weeks(C["7.1"], items, weeks=P["petoe.plan_weeks"])) == (status, found, 32)


def test_a_campus_item_fails_on_its_place() -> None:
    items = [PlanItemCase("企业", 300, True, True, 1), PlanItemCase("校内", 40, False, True, 1)]
    assert seen(weeks.judge_places(C["7.3"], items, location=P["petoe.plan_location"])) == ("not_met", 1, 2)


@pytest.mark.parametrize(("days", "status"), [(159, "not_met"), (160, "met"), (200, "met")])
def test_every_student_has_160_days_not_the_mean(days: int, status: str) -> None:
    numbers = {"days": P["own.weeks.days_required"], "per_week": P["own.weeks.days_per_week"]}
    found = weeks.judge_students(C["7.2"], [StudentCase("甲", 2022, days), StudentCase("乙", 2022, 300)], denominator="2 人", **numbers)
    assert seen(found) == (status, days, 160)


@pytest.mark.parametrize(("per_week", "told"), [(5, "甲：150 天（30 周），还差 10 天"), (6, "甲：150 天（25 周），还差 10 天")])
def test_a_week_has_the_days_that_the_rule_gives_it(per_week: int, told: str) -> None:
    numbers = {"days": P["own.weeks.days_required"], "per_week": replace(P["own.weeks.days_per_week"], value=per_week)}
    assert weeks.judge_students(C["7.2"], [StudentCase("甲", 2022, 150)], denominator="1 人", **numbers).details == (told,)


@pytest.mark.parametrize("key", ["petoe.publications_per_year", "petoe.plan_location", "petoe.plan_item_assessments_min"])
def test_what_is_built_in_says_so_and_is_not_offered_as_a_change_of_rules(key: str) -> None:
    """One list a year, one place and one text of how an item is assessed: another value would change nothing, so nobody is told that it would."""
    assert book().at(key, on=ON).use is Use.FIXED
    assert key not in simulation.changeable(ON)


# -- 8


def _found(code: str, found: int, key: str, *details: str) -> Finding:
    decide = at_most if code == "8.2" else at_least
    return decide(code, found, P[key], details=details)


@pytest.mark.parametrize(
    ("code", "findings", "status", "words"),
    [
        ("8.2", (_found("8.2", 5, "own.capstone.uncovered_days_max"),), "met", ()),
        ("8.2", (_found("8.2", 6, "own.capstone.uncovered_days_max"),), "not_met", ("乙：6 天不在该企业的实习期内，容许 5 天",)),
        ("8.3", (_found("8.3.guidance_enterprise", 8, "own.capstone.guidance_logs_min"),), "met", ()),
        (
            "8.3",
            (_found("8.3.enterprise", 0, "petoe.capstone_enterprise_supervisors_min", "郑工 不是该企业在任的指导教师"),),
            "not_met",
            ("乙：毕业设计所在企业在任的企业导师 0 人，需 1 人；郑工 不是该企业在任的指导教师",),
        ),
        ("8.3", (), "not_met", ("乙：没有毕业设计",)),
    ],
)
def test_capstones_are_judged_by_what_their_own_rule_found(code: str, findings: tuple[Finding, ...], status: str, words: tuple[str, ...]) -> None:
    good = CapstoneCase("甲", (_found("8.2", 0, "own.capstone.uncovered_days_max"),))
    found = capstones.judge(
        C[code], [good, CapstoneCase("乙", findings)], parameter=P["petoe.capstone_enterprise_supervisors_min"], denominator="2 人"
    )
    assert (found.status.value, found.found, found.details) == (status, 2 - len(words), words)


def test_without_any_capstone_there_is_no_data() -> None:
    found = capstones.judge(C["8.2"], [CapstoneCase("甲")], parameter=P["petoe.capstone_same_enterprise"], denominator="1 人")
    assert found.status is Status.NO_DATA


# -- 9


@pytest.mark.parametrize(("part", "status"), [(25, "met"), (24, "judge"), (23, "judge"), (22, "not_met")])
def test_about_a_quarter_of_the_teachers(part: int, status: str) -> None:
    cases = [teacher(is_foreign=n < part, person_id=n) for n in range(100)]
    found = international.judge_faculty(
        C["9.1"], cases, percent=P["petoe.intl_faculty_percent"], tolerance=P["own.intl.faculty_tolerance_points"], stay=P["petoe.intl_stay_months"]
    )
    assert found.status.value == status


def test_who_has_an_international_background() -> None:
    assert international.has_background(teacher(overseas_months=12), stay_months=12)
    assert not international.has_background(teacher(overseas_months=11), stay_months=12)
    assert international.has_background(teacher(has_foreign_doctorate=True), stay_months=12)


@pytest.mark.parametrize(("foreign", "all_", "status"), [(2, 21, "not_met"), (2, 20, "met"), (0, 0, "no_data"), (3, 20, "met")])
def test_a_hard_tenth_of_foreign_students(foreign: int, all_: int, status: str) -> None:
    case = InternationalCase(all_, foreign, 0)
    assert international.judge_foreign_students(C["9.8"], case, percent=P["petoe.intl_foreign_students_percent"]).status.value == status


@pytest.mark.parametrize(("exchanged", "status"), [(5, "not_met"), (6, "met")])
def test_most_students_is_more_than_half(exchanged: int, status: str) -> None:
    case = InternationalCase(10, 0, exchanged)
    assert international.judge_exchange(C["9.6"], case, percent=P["petoe.intl_exchange_percent"]).status.value == status


# -- verdicts


def finding(status: Status) -> Finding:
    return Finding("9.1", status, 1, 1, C["9.1"].clause)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Status.MET] * 3 + [Status.NOT_MET] * 6, Status.MET),
        ([Status.MET] * 2 + [Status.JUDGE] + [Status.NOT_MET] * 6, Status.JUDGE),
        ([Status.MET] * 2 + [Status.NOT_MET] * 7, Status.NOT_MET),
        ([Status.MET] * 2 + [Status.NO_DATA] + [Status.NOT_MET] * 6, Status.NO_DATA),
    ],
)
def test_any_three_of_nine(statuses: list[Status], expected: Status) -> None:
    found = [finding(status) for status in statuses]
    assert verdict.status_of(9, found, international_needed=P["petoe.intl_criteria_needed"]) is expected


def test_the_special_result() -> None:
    met = [Status.MET] * 10
    assert verdict.special_result(met, None) is SpecialResult.MET
    assert verdict.special_result(met, Quality.EXCELLENT) is SpecialResult.MET_EXCELLENT
    assert verdict.special_result(met, Quality.DISTINCTIVE) is SpecialResult.MET_DISTINCTIVE
    assert verdict.special_result([*met[:9], Status.NOT_MET], Quality.EXCELLENT) is SpecialResult.NOT_MET
    assert verdict.special_result([*met[:9], Status.JUDGE], None) is None
    assert verdict.special_result([*met[:8], Status.JUDGE, Status.NOT_MET], None) is SpecialResult.NOT_MET


@pytest.mark.parametrize(
    ("standing", "special", "expected"),
    [
        (AccreditationStanding.PASSED, SpecialResult.MET, Verdict.ACCREDITED_SPECIAL_MET),
        (AccreditationStanding.PASSED, SpecialResult.MET_EXCELLENT, Verdict.ACCREDITED_SPECIAL_MET),
        (AccreditationStanding.PASSED, SpecialResult.NOT_MET, Verdict.ACCREDITED_SPECIAL_NOT_MET),
        (AccreditationStanding.FAILED, SpecialResult.MET, Verdict.NOT_ACCREDITED),
        (AccreditationStanding.FAILED, None, Verdict.NOT_ACCREDITED),
        (AccreditationStanding.EXPIRED, SpecialResult.MET, None),
        (None, SpecialResult.MET, None),
        (AccreditationStanding.PASSED, None, None),
    ],
)
def test_the_verdict_table(standing: Any, special: Any, expected: Any) -> None:
    assert verdict.verdict_of(standing, special) is expected


def test_an_accreditation_ends_on_its_last_day() -> None:
    case = AccreditationCase(True, date(2023, 1, 10), date(2023, 1, 1), 3)
    assert verdict.standing(case, date(2025, 12, 31)) is AccreditationStanding.PASSED
    assert verdict.standing(case, date(2026, 1, 1)) is AccreditationStanding.EXPIRED
    assert verdict.standing(case, date(2023, 1, 9)) is None
    assert verdict.standing(replace(case, is_passed=False), ON) is AccreditationStanding.FAILED


def test_the_two_clocks() -> None:
    basis = P["own.evaluation.next_year_basis"]
    clocks = {"failed_years": P["petoe.reapply_failed_years"], "not_accepted_years": P["petoe.reapply_not_accepted_years"], "basis": basis}
    failed = DecisionCase(Outcome.CONCLUDED, date(2024, 2, 29), Verdict.ACCREDITED_SPECIAL_NOT_MET)
    assert verdict.reapply_from(failed, None, ON, **clocks) == date(2026, 3, 1)
    assert verdict.reapply_from(DecisionCase(Outcome.NOT_ACCEPTED, date(2025, 5, 5), None), None, ON, **clocks) == date(2026, 1, 1)
    assert verdict.reapply_from(replace(failed, verdict=Verdict.ACCREDITED_SPECIAL_MET), None, ON, **clocks) is None
    assert verdict.reapply_from(None, Verdict.NOT_ACCREDITED, ON, **clocks) == date(2028, 3, 2)
    assert verdict.reapply_from(None, None, ON, **clocks) is None
    by_academic_year = replace(basis, value="academic_year")
    for day, first in ((date(2025, 8, 31), date(2025, 9, 1)), (date(2025, 9, 1), date(2026, 9, 1)), (date(2026, 1, 1), date(2026, 9, 1))):
        assert verdict.year_begins(day, 1, by_academic_year) == first


def test_a_person_settles_what_soft_words_leave_open_and_nothing_else() -> None:
    said = JudgementCase(JudgementResult.MET, "见名单", "专家", ON)
    assert verdict.settled(finding(Status.JUDGE), said).status is Status.MET
    assert verdict.settled(finding(Status.NOT_MET), said).status is Status.NOT_MET
    waiting = verdict.judged(C["1.3"], None)
    assert (waiting.status, waiting.found) == (Status.JUDGE, None)
    assert seen(verdict.judged(C["1.3"], replace(said, result=JudgementResult.NOT_MET), ["证据"])) == ("not_met", "未达到", "达到")


@pytest.mark.parametrize(("days", "senior"), [(1825, False), (1826, True), (1827, True)])
def test_five_years_are_the_same_days_everywhere(days: int, senior: bool) -> None:
    assert teachers.is_senior(teacher(is_senior=False, enterprise_days=days), years=5) is senior
