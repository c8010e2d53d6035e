"""Several graduated cohorts, each trained by a plan of its own: every one is judged by it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.curriculum.models import CourseResult
from courses.teaching.models import Offering
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import evaluation as factory
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.papers.blocks import Grid
from trainhub.oversight.evaluation import attaining, behind, readiness, simulation
from trainhub.oversight.evaluation.documents import materials, report, tables
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.people import operations as people
from trainhub.people.types import StudentState
from trainhub.policy.findings import Finding
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Cohort, ProgrammeVersion

DAY = date(2026, 9, 7)
GRADUATION = date(2026, 6, 30)
OF_PLANS = ("1.1", "2.2", "2.5", "6.8", "6.9", "7.1", "7.3")


def of(built: factory.Built, on: date = DAY) -> dict[str, Finding]:
    return {finding.code: finding for finding in readiness.assess(built.programme, on).findings}


@remembered
def graduated(built: factory.Built) -> None:
    for student in built.students:
        people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, by=SYSTEM, now=factory.NOW)
    programmes.change_cohort(cohort=built.cohort, graduated_on=GRADUATION, by=SYSTEM, now=factory.NOW)


def another(built: factory.Built, year: int, version: ProgrammeVersion | None) -> Cohort:
    """One more graduated cohort of one 卓越计划 student."""
    row = programmes.create_cohort(programme=built.programme, year=year, version=version, by=SYSTEM, now=factory.NOW)
    student = ground.student(built.programme, year=year, petoe_since=date(year, 9, 1))
    people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, by=SYSTEM, now=factory.NOW)
    programmes.change_cohort(cohort=row, graduated_on=GRADUATION, by=SYSTEM, now=factory.NOW)
    return row


@pytest.mark.database
@pytest.mark.parametrize("year", [2021, 2023])
def test_a_cohort_with_an_empty_plan_is_not_hidden_behind_another_one(session: Session, year: int) -> None:
    """Older or newer: what is asked of plans is asked of both, and the answer names which of them fails (PETOE-1, 2, 6, 7)."""
    built = factory.meeting(students=4)
    graduated(built)
    assert {code: of(built)[code].status.value for code in OF_PLANS} == dict.fromkeys(OF_PLANS, "met")
    empty = programmes.create_version(programme=built.programme, label="空白版", from_cohort_year=year, by=SYSTEM, now=factory.NOW)
    another(built, year, empty)
    found = of(built)
    statuses = {code: found[code].status.value for code in OF_PLANS}
    assert statuses == dict.fromkeys(OF_PLANS, "not_met"), "of graduates an empty plan is no missing number"
    for code in OF_PLANS:
        assert f"{year} 级方案" in " ".join(found[code].details), code
        assert "2022 级方案" in str(found[code].denominator), code
        assert f"{year} 级方案" in str(found[code].denominator), code
    assert (found["7.1"].found, found["7.1"].required) == (0, 32)


def test_cohorts_of_one_plan_are_judged_by_it_once(session: Session) -> None:
    built = factory.meeting(students=4)
    graduated(built)
    alone = of(built)
    another(built, 2023, built.version)
    both = of(built)
    for code in ("1.1", "2.2", "7.1", "7.3"):
        assert (both[code].status, both[code].found, both[code].denominator) == (alone[code].status, alone[code].found, alone[code].denominator)
    assert case_of(built.programme, DAY).group.cohort_years == (2022, 2023)


@pytest.mark.database
def test_the_dossier_draws_every_plan_that_a_judged_cohort_follows(session: Session) -> None:
    """Matrices, curriculum, enterprise plan and the report show what the findings judge: each cohort by its own plan, not the newest alone."""
    built = factory.meeting(students=4)
    graduated(built)
    alone = materials.Drawn(built.programme, DAY)
    once = {code: [one.title for one in alone.tables(code)] for code in materials.BUILDERS}
    bare = programmes.create_version(programme=built.programme, label="2023版", from_cohort_year=2023, by=SYSTEM, now=factory.NOW)
    programmes.add_requirement(version=bare, number=1, title="工程知识", text="能够应用", by=SYSTEM, now=factory.NOW)
    another(built, 2023, bare)
    drawn = materials.Drawn(built.programme, DAY)
    for code in ("M1.1", "M1.3", "M2.1", "M2.2", "M2.3", "M6.1"):
        wanted = [f"{title}（{year} 级方案）" for year in (2022, 2023) for title in once[code]]
        assert [one.title for one in drawn.tables(code)] == wanted, code
    *research, _cases = [one.title for one in drawn.tables("M3.1") if "研究性学习" in one.title or "案例" in one.title]
    assert research == ["开展研究性学习的课程（2022 级方案）", "开展研究性学习的课程（2023 级方案）"]
    # whose students each counts
    over = [dict(one.rows) for one in drawn.tables("M2.3") if one.title.startswith("达成情况的统计范围")]
    assert [(one["年级"], one["卓越计划学生人数"]) for one in over] == [("2022", "4"), ("2023", "1")]
    # the report: both matrices in its first section, what the second plan lacks named
    grids = [block.caption for block in report.content(built.programme, DAY).blocks if isinstance(block, Grid)]
    assert [caption for caption in grids if caption.startswith("毕业要求与本科工程型")] == [
        f"毕业要求与本科工程型人才培养通用标准的对应关系（{year} 级方案）" for year in (2022, 2023)
    ]
    assert any("2023 级培养方案中，通用标准" in gap for gap in report.gaps(built.programme, DAY))
    assert not any("2022 级培养方案中" in gap for gap in report.gaps(built.programme, DAY))
    [bases] = tables.tables("T4", built.programme, DAY)
    assert any(row[bases.columns.index("承担环节")] for row in bases.rows), "what a base does in the older plan, too"


def test_a_graduated_cohort_concluded_in_every_course_of_its_plan(session: Session) -> None:
    """One closed course of many proves nothing about the others (PETOE-2.5, 002:389); a cohort that still studies has time."""
    built = factory.meeting(students=2)
    first, *others = session.scalars(sa.select(Offering).where(Offering.cohort_id == built.cohort.id).order_by(Offering.id))
    for one in others:
        one.closed_on = None
    session.execute(sa.delete(CourseResult).where(CourseResult.course_id.in_([one.course_id for one in others])))
    session.flush()
    assert of(built)["2.5"].status.value == "met"
    graduated(built)
    found = of(built)["2.5"]
    assert (found.status.value, found.found) == ("not_met", len({first.course_id}))
    assert len(found.details) == int(str(found.required)) - 1
    assert all(line.endswith("：2022 级已毕业，还没有结课") for line in found.details)


def test_a_student_whom_no_placement_shows_fails_the_items(session: Session) -> None:
    """6.8 and 6.9 ask about every student (002:523, 002:525): one who never began a placement has no result. A running cohort has time."""
    built = factory.meeting(students=2)
    placement = session.scalars(sa.select(Placement).where(Placement.student_id == built.students[0].id)).one()
    placement.state = PlacementState.ACCEPTED
    session.flush()
    assert {code: of(built)[code].status.value for code in ("6.8", "6.9")} == {"6.8": "met", "6.9": "met"}
    graduated(built)
    found = of(built)
    for code, last in (("6.8", "没有完成的实习，没有企业评分"), ("6.9", "没有完成的实习，没有考核结果")):
        assert found[code].status.value == "not_met", code
        assert [line for line in found[code].details if line.endswith(last)], found[code].details


def test_a_graduate_who_did_one_item_has_no_result_of_the_others(session: Session) -> None:
    built = factory.meeting(students=2)
    graduated(built)
    assert of(built)["6.9"].found == "环节 3/3，考核结果 6/6"
    placement = session.scalars(sa.select(Placement).where(Placement.student_id == built.students[0].id)).one()
    placement.ends_on = placement.starts_on + timedelta(days=27)
    session.flush()
    found = of(built)["6.9"]
    assert (found.status.value, found.found, len(found.details)) == ("not_met", "环节 3/3，考核结果 5/6", 1)
    assert found.details[0].endswith("：生产实习没有考核结果")
    table = behind.behind(case_of(built.programme, DAY), "6.9")
    assert table is not None
    assert [row[1:] for row in table.rows] == [("4", "4", "是"), ("31.7", "31.7", "是")], "each student, who shows least comes first"
    # who finishes has done all of it: that is what the simulation assumes
    label = found.details[0].partition("：")[0]
    then = simulation.look(built.programme, DAY, simulation.Assumptions(students=frozenset([label])))[1]
    assert then.statuses["6.9"].value == "met"


@pytest.mark.database
@pytest.mark.parametrize(("on", "status"), [(0, "met"), (1, "not_met")])
def test_a_placement_that_never_began_covers_no_capstone(session: Session, on: int, status: str) -> None:
    """8.2 (002:567): an accepted placement is a plan up to its first day; afterwards it counts when the student was there."""
    built = factory.meeting(students=2)
    placement = session.scalars(sa.select(Placement).where(Placement.student_id == built.students[0].id)).one()
    assert of(built, placement.starts_on + timedelta(days=on))["8.2"].status.value == "met"
    placement.state = PlacementState.ACCEPTED
    session.flush()
    assert of(built, placement.starts_on + timedelta(days=on))["8.2"].status.value == status


def test_a_cohort_without_an_assigned_plan_is_counted_in_one_plan_only(session: Session) -> None:
    built = factory.meeting(students=2)
    other = programmes.create_version(programme=built.programme, label="空白版", from_cohort_year=2015, by=SYSTEM, now=factory.NOW)
    built.cohort.version_id = None
    session.flush()
    sizes = {key: len(attaining.whom_of(built.programme.id, key, DAY).student_ids) for key in (built.version.id, other.id)}
    assert sizes == {built.version.id: 2, other.id: 0}


def test_the_table_behind_a_finding_tells_the_plans_apart(session: Session) -> None:
    built = factory.meeting(students=2)
    graduated(built)
    copied = programmes.create_version(
        programme=built.programme, label="2023版", from_cohort_year=2023, by=SYSTEM, now=factory.NOW, copy_from=built.version
    )
    another(built, 2023, copied)
    case = case_of(built.programme, DAY)
    table = behind.behind(case, "1.1")
    assert table is not None
    assert [sum(row[0].startswith(f"{year} 级方案：") for row in table.rows) for year in (2022, 2023)] == [11, 11]


@pytest.mark.parametrize("assigned", [True, False])
def test_a_cohort_without_an_assigned_plan_follows_the_published_one_of_its_year(session: Session, assigned: bool) -> None:
    built = factory.meeting(students=2)
    graduated(built)
    row = another(built, 2023, built.version)
    row.version_id = built.version.id if assigned else None
    session.flush()
    assert len(case_of(built.programme, DAY).plans) == 1


def test_more_cohorts_ask_no_more_queries(session: Session, count_queries: list[str]) -> None:
    """Neither plans nor cohorts: 2 or 5 of them, the same number."""
    built = factory.meeting(students=2)
    graduated(built)
    numbers = []
    for years in ((2023,), (2024, 2025, 2021)):
        for year in years:
            version = programmes.create_version(
                programme=built.programme, label=f"{year}版", from_cohort_year=year, by=SYSTEM, now=factory.NOW, copy_from=built.version
            )
            another(built, year, version)
        session.flush()
        session.expire_all()
        assert built.programme.id
        count_queries.clear()
        readiness.assess(built.programme, DAY)
        numbers.append(len(count_queries))
    assert numbers[0] == numbers[1]
