"""A student changes the programme or the cohort, comes back, gets another number: said once with its day, and every list follows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Grant, Identity, NotAllowed, Role, ScopeKind
from trainhub.people import operations, queries
from trainhub.people.imports import moves, students, teachers
from trainhub.people.models import FormerStudy, Person, Student
from trainhub.people.types import StudentState, StudyPlace
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
DAY = date(2024, 9, 1)
ONE = timedelta(days=1)


def two_programmes() -> tuple[Programme, Programme]:
    """Two programmes of one university, each with the cohorts 2023 and 2024."""
    school = ground.university()
    made = ground.programme(school, name="机械工程"), ground.programme(school, name="电子信息工程")
    for one in made:
        ground.cohort(one, 2023)
        ground.cohort(one, 2024)
    return made


def move(student: Student, to: Programme, *, year: int = 2023, on: date = DAY, **given: Any) -> bool:
    given = {"by": SYSTEM, "reason": "闽理工教〔2024〕18号", **given}
    return operations.move_student(student=student, programme=to, cohort=ground.cohort(to, year), on=on, now=clock.now(), **given)


def bring(spec: imports.ImportSpec, text: str, by: Identity = SYSTEM) -> imports.Draft:
    return imports.execute_bytes(spec, text.encode(), filename="r.csv", by=by, today=clock.today(), now=clock.now())


def refused(spec: imports.ImportSpec, text: str, by: Identity = SYSTEM) -> list[tuple[str, str]]:
    with pytest.raises(imports.ImportRefused) as told:
        bring(spec, text, by)
    return [(one["column"], one["problem"]) for one in told.value.details]


def roster(session: Session, student: Student, programme: Programme, *, year: int = 2023, number: str = "") -> str:
    name = session.get_one(Person, student.person_id).name
    return f"student_no,name,programme_code,cohort_year\n{number or student.student_no},{name},{programme.code},{year}\n"


def in_programme(session: Session, programme: Programme, on: date) -> list[int]:
    return list(session.scalars(select(Student.id).where(queries.in_programme(programme.id, on)).order_by(Student.id)))


def test_until_the_day_the_old_programme_from_it_the_new_one(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    assert move(student, new, class_name="电子2301")
    assert (student.programme_id, student.cohort_id, student.class_name) == (new.id, ground.cohort(new, 2023).id, "电子2301")
    for on, there in ((DAY - ONE, old), (DAY, new), (DAY + ONE, new)):
        elsewhere = new if there is old else old
        assert in_programme(session, there, on) == [student.id], on
        assert in_programme(session, elsewhere, on) == [], on
        assert queries.study_on(student, on) == StudyPlace(there.id, ground.cohort(there, 2023).id)
    assert move(student, new, class_name="电子2301") is False, "safe to repeat"
    (row,) = queries.former_studies_of([student.id])[student.id]
    assert (row.programme_id, row.since, row.until, row.next_since, row.reason) == (
        old.id,
        student.enrolled_on,
        DAY - ONE,
        DAY,
        "闽理工教〔2024〕18号",
    )


def test_the_plan_of_the_old_programme_ends_the_day_before(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old, petoe_since=date(2023, 9, 1))
    other = ground.student(old, petoe_since=date(2023, 9, 1))
    move(student, new)
    move(other, old, year=2024)
    spans = queries.spans_of([student.id, other.id])
    assert [(span.since, span.until) for span in spans[student.id]] == [(date(2023, 9, 1), DAY - ONE)]
    assert [(span.since, span.until) for span in spans[other.id]] == [(date(2023, 9, 1), None)], (
        "another cohort of the same programme is no other plan"
    )


def test_a_slip_is_taken_back_by_the_same_day(session: Session) -> None:
    old, new = two_programmes()
    third = ground.programme()
    student = ground.student(old)
    move(student, new)
    assert move(student, old, reason="登记有误")
    assert queries.former_studies_of([student.id])[student.id] == []
    assert student.programme_id == old.id
    assert move(student, new, on=student.enrolled_on, reason="当初登记有误"), "wrong from the first day: nothing was there before"
    assert queries.former_studies_of([student.id])[student.id] == []
    with pytest.raises(operations.BadStudent) as told:
        move(student, third)
    assert told.value.field == "programme_id"


@pytest.mark.parametrize(("days", "is_fine"), [(-1, True), (0, True), (1, False)])
def test_no_day_after_today(session: Session, days: int, is_fine: bool) -> None:
    old, new = two_programmes()
    student, on = ground.student(old), clock.today() + days * ONE
    if is_fine:
        assert move(student, new, on=on)
        return
    with pytest.raises(operations.BadStudent) as told:
        move(student, new, on=on)
    assert told.value.field == "moved_on"


def test_no_day_before_the_last_change_and_a_reason(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    for on in (student.enrolled_on - ONE,):
        with pytest.raises(operations.BadStudent) as told:
            move(student, new, on=on)
        assert told.value.field == "moved_on"
    with pytest.raises(operations.BadStudent) as told:
        move(student, new, reason="  ")
    assert told.value.field == "reason"
    move(student, new)
    with pytest.raises(operations.BadStudent):
        move(student, old, on=DAY - ONE)
    assert move(student, old, on=DAY + ONE)
    assert [row.until for row in queries.former_studies_of([student.id])[student.id]] == [DAY - ONE, DAY]


def test_who_was_written_down_twice_is_told(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    again = ground.student(new, who=session.get_one(Person, student.person_id))
    with pytest.raises(operations.StudentKnown) as told:
        move(student, new)
    assert again.student_no in told.value.message


def test_only_who_leads_both_programmes_may(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)

    def head(*of: Programme) -> Identity:
        return Identity(1, None, "负责人", tuple(Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, one.id) for one in of))

    for by in (head(old), head(new)):
        with pytest.raises(NotAllowed):
            move(student, new, by=by)
    assert move(student, new, by=head(old, new))
    with pytest.raises(NotAllowed):
        operations.renumber_student(student=student, student_no="X1", reason="录入有误", by=head(old), now=clock.now())


def test_who_comes_back_takes_up_the_study_that_was_left(session: Session) -> None:
    old, _new = two_programmes()
    student = ground.student(old, petoe_since=date(2023, 9, 1))
    number = student.student_no
    operations.change_student(student=student, state=StudentState.WITHDRAWN, left_on=date(2024, 3, 1), left_reason="转学", by=SYSTEM, now=clock.now())
    with pytest.raises(operations.BadStudent):
        move(student, old, year=2024, on=date(2024, 3, 1), is_return=True)
    assert move(student, old, year=2024, student_no="2024B901", is_return=True)
    assert (student.state, student.left_on, student.student_no) == (StudentState.ENROLLED, None, "2024B901")
    for on, is_there in ((date(2024, 3, 1), True), (date(2024, 3, 2), False), (DAY - ONE, False), (DAY, True)):
        assert bool(in_programme(session, old, on)) is is_there, on
    assert [(row.since, row.until) for row in queries.suspensions_of(student.id)] == [(date(2024, 3, 2), DAY - ONE)], "nothing is earned between"
    assert refused(students.SPEC, roster(session, student, old, year=2024, number=number))[0][0] == "student_no"
    assert bring(students.SPEC, roster(session, student, old, year=2024)).unchanged == 1


def test_who_rests_comes_back_into_another_cohort(session: Session) -> None:
    old, _new = two_programmes()
    student = ground.student(old)
    operations.change_student(student=student, state=StudentState.SUSPENDED, state_on=date(2024, 3, 1), by=SYSTEM, now=clock.now())
    assert move(student, old, year=2024, is_return=True)
    assert student.state is StudentState.ENROLLED
    assert [(row.since, row.until) for row in queries.suspensions_of(student.id)] == [(date(2024, 3, 1), DAY - ONE)]


def test_a_graduate_studies_anew(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    operations.change_student(student=student, state=StudentState.GRADUATED, left_on=date(2024, 7, 1), by=SYSTEM, now=clock.now())
    with pytest.raises(operations.BadStudent):
        move(student, new)


def test_a_corrected_number_holds_and_the_old_one_tells_so(session: Session) -> None:
    old, _new = two_programmes()
    student, other = ground.student(old), ground.student(old)
    was = student.student_no

    def correct(row: Student, number: str, reason: str = "录入有误") -> bool:
        return operations.renumber_student(student=row, student_no=number, reason=reason, by=SYSTEM, now=clock.now())

    with pytest.raises(operations.StudentKnown):
        correct(student, other.student_no)
    with pytest.raises(operations.BadStudent) as told:
        correct(student, "2023B010", " ")
    assert told.value.field == "reason"
    assert correct(student, "2023b010")
    assert student.student_no == "2023B010"
    assert correct(student, "2023B010") is False
    ((column, words),) = refused(students.SPEC, roster(session, student, old, number=was))
    assert column == "student_no"
    assert "2023B010" in words
    assert bring(students.SPEC, roster(session, student, old)).unchanged == 1
    assert correct(other, was), "whose number it really was"
    assert bring(students.SPEC, roster(session, other, old)).unchanged == 1
    assert correct(student, "2023B011")
    assert correct(student, "2023B010", "更正有误")
    assert bring(students.SPEC, roster(session, student, old)).unchanged == 1


def test_the_roster_of_the_new_programme_comes_in_and_the_old_one_says_where_to(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    ((column, words),) = refused(students.SPEC, roster(session, student, new))
    assert (column, "学籍异动" in words) == ("programme_code", True)
    move(student, new)
    assert bring(students.SPEC, roster(session, student, new)).unchanged == 1
    ((column, words),) = refused(students.SPEC, roster(session, student, old))
    assert (column, new.code in words, str(DAY) in words) == ("programme_code", True, True)
    move(student, new, year=2024, on=DAY + ONE)
    ((column, words),) = refused(students.SPEC, roster(session, student, new, year=2023))
    assert (column, "2024" in words) == ("cohort_year", True)


HEAD = "学号,姓名,转入专业点代码,转入年级,生效日期,新学号,新班级,依据\n"


def test_a_list_of_changes_comes_in_once(session: Session) -> None:
    old, new = two_programmes()
    mover, numbered, stays = (ground.student(old, class_name="机械2301") for _n in range(3))
    names = {row.id: session.get_one(Person, row.person_id).name for row in (mover, numbered, stays)}
    text = HEAD + f"{mover.student_no},{names[mover.id]},{new.code},2024级,2024-09-01,2024D001,电子2401,教〔2024〕18号\n"
    text += f"{numbered.student_no},{names[numbered.id]},{old.code},2023,2024-09-01,2023B777,,录入有误\n"
    text += f"{stays.student_no},{names[stays.id]},{old.code},2023,2024-09-01,,,无变化\n"
    draft = bring(moves.SPEC, text)
    assert (draft.changed, draft.unchanged, draft.errors) == (2, 1, [])
    assert (mover.programme_id, mover.student_no, mover.class_name) == (new.id, "2024D001", "电子2401")
    assert (numbered.programme_id, numbered.student_no, numbered.class_name) == (old.id, "2023B777", "机械2301")
    again = bring(moves.SPEC, text)
    assert (again.changed, again.unchanged, again.errors) == (0, 3, []), "the same list again changes nothing"


def test_a_list_of_changes_says_what_is_wrong_where(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old)
    name = session.get_one(Person, student.person_id).name
    tomorrow = clock.today() + ONE

    def said(number: str, who: str, code: str, year: str, on: str, new_no: str = "", why: str = "教务处") -> list[str]:
        return [column for column, _words in refused(moves.SPEC, HEAD + f"{number},{who},{code},{year},{on},{new_no},,{why}\n")]

    assert said("NOBODY", name, new.code, "2023", "2024-09-01") == ["student_no"]
    assert said(student.student_no, "别人", new.code, "2023", "2024-09-01") == ["name"]
    assert said(student.student_no, name, "NONE", "2023", "2024-09-01") == ["programme_code"]
    assert said(student.student_no, name, new.code, "2019", "2024-09-01") == ["cohort_year"]
    assert said(student.student_no, name, new.code, "2023", str(tomorrow)) == ["moved_on"]
    assert said(student.student_no, name, new.code, "2023", "2022-09-01") == ["moved_on"]
    assert said(student.student_no, name, new.code, "2023", "2024-09-01", ground.student(old).student_no) == ["new_student_no"]
    head = Identity(1, None, "负责人", (Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, new.id),))
    text = HEAD + f"{student.student_no},{name},{new.code},2023,2024-09-01,,,教务处\n"
    assert [column for column, _words in refused(moves.SPEC, text, head)] == ["student_no"]
    assert session.scalar(select(FormerStudy.id)) is None


def test_an_export_after_a_change_imports_without_change(session: Session) -> None:
    old, new = two_programmes()
    student = ground.student(old, petoe_since=date(2023, 9, 1))
    move(student, new, student_no="2024D002")
    rows = list(students.export_rows(SYSTEM, students.StudentFilter(programme_id=new.id), clock.today()))
    names = [column.name for column in students.SCHEMA.columns]
    text = "\n".join([",".join(names), *(",".join(str(row.get(name) or "") for name in names) for row in rows)]) + "\n"
    assert bring(students.SPEC, text).unchanged == 1


def test_a_staff_number_is_corrected(session: Session) -> None:
    school = ground.university()
    teacher, other = ground.teacher(school), ground.teacher(school)
    was, name = teacher.staff_no, session.get_one(Person, teacher.person_id).name

    def correct(number: str) -> bool:
        return operations.renumber_teacher(teacher=teacher, staff_no=number, reason="录入有误", by=SYSTEM, now=clock.now())

    with pytest.raises(operations.TeacherKnown):
        correct(other.staff_no)
    assert correct("t2010-7")
    assert teacher.staff_no == "T2010-7"
    assert correct("T2010-7") is False
    head = "university_code,staff_no,name,kind,since\n"
    ((column, words),) = refused(teachers.SPEC, f"{head}{school.code},{was},{name},专职,{teacher.since}\n")
    assert (column, "T2010-7" in words) == ("staff_no", True)
    assert bring(teachers.SPEC, f"{head}{school.code},T2010-7,{name},专职,{teacher.since}\n").unchanged == 1
