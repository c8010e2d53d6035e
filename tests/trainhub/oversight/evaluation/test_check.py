"""`trainhub evaluation check` on whole programmes: one that meets everything, one that fails in a known way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.curriculum.models import CourseResult
from courses.recognition.models import CreditClaim
from courses.recognition.types import ClaimState, Evidence
from courses.standards.models import PointCover
from enterprises.capstones import queries as capstones
from enterprises.capstones.models import GuidanceEntry
from enterprises.capstones.types import SupervisorRole
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.trainhub.ledger.test_holidays import THREE, all_entered, switched_on  # noqa: F401 - a fixture
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import ConfirmedDay
from trainhub.ledger.rules import credit_weeks
from trainhub.oversight.evaluation import catalogue, cli, readiness
from trainhub.oversight.evaluation.queries import field
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.people import operations as people
from trainhub.people.models import PetoeSpan
from trainhub.people.types import StudentState
from trainhub.policy.findings import Status
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import GraduationRequirement, IndicatorPoint

PNG = b"\x89PNG\r\n\x1a\n"
ACROSS = [factory.TODAY, factory.TODAY + timedelta(days=1), factory.TODAY + timedelta(days=180), factory.TODAY + timedelta(days=365)]


def computed(found: Any) -> dict[str, str]:
    kinds = {code: criterion.kind.value for code, criterion in catalogue.criteria().items()}
    return {finding.code: finding.status.value for finding in found.findings if kinds[finding.code] == "computed"}


def test_the_complete_programme_meets_every_computed_criterion_on_any_day_of_the_year(session: Session) -> None:
    built = factory.meeting(students=4)
    for on in ACROSS:
        found = readiness.assess(built.programme, on)
        assert {code: status for code, status in computed(found).items() if status != "met"} == {}, [
            (f.code, f.found, f.required, f.details) for f in found.findings if f.status.value != "met"
        ]
        assert len(computed(found)) == 22
        assert (found.special_result.value, found.accreditation.value, found.verdict.value, found.reapply_from) == (
            "met",
            "passed",
            "ACCREDITED_SPECIAL_MET",
            None,
        )


def test_the_failing_programme_fails_exactly_three(session: Session) -> None:
    built = factory.failing(students=4)
    for on in ACROSS:
        found = readiness.assess(built.programme, on)
        not_met = {code: status for code, status in computed(found).items() if status != "met"}
        assert not_met == {"5.2": "not_met", "7.2": "not_met", "9.8": "not_met"}, [
            (f.code, f.found, f.required, f.details) for f in found.findings if f.code in not_met
        ]
        by_no = {answer.requirement.no: answer.status.value for answer in found.answers}
        assert (by_no[5], by_no[7], by_no[9]) == ("not_met", "not_met", "met")
        assert (found.special_result.value, found.verdict.value) == ("not_met", "ACCREDITED_SPECIAL_NOT_MET")
        assert found.reapply_from == on.replace(year=on.year + 2)


def test_capstones_are_counted_as_their_own_pages_count_them(session: Session) -> None:
    """A teacher who guided once less: the page of the cohort says so for 8.3, and so does the evaluation."""
    built = factory.meeting(students=4)
    entry = session.scalars(select(GuidanceEntry).where(GuidanceEntry.role == SupervisorRole.SCHOOL)).first()
    assert entry is not None
    entry.confirmed_at = None
    session.flush()
    rows = capstones.overview(built.programme.id, built.cohort.id, factory.TODAY)
    by_code = {finding.code: finding for finding in readiness.assess(built.programme, factory.TODAY).findings}
    for code, met in (("8.2", 4), ("8.3", 3)):
        assert sum(row.statuses[code] is Status.MET for row in rows) == by_code[code].found == met
    assert [line.partition("：")[2] for line in by_code["8.3"].details] == ["校内导师确认的指导记录 7 次，需 8 次"]


@pytest.mark.database
def test_a_placement_that_is_over_asks_for_its_grade_whoever_forgot_to_close_it(session: Session) -> None:
    """6.8 and 6.9: finished or not, after its last day it ended; on that day one that still runs has not (002:523, 002:525)."""
    built = factory.meeting(students=2)
    session.execute(sa.update(Placement).values(state=PlacementState.STARTED, mentor_score_x10=None))
    session.expire_all()
    last = session.scalars(sa.select(Placement.ends_on)).first()
    assert last is not None
    for on, expected in ((factory.TODAY, "not_met"), (last + timedelta(days=1), "not_met"), (last, "no_data")):
        by_code = {finding.code: finding for finding in readiness.assess(built.programme, on).findings}
        assert {code: by_code[code].status.value for code in ("6.8", "6.9")} == {"6.8": expected, "6.9": expected}, on
    assert len([line for line in by_code["6.8"].details if "没有评分" in line]) == 0


def test_a_requirement_without_points_is_carried_by_nothing(session: Session) -> None:
    """2.2 (002:383) and the path of 1.1: a requirement nobody refined reaches no course, whatever standard it names (002:295)."""
    built = factory.meeting(students=2)
    row = GraduationRequirement(version_id=built.version.id, number=99, title="新增要求", text="还没有细化")
    session.add(row)
    session.flush()
    by_code = {finding.code: finding for finding in readiness.assess(built.programme, factory.TODAY).findings}
    assert (by_code["2.2"].status.value, by_code["1.1"].status.value) == ("not_met", "met")
    assert by_code["2.2"].details == (f"毕业要求 {row.number}：还没有分解为指标点，没有课程或环节支撑",)
    # the only requirement that names a standard is not refined: the standard is mapped and not reached
    session.execute(sa.delete(PointCover))
    session.execute(sa.delete(IndicatorPoint))
    session.expire_all()
    found = {finding.code: finding for finding in readiness.assess(built.programme, factory.TODAY).findings}["1.1"]
    assert (found.status.value, found.found) == ("not_met", 0)


def test_a_recognised_course_concludes_about_its_student(session: Session) -> None:
    """2.5 (002:389): whose course was recognised has a decision and no marks here; without one the student is missing."""
    built = factory.meeting(students=2)
    student = built.students[0]
    course_id = session.scalar(sa.select(CourseResult.course_id).where(CourseResult.student_id == student.id))
    session.execute(sa.delete(CourseResult).where(CourseResult.student_id == student.id, CourseResult.course_id == course_id))

    def found() -> Any:
        session.expire_all()
        return next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == "2.5")

    assert (found().status.value, "缺少达成结论" in found().details[0]) == ("not_met", True)
    proof = files.keep_bytes(PNG, name="证书.png", kind="recognition", media_type="image/png", by=SYSTEM, now=factory.NOW)
    claim = CreditClaim(
        file_id=proof.id,
        student_id=student.id,
        target_id=course_id,
        evidence=Evidence.CERTIFICATE,
        evidence_key="outside-1",
        title="数据结构",
        completed_on=factory.TODAY,
        asked_x10=30,
        credits_x10=30,
        state=ClaimState.APPROVED,
        asked_at=factory.NOW,
        decided_at=factory.NOW,
        decided_on=factory.TODAY,
    )
    session.add(claim)
    session.flush()
    assert (found().status.value, len(found().details)) == ("met", 1)
    assert "1 名学生的学分经认定取得，未在本课考核" in found().details[0]
    claim.state, claim.credits_x10, claim.decided_at, claim.decided_on = ClaimState.SUBMITTED, None, None, None
    session.flush()
    assert found().status.value == "not_met"


def test_zero_students_meet_nothing_that_is_about_students(session: Session) -> None:
    built = factory.meeting(students=2)
    session.execute(sa.delete(PetoeSpan))
    session.expire_all()
    statuses = computed(readiness.assess(built.programme, factory.TODAY))
    assert {code: statuses[code] for code in ("6.2", "6.8", "6.9", "7.2", "8.2", "8.3")} == dict.fromkeys(
        ("6.2", "6.8", "6.9", "7.2", "8.2", "8.3"), "no_data"
    )


def test_the_same_after_the_cohort_graduated(session: Session) -> None:
    built = factory.meeting(students=4)
    day = date(2026, 6, 30)
    junior = ground.student(built.programme, year=2024, enrolled_on=date(2024, 9, 1), petoe_since=date(2024, 9, 1))
    for student in built.students:
        people.change_student(student=student, state=StudentState.GRADUATED, left_on=day, by=SYSTEM, now=factory.NOW)
    programmes.change_cohort(cohort=built.cohort, graduated_on=day, by=SYSTEM, now=factory.NOW)
    found = readiness.assess(built.programme, date(2026, 9, 1))
    by_code = {finding.code: finding for finding in found.findings}
    assert found.group.cohort_years == (2022,)
    assert (found.group.is_finished, found.group.size) == (True, 4)
    assert by_code["7.2"].status.value == "met"
    assert by_code["9.8"].denominator == "本专业在籍学生 1 人"
    assert junior.cohort_id != built.cohort.id


def test_a_programme_without_anything_has_no_data_and_no_verdict(session: Session) -> None:
    found = readiness.assess(ground.programme(), factory.TODAY)
    statuses = computed(found)
    assert statuses == {code: ("not_met" if code in ("7.1", "7.3", "9.4") else "no_data") for code in statuses}
    assert (found.accreditation, found.verdict) == (None, None)


def test_a_withdrawn_student_is_listed_apart(session: Session) -> None:
    built = factory.meeting(students=4)
    gone = ground.student(built.programme, year=2022, petoe_since=date(2022, 9, 1))
    people.change_student(student=gone, state=StudentState.WITHDRAWN, left_on=date(2024, 1, 1), left_reason="转学", by=SYSTEM, now=factory.NOW)
    found = readiness.assess(built.programme, factory.TODAY)
    assert found.group.size == 4
    assert [text.endswith(f"（{gone.student_no}） 2024-01-01（转学）") for text in found.group.withdrawn] == [True]
    assert computed(found)["7.2"] == "met"


def test_one_day_less_fails_and_names_the_student(session: Session) -> None:
    built = factory.bare(students=3)
    factory.in_the_field(built, short=1)
    finding = next(f for f in readiness.assess(built.programme, factory.TODAY).findings if f.code == "7.2")
    assert (finding.status.value, finding.found, finding.required) == ("not_met", 159, 160)
    assert len(finding.details) == 1
    assert built.students[0].student_no in finding.details[0]


def test_the_database_sums_weeks_as_the_ledger_does(session: Session) -> None:
    """Seven days of a week are five, a day at two enterprises is one, ISO week 2020-53 lies in two years."""
    built = factory.bare(students=1)
    first = date(2020, 12, 21)
    days = [first + timedelta(days=n) for n in (0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 21, 22)]
    other = ground.enterprise()
    for place, day in enumerate(days):
        for enterprise in (built.enterprise, other)[: 1 + place % 2]:
            session.add(ConfirmedDay(student_id=built.students[0].id, enterprise_id=enterprise.id, on=day, confirmed_at=factory.NOW))
    session.flush()
    members = members_of(built.programme.id, factory.TODAY).judged
    found = field.credited_days(built.programme.id, members, on=factory.TODAY, days_per_week=5)
    assert found[0].credited_days == credit_weeks(days, days_per_week=5).credited_days == 13
    assert field.credited_days(built.programme.id, members, on=first, days_per_week=5)[0].credited_days == 1


def test_under_the_holiday_switch_the_evaluation_counts_as_the_ledger_does(session: Session, switched_on: None) -> None:
    all_entered()
    built = factory.bare(students=1)
    student = built.students[0]
    for day in (*THREE, date(2026, 10, 12)):  # three working days are left of the week of the national holiday
        session.add(ConfirmedDay(student_id=student.id, enterprise_id=built.enterprise.id, on=day, confirmed_at=factory.NOW))
    session.flush()
    on = date(2026, 11, 1)
    found = field.credited_days(built.programme.id, members_of(built.programme.id, on).judged, on=on, days_per_week=5)
    assert found[0].credited_days == ledger.weeks_of_many([student.id])[student.id].credited_days == 6


def test_the_number_of_queries_does_not_depend_on_the_students(session: Session, count_queries: list[str]) -> None:
    numbers = []
    for students in (4, 40):
        built = factory.bare(students=students)
        factory.in_the_field(built)
        session.expire_all()
        programme = built.programme
        assert programme.id
        count_queries.clear()
        readiness.assess(programme, factory.TODAY)
        numbers.append(len(count_queries))
    assert numbers[0] == numbers[1]
    assert numbers[0] < 70


def test_the_readiness_page_asks_the_database_little(session: Session, as_role: Callable[..., Any], count_queries: list[str]) -> None:
    with transaction():
        built = factory.meeting(students=4)
        code, programme_id = built.programme.code, built.programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    session.expire_all()
    count_queries.clear()
    assert head.get(f"/evaluation/{code}?on=2026-03-02").status_code == 200
    assert len(count_queries) <= 66, "the same number whatever is in them: also who was taken out of the plan, degrees and stays abroad"


def test_the_command_prints_what_the_contract_promises(app: Flask, session: Session) -> None:
    built = factory.failing(students=4)
    result = CliRunner().invoke(cli.evaluation, ["check", built.programme.code, "--on", "2026-03-02", "--json"], obj={"create_app": lambda: app})
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert list(data)[:7] == ["programme", "on", "requirements", "special_result", "accreditation", "verdict", "reapply_from"]
    assert [row["no"] for row in data["requirements"]] == list(range(1, 11))
    rows = [row for requirement in data["requirements"] for row in requirement["criteria"]]
    assert len(rows) == 64
    assert sum(row["kind"] == "computed" for row in rows) == 22
    assert [row["no"] for row in rows if row["status"] in ("met", "not_met") and (row["found"] is None or row["required"] is None)] == []
    assert {"status", "found", "required", "clause", "denominator"} <= set(rows[0])
    assert (data["reapply_from"], data["accreditation"]) == ("2028-03-02", "passed")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["NOWHERE"], "unknown_programme"), (["X", "--on", "2016-02-30"], "bad_date"), (["X", "--on", "9999-12-31"], "bad_date")]
)
def test_the_command_refuses_with_words(app: Flask, arguments: list[str], code: str) -> None:
    result = CliRunner().invoke(cli.evaluation, ["check", *arguments, "--json"], obj={"create_app": lambda: app})
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == code


def test_a_day_before_the_scheme_is_an_error(app: Flask, session: Session) -> None:
    code = ground.programme().code
    result = CliRunner().invoke(cli.evaluation, ["check", code, "--on", "2009-12-31", "--json"], obj={"create_app": lambda: app})
    assert json.loads(result.stdout)["error"]["code"] == "no_rule_on_that_day"
