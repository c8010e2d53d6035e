"""Who graduated stays in the tables of the cohort, as a student of the 卓越计划 when that lasted until the end; who dropped out does not count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, START, TODAY, Case
from trainhub.kernel.access import SYSTEM, Role
from trainhub.oversight.evaluation.documents import tables
from trainhub.people import operations as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort

LEFT = date(2026, 2, 27)


def _leave(student: Student, state: StudentState, on: date = LEFT) -> None:
    reason = "本人申请" if state is StudentState.WITHDRAWN else ""
    people.change_student(student=student, state=state, left_on=on, left_reason=reason, by=SYSTEM, now=NOW)


def _rows(found: Case, on: date = TODAY) -> dict[str, queries.Overview]:
    return {row.name: row for row in queries.overview(found.programme.id, found.student.cohort_id, on)}


def test_a_graduate_is_counted_and_belongs_to_the_plan_that_lasted_until_the_end(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    _leave(found.student, StudentState.GRADUATED)
    row = _rows(found)[found.who.name]
    assert (row.is_petoe, row.has_left, row.is_counted) == (True, True, True)
    assert row.capstone is not None
    assert row.capstone.id == found.capstone.id
    assert set(row.statuses) == {"8.1", "8.2", "8.3", "8.4"}
    cohort_id = found.student.cohort_id
    tables = (queries.topics_table(cohort_id, TODAY), queries.places_table(cohort_id, TODAY), queries.mentors_table(cohort_id, TODAY))
    assert [[one["is_petoe"] for one in table] for table in tables] == [[True]] * 3
    assert [one.is_petoe for one in queries.export_rows(found.programme.id, cohort_id, TODAY)] == [True]


@pytest.mark.parametrize(("left_plan", "is_petoe"), [(LEFT - timedelta(days=1), False), (LEFT, True)])
def test_who_left_the_plan_before_graduating_is_no_longer_of_it(session: Session, left_plan: date, is_petoe: bool) -> None:
    found = make.case()
    people.end_petoe(student=found.student, until=left_plan, reason="本人申请", by=SYSTEM, now=NOW)
    _leave(found.student, StudentState.GRADUATED)
    assert _rows(found)[found.who.name].is_petoe is is_petoe


def test_a_graduate_without_a_capstone_is_an_exception_and_not_a_gap_in_the_list(session: Session) -> None:
    found = make.case()
    other = ground.person(name="没做毕业设计")
    student = ground.student(found.programme, who=other)
    assert student.cohort_id == found.student.cohort_id
    _leave(student, StudentState.GRADUATED)
    row = _rows(found)["没做毕业设计"]
    assert (row.capstone, row.is_counted) == (None, True)


def test_who_dropped_out_is_not_counted_and_a_capstone_left_open_is_still_shown(session: Session) -> None:
    found = make.case()
    idle = ground.student(found.programme, who=ground.person(name="退学且无毕业设计"))
    _leave(idle, StudentState.WITHDRAWN)
    _leave(found.student, StudentState.WITHDRAWN)
    rows = _rows(found)
    assert "退学且无毕业设计" not in rows
    assert (rows[found.who.name].is_counted, rows[found.who.name].has_left) == (False, True)
    assert found.who.name in _rows(found, LEFT - timedelta(days=1))  # before the day of leaving: a student like others
    assert _rows(found, LEFT - timedelta(days=1))[found.who.name].is_counted
    cohort_id = found.student.cohort_id
    assert queries.topics_table(cohort_id, TODAY) == queries.places_table(cohort_id, TODAY) == queries.mentors_table(cohort_id, TODAY) == []
    assert queries.export_rows(found.programme.id, cohort_id, TODAY) == []


def test_the_page_of_a_graduated_cohort_shows_its_students(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    gone = make.case(programme=found.programme)
    _leave(found.student, StudentState.GRADUATED)
    _leave(gone.student, StudentState.WITHDRAWN)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    address, who = f"/capstones/cohorts/{found.programme.code}/{cohort.year}", found.who.name
    numbers = (found.student.student_no, gone.student.student_no)
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    page = head.get(address).get_data(as_text=True)
    assert "这个年级还没有学生" not in page
    assert "1 / 1 人" in page
    assert who in page
    assert "已退学" in page
    page = head.get(f"{address}/assign").get_data(as_text=True)
    choices = page.split('name="student_id"')[1].split("</select>")[0]
    assert [number for number in numbers if number in choices] == []


def test_the_dossiers_t2_says_what_the_capstones_t2_says(session: Session) -> None:
    """One table in two places: no mark before it is published, the post beside the mentor, graduates by their plan."""
    found = make.graded()
    open_ = make.graded(programme=found.programme, guidances=1)
    assert found.field is not None
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    _leave(found.student, StudentState.GRADUATED)
    rows = [row for table in tables.capstone_table(found.programme, TODAY) for row in table.rows]
    kept = {row.student_no: row for row in queries.export_rows(found.programme.id, found.student.cohort_id, TODAY)}
    by_number = {str(row[2]): [str(cell) for cell in row] for row in rows}
    assert set(by_number) == set(kept) == {found.student.student_no, open_.student.student_no}
    assert by_number[found.student.student_no][12:14] == ["80", "80"]
    assert by_number[open_.student.student_no][12:14] == ["", ""]
    assert by_number[found.student.student_no][8] == f"{found.field.name}（高级工程师）"
    petoe = tables.capstone_table(found.programme, TODAY)[0]
    assert {str(row[2]) for row in petoe.rows} == set(kept)


def test_the_materials_speak_the_language_of_the_reader(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.case(has_stay=False)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    where = f"/capstones/cohorts/{found.programme.code}/{cohort.year}/materials/m82"
    spans = f"{START.isoformat()} to {END.isoformat()}"
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    page = head.get(f"{where}?lang=en").get_data(as_text=True)
    assert ("是否卓越计划" in page, "Starts on" in page, ">Yes<" in page, spans in page) == (False, True, True, True)
    table = head.get(f"{where}.csv?lang=en").data.decode("utf-8-sig")
    assert ("是" in table.splitlines()[1].split(",")[0], spans in table) == (False, True)
    assert head.get(f"{where}.pdf?lang=en").data[:5] == b"%PDF-"


def test_who_has_left_gets_no_topic(session: Session) -> None:
    found = make.case()
    student = ground.student(found.programme, who=ground.person())
    _leave(student, StudentState.GRADUATED)
    with pytest.raises(CapstoneRefused, match="不在读"):
        operations.assign_capstone(
            student=student, topic=make.topic(programme=found.programme), starts_on=START, ends_on=END, by=SYSTEM, today=TODAY, now=NOW
        )
