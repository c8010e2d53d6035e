"""6.11: what was done against the enterprise training plan, item by item, with the students who fall short (002:529)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones.models import Capstone
from enterprises.placements.models import Placement
from tests.factories import evaluation as factory
from tests.trainhub.oversight.evaluation.test_plans import DAY, another, graduated
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.i18n import in_language
from trainhub.kernel.papers import pdf
from trainhub.kernel.papers.blocks import Grid, Paper
from trainhub.oversight.evaluation import behind, readiness, simulation, submitted
from trainhub.oversight.evaluation.documents import report
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.rules import practice
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.oversight.evaluation.simulation import Assumptions
from trainhub.oversight.evaluation.store.operations import freezing
from trainhub.oversight.evaluation.types import JudgementResult, MarkSource, PlanItemCase
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import Route, State
from trainhub.policy.findings import Finding
from trainhub.programmes import operations as programmes

pytestmark = pytest.mark.database
FIRST = date(2024, 9, 2)
"""The first day of the placements of the factory."""


def found(built: factory.Built, on: date = factory.TODAY) -> Finding:
    return readiness.raw_of(case_of(built.programme, on), readiness.parameters(on))["6.11"]


def shorten(session: Session, built: factory.Built, number: int, days: int) -> str:
    """The placement of a student ends after so many days; who it is."""
    student = built.students[number]
    session.execute(sa.update(Placement).where(Placement.student_id == student.id).values(ends_on=FIRST + timedelta(days=days - 1)))
    return next(one.label for one in case_of(built.programme, factory.TODAY).students if student.student_no in one.label)


def test_every_item_is_compared_and_who_falls_short_is_named(session: Session) -> None:
    built = factory.meeting(students=4)
    whole = found(built)
    assert (whole.status.value, whole.found) == ("judge", "企业培养方案 3 个环节，全部完成的学生 4/4 人")
    assert whole.details[1:] == ("认识实习：方案 4 周，完成 4/4 人", "生产实习：方案 14 周，完成 4/4 人", "毕业设计：方案 16 周，完成 4/4 人")
    short, unfinished = shorten(session, built, 0, 35), built.students[1]
    session.execute(sa.update(Capstone).where(Capstone.student_id == unfinished.id).values(finished_on=None, score_x10=None))
    told = found(built)
    assert told.found == "企业培养方案 3 个环节，全部完成的学生 2/4 人；没有全部完成的环节：生产实习、毕业设计"
    [other] = [one.label for one in case_of(built.programme, factory.TODAY).students if unfinished.student_no in one.label]
    assert told.details[1:] == (
        "认识实习：方案 4 周，完成 4/4 人",
        "生产实习：方案 14 周，完成 3/4 人",
        "毕业设计：方案 16 周，完成 3/4 人",
    )
    table = behind.behind(case_of(built.programme, factory.TODAY), "6.11")
    assert table is not None
    assert [tuple(row) for row in table.rows] == [
        ("认识实习", "4", "完成 4/4 人（100%）", "—"),
        ("生产实习", "14", "完成 3/4 人（75%）", "—"),
        ("毕业设计", "16", "完成 3/4 人（75%）", "—"),
        ("生产实习", "14", short, "1"),
        ("毕业设计", "16", other, "—"),
    ], "a row of their own for each who lacks an item"


def test_a_total_that_would_do_does_not_hide_an_item(session: Session) -> None:
    """As many placements as students, all of them over: nobody may read that as a plan that was carried out."""
    built = factory.meeting(students=4)
    for number in range(4):
        shorten(session, built, number, 28)
    told = found(built)
    assert "全部完成的学生 0/4 人" in str(told.found)
    assert "生产实习：方案 14 周，完成 0/4 人" in told.details


ITEMS = [
    PlanItemCase("认识实习", 40, True, True, 1),
    PlanItemCase("毕业设计", 160, True, True, 1, MarkSource.CAPSTONE),
    PlanItemCase("生产实习", 120, True, True, 1),
]


@pytest.mark.parametrize(
    ("weeks_x10", "done", "lacks"),
    [
        (0, [0, 0], [("认识实习", 0), ("生产实习", 0)]),
        (19, [0, 0], [("认识实习", 19), ("生产实习", 0)]),
        (20, [1, 0], [("生产实习", 0)]),
        (99, [1, 0], [("生产实习", 59)]),
        (100, [1, 1], []),
    ],
)
def test_half_of_the_weeks_in_the_order_of_the_plan(weeks_x10: int, done: list[int], lacks: list[Any]) -> None:
    """At, below and above the share that counts (own.evaluation.item_time_percent); the capstone takes no time of the placements."""
    case = practice.PracticeCase("张三", True, weeks_x10, 0, (), True, True)
    items = practice.carried_out(ITEMS, [case], 50)
    assert [one.done for one in items if one.item.label != "毕业设计"] == done
    assert [one.done for one in items if one.item.label == "毕业设计"] == [1]
    assert [(one.item.label, weeks) for one in items for _student, weeks in one.short] == lacks


def test_nobody_and_no_plan_say_nothing(session: Session) -> None:
    assert practice.carried_out([], [], 50) == []
    built = factory.bare(students=0)
    assert found(built).found is None


def test_each_plan_is_told_for_itself_and_the_table_holds_everybody(session: Session) -> None:
    built = factory.meeting(students=2)
    graduated(built)
    other = programmes.create_version(programme=built.programme, label="空白版", from_cohort_year=2023, by=SYSTEM, now=factory.NOW)
    another(built, 2023, other)
    told = found(built, DAY)
    assert "2022 级方案：认识实习：方案 4 周，完成 2/2 人" in told.details
    assert "2023 级方案：还没有企业培养方案。" in told.details
    table = behind.behind(case_of(built.programme, DAY), "6.11")
    assert table is not None
    assert list(table.rows[0]) == ["2022 级方案：认识实习", "4", "完成 2/2 人（100%）", "—"]


def test_a_judgement_keeps_the_comparison_beside_it_and_a_simulation_moves_it(session: Session) -> None:
    built = factory.meeting(students=2)
    short = shorten(session, built, 0, 35)
    judging.record_judgement(
        programme=built.programme, criterion="6.11", result=JudgementResult.MET, remark="总体落实", finding=None, by=SYSTEM, today=factory.TODAY, now=factory.NOW
    )  # fmt: skip
    told = next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == "6.11")
    assert (told.status.value, told.found) == ("met", "达到")
    assert "生产实习：方案 14 周，完成 1/2 人" in told.details
    _now, then, _choices = simulation.look(built.programme, factory.TODAY, Assumptions(students=frozenset([short])))
    assert "生产实习：方案 14 周，完成 2/2 人" in [
        line for answer in then.answers for one in answer.findings if one.code == "6.11" for line in one.details
    ]


def test_the_report_holds_the_comparison(session: Session) -> None:
    built = factory.meeting(students=2)
    short = shorten(session, built, 0, 35)
    grids = [one for one in report.content(built.programme, factory.TODAY).blocks if isinstance(one, Grid) and "执行情况" in (one.caption or "")]
    [items, lacks] = grids
    assert [list(row) for row in items.rows][1] == ["生产实习", "14", "2", "1", "50%"]
    assert [list(row) for row in lacks.rows] == [[short, "生产实习 1/14 周"]]


def test_a_report_in_which_everybody_lacks_an_item_is_drawn(session: Session) -> None:
    """A cohort that still studies lacks every item to come: a row is no longer than a page."""
    built = factory.meeting(students=2)
    case = case_of(built.programme, factory.TODAY)
    one = case.students[0]
    many = [replace(one, label=f"学生{n}（{n}）") for n in range(200)]
    case = replace(case, students=many, placements=[], capstones=[])
    blocks = report.carried_out(case)
    assert "学生199（199）" in str(blocks)
    assert pdf.draw(Paper("补充报告", blocks=blocks)).startswith(b"%PDF")


def test_what_was_frozen_of_it_is_told_in_english(session: Session, app: Any) -> None:
    built = factory.meeting(students=2)
    short = shorten(session, built, 0, 7)
    day, now = factory.TODAY, factory.NOW
    row = Application(programme_id=built.programme.id, route=Route.JOINT, state=State.SUBMITTED, state_since=day, created_at=now, submitted_at=now)
    session.add(row)
    session.flush()
    freezing.freeze(application_id=row.id, programme=built.programme, by=SYSTEM, today=day, now=now)
    with app.test_request_context():
        before = submitted.of_application(row, built.programme)
        with in_language("en"):
            after = submitted.of_application(row, built.programme)
    assert before is not None
    assert after is not None
    zh, en = before.behind["6.11"].rows, after.behind["6.11"].rows
    assert {str(one[2]) for one in zh} >= {"完成 1/2 人（50%）", short}
    assert {str(one[2]) for one in en} >= {"1 of 2 did it (50%)", short}, "and a name stays as it is"
    assert [one[:2] for one in en] == [one[:2] for one in zh], "names of items too"


def test_the_name_of_an_item_is_told_as_it_was_entered(app: Any) -> None:
    """Also one in which stand the signs by which a sentence is told."""
    kept = {"columns": [], "rows": [["金工、电工实习", "甲：乙", "完成 1/2 人（50%）"]], "all": 1}
    with app.test_request_context(), in_language("en"):
        assert submitted._told(kept, is_worded=True).rows == [["金工、电工实习", "甲：乙", "1 of 2 did it (50%)"]]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("企业培养方案 3 个环节，全部完成的学生 2/4 人；没有全部完成的环节：生产实习、毕业设计", True),
        ("生产实习：方案 14 周，完成 3/4 人", True),
        ("张三（1）：生产实习 1/14 周、毕业设计没有完成", True),
    ],
)
def test_it_is_told_in_english(app: Any, text: str, english: bool) -> None:
    with app.test_request_context(), in_language("en"):
        told = FOUND.told(text)
    for name in ("生产实习", "毕业设计", "张三", "（1）"):
        told = told.replace(name, "")
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in told), told
