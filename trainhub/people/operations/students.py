"""Students: enrol in a programme, change, and the dated membership in the 卓越计划."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import add_once, is_taken, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.people import queries, rules
from trainhub.people.models import FormerStudy, Person, Student, Suspension
from trainhub.people.operations.days import enrolment_told
from trainhub.people.operations.errors import BadStudent, StudentKnown
from trainhub.people.operations.guardians import lacking_guardian
from trainhub.people.operations.planning import begin_petoe, follow_leaving
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort, Programme


def add_student(
    *,
    person: Person,
    programme: Programme,
    cohort: Cohort,
    student_no: str,
    enrolled_on: date,
    by: Identity,
    now: datetime,
    petoe_since: date | None = None,
    class_name: str = "",
    state: StudentState = StudentState.ENROLLED,
    left_on: date | None = None,
    left_reason: str = "",
    guardian_name: str = "",
    guardian_phone: str = "",
) -> Student:
    """Enrol a person. Raises StudentKnown when the number is taken at the university or the person is in the programme
    already, BadStudent when the cohort is another programme's or a date is impossible."""
    row = _row(
        person,
        programme,
        cohort,
        student_no,
        enrolled_on,
        now,
        class_name=class_name,
        state=state,
        left_on=left_on,
        left_reason=left_reason,
        guardian_name=guardian_name,
        guardian_phone=guardian_phone,
    )
    known = next(iter(queries.students_by_no([(programme.university_id, row.student_no)]).values()), None)
    # One stored without its dashes may be another student's: of one name it is this one.
    if known is not None and (known.student_no == row.student_no or rules.same_name(session().get_one(Person, known.person_id).name, person.name)):
        raise _number_known(row)
    if any(one.programme_id == programme.id for one in queries.students_of_person(person.id)):
        raise _person_known(person)
    add_once(row, lambda: _number_known(row))
    _note_added(row, programme, cohort, by, now)
    if petoe_since is not None:
        begin_petoe(student=row, since=petoe_since, by=by, now=now)
    return row


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One of many who are enrolled at once; `facts` are further ones of `add_student`."""

    person: Person
    programme: Programme
    cohort: Cohort
    student_no: str
    enrolled_on: date
    facts: Mapping[str, Any]


def add_students(wanted: Sequence[Newcomer], *, by: Identity, now: datetime) -> list[Student]:
    """`add_student` for many at once: the same answers in the same order, with few statements. Raises as it does, for the first refused."""
    rows = [_row(one.person, one.programme, one.cohort, one.student_no, one.enrolled_on, now, **one.facts) for one in wanted]
    numbers = set(queries.students_by_no(((row.university_id, row.student_no) for row in rows), is_exact=True))
    enrolled = set(queries.enrolments_of(one.person.id for one in wanted))
    for one, row in zip(wanted, rows, strict=True):
        number, study = (row.university_id, row.student_no), (one.person.id, one.programme.id)
        if number in numbers:
            raise _number_known(row)
        if study in enrolled:
            raise _person_known(one.person)
        numbers.add(number)
        enrolled.add(study)
    try:
        with session().begin_nested():
            session().add_all(rows)
            session().flush()
    except IntegrityError as twice:  # somebody else added one of them in this moment
        if not is_taken(twice):
            raise
        return [_again(one, by, now) for one in wanted]
    for one, row in zip(wanted, rows, strict=True):
        _note_added(row, one.programme, one.cohort, by, now)
    return rows


def _again(one: Newcomer, by: Identity, now: datetime) -> Student:
    return add_student(
        person=one.person,
        programme=one.programme,
        cohort=one.cohort,
        student_no=one.student_no,
        enrolled_on=one.enrolled_on,
        by=by,
        now=now,
        **one.facts,
    )


def _number_known(row: Student) -> StudentKnown:
    return StudentKnown(_("学号 %(no)s 在本校已存在，请核对。", no=row.student_no), field="student_no")


def _person_known(person: Person) -> StudentKnown:
    return StudentKnown(_("%(name)s 已在这个专业登记学籍。", name=person.name), field="name")


def _note_added(row: Student, programme: Programme, cohort: Cohort, by: Identity, now: datetime) -> None:
    audit.record(by=by, did="people.student.added", on=row, data={"student_no": row.student_no, "programme": programme.code, "year": cohort.year})
    if row.state is StudentState.SUSPENDED:
        _suspend(row, row.state, max(row.enrolled_on, local(now).date()), None)


def _row(
    person: Person,
    programme: Programme,
    cohort: Cohort,
    student_no: str,
    enrolled_on: date,
    now: datetime,
    *,
    class_name: str = "",
    state: StudentState = StudentState.ENROLLED,
    left_on: date | None = None,
    left_reason: str = "",
    guardian_name: str = "",
    guardian_phone: str = "",
) -> Student:
    """A student who is not added to anything yet. Raises BadStudent when a fact is impossible."""
    student_no = rules.school_number(student_no)
    if not student_no:
        raise BadStudent(_("请填写学号。"), field="student_no")
    if cohort.programme_id != programme.id:
        raise BadStudent(_("年级不属于所选专业，请重新选择。"), field="cohort_id")
    if left_on is not None and left_on < enrolled_on:
        raise BadStudent(_("离校日期不能早于入学日期。"), field="left_on")
    if said := enrolment_told(enrolled_on, person.birth_on):
        raise BadStudent(said, field="enrolled_on")
    if left_on is None:
        check_guardian_of(person, guardian_name, guardian_phone, local(now).date())
    return Student(
        person_id=person.id,
        university_id=programme.university_id,
        programme_id=programme.id,
        cohort_id=cohort.id,
        student_no=student_no,
        class_name=class_name.strip(),
        state=state,
        enrolled_on=enrolled_on,
        left_on=left_on,
        left_reason=_reason_of(state, left_reason),
        guardian_name=guardian_name.strip(),
        guardian_phone=guardian_phone.strip(),
        created_at=now,
    )


def _reason_of(state: StudentState, words: str | None) -> str:
    """Why somebody withdrew; nobody else has one."""
    return " ".join((words or "").split())[:200] if state is StudentState.WITHDRAWN else ""


GUARDIAN = frozenset(["guardian_name", "guardian_phone"])
"""Personal data of somebody who is no student: erased when their time is over, so no log may keep them."""
TOLD = frozenset(["class_name", "state", "enrolled_on", "left_on", "suspended"])
EDITABLE = frozenset(["class_name", "state", "enrolled_on", "left_on", "left_reason", "guardian_name", "guardian_phone"])


def change_student(
    *, student: Student, by: Identity, now: datetime, version: int | None = None, state_on: date | None = None, **fields: Any
) -> dict[str, list[Any]]:
    """Change facts of a student; returns {field: [before, after]}. Leaving ends an open span in the 卓越计划; who was in it and withdraws says why.

    `state_on`: the first day of a suspension, or the first day back (today unless it is said); leaving ends a suspension too.

    Raises Stale, and BadStudent when a date is impossible or missing.
    """
    check_version(student, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_student() got unexpected fields {unknown}")
    fields = {key: value.strip() if isinstance(value, str) and key != "state" else value for key, value in fields.items()}
    state = StudentState(fields.get("state", student.state))
    left_on = fields.get("left_on", student.left_on)
    enrolled_on = fields.get("enrolled_on", student.enrolled_on)
    has_left = state in (StudentState.GRADUATED, StudentState.WITHDRAWN)
    if has_left and left_on is None:
        raise BadStudent(_("请填写毕业或退学的日期。"), field="left_on")
    if not has_left and left_on is not None:
        raise BadStudent(_("在读或休学的学生没有离校日期，请清空。"), field="left_on")
    if left_on is not None and left_on < enrolled_on:
        raise BadStudent(_("离校日期不能早于入学日期。"), field="left_on")
    formers = queries.former_studies_of([student.id])[student.id]
    told = ""
    if enrolled_on != student.enrolled_on:
        told = enrolment_told(enrolled_on, session().get_one(Person, student.person_id).birth_on)
    for problem in (
        ("enrolled_on", told) if told else None,
        return_problem(student, state, local(now).date()),
        left_problem(left_on, formers) if left_on != student.left_on else None,
        _enrolled_problem(enrolled_on, formers),
    ):
        if problem is not None:
            raise BadStudent(problem[1], field=problem[0])
    spans = queries.spans_of([student.id])[student.id]
    left_reason = _reason_of(state, fields.pop("left_reason", None))
    if left_reason or student.state is not state:  # whoever is back has withdrawn for nothing
        fields["left_reason"] = left_reason
    if state is StudentState.WITHDRAWN and student.state is not state and spans and not left_reason:
        raise BadStudent(_("卓越计划学生退学，请写明理由；专业评价会列出姓名、日期和理由。"), field="left_reason")
    if enrolled_on != student.enrolled_on and any(enrolled_on > span.since for span in spans):
        raise BadStudent(_("入学日期不能晚于加入卓越计划的 %(day)s。", day=min(span.since for span in spans)), field="enrolled_on")
    before_left, returns = student.left_on, student.left_on is not None
    if not has_left and (returns or any(key in fields and fields[key] != getattr(student, key) for key in GUARDIAN)):
        name, phone = (fields.get(key, getattr(student, key)) for key in ("guardian_name", "guardian_phone"))
        check_guardian_of(session().get_one(Person, student.person_id), name, phone, local(now).date())
    changed = {key: [getattr(student, key), value] for key, value in fields.items() if getattr(student, key) != value}
    for key, (_before, after) in changed.items():
        setattr(student, key, after)
    day = state_on or (left_on if has_left and left_on is not None else local(now).date())
    if formers and formers[0].since != student.enrolled_on:
        formers[0].since = student.enrolled_on
    if formers and state is StudentState.SUSPENDED and day < formers[-1].next_since:
        raise BadStudent(_("休学日期不能早于上一次学籍异动的 %(day)s。", day=formers[-1].next_since), field="state_on")
    if spent := _suspend(student, state, day, state_on):
        changed["suspended"] = spent
    if changed:
        session().flush()
        audit.record(by=by, did="people.student.changed", on=student, data=audit.changes(changed, told=TOLD))
    follow_leaving(student, before_left, left_on if has_left else None, by)
    return changed


def return_problem(student: Student, state: StudentState, today: date) -> tuple[str, str] | None:
    """Why a student who has left is not simply written down as here again, as (field, words): a return has a day, and what lies between counts nowhere."""
    is_back = student.state is StudentState.WITHDRAWN and state in (StudentState.ENROLLED, StudentState.SUSPENDED)
    if not is_back or student.left_on is None or student.left_on >= today:
        return None
    return "state", _("该生已于 %(day)s 退学。返校请用“学籍异动”办理，并写明返校的第一天。", day=student.left_on)


def left_problem(left_on: date | None, formers: Sequence[FormerStudy]) -> tuple[str, str] | None:
    """The last day at school lies in the study that goes on, not before the change that began it; as (field, words)."""
    if left_on is None or not formers or left_on >= formers[-1].next_since:
        return None
    return "left_on", _("离校日期不能早于上一次学籍异动的 %(day)s。", day=formers[-1].next_since)


def _enrolled_problem(enrolled_on: date, formers: Sequence[FormerStudy]) -> tuple[str, str] | None:
    if not formers or enrolled_on <= formers[0].until:
        return None
    return "enrolled_on", _("入学日期不能晚于第一次学籍异动前的 %(day)s。", day=formers[0].until)


def check_guardian_of(person: Person, name: str, phone: str, today: date) -> None:
    """Below privacy.guardian_age a guardian is registered with a telephone (PIPL-31): processing rests on their consent. Raises BadStudent."""
    for field, words in lacking_guardian(person.birth_on, name, phone, today):
        raise BadStudent(words, field=field, code="guardian_needed")


def _suspend(student: Student, state: StudentState, day: date, said: date | None) -> list[Any]:
    """Begin, date anew or end the suspension that a state stands for; [before, after] when something changed. Raises BadStudent."""
    rows = queries.suspensions_of(student.id)
    running = next((row for row in rows if row.until is None), None)
    if state is not StudentState.SUSPENDED:
        if running is None:
            return []
        if day <= running.since:
            raise BadStudent(_("复学（或离校）的日期应晚于休学开始的 %(day)s。", day=running.since), field="state_on")
        running.until = day - timedelta(days=1)
        return [[running.since, None], [running.since, running.until]]
    if running is not None and (said is None or running.since == said):
        return []
    if day < student.enrolled_on:
        raise BadStudent(_("休学日期不能早于入学日期。"), field="state_on")
    if any(row.until is not None and row.until >= day for row in rows):
        raise BadStudent(_("休学日期与此前的休学重叠，请核对。"), field="state_on")
    if running is not None:
        before, running.since = running.since, day
        return [[before, None], [day, None]]
    session().add(Suspension(student_id=student.id, since=day, until=None))
    return [None, [day, None]]
