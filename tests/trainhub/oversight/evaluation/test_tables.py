"""The named tables of the dossier, column by column: who is listed where, with which enterprise, post and years."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.curriculum.types import Importance
from courses.teaching.models import Offering, TeachingTask
from enterprises.bases.models import BaseProfile
from enterprises.placements.models import Placement
from tests.courses.curriculum import test_operations
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.documents import materials, tables
from trainhub.oversight.evaluation.operations import support
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.register_types import CentreRole
from trainhub.people import operations as people
from trainhub.people.models import Person, PetoeSpan, Teacher
from trainhub.people.types import StudentState, TeacherKind
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Clause
from trainhub.programmes import operations as programmes

BEGINS = date(2025, 9, 8)
FIVE = timedelta(days=1826)


def rows_of(one: tables.Table) -> dict[str, dict[str, str]]:
    """The rows by the name of the teacher."""
    return {row[one.columns.index("教师")]: dict(zip(one.columns, row, strict=True)) for row in one.rows}


def test_courses_by_part_time_teachers_of_enterprises_and_of_the_industry(session: Session) -> None:
    with transaction():
        built = factory.bare(students=1, teachers=1)
        other = ground.programme()
        course = test_operations.course(built.version, code="T3")
        course.importance = Importance.MAJOR
        offering = Offering(
            course_id=course.id, cohort_id=built.cohort.id, academic_year=2025, semester=1, first_teaching_on=BEGINS, is_designated=True,
            created_at=factory.NOW,
        )  # fmt: skip
        elsewhere = Offering(
            course_id=test_operations.course(ground.version(other), code="X").id, cohort_id=ground.cohort(other).id, academic_year=2025,
            semester=1, first_teaching_on=BEGINS, created_at=factory.NOW,
        )  # fmt: skip
        session.add_all([offering, elsewhere])
        session.flush()

        def teaches(
            name: str, *, of: Any = built.programme, year: int = 2025, on: Offering | None = offering, begins: date = BEGINS, **given: Any
        ) -> Teacher:
            given.setdefault("kind", TeacherKind.PART_TIME)
            row = ground.teacher(of=of, who=ground.person(name=name), **given)
            session.add(
                TeachingTask(
                    teacher_id=row.id,
                    offering_id=on.id if on is not None else None,
                    academic_year=year,
                    semester=1,
                    title=f"{name}的课",
                    hours_x10=320,
                    starts_on=begins,
                    created_at=factory.NOW,
                )
            )
            return row

        def works(row: Teacher, at: Any, since: date, until: date | None, **given: Any) -> None:
            given["organisation_name" if isinstance(at, str) else "organisation"] = at
            ground.employment(session.get_one(Person, row.person_id), since=since, until=until, **given)

        one = teaches("甲工", title="高级工程师")  # exactly five years before the first day, then moved on
        works(one, "榕城智造有限公司", BEGINS - FIVE, BEGINS + timedelta(days=10), post="总工程师")
        works(one, "后来的企业有限公司", BEGINS + timedelta(days=11), None, post="顾问")
        short = teaches("乙工")  # one day less
        works(short, "闽江软件有限公司", BEGINS - FIVE + timedelta(days=1), None, post="架构师")
        industry = teaches("丙秘书长")
        works(
            industry,
            ground.organisation(kind=OrganisationKind.ASSOCIATION, name="机械工业协会"),
            date(2010, 1, 1),
            None,
            post="秘书长",
            is_enterprise=False,
        )
        school = teaches("丁教授", title="教授")
        works(school, ground.organisation(kind=OrganisationKind.UNIVERSITY, name="邻校"), date(2010, 1, 1), None, post="教授", is_enterprise=False)
        early = teaches("戊工", year=2022, begins=date(2022, 8, 29), on=None)  # the year began some days before September
        works(early, "榕城智造有限公司", date(2010, 1, 1), None)
        teaches("己工", year=2021, begins=date(2022, 2, 28), on=None)  # a year too early
        teaches("庚工", on=elsewhere)  # a course of another programme
        lead = teaches("辛博士", of=other, kind=TeacherKind.FULL_TIME)  # a full-time lecturer of another programme who teaches here
        works(lead, "榕城智造有限公司", date(2010, 1, 1), date(2016, 12, 31))
        offering.lead_teacher_id = lead.id
    part, full, others = tables.tables("T3", built.programme, factory.TODAY)
    listed = rows_of(part)
    assert set(listed) == {"甲工", "乙工", "丙秘书长", "戊工"}
    assert [listed["甲工"][key] for key in ("所在企业或单位", "职务/职称", "企业工作年限", "承担方式")] == [
        "榕城智造有限公司",
        "总工程师 / 高级工程师",
        "5.0",
        "参与",
    ]
    assert [listed["甲工"][key] for key in ("课程代码", "专业核心课", "指定的六门", "学时")] == ["T3", "主要", "是", "32"]
    assert listed["乙工"]["企业工作年限"] == "4.9", "not five years, and the number says so"
    assert [listed["丙秘书长"][key] for key in ("所在企业或单位", "职务/职称")] == ["机械工业协会", "秘书长"]
    assert (listed["戊工"]["课程"], listed["戊工"]["专业核心课"]) == ("戊工的课", "否")
    assert {key: row["承担方式"] for key, row in rows_of(full).items()} == {"辛博士": "主讲"}
    assert rows_of(full)["辛博士"]["所在企业或单位"] == "榕城智造有限公司", "where the five years come from, also when they are over"
    assert set(rows_of(others)) == {"丁教授"}, "part-time, but from neither an enterprise nor the industry"


def test_who_left_the_plan_stands_with_the_other_students(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=5)
        stays, left, joined, dropped, graduate = built.students
        for student, state in ((dropped, StudentState.WITHDRAWN), (graduate, StudentState.GRADUATED)):
            people.change_student(student=student, state=state, left_on=date(2026, 1, 10), left_reason="转学", by=SYSTEM, now=factory.NOW)
        for row in session.scalars(select(PetoeSpan).where(PetoeSpan.student_id.in_([left.id, joined.id]))):
            if row.student_id == left.id:
                row.until = date(2025, 1, 10)
            else:
                row.since = date(2025, 6, 1)
    for key in ("T1", "T2"):
        mine, rest = tables.tables(key, built.programme, factory.TODAY)
        at = mine.columns.index("学号")
        assert {row[at] for row in mine.rows} == {stays.student_no, joined.student_no, graduate.student_no}, key
        assert {row[at] for row in rest.rows} >= {left.student_no}, key
        assert {row[mine.columns.index("是否卓越计划")] for row in mine.rows} == {"是"}


def test_the_days_of_the_six_courses_end_before_the_first_teaching_day(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=1)
    [six] = materials.Drawn(built.programme, factory.TODAY).tables("M5.2")
    case = case_of(built.programme, factory.TODAY)
    by_rule = {one.label.split(" ")[0]: one.lead_days for found in case.candidates.values() for one in found}
    assert by_rule
    assert {row[1]: int(row[5]) for row in six.rows} == by_rule


def test_the_curriculum_and_the_school_standard_are_whole(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=1)
        programme = ground.programme()
        version = ground.version(programme, is_published=False)
        programmes.add_requirement(version=version, number=9, title="终身学习", text="能够自主学习", by=SYSTEM, now=factory.NOW)
        ground.cohort(programme, 2023).version_id = version.id
    drawn = materials.Drawn(built.programme, factory.TODAY)
    courses = drawn.plans[-1].matrix.courses
    made, order, before, plan = drawn.tables("M2.2")
    assert [one.title for one in drawn.tables("M5.1")] == ["课程体系构成", "主要课程间逻辑关系", "课程先修关系", "分学期教学计划"]
    rows = {row[1]: (row[0], row[2], row[3]) for row in before.rows}
    assert rows["制造系统与工艺"] == ("4", "工程制图（第 2 学期）、工程基础（第 3 学期）", "产品开发项目")
    assert "工程伦理与职业道德" not in rows, "what neither requires nor is required"
    assert {row[2]: row[10] for row in plan.rows}["制造系统与工艺"] == "工程制图、工程基础"
    attained = drawn.tables("M2.3")[2]
    assert len(attained.rows) == sum(len(r.points) for r in drawn.plans[-1].matrix.requirements)
    assert {row[5] for row in attained.rows} == {"达成"}
    *parts, total = made.rows
    assert total[:6] == ["合计", "", "", str(len(courses)), str(sum(c.hours for c in courses)), f"{sum(c.credits_x10 for c in courses) / 10:g}"]
    assert sum(int(row[3]) for row in parts) == len(plan.rows) == len(courses)
    assert [row[0] for row in order.rows] == [f"{r.number}. {r.title}" for r in drawn.plans[-1].matrix.requirements]
    for _requirement, steps in order.rows:
        terms = [int(term) for term in re.findall(r"第 (\d+) 学期", steps)]
        assert terms == sorted(set(terms))
    tagged, _cases, every = drawn.tables("M3.1")
    assert (every.columns[-1], len(every.rows), len(tagged.rows)) == ("主讲教师", len(courses), sum(bool(c.research_methods) for c in courses))
    assert [one.title for one in drawn.tables("M4.1")][-1] == "教学任务书", "what the teachers teach belongs to the state of the team"
    [standard] = materials.Drawn(programme, factory.TODAY).tables("M1.1")
    assert [(row[1], row[5]) for row in standard.rows][-1] == ("终身学习", "（还没有指标点）"), "the whole standard, not only what is refined"
    bare_made, _order, _before, _plan = materials.Drawn(ground.programme(), factory.TODAY).tables("M2.2")
    assert bare_made.rows == []


def test_bases_have_their_money_in_figures_and_the_teachers_of_their_team(session: Session) -> None:
    with transaction():
        built = factory.meeting(students=1)
        profile = session.get(BaseProfile, built.base.id) or BaseProfile(base_id=built.base.id)
        profile.school_invested_fen, profile.enterprise_invested_fen = 1_200_000_00, 3_800_000_50
        session.add(profile)
        entry = {"programme": built.programme, "base": built.base, "role": CentreRole.FACULTY, "unit": "学校", "by": SYSTEM, "now": factory.NOW}
        for name, until in (("甲", None), ("乙", factory.TODAY), ("丙", factory.TODAY - timedelta(days=1))):
            support.add_centre_mentor(name=name, since=date(2024, 1, 1), until=until, **entry)
    [bases] = tables.tables("T4", built.programme, factory.TODAY)
    [row] = [dict(zip(bases.columns, line, strict=True)) for line in bases.rows]
    assert (row["学校投入（元）"], row["企业投入（元）"]) == ("1200000.00", "3800000.50")
    assert row["校内导师数"] == "2", "who left yesterday guides no more"


@pytest.mark.parametrize(
    ("value", "unit", "text"), [(164, "day", "164 天"), (25, "percent", "25%"), ("5/14 (35.7%)", "percent", "5/14 (35.7%)"), (True, "switch", "是"), (None, "day", ""), (("a",), "list", "")]
)  # fmt: skip
def test_figures_of_documents_have_their_unit(value: Any, unit: str, text: str) -> None:
    assert tables.quantity(value, unit) == text


def test_what_has_to_be_exceeded_says_so() -> None:
    """多数: exactly half is not enough, so "50%" alone would contradict the answer (002:597)."""
    clause = Clause("petoe-criteria", line=597, quote="多数学生", rule="PETOE-9.6")
    half = Finding("9.6", Status.NOT_MET, 50, "33/66 (50.0%)", clause, unit="percent", parameter="petoe.intl_exchange_percent")
    assert tables.required(half) == "超过 50%"
    assert tables.required(replace(half, code="9.8", parameter="petoe.intl_foreign_students_percent")) == "50%"


@pytest.mark.database
@pytest.mark.parametrize(("ends", "is_there"), [(date(2023, 8, 31), False), (date(2023, 9, 1), True)])
def test_a_placement_that_runs_into_the_window_is_listed(session: Session, ends: date, is_there: bool) -> None:
    """T1 tells who was in a base during the last three academic years (002:313): also who had come the week before they began."""
    built = factory.meeting(students=2)
    late = session.scalars(select(Placement).where(Placement.student_id == built.students[0].id)).one()
    late.starts_on, late.ends_on = date(2023, 8, 21), ends
    session.flush()
    table, *_totals = tables.tables("T1", built.programme, date(2026, 3, 2))
    found = [row for row in table.rows if built.students[0].student_no in row]
    assert len(found) == int(is_there)
    assert all(row[0] == "2023—2024" for row in found)
