"""Who leaves the 卓越计划 a while before the school, both said by one row of a list: what the check promises is what applying does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.identity import signed_in_client
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people import operations as people
from trainhub.people import queries
from trainhub.people.imports import students
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentFilter, StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
SINCE = date(2024, 9, 1)


def bring(session: Session, student: Student, left_on: str, petoe_until: str, why: str = "") -> imports.Draft:
    code, name = session.get_one(Programme, student.programme_id).code, session.get_one(Person, student.person_id).name
    head = "student_no,name,programme_code,cohort_year,state,left_on,petoe_since,petoe_until,petoe_reason\n"
    text = f"{head}{student.student_no},{name},{code},2023,已毕业,{left_on},{SINCE},{petoe_until},{why}\n"
    return imports.execute_bytes(students.SPEC, text.encode(), filename="g.csv", by=SYSTEM, today=clock.today(), now=clock.now())


@pytest.mark.parametrize("until", ["2025-05-31", "2025-06-30"])
def test_the_plan_ends_when_the_row_says_so(session: Session, until: str) -> None:
    student = ground.student(petoe_since=SINCE)
    early = until == "2025-05-31"
    if early:
        with pytest.raises(imports.ImportRefused) as refused:
            bring(session, student, "2025-06-30", until)
        assert [one["column"] for one in refused.value.details] == ["petoe_reason"]
    draft = bring(session, student, "2025-06-30", until, "本人申请" * early)
    assert (draft.changed, draft.errors) == (1, [])
    assert (student.state, student.left_on) == (StudentState.GRADUATED, date(2025, 6, 30))
    assert [(span.since, str(span.until)) for span in queries.spans_of([student.id])[student.id]] == [(SINCE, until)]
    again = bring(session, student, "2025-06-30", until)
    assert (again.changed, again.unchanged, again.errors) == (0, 1, [])


def test_without_an_end_the_span_ends_with_the_last_day(session: Session) -> None:
    student = ground.student(petoe_since=SINCE)
    assert bring(session, student, "2025-06-30", "").errors == []
    assert [(span.since, span.until) for span in queries.spans_of([student.id])[student.id]] == [(SINCE, date(2025, 6, 30))]


def test_nobody_leaves_the_plan_after_the_school(session: Session) -> None:
    student = ground.student(petoe_since=SINCE)
    with pytest.raises(imports.ImportRefused) as refused:
        bring(session, student, "2025-06-30", "2025-07-01")
    assert [one["column"] for one in refused.value.details] == ["petoe_until"]


LIST = "student_no,name,programme_code,cohort_year,state,left_on,left_reason,petoe_since,petoe_until,petoe_reason\n"


def test_who_is_new_and_has_withdrawn_keeps_the_reason(session: Session) -> None:
    """The list of a year has a dropout nobody had entered: one row like any other."""
    at = ground.programme()
    ground.cohort(at, 2023)
    text = f"{LIST}2023778899,林一,{at.code},2023,已退学,2025-06-30,  出国 留学 ,{SINCE},,\n2023778898,林二,{at.code},2023,在读,,,{SINCE},,\n"
    draft = imports.execute_bytes(students.SPEC, text.encode(), filename="g.csv", by=SYSTEM, today=clock.today(), now=clock.now())
    assert (draft.added, draft.errors) == (2, [])
    (row,) = queries.students_by_no([(at.university_id, "2023778899")]).values()
    assert (row.state, row.left_on, row.left_reason) == (StudentState.WITHDRAWN, date(2025, 6, 30), "出国 留学")
    assert [(span.since, span.until) for span in queries.spans_of([row.id])[row.id]] == [(SINCE, date(2025, 6, 30))]


def test_a_reason_is_told_while_somebody_has_withdrawn(session: Session) -> None:
    """Who is back has withdrawn for nothing: the own list of the programme is taken as it is, and the next withdrawal asks anew."""
    student = ground.student(petoe_since=SINCE)
    facts: dict[str, Any] = {"by": SYSTEM, "now": clock.now()}
    out: dict[str, Any] = {"state": StudentState.WITHDRAWN, "left_on": date(2025, 6, 30)}
    people.change_student(student=student, left_reason="出国留学", **out, **facts)
    at, cohort = session.get_one(Programme, student.programme_id), programmes.cohort_of(student.programme_id, 2023)
    assert cohort is not None
    people.move_student(student=student, programme=at, cohort=cohort, on=date(2025, 9, 1), reason="重新入学", is_return=True, **facts)
    (row,) = students.export_rows(SYSTEM, StudentFilter(programme_id=at.id), clock.today())
    assert (row["state"], row["left_reason"]) == ("在读", "")
    names = ("student_no", "name", "programme_code", "cohort_year", "state", "left_on", "left_reason", "petoe_since", "petoe_until")
    text = f"{LIST}{','.join(str(row[name] or '') for name in names)},\n"
    again = imports.execute_bytes(students.SPEC, text.encode(), filename="g.csv", by=SYSTEM, today=clock.today(), now=clock.now())
    assert (again.unchanged, again.errors) == (1, [])
    people.take_back(student=student, reason="登记有误", **facts)
    assert (student.state, student.left_reason) == (StudentState.WITHDRAWN, "出国留学"), "the return was never so"
    people.change_student(student=student, state=StudentState.GRADUATED, **facts)
    assert student.left_reason == ""
    with pytest.raises(people.BadStudent):
        people.change_student(student=student, **out, **facts)


def test_the_form_of_who_is_back_has_no_reason_in_it(session: Session, app: Flask) -> None:
    student = ground.student(petoe_since=SINCE)
    student.left_reason = "出国留学"
    key, school = student.id, student.university_id
    session.commit()
    page = signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=school).get(f"/people/students/{key}/edit").text
    assert 'name="left_reason"' in page
    assert "出国留学" not in page


def test_a_graduate_is_not_written_down_as_here_again_by_a_list(session: Session) -> None:
    """The cell of the day is empty, and an empty cell keeps what is known: the refusal leads to where it can be mended."""
    student = ground.student()
    assert bring(session, student, "2025-06-30", "").changed == 1
    code, name = session.get_one(Programme, student.programme_id).code, session.get_one(Person, student.person_id).name
    text = f"student_no,name,programme_code,cohort_year,state\n{student.student_no},{name},{code},2023,在读\n"
    with pytest.raises(imports.ImportRefused) as refused:
        imports.execute_bytes(students.SPEC, text.encode(), filename="g.csv", by=SYSTEM, today=clock.today(), now=clock.now())
    ((column, problem),) = [(one["column"], one["problem"]) for one in refused.value.details]
    assert (column, "学生页面" in problem, "清空" in problem) == ("state", True, False)
