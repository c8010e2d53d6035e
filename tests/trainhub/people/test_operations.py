"""One row per human; students and teachers; the work of persons in enterprises."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel import imports
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import local
from trainhub.kernel.imports import Draft
from trainhub.people import operations, queries
from trainhub.people.imports import students
from trainhub.people.models import Person, Student
from trainhub.people.types import IdType, StudentState
from trainhub.programmes.models import Programme


def test_known_number_and_same_name_is_the_known_person(session: Session) -> None:
    number = ground.resident_id(date(2001, 2, 3))
    first = ground.person("曾小贤", id_number=number, id_type=IdType.RESIDENT_ID)
    again = operations.register_person(name=" 曾 小 贤", id_type=IdType.RESIDENT_ID, id_number=f" {number.lower()} ", by=SYSTEM, now=NOW)
    assert again is first
    assert session.scalar(select(func.count(Person.id)).where(Person.name == "曾小贤")) == 1
    assert first.pinyin == "zengxiaoxian zxx"
    assert first.birth_on == date(2001, 2, 3)
    assert number not in str(first.id_number_encrypted)
    assert first.id_mask == number[:4] + "*" * 10 + number[-4:]


def test_names_are_kept_in_the_characters_of_gb_18030_2022(session: Session) -> None:
    assert ground.person("李\ue81e").name == "李\u9fb4", "the private code point that old converters still write"
    for name in ("张\ue000", "张\U000f0000三"):
        with pytest.raises(operations.BadPerson, match=r"U\+") as refused:
            ground.person(name)
        assert refused.value.field == "name"
    row = ground.person("王五")
    with pytest.raises(operations.BadPerson, match=r"U\+E000"):
        operations.change_person(person=row, by=SYSTEM, now=NOW, name="王\ue000")
    row.name = "王\ue000"  # as an earlier version took it: what else is known of the person can still be changed
    session.flush()
    assert operations.change_person(person=row, by=SYSTEM, now=NOW, name="王\ue000", phone="13800138000") == ["phone"]


def test_known_number_under_another_name_is_refused(session: Session) -> None:
    number = ground.resident_id()
    ground.person("陈一", id_number=number, id_type=IdType.RESIDENT_ID)
    with pytest.raises(operations.NameDiffers) as refused:
        operations.register_person(name="陈二", id_type=IdType.RESIDENT_ID, id_number=number, by=SYSTEM, now=NOW)
    assert refused.value.code == "name_differs"
    assert number not in refused.value.message


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (
            "phone",
            ("13800138000", "0591-87654321", "+86 138 0013 8000", "(0591)8765432转12"),
            ("12", "123456", "138001380001380013800", "电话", "13800138OOO"),
        ),
        ("email", ("a@b.cn", "zhang.san@mail.example.edu.cn"), ("a@", "a b@c.cn", "a@b", "a@@b.cn", "a@b.cn,c@d.cn")),
        ("nationality", ("CN", "VN"), ("ZZ", "CHN", "EU", "C1")),
    ],
)
def test_a_slip_in_a_contact_is_told_at_its_field(session: Session, field: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    for value in good:
        row = ground.person("通联", **{field: value})
        assert getattr(row, field) == value
    for value in bad:
        with pytest.raises(operations.BadPerson) as refused:
            ground.person("通联", **{field: value})
        assert refused.value.field == field
        with pytest.raises(operations.BadPerson):
            operations.change_person(person=row, by=SYSTEM, now=NOW, **{field: value})
    assert operations.change_person(person=row, by=SYSTEM, now=NOW, **{field: "" if field != "nationality" else "CN"}) in ([field], [])


def test_student_with_cohort_and_span(session: Session) -> None:
    student = ground.student(petoe_since=date(2024, 9, 1))
    assert [queries.is_petoe(student, on) for on in (date(2024, 8, 31), date(2024, 9, 1), date(2030, 1, 1))] == [False, True, True]
    operations.end_petoe(student=student, until=date(2025, 6, 30), reason="本人申请", by=SYSTEM, now=NOW)
    assert [queries.is_petoe(student, on) for on in (date(2025, 6, 30), date(2025, 7, 1))] == [True, False]
    assert queries.student_of_person(student.person_id) is student
    operations.change_student(student=student, state=StudentState.GRADUATED, left_on=date(2027, 6, 30), by=SYSTEM, now=NOW)
    assert student.state is StudentState.GRADUATED


def test_the_log_that_nobody_can_shorten_keeps_no_guardian(session: Session) -> None:
    student = ground.student(guardian_name="林父", guardian_phone="13800000000")
    session.info["audit"] = []
    operations.change_student(student=student, guardian_name="林母", guardian_phone="13911112222", class_name="机械2班", by=SYSTEM, now=NOW)
    (event,) = session.info["audit"]
    assert event.data == {"class_name": ["", "机械2班"], "personal": ["guardian_name", "guardian_phone"]}


def test_a_child_has_a_guardian(session: Session) -> None:
    """Below privacy.guardian_age (14; PIPL-31) the form says so, and the verb asks for it."""
    today = local(NOW).date()
    young, old = (
        ground.person(name, id_type=None, birth_on=today.replace(year=today.year - 14) + timedelta(days=days))
        for name, days in (("小一", 1), ("小二", 0))
    )
    ground.student(who=old)
    with pytest.raises(operations.BadStudent, match="14") as refused:
        ground.student(who=young, guardian_name="林父")
    assert refused.value.field == "guardian_phone"
    student = ground.student(who=young, guardian_name="林父", guardian_phone="13800000000")
    with pytest.raises(operations.BadStudent) as refused:
        operations.change_student(student=student, guardian_name="", by=SYSTEM, now=NOW)
    assert (refused.value.field, student.guardian_name) == ("guardian_name", "林父")
    student.guardian_name = ""  # as it was registered before anybody asked
    session.flush()
    operations.change_student(student=student, class_name="机械2班", by=SYSTEM, now=NOW)
    operations.change_student(student=student, state=StudentState.WITHDRAWN, left_on=today, left_reason="转学", guardian_name="", by=SYSTEM, now=NOW)


def test_a_file_is_told_of_every_child_without_a_guardian(session: Session) -> None:
    """Before anything is written: the verb would refuse the first row alone."""
    cohort, born = ground.cohort(programme := ground.programme(), 2023), local(NOW).date() - timedelta(days=3650)
    rows = "".join(f"K{n},孩子{'甲乙'[n]},{programme.code},{cohort.year},{born},{phone}\n" for n, phone in enumerate(("", "13800000000")))
    text = "student_no,name,programme_code,cohort_year,birth_on,guardian_phone\n" + rows
    draft = imports.examine(students.SPEC, io.BytesIO(text.encode()), filename="k.csv", by=SYSTEM, today=local(NOW).date())
    assert [(one.row, one.column) for one in draft.errors] == [(2, "guardian_name"), (2, "guardian_phone"), (3, "guardian_name")]


@pytest.fixture
def grown(session: Session) -> Student:
    """A student of 14 whose guardian nobody registered."""
    today = local(NOW).date()
    return ground.student(who=ground.person("小三", id_type=None, birth_on=today.replace(year=today.year - 14)))


def test_who_turns_out_to_be_a_child_needs_a_guardian_first(grown: Student, session: Session) -> None:
    """A birth date that is corrected asks what an entry asks (PIPL-31)."""
    person, child = session.get_one(Person, grown.person_id), local(NOW).date() - timedelta(days=13 * 365)
    number = ground.resident_id(child)
    turns: tuple[tuple[str, Callable[[], object]], ...] = (
        ("birth_on", lambda: operations.change_person(person=person, birth_on=child, by=SYSTEM, now=NOW)),
        (
            "id_number",
            lambda: operations.give_number(person=ground_without_birth(person), id_type=IdType.RESIDENT_ID, number=number, by=SYSTEM, now=NOW),
        ),
    )
    for field, turn in turns:
        with pytest.raises(operations.BadPerson, match="14") as refused:
            turn()
        assert (refused.value.field, refused.value.code) == (field, "guardian_needed")
    operations.give_number(person=person, id_type=IdType.PASSPORT, number="E12345678", by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadPerson, match="14"):
        operations.correct_number(person=person, id_type=IdType.RESIDENT_ID, number=number, reason="已核对证件原件", by=SYSTEM, now=NOW)
    operations.change_student(student=grown, guardian_name="林父", guardian_phone="13800000000", by=SYSTEM, now=NOW)
    assert operations.correct_number(person=person, id_type=IdType.RESIDENT_ID, number=number, reason="已核对证件原件", by=SYSTEM, now=NOW)
    assert person.birth_on == child


def ground_without_birth(person: Person) -> Person:
    """Their birth date was never registered."""
    person.birth_on = None
    return person


def test_a_child_that_left_needs_no_guardian_until_it_returns(grown: Student, session: Session) -> None:
    today = local(NOW).date()
    operations.change_student(student=grown, state=StudentState.WITHDRAWN, left_on=today, left_reason="转学", by=SYSTEM, now=NOW)
    operations.change_person(person=session.get_one(Person, grown.person_id), birth_on=today - timedelta(days=3650), by=SYSTEM, now=NOW)
    back = {"student": grown, "state": StudentState.ENROLLED, "left_on": None, "by": SYSTEM, "now": NOW}
    with pytest.raises(operations.BadStudent, match="14"):
        operations.change_student(**back)  # type: ignore[arg-type]
    operations.change_student(guardian_name="林父", guardian_phone="13800000000", **back)  # type: ignore[arg-type]


def test_a_file_that_makes_a_child_of_a_student_brings_the_guardian(session: Session) -> None:
    student = ground.student(who=ground.person("小四", id_type=None))
    programme, born = session.get_one(Programme, student.programme_id), local(NOW).date() - timedelta(days=3650)
    head = "student_no,name,programme_code,cohort_year,birth_on,guardian_name,guardian_phone\n"

    def examine(guardian: str) -> Draft:
        text = f"{head}{student.student_no},小四,{programme.code},2023,{born},{guardian}\n"
        return imports.examine(students.SPEC, io.BytesIO(text.encode()), filename="k.csv", by=SYSTEM, today=local(NOW).date())

    assert [(one.row, one.column) for one in examine(",").errors] == [(2, "guardian_name"), (2, "guardian_phone")]
    draft = examine("林父,13800000000")
    assert draft.errors == []
    for item in draft.work:
        students.SPEC.apply(item, SYSTEM, local(NOW).date(), NOW)
    assert (session.get_one(Person, student.person_id).birth_on, student.guardian_name) == (born, "林父")
    assert examine(",").errors == [], "what is registered is enough"


def test_a_cohort_graduates_by_list(session: Session) -> None:
    """The export with state and day of leaving filled in: what the check promises is what applying does, and the same list again changes nothing."""
    student = ground.student(petoe_since=date(2024, 9, 1))
    programme, person = session.get_one(Programme, student.programme_id), session.get_one(Person, student.person_id)
    head = "student_no,name,programme_code,cohort_year,state,left_on,petoe_since,petoe_until\n"
    text = f"{head}{student.student_no},{person.name},{programme.code},2023,已毕业,2025-06-30,2024-09-01,\nN1,单二,{programme.code},2023,已毕业,2025-06-30,2024-09-01,\n"

    def bring() -> tuple[int, int]:
        found = imports.read(students.SPEC, io.BytesIO(text.encode()), filename="g.csv")
        draft = imports.execute(students.SPEC, found, by=SYSTEM, today=local(NOW).date(), now=NOW)
        return len(draft.work), len(draft.errors)

    assert (bring(), bring()) == ((2, 0), (0, 0))
    new = queries.students_by_no([(programme.university_id, "N1")])[programme.university_id, "N1"]
    for one in (student, new):
        assert [(span.since, span.until) for span in queries.spans_of([one.id])[one.id]] == [(date(2024, 9, 1), date(2025, 6, 30))]
        assert not queries.is_petoe(one, local(NOW).date())


def test_nobody_stays_in_the_plan_after_leaving(session: Session) -> None:
    student = ground.student(state=StudentState.GRADUATED, left_on=date(2025, 6, 30))
    assert operations.begin_petoe(student=student, since=date(2024, 9, 1), by=SYSTEM, now=NOW).until == date(2025, 6, 30)
    with pytest.raises(operations.BadStudent) as refused:
        operations.set_petoe_spans(student=student, spans=[(date(2024, 9, 1), None)], by=SYSTEM, now=NOW)
    assert refused.value.field == "until"
