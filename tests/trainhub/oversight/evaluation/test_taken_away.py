"""Who was in the 卓越计划 cannot be taken out of it, nor a cohort out of the graduated ones, without a reason that everybody reads who reads the readiness."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.i18n import in_language
from trainhub.oversight.evaluation import readiness, submitted
from trainhub.oversight.evaluation.documents import visit_form
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.people import operations as people
from trainhub.people import queries
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.programmes import operations as programmes
from trainhub.programmes.models import Cohort

DAY, GRADUATION = date(2026, 9, 7), date(2026, 6, 30)
WHY = "教务处核对名单，未曾选拔"
W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}

pytestmark = pytest.mark.database


def graduated() -> factory.Built:
    """Two graduates, one a day short."""
    built = factory.bare(students=2)
    factory.in_the_field(built, short=1)
    for student in built.students:
        people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, **W)
    programmes.change_cohort(cohort=built.cohort, graduated_on=GRADUATION, **W)
    return built


def told(built: factory.Built, on: date = DAY) -> dict[str, list[str]]:
    judged: dict[str, list[str]] = readiness.as_dict("P", readiness.assess(built.programme, on))["judged"]
    return judged


@pytest.mark.parametrize("spans", [[], [(date(2023, 9, 1), GRADUATION)], [(date(2022, 9, 1), date(2026, 5, 31))]])
def test_a_span_is_not_taken_away_without_a_reason(session: Session, spans: list[Any]) -> None:
    built = graduated()
    with pytest.raises(people.BadStudent) as refused:
        people.set_petoe_spans(student=built.students[0], spans=spans, **W)
    assert refused.value.field == "reason"
    assert told(built)["left"] == []
    with pytest.raises(people.BadStudent):
        people.set_petoe_spans(student=built.students[0], spans=spans, reason="  ", **W)
    assert people.set_petoe_spans(student=built.students[0], spans=spans, reason=WHY, **W)


def test_a_span_that_was_removed_names_student_day_and_reason(session: Session) -> None:
    """The student who lacks a day is gone from the criteria, and not from the page, the JSON, the form of the visit and what is frozen."""
    built = graduated()
    short = built.students[0]
    assert {one.code: one.status.value for one in readiness.assess(built.programme, DAY).findings}["7.2"] == "not_met"
    people.set_petoe_spans(student=short, spans=[], reason=WHY, **W)
    (line,) = told(built)["left"]
    assert (short.student_no in line, "2026-03-02" in line, WHY in line, "2022-09-01" in line) == (True,) * 4
    answer, case = readiness.look(built.programme, DAY)
    assert submitted.plain(answer, case)["group"]["left"] == [line]
    assert answer.group.left == (line,)
    assert line in visit_form.of_group(answer.group)[1].text  # type: ignore[union-attr]
    people.set_petoe_spans(student=short, spans=[(date(2022, 9, 1), GRADUATION)], reason="误删", **W)
    assert told(built)["left"] == [], "who is judged again has not left"


def test_everybody_of_a_cohort_taken_out(session: Session) -> None:
    built = graduated()
    for student in built.students:
        people.set_petoe_spans(student=student, spans=[], reason=WHY, **W)
    left = told(built)["left"]
    assert [student.student_no in line for student, line in zip(built.students, left, strict=True)] == [True, True]


def test_leaving_by_an_end_has_its_reason(session: Session) -> None:
    built = factory.bare(students=2)
    with pytest.raises(people.BadStudent):
        people.end_petoe(student=built.students[0], until=date(2025, 6, 30), reason="", **W)
    people.end_petoe(student=built.students[0], until=date(2025, 6, 30), reason="本人申请退出", **W)
    (line,) = told(built)["left"]
    assert ("2025-06-30" in line, "本人申请退出" in line) == (True, True)


def test_withdrawing_has_a_day_and_a_reason(session: Session) -> None:
    built = factory.bare(students=2)
    facts: dict[str, Any] = {"state": StudentState.WITHDRAWN, "left_on": date(2025, 6, 30)}
    with pytest.raises(people.BadStudent) as refused:
        people.change_student(student=built.students[0], **facts, **W)
    assert refused.value.field == "left_reason"
    people.change_student(student=built.students[0], **facts, left_reason="出国留学", **W)
    (line,) = told(built)["withdrawn"]
    assert (built.students[0].student_no in line, "2025-06-30" in line, "出国留学" in line) == (True, True, True)
    outside = ground.student(built.programme, year=2022)
    people.change_student(student=outside, **facts, **W)
    assert len(told(built)["withdrawn"]) == 1, "who was never in the plan is nobody's question"


def test_another_last_day_takes_no_graduate_out(session: Session) -> None:
    """The end of the plan that was the last day at school goes with that day, and opens when the graduate is a student again."""
    built = graduated()
    first = built.students[0]
    people.change_student(student=first, left_on=date(2026, 7, 5), **W)
    assert told(built)["students"] == 2
    people.change_student(student=first, state=StudentState.ENROLLED, left_on=None, **W)
    assert (told(built)["students"], told(built)["left"]) == (2, [])
    assert [(one.since, one.until) for one in queries.spans_of([first.id])[first.id]] == [(date(2022, 9, 1), None)]
    with pytest.raises(people.BadStudent) as refused:
        people.change_student(student=first, enrolled_on=date(2022, 9, 2), **W)
    assert refused.value.field == "enrolled_on"


def another(built: factory.Built, year: int) -> Cohort:
    row = programmes.create_cohort(programme=built.programme, year=year, version=built.version, **W)
    student = ground.student(built.programme, year=year, petoe_since=date(year, 9, 1))
    people.change_student(student=student, state=StudentState.GRADUATED, left_on=GRADUATION, **W)
    programmes.change_cohort(cohort=row, graduated_on=GRADUATION, **W)
    return row


def test_a_graduation_that_is_taken_away_is_told(session: Session) -> None:
    built = graduated()
    later = another(built, 2023)
    assert told(built)["graduations"] == []
    for day in (None, date(2026, 7, 1)):
        with pytest.raises(programmes.BadProgramme) as refused:
            programmes.change_cohort(cohort=later, graduated_on=day, **W)
        assert refused.value.field == "reason"
    programmes.change_cohort(cohort=later, graduated_on=None, reason="教务处更正", **W)
    assert told(built)["cohorts"] == [2022]
    (line,) = told(built)["graduations"]
    assert ("2023 级" in line, "1 名" in line, "2026-06-30" in line, "教务处更正" in line) == (True,) * 4
    answer, case = readiness.look(built.programme, DAY)
    assert submitted.plain(answer, case)["group"]["graduations"] == [line]
    programmes.change_cohort(cohort=later, graduated_on=GRADUATION, **W)
    assert told(built)["graduations"] == [], "set again to the day it had"


def test_a_cohort_with_graduates_that_was_never_registered_is_told(session: Session) -> None:
    built = graduated()
    programmes.create_cohort(programme=built.programme, year=2021, version=built.version, **W)
    student = ground.student(built.programme, year=2021, petoe_since=date(2021, 9, 1))
    people.change_student(student=student, state=StudentState.GRADUATED, left_on=date(2025, 6, 30), **W)
    (line,) = told(built)["graduations"]
    assert ("2021 级" in line, "未登记毕业" in line) == (True, True)
    assert told(built, date(2025, 6, 29))["graduations"] == [], "nobody had graduated yet"


def test_a_slip_of_place_of_who_was_in_the_plan_is_told(session: Session) -> None:
    """Nothing else is kept of a slip: who lacks a day would be judged no more, and nobody would read why."""
    built = graduated()
    short = built.students[0]
    year = programmes.create_cohort(programme=built.programme, year=2023, version=built.version, **W)
    people.change_student(student=short, state=StudentState.ENROLLED, left_on=None, **W)
    facts: dict[str, Any] = {"student": short, "programme": built.programme, "on": short.enrolled_on, **W}
    people.move_student(cohort=year, reason="年级登记有误", **facts)
    assert told(built)["students"] == 1
    (line,) = told(built)["left"]
    assert [words in line for words in (short.student_no, "编入 2023 级", "年级登记有误", "2026-03-02")] == [True] * 4
    assert "2022 级" not in line
    people.move_student(cohort=built.cohort, reason="改回", **facts)
    assert (told(built)["students"], told(built)["left"]) == (2, []), "who is judged again has not left"


def test_who_went_to_another_cohort_or_programme_is_told_with_the_reason(session: Session) -> None:
    built = graduated()
    first = built.students[0]
    year = programmes.create_cohort(programme=built.programme, year=2023, version=built.version, **W)
    people.change_student(student=first, state=StudentState.ENROLLED, left_on=None, **W)
    people.move_student(student=first, programme=built.programme, cohort=year, on=date(2026, 1, 5), reason="留级〔2026〕1 号", **W)
    (line,) = told(built)["left"]
    assert [words in line for words in (first.student_no, "2026-01-05", "编入 2023 级", "留级〔2026〕1 号")] == [True] * 4


def test_a_graduation_taken_away_is_told_without_graduates(session: Session) -> None:
    """All are students again first: the day that is taken away then is told all the same."""
    built = graduated()
    later = another(built, 2023)
    for student in session.scalars(select(Student).where(Student.cohort_id == later.id)):
        people.change_student(student=student, state=StudentState.ENROLLED, left_on=None, **W)
    programmes.change_cohort(cohort=later, graduated_on=None, reason="教务处更正", **W)
    (line,) = told(built)["graduations"]
    assert [words in line for words in ("2023 级未登记毕业", "2026-06-30", "教务处更正", "已有")] == [True, True, True, False]


def test_the_group_is_told_in_english(session: Session, app: Flask) -> None:
    built = graduated()
    later = another(built, 2023)
    programmes.change_cohort(cohort=later, graduated_on=None, reason="Registry", **W)
    people.set_petoe_spans(student=built.students[0], spans=[], reason="Registry", **W)
    group = told(built)
    with app.test_request_context(), in_language("en"):
        lines = [FOUND.told(line) for line in (*group["left"], *group["graduations"], "甲（1） 2025-06-30（没有写明理由）")]
    for words in ("删除", "原登记", "未登记毕业", "没有写明理由", "今"):
        assert [words in line for line in lines] == [False] * 3
