"""What a change of study does to the 卓越计划 and to a suspension, that a return is said and never follows, and that a change is taken back whole."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.trainhub.people.test_changing_studies import DAY, HEAD, ONE, bring, in_programme, move, refused, roster, two_programmes
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, NotAllowed, Role, ScopeKind
from trainhub.people import operations, queries
from trainhub.people.imports import moves, students
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState

pytestmark = pytest.mark.database
JOINED = date(2023, 9, 1)


def spans(student: Student) -> list[tuple[date, date | None]]:
    return [(one.since, one.until) for one in queries.spans_of([student.id])[student.id]]


def rests(student: Student) -> list[tuple[date, date | None]]:
    return [(one.since, one.until) for one in queries.suspensions_of(student.id)]


def put(student: Student, **facts: Any) -> None:
    operations.change_student(student=student, by=SYSTEM, now=clock.now(), **facts)


def line(session: Session, student: Student, code: str, **facts: str) -> str:
    name = session.get_one(Person, student.person_id).name
    given = {"year": "2023", "on": str(DAY), "no": "", "class": "", "back": "", "was": student.student_no, **facts}
    head = HEAD.replace("新学号", "返校,新学号")
    return head + f"{given['was']},{name},{code},{given['year']},{given['on']},{given['back']},{given['no']},{given['class']},教务处\n"


@pytest.mark.parametrize("until", [None, date(2026, 7, 1)])
def test_the_plan_goes_on_when_the_change_is_taken_back(session: Session, until: date | None) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    operations.begin_petoe(student=student, since=JOINED, until=until, reason="按选拔办法期满", by=SYSTEM, now=clock.now())
    move(student, new)
    assert spans(student) == [(JOINED, DAY - ONE)], "an end that was typed ahead is no plan of the new programme"
    assert move(student, old, reason="登记有误")
    assert spans(student) == [(JOINED, until)]


def test_a_span_that_begins_later_is_asked_about(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old, petoe_since=DAY + ONE)
    with pytest.raises(operations.BadStudent, match=str(DAY + ONE)) as told:
        move(student, new)
    assert told.value.field == "moved_on"
    assert refused(moves.SPEC, line(session, student, new.code))[0][0] == "moved_on"
    assert move(student, old, year=2024), "the same programme has the same plan"


def test_a_new_number_brings_nobody_back(session: Session) -> None:
    old, new = two_programmes()
    for state, facts in ((StudentState.SUSPENDED, {"state_on": date(2024, 3, 1)}), (StudentState.WITHDRAWN, {"left_on": date(2024, 3, 1)})):
        student = ground.student(old)
        put(student, state=state, **facts)
        assert bring(moves.SPEC, line(session, student, old.code, no=f"2024{state}")).changed == 1
        assert (student.state, student.student_no) == (state, f"2024{state}".upper())
        assert move(student, old, class_name="机械2401")
        assert (student.state, student.class_name) == (state, "机械2401")
        with pytest.raises(operations.BadStudent) as told:
            move(student, new)
        assert told.value.field == "is_return", "who is away and goes elsewhere comes back: that is said"
        assert refused(moves.SPEC, line(session, student, new.code))[0][0] == "is_return"
        assert bring(moves.SPEC, line(session, student, old.code, back="是")).changed == 1
        assert student.state is StudentState.ENROLLED


@pytest.mark.parametrize("state", [StudentState.SUSPENDED, StudentState.WITHDRAWN])
def test_the_same_list_after_somebody_of_it_was_away_changes_nothing(session: Session, state: StudentState) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    text = line(session, student, new.code)
    assert bring(moves.SPEC, text).changed == 1
    put(student, state=state, **({"left_on": date(2025, 3, 1)} if state is StudentState.WITHDRAWN else {"state_on": date(2025, 3, 1)}))
    again = bring(moves.SPEC, text)
    assert (again.unchanged, student.state) == (1, state)
    back = line(session, student, new.code, on="2025-09-01", back="是")
    assert bring(moves.SPEC, back).changed == 1
    assert student.state is StudentState.ENROLLED
    assert bring(moves.SPEC, back).unchanged == 1
    assert bring(moves.SPEC, text).unchanged == 1


def test_the_check_refuses_a_return_before_the_suspension(session: Session) -> None:
    old, _new = two_programmes()
    student = ground.student(old)
    put(student, state=StudentState.SUSPENDED, state_on=date(2025, 3, 1))
    for on in ("2025-02-28", "2025-03-01"):
        assert refused(moves.SPEC, line(session, student, old.code, on=on, back="是"))[0][0] == "moved_on"
    assert bring(moves.SPEC, line(session, student, old.code, on="2025-03-02", back="是")).changed == 1


def test_another_day_for_the_same_change_is_not_called_unchanged(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    assert bring(moves.SPEC, line(session, student, new.code, on="2025-09-01")).changed == 1
    ((column, words),) = refused(moves.SPEC, line(session, student, new.code, on="2024-09-01"))
    assert (column, "2025-09-01" in words) == ("moved_on", True)
    with pytest.raises(operations.BadStudent, match="2025-09-01"):
        move(student, new)
    assert operations.take_back(student=student, reason="日期有误", by=SYSTEM, now=clock.now())
    assert bring(moves.SPEC, line(session, student, new.code, on="2024-09-01")).changed == 1
    assert in_programme(session, new, DAY) == [student.id]


@pytest.mark.parametrize("state", [StudentState.SUSPENDED, StudentState.WITHDRAWN])
def test_a_mistaken_return_is_taken_back(session: Session, state: StudentState) -> None:
    old, _new = two_programmes()
    student = ground.student(old, petoe_since=JOINED)
    away = date(2024, 3, 1)
    put(student, state=state, **({"left_on": away, "left_reason": "转学"} if state is StudentState.WITHDRAWN else {"state_on": away}))
    before = (student.state, student.left_on, rests(student), spans(student), student.cohort_id)
    move(student, old, year=2024, is_return=True)
    assert student.state is StudentState.ENROLLED
    assert operations.take_back(student=student, reason="登记错人", by=SYSTEM, now=clock.now())
    assert (student.state, student.left_on, rests(student), spans(student), student.cohort_id) == before
    assert queries.former_studies_of([student.id])[student.id] == []
    with pytest.raises(operations.BadStudent):
        operations.take_back(student=student, reason="再撤", by=SYSTEM, now=clock.now())


def undone(student: Student) -> list[tuple[int, date, str, str]]:
    return [(row.programme_id, row.since, row.moved_reason, row.reason) for row in queries.undone_moves_of(student.id)]


def test_what_was_undone_and_why_stays_to_be_read(session: Session) -> None:
    """In the history of the student, not in the log alone; once whichever way it is put back, and nothing of it is changed afterwards."""
    old, new = two_programmes()
    student = ground.student(old)
    move(student, new, reason="教〔2024〕1号")
    operations.take_back(student=student, reason="登记错人", by=SYSTEM, now=clock.now())
    assert undone(student) == [(new.id, DAY, "教〔2024〕1号", "登记错人")]
    move(student, new, reason="教〔2024〕2号")
    assert move(student, old, reason="退回原专业")
    assert undone(student) == [(new.id, DAY, "教〔2024〕2号", "退回原专业"), (new.id, DAY, "教〔2024〕1号", "登记错人")]
    row = queries.undone_moves_of(student.id)[0]
    row.reason = "别的"
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()
    session.expire(row)


def test_the_page_tells_it_to_who_may_read_reasons(session: Session, as_role: Any) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    move(student, new, reason="教〔2024〕1号")
    operations.take_back(student=student, reason="登记错人", by=SYSTEM, now=clock.now())
    at, school, code = f"/people/students/{student.id}", old.university_id, Role.AUDITOR
    session.commit()
    told = as_role(Role.UNIVERSITY_ADMIN, organisation_id=school).get(at).text
    assert ("已撤销的异动" in told, "登记错人" in told, "教〔2024〕1号" in told) == (True, True, True)
    told = as_role(code).get(at).text
    assert "登记错人" not in told


def test_a_return_is_not_taken_back_under_what_came_after(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    put(student, state=StudentState.SUSPENDED, state_on=date(2024, 3, 1))
    move(student, old, is_return=True)
    put(student, state=StudentState.SUSPENDED, state_on=date(2025, 3, 1))
    with pytest.raises(operations.BadStudent):
        operations.take_back(student=student, reason="登记错人", by=SYSTEM, now=clock.now())
    mover = ground.student(old)
    move(mover, new)
    head = Identity(1, None, "负责人", (Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, new.id),))
    with pytest.raises(NotAllowed):
        operations.take_back(student=mover, reason="登记错人", by=head, now=clock.now())


def test_a_roster_of_another_year_moves_nobody(session: Session) -> None:
    old, _new = two_programmes()
    student = ground.student(old)
    ((column, words),) = refused(students.SPEC, roster(session, student, old, year=2024))
    assert (column, "学籍异动" in words) == ("cohort_year", True)
    assert student.cohort_id == ground.cohort(old, 2023).id
    assert move(student, old, year=2024, on=student.enrolled_on), "a slip is corrected from the day of enrolment on"
    assert bring(students.SPEC, roster(session, student, old, year=2024)).unchanged == 1
