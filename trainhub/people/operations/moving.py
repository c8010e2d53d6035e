"""A student changes the programme or the cohort (转专业, 编入其他年级) or comes back (复学, 重新入学); a student or staff number is corrected.

The study goes on: placements, days, grades and the capstone stay with the student. What changes is where they count from a day on: until the day before
in the old programme and cohort, from the day in the new ones. What was there is kept (`FormerStudy`, `FormerSchoolNumber`), so that a figure
of an earlier day does not change, and a file that still names the old place or number is told which holds now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.clock import local
from trainhub.kernel.db import is_taken, lock, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.models import FormerSchoolNumber, FormerStudy, Person, PetoeSpan, Student, Suspension, Teacher
from trainhub.people.operations.errors import BadStudent, StudentKnown
from trainhub.people.operations.planning import note_taken_out
from trainhub.people.operations.restoring import AWAY, ONE, restore
from trainhub.people.operations.students import check_guardian_of
from trainhub.people.operations.teachers import BadTeacher, TeacherKnown
from trainhub.people.permissions import Can
from trainhub.people.types import MOVED, NUMBERED, StudentState, StudyPlace
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme


@dataclass(frozen=True, slots=True)
class PetoePlan:
    """A span in the 卓越计划 that a change cut short: the end it had; None: it was open."""

    until: date | None


def move_problem(
    student: Student,
    formers: Sequence[FormerStudy],
    spans: Sequence[PetoeSpan],
    programme: Programme,
    cohort: Cohort,
    on: date,
    today: date,
    *,
    is_return: bool,
) -> tuple[str, str] | None:
    """What keeps a student from being in a programme and cohort from a day on, as (field, words); None: nothing. Who has the right is not asked here."""
    if programme.university_id != student.university_id:
        return "programme_id", _("这个专业点属于另一所学校。转学的学生请在接收学校登记学籍。")
    if cohort.programme_id != programme.id:
        return "cohort_year", _("年级不属于所选专业，请重新选择。")
    if student.state is StudentState.GRADUATED:
        return "programme_id", _("该生已于 %(day)s 毕业；继续学习的，请在新的专业登记学籍。", day=student.left_on)
    if on > today:
        return "moved_on", _("生效日期不能晚于今天；提前决定的异动，请在生效当天或之后登记。")
    since = _there_since(student, formers)
    if student.state in AWAY and (is_return or on != since):
        if not is_return:
            return "is_return", _("该生已退学或正在休学；返校的请选择“返校”。只换学号或班级的，专业、年级填现在的。")
        if student.left_on is not None and on <= student.left_on:
            return "moved_on", _("返校日期应晚于离校日期 %(day)s。", day=student.left_on)
        rest = next((row for row in queries.suspensions_of(student.id) if row.until is None), None)
        if rest is not None and on <= rest.since:
            return "moved_on", _("复学（或离校）的日期应晚于休学开始的 %(day)s。", day=rest.since)
    if on < since:
        said = _("生效日期不能早于上一次异动的 %(day)s。", day=since) if formers else _("生效日期不能早于入学日期 %(day)s。", day=since)
        return "moved_on", said
    later = next((span for span in spans if span.since >= on), None)
    if programme.id != student.programme_id and on > since and later is not None:
        words = _("该生 %(day)s 起的卓越计划在转入日期之后才开始，不知属于哪个专业；请先在学生页面更正卓越计划的起止日期。", day=later.since)
        return "moved_on", words
    return None


def move_student(
    *,
    student: Student,
    programme: Programme,
    cohort: Cohort,
    on: date,
    reason: str,
    by: Identity,
    now: datetime,
    version: int | None = None,
    student_no: str = "",
    class_name: str = "",
    is_return: bool = False,
) -> bool:
    """Where a student is from a day on; returns whether anything changed. `is_return`: who had left, or was suspended, is back on that day; it is said,
    and never follows from a new number or class. `student_no` and `class_name`: the new ones, as they are if empty.

    The day on which the student came to where they are now corrects a slip: nothing is kept of what was never so, and the place from which they
    had come takes the change back; of who was ever in the 卓越计划 the reason stays with the span. Another programme ends the 卓越计划 of the old one the day before. Needs the right to edit the student and to add students to the programme.

    Raises NotAllowed, Stale; BadStudent for a day that cannot be, another university, a graduate, or without a reason; StudentKnown when the person
    is written down in the programme a second time, or the number is another student's.
    """
    lock(Student, student.id)
    session().refresh(student)
    check_version(student, version)
    demand(by, Can.STUDENT_EDIT, queries.subject_of_student(student))
    demand(by, Can.STUDENT_CREATE, programmes.subject_of(programme))
    reason = _reason(reason)
    formers = queries.former_studies_of([student.id])[student.id]
    before = StudyPlace(student.programme_id, student.cohort_id)
    after = StudyPlace(programme.id, cohort.id)
    number = rules.school_number(student_no) or student.student_no
    since = _there_since(student, formers)
    is_back = is_return and student.state in AWAY and (after != before or on != since)
    if after == before and not is_back:
        is_changed = _renumber(student, number, reason, by, now)
        is_changed = _put_class(student, class_name, by) or is_changed
        if formers and on != since and not is_changed:
            raise BadStudent(other_day(since), field="moved_on")
        return is_changed
    spans = queries.spans_of([student.id])[student.id]
    problem = move_problem(student, formers, spans, programme, cohort, on, local(now).date(), is_return=is_return)
    if problem is not None:
        raise BadStudent(problem[1], field=problem[0])
    twin = next((one for one in queries.students_of_person(student.person_id) if one.programme_id == programme.id and one.id != student.id), None)
    if twin is not None:
        raise _written_twice(student, twin)
    person = session().get_one(Person, student.person_id)
    if student.left_on is not None:
        check_guardian_of(person, student.guardian_name, student.guardian_phone, local(now).date())
    last = formers[-1] if formers else None
    told: dict[str, list[Any]] = {}
    if on == since and last is not None and last.until == on - ONE and StudyPlace(last.programme_id, last.cohort_id) == after:
        told = restore(student, last, spans, reason, by, now)
    elif on > since:
        _keep(student, since, on, reason, by, now, cut=_end_plan(student, spans, on, by) if programme.id != student.programme_id else None)
        told = _come_back(student, on) if is_back else {}
    elif spans:  # nothing else is kept of a slip, and who is judged hangs on it
        note_taken_out(student, spans[-1], reason, by, now)
    for key, value in (("programme_id", programme.id), ("cohort_id", cohort.id), ("class_name", class_name.strip() or student.class_name)):
        if getattr(student, key) != value:
            told[key] = [getattr(student, key), value]
    try:
        with session().begin_nested():
            student.programme_id, student.cohort_id = programme.id, cohort.id
            student.class_name = class_name.strip() or student.class_name
            session().flush()
    except IntegrityError as twice:  # written down there a second time in this moment
        if not is_taken(twice):
            raise
        raise StudentKnown(_("%(name)s 已在这个专业登记学籍。", name=person.name), field="programme_id") from twice
    audit.record(by=by, did="people.student.moved", on=student, data={**told, "on": on})  # the reason stays with the row
    _renumber(student, number, reason, by, now)
    for tell in current_app.extensions.get(MOVED, ()):
        tell(student, before, by, now)
    return True


def _there_since(student: Student, formers: Sequence[FormerStudy]) -> date:
    return formers[-1].next_since if formers else student.enrolled_on


def _written_twice(student: Student, twin: Student) -> StudentKnown:
    words = _("此人在这个专业已另有一条学籍，学号为 %(no)s，不必再转入：请在那一条上继续，并把这一条改为退学。", no=twin.student_no)
    return StudentKnown(words, field="programme_id")


def other_day(since: date) -> str:
    """That the student is where they are since another day, and how that is corrected."""
    return _("该生自 %(day)s 起已在这个专业和年级。日期有误的，请先在学生页面撤销这次异动，再按正确的日期登记。", day=since)


def _end_plan(student: Student, spans: Sequence[PetoeSpan], on: date, by: Identity) -> PetoePlan | None:
    """The 卓越计划 belongs to a programme: who leaves it leaves its plan the day before, whatever end was written ahead."""
    span = next((span for span in spans if span.since < on and (span.until is None or span.until >= on)), None)
    if span is None:
        return None
    cut = PetoePlan(span.until)
    span.until = on - ONE
    audit.record(by=by, did="people.student.petoe_changed", on=student, data={"since": span.since, "until": span.until})
    return cut


def _keep(student: Student, since: date, on: date, reason: str, by: Identity, now: datetime, *, cut: PetoePlan | None) -> None:
    """Write down where the student was."""
    row = FormerStudy(
        student_id=student.id,
        programme_id=student.programme_id,
        cohort_id=student.cohort_id,
        class_name=student.class_name,
        since=since,
        until=student.left_on or on - ONE,
        next_since=on,
        ended_as=student.state,
        ended_plan=cut is not None,
        plan_until=cut.until if cut else None,
        reason=reason,
        written_by_id=by.account_id,
        written_at=now,
    )
    session().add(row)
    session().flush()


def _come_back(student: Student, on: date) -> dict[str, list[Any]]:
    """Who had left or was suspended studies again from a day on; the days between earn nothing."""
    told: dict[str, list[Any]] = {"state": [student.state, StudentState.ENROLLED]}
    if student.left_on is not None:
        told["left_on"] = [student.left_on, None]
        if student.left_on + ONE < on:
            session().add(Suspension(student_id=student.id, since=student.left_on + ONE, until=on - ONE))
    for row in queries.suspensions_of(student.id):
        if row.until is None:
            row.until = on - ONE
    student.state, student.left_on = StudentState.ENROLLED, None
    return told


def take_back(*, student: Student, reason: str, by: Identity, now: datetime, version: int | None = None) -> bool:
    """Undo the last change of a student, as if it had never been written: the place, the 卓越计划, a suspension or a leaving are as before. A number
    that was given with it stays. Needs the right over both programmes. What was undone and why stays to be read (`UndoneMove`).

    Raises NotAllowed, Stale; BadStudent where nothing was changed, without a reason, or when something since stands on it.
    """
    lock(Student, student.id)
    session().refresh(student)
    check_version(student, version)
    demand(by, Can.STUDENT_EDIT, queries.subject_of_student(student))
    reason = _reason(reason)
    formers = queries.former_studies_of([student.id])[student.id]
    if not formers:
        raise BadStudent(_("该生没有可以撤销的学籍异动。"))
    last = formers[-1]
    programme = programmes.by_id(last.programme_id)
    assert programme is not None
    demand(by, Can.STUDENT_CREATE, programmes.subject_of(programme))
    before = StudyPlace(student.programme_id, student.cohort_id)
    twin = next((one for one in queries.students_of_person(student.person_id) if one.programme_id == programme.id and one.id != student.id), None)
    if twin is not None:
        raise _written_twice(student, twin)
    told = restore(student, last, queries.spans_of([student.id])[student.id], reason, by, now)
    for key, value in (("programme_id", last.programme_id), ("cohort_id", last.cohort_id), ("class_name", last.class_name)):
        if getattr(student, key) != value:
            told[key] = [getattr(student, key), value]
            setattr(student, key, value)
    session().flush()
    audit.record(by=by, did="people.student.move_undone", on=student, data={**told, "on": last.next_since})  # the reason stays with the row
    for tell in current_app.extensions.get(MOVED, ()):
        tell(student, before, by, now)
    return True


def _put_class(student: Student, class_name: str, by: Identity) -> bool:
    name = class_name.strip()
    if not name or name == student.class_name:
        return False
    told = {"class_name": [student.class_name, name]}
    student.class_name = name
    session().flush()
    audit.record(by=by, did="people.student.changed", on=student, data=told)
    return True


# -- numbers ------------------------------------------------------------------------------------------------------------


def renumber_student(*, student: Student, student_no: str, reason: str, by: Identity, now: datetime, version: int | None = None) -> bool:
    """Correct the number of a student, or give the one that a school gave anew; returns whether anything changed. From now on they sign in by it, and by
    the former one no more. Raises NotAllowed, Stale; BadStudent without a number or a reason; StudentKnown when it is another student's."""
    lock(Student, student.id)
    session().refresh(student)
    check_version(student, version)
    demand(by, Can.STUDENT_EDIT, queries.subject_of_student(student))
    number = rules.school_number(student_no)
    if not number:
        raise BadStudent(_("请填写学号。"), field="student_no")
    return _renumber(student, number, _reason(reason), by, now)


