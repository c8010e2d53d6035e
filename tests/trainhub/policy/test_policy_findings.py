"""Findings: the four answers, thresholds at, below and above, shares in whole numbers, verdicts over lists."""

from __future__ import annotations

import json
from datetime import date

import pytest

from trainhub.policy.book import book
from trainhub.policy.findings import (
    Finding,
    Status,
    all_of,
    any_of,
    as_dicts,
    at_least,
    at_most,
    decided,
    finding_from_dict,
    missing,
    no_data,
    share_at_least,
    to_judge,
)
from trainhub.policy.types import Clause, Parameter

DAY = date(2015, 9, 1)


def parameter(key: str) -> Parameter:
    return book().at(key, on=DAY)


@pytest.mark.parametrize(("days", "status"), [(159, Status.NOT_MET), (160, Status.MET), (161, Status.MET)])
def test_at_least(days: int, status: Status) -> None:
    finding = at_least("7.2", days, parameter("own.weeks.days_required"), denominator="全体卓越计划学生 21 人")
    assert finding == Finding(
        code="7.2",
        status=status,
        required=160,
        found=days,
        clause=Clause("trainhub", rule="own.weeks.days_required"),
        denominator="全体卓越计划学生 21 人",
        unit="day",
        parameter="own.weeks.days_required",
    )
    assert finding.met is (status is Status.MET)


@pytest.mark.parametrize(("entities", "is_met"), [(19, False), (20, False), (21, True)])
def test_more_than_excludes_the_number(entities: int, is_met: bool) -> None:
    assert at_least("FJ-26c", entities, parameter("fj.incubation_entities_over"), strictly=True).met is is_met


@pytest.mark.parametrize(("courses", "is_met"), [(0, True), (2, True), (3, False)])
def test_at_most(courses: int, is_met: bool) -> None:
    assert at_most("5.4", courses, parameter("petoe.lecturer_course_cap_designated")).met is is_met


@pytest.mark.parametrize(
    ("part", "whole", "status"),
    [
        (25, 100, Status.MET),
        (24, 100, Status.JUDGE),
        (23, 100, Status.JUDGE),
        (22, 100, Status.NOT_MET),
        (1, 4, Status.MET),
        (0, 0, Status.NO_DATA),
        (0, 7, Status.NOT_MET),
        (7, 7, Status.MET),
    ],
)
def test_a_share_with_a_tolerance(part: int, whole: int, status: Status) -> None:
    finding = share_at_least(
        "9.1",
        part,
        whole,
        parameter("petoe.intl_faculty_percent"),
        tolerance=parameter("own.intl.faculty_tolerance_points"),
    )
    assert finding.status is status
    assert finding.required == 25
    assert finding.clause.cite == "PETOE-9.1, 002:585"
    assert finding.denominator == (whole or None)


@pytest.mark.parametrize(("part", "whole", "is_met"), [(2, 20, True), (2, 21, False), (3, 21, True), (1, 10, True), (1, 11, False)])
def test_a_hard_share_is_not_rounded(part: int, whole: int, is_met: bool) -> None:
    assert share_at_least("9.8", part, whole, parameter("petoe.intl_foreign_students_percent")).met is is_met


@pytest.mark.parametrize(("part", "is_met"), [(49, False), (50, False), (51, True)])
def test_a_majority_is_more_than_half(part: int, is_met: bool) -> None:
    finding = share_at_least("9.6", part, 100, parameter("petoe.intl_exchange_percent"), strictly=True)
    assert finding.met is is_met
    assert finding.found == f"{part}/100 ({part}.0%)"


