"""The pages of teaching: the six designated courses and their cap, part-time teachers, secondments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.teaching import operations, queries, rules
from courses.teaching.types import OfferingRow, SecondmentState
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.people.types import TeacherKind

AsRole = Callable[..., Any]


def row(key: int, lead: int | None, *, waiver: str = "", is_designated: bool = True, cohort: int = 1) -> OfferingRow:
    return OfferingRow(
        key, key, f"C{key}", f"课程{key}", "specialty", "core", cohort, 2022, date(2024, 3, 1), None, lead, "甲", lead, is_designated, waiver
    )


@pytest.mark.parametrize(
    ("rows", "over"),
    [
        ([row(1, 7), row(2, 7)], []),
        ([row(1, 7), row(2, 7), row(3, 7)], [7]),
        ([row(1, 7), row(2, 7), row(3, 7, waiver="学校批准")], []),
        ([row(1, 7), row(2, 7), row(3, 7, is_designated=False)], []),
        ([row(1, 7), row(2, 7), row(3, 7, cohort=2)], []),
        ([row(1, None), row(2, None), row(3, None)], []),
    ],
)
def test_the_cap_of_two_holds_within_a_cohort_and_the_designated(rows: list[OfferingRow], over: list[int]) -> None:
    assert list(rules.over_cap(rows, 2)) == over


def test_the_pages_of_a_programme(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.meeting(students=2)
        code, programme_id, cohort_id = built.programme.code, built.programme.id, built.cohort.id
    at = f"/teaching/programmes/{code}"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert [head.get(f"{at}{path}").status_code for path in ("", "/tasks", "/pool", "/secondments")] == [200] * 4
    six = [one for one in queries.offerings_of_cohorts([cohort_id]) if one.is_designated]
    assert len(six) == 6
    assert head.post(f"{at}/offerings/{six[0].id}/designate", data={}).status_code == 303
    assert sum(one.is_designated for one in queries.offerings_of_cohorts([cohort_id])) == 5
    assert head.post(f"{at}/offerings/{six[0].id}/designate", data={"on": "1"}).status_code == 303
    assert head.post(f"{at}/offerings/{six[1].id}/waive", data={"reason": ""}).status_code == 422
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    planned = [one for one in queries.secondments_of_teachers([t.id for t in built.teachers]) if one.state is SecondmentState.STARTED]
    finish = f"{at}/secondments/{planned[0].id}/finish"
    assert head.post(finish, data={"on": f"{planned[0].started_on}", "report": "完成产线改造两项"}).status_code == 303
    assert head.post(f"{at}/pool/999999/training", data={}).status_code == 404
    reader = as_role(Role.INSPECTOR)
    assert reader.get(at).status_code == 200
    assert reader.post(f"{at}/offerings/{six[0].id}/designate", data={}).status_code == 403


def test_the_pool_names_who_has_no_file_and_takes_the_end_of_an_appointment(session: Session, as_role: AsRole) -> None:
    with transaction():
        programme = ground.programme()
        teacher = ground.teacher(of=programme, kind=TeacherKind.PART_TIME)
        at, teacher_id, programme_id = f"/teaching/programmes/{programme.code}/pool", teacher.id, programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "还有 1 位兼职教师没有聘任档案" in head.get(at).get_data(as_text=True)
    facts = {"teacher_id": str(teacher_id), "since": "2025-09-01", "duties": "指导毕业设计"}
    assert head.post(at, data=facts).status_code == 303
    page = head.get(at).get_data(as_text=True)
    assert ("没有聘任档案" in page, "至今" in page) == (False, True)
    assert head.post(at, data={**facts, "until": "2026-08-31"}).status_code == 303
    assert "至今" not in head.get(at).get_data(as_text=True)
    [row] = queries.appointments_of_teachers([teacher_id])
    assert row.until == date(2026, 8, 31)


def test_every_task_can_be_reached(session: Session, as_role: AsRole) -> None:
    with transaction():
        programme = ground.programme()
        teacher = ground.teacher(of=programme)
        for n in range(301):
            operations.give_task(teacher=teacher, title=f"任务-{n:03d}", hours_x10=10, starts_on=date(2025, 9, 8), by=SYSTEM, now=ground.NOW)
        at, programme_id = f"/teaching/programmes/{programme.code}/tasks", programme.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    pages = [head.get(f"{at}?size=100&page={n}").get_data(as_text=True) for n in range(1, 5)]
    assert ["任务-300" in pages[0], "任务-000" in pages[3]] == [True, True]


def test_a_wrong_task_is_corrected_or_taken_back_and_a_plan_until_it_begins(session: Session, as_role: AsRole) -> None:
    with transaction():
        programme = ground.programme()
        teacher = ground.teacher(of=programme)
        w: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}
        task = operations.give_task(teacher=teacher, title="讲授", hours_x10=320, starts_on=date(2025, 9, 8), **w)
        span = {"planned_since": date(2026, 9, 1), "planned_until": date(2027, 8, 31)}
        plans = [operations.plan_secondment(teacher=teacher, enterprise_name=name, **span, **w) for name in ("甲厂", "乙厂")]
        plans.append(operations.plan_secondment(teacher=teacher, exempt_reason="曾在企业八年", **w))
        operations.start_secondment(secondment=plans[1], started_on=date(2026, 3, 2), **w)
        at, programme_id, teacher_id, other = f"/teaching/programmes/{programme.code}", programme.id, teacher.id, ground.programme()
        task_id, keys, elsewhere = task.id, [one.id for one in plans], f"/teaching/programmes/{other.code}"
        other_id = other.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    facts = {"teacher_id": str(teacher_id), "offering_id": "", "title": "讲授", "hours": "48.5", "starts_on": "2025-09-08"}
    assert head.post(f"{at}/tasks", data=facts).status_code == 303
    [row] = queries.tasks_of_teachers([teacher_id])
    assert (row.id, row.hours_x10) == (task_id, 485), "the same task again corrects it"
    assert as_role(Role.INSPECTOR).post(f"{at}/tasks/{task_id}/remove", data={"reason": "x"}).status_code == 403
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=other_id).post(f"{elsewhere}/tasks/{task_id}/remove", data={"reason": "x"}).status_code == 404
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert head.post(f"{at}/tasks/{task_id}/remove", data={"reason": ""}).status_code == 422
    for path in (f"tasks/{task_id}", f"secondments/{keys[0]}", f"secondments/{keys[2]}"):
        assert as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(f"{at}/{path}/remove", data={"reason": "登记错误"}).status_code == 303, (
            path
        )
    begun = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(f"{at}/secondments/{keys[1]}/remove", data={"reason": "登记错误"})
    assert (begun.status_code, "已经开始的企业工作不能删除" in begun.get_data(as_text=True)) == (422, True)
    assert (queries.tasks_of_teachers([teacher_id]), [one.id for one in queries.secondments_of_teachers([teacher_id])]) == ([], [keys[1]])


def test_the_page_opens_on_the_latest_year_that_has_courses(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.meeting(students=1)
        ground.cohort(built.programme, built.cohort.year + 3)
        at, programme_id, year = f"/teaching/programmes/{built.programme.code}", built.programme.id, built.cohort.year
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert "6 / 6" in head.get(at).get_data(as_text=True)
    assert ["6 / 6" in head.get(f"{at}?year={one}").get_data(as_text=True) for one in (year, year + 3)] == [True, False]