def _renumber(student: Student, number: str, reason: str, by: Identity, now: datetime) -> bool:
    before = student.student_no
    if number == before:
        return False

    def taken() -> StudentKnown:
        return StudentKnown(_("学号 %(no)s 是另一名学生的。两人学号互换的，请先给其中一人一个临时学号，再分别更正。", no=number), field="student_no")

    if queries.students_by_no([(student.university_id, number)], is_exact=True):
        raise taken()
    _remember(queries.former_numbers_of(student_id=student.id), before, number, reason, by, now, student.university_id, student_id=student.id)
    try:
        with session().begin_nested():
            student.student_no = number
            session().flush()
    except IntegrityError as twice:
        if not is_taken(twice):
            raise
        raise taken() from twice
    audit.record(by=by, did="people.student.renumbered", on=student, data={"student_no": [before, number], "reason": reason})
    for tell in current_app.extensions.get(NUMBERED, ()):
        tell(student, before, by, now)
    return True


def renumber_teacher(*, teacher: Teacher, staff_no: str, reason: str, by: Identity, now: datetime, version: int | None = None) -> bool:
    """The same for the staff number of a teacher. Raises NotAllowed, Stale, BadTeacher, TeacherKnown."""
    lock(Teacher, teacher.id)
    session().refresh(teacher)
    check_version(teacher, version)
    demand(by, Can.TEACHER_EDIT, queries.subject_of_teacher(teacher))
    before, number = teacher.staff_no, rules.school_number(staff_no)
    if not number:
        raise BadTeacher(_("请填写工号。"), field="staff_no")
    reason = _reason(reason)
    if number == before:
        return False
    if queries.teacher_by_no(teacher.university_id, number) is not None:
        raise _staff_taken(number)
    _remember(queries.former_numbers_of(teacher_id=teacher.id), before, number, reason, by, now, teacher.university_id, teacher_id=teacher.id)
    try:
        with session().begin_nested():
            teacher.staff_no = number
            session().flush()
    except IntegrityError as twice:
        if not is_taken(twice):
            raise
        raise _staff_taken(number) from twice
    audit.record(by=by, did="people.teacher.renumbered", on=teacher, data={"staff_no": [before, number], "reason": reason})
    for tell in current_app.extensions.get(NUMBERED, ()):
        tell(teacher, before, by, now)
    return True


def _staff_taken(number: str) -> TeacherKnown:
    return TeacherKnown(_("工号 %(no)s 是另一名教师的。两人工号互换的，请先给其中一人一个临时工号，再分别更正。", no=number), field="staff_no")


def _remember(
    known: Sequence[FormerSchoolNumber], before: str, number: str, reason: str, by: Identity, now: datetime, university_id: int, **of: int
) -> None:
    """Know the number that was theirs; one that holds again is a former one no longer."""
    for row in known:
        if row.number == number:
            session().delete(row)
    if all(row.number != before for row in known):
        made = FormerSchoolNumber(university_id=university_id, number=before, reason=reason, written_by_id=by.account_id, written_at=now, **of)
        session().add(made)
    session().flush()


def _reason(text: str) -> str:
    words = " ".join(text.split())[:200]
    if not words:
        raise BadStudent(_("请写明依据，例如批准文号。"), field="reason")
    return words