@pytest.mark.parametrize(("part", "whole"), [(-1, 5), (6, 5), (1, -1)])
def test_an_impossible_share_is_a_bug(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        share_at_least("9.8", part, whole, parameter("petoe.intl_foreign_students_percent"))


def test_met_and_not_met_need_both_numbers() -> None:
    clause = parameter("petoe.core_courses").clause
    for status in (Status.MET, Status.NOT_MET):
        with pytest.raises(ValueError, match="found and required"):
            Finding("5", status, 6, None, clause)
        with pytest.raises(ValueError, match="found and required"):
            Finding("5", status, None, 6, clause)
    with pytest.raises(ValueError, match="needs a code"):
        Finding("", Status.JUDGE, None, None, clause)
    with pytest.raises(TypeError, match=r"ask \.met"):
        bool(Finding("5", Status.JUDGE, None, None, clause))


def test_judge_and_no_data_are_not_met() -> None:
    core = parameter("petoe.core_courses")
    judged = to_judge("5.3", core.clause, found="3 份说明", parameter=core, details=["由专家判断。"])
    assert (judged.status, judged.met, judged.required, judged.details) == (Status.JUDGE, False, 6, ("由专家判断。",))
    empty = no_data("5.2", core.clause, details=["尚未指定课程。"])
    assert (empty.status, empty.met, empty.required, empty.found) == (Status.NO_DATA, False, None, None)
    assert no_data("5.2", core.clause, required="六门", parameter=core).required == "六门"
    assert to_judge("5.3", core.clause, required="有说明").required == "有说明"


def test_a_finding_survives_json() -> None:
    stored = [
        at_least("5", 6, parameter("petoe.core_courses"), details=["甲", "乙"]),
        decided("P9", True, found=("student", "teacher"), parameter=parameter("petoe.interview_groups")),
        to_judge("9.9", parameter("petoe.intl_criteria").clause),
        share_at_least("9.8", 0, 0, parameter("petoe.intl_foreign_students_percent")),
    ]
    assert [finding_from_dict(row) for row in json.loads(json.dumps(as_dicts(stored)))] == stored
    assert stored[0].as_dict() == {
        "code": "5",
        "status": "met",
        "met": True,
        "required": 6,
        "found": 6,
        "unit": "course",
        "clause": "PETOE-5, 002:271",
        "source": parameter("petoe.core_courses").clause.as_dict(),
        "denominator": None,
        "details": ["甲", "乙"],
        "parameter": "petoe.core_courses",
    }


def test_dates_are_stored_as_iso_text() -> None:
    finding = decided("FJ-16c", True, found=date(2017, 12, 31), parameter=parameter("fj.goal_deadline"))
    assert (finding.as_dict()["found"], finding.as_dict()["required"]) == ("2017-12-31", "2017-12-31")


def some(status: Status) -> Finding:
    return Finding("x", status, 1, 1, Clause("trainhub"))


MET, NOT, JUDGE, NONE = (some(status) for status in (Status.MET, Status.NOT_MET, Status.JUDGE, Status.NO_DATA))


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([], Status.NO_DATA),
        ([MET], Status.MET),
        ([MET, MET], Status.MET),
        ([MET, JUDGE], Status.JUDGE),
        ([MET, JUDGE, NONE], Status.NO_DATA),
        ([MET, JUDGE, NONE, NOT], Status.NOT_MET),
        ([NOT], Status.NOT_MET),
    ],
)
def test_all_of(findings: list[Finding], status: Status) -> None:
    assert all_of(findings) is status
    assert all_of(iter(findings)) is status


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([], Status.NO_DATA),
        ([MET] * 3 + [NOT] * 6, Status.MET),
        ([MET] * 2 + [JUDGE] + [NOT] * 6, Status.JUDGE),
        ([MET] * 2 + [NONE] + [NOT] * 6, Status.NO_DATA),
        ([MET] + [JUDGE] + [NONE] + [NOT] * 6, Status.NO_DATA),
        ([MET] * 2 + [NOT] * 7, Status.NOT_MET),
        ([MET] * 9, Status.MET),
    ],
)
def test_any_three_of_nine(findings: list[Finding], status: Status) -> None:
    assert any_of(findings, parameter("petoe.intl_criteria_needed").number) is status


def test_missing_keeps_the_order() -> None:
    assert missing([MET, NOT, MET, JUDGE, NONE]) == (NOT, JUDGE, NONE)
    assert missing([MET]) == ()
