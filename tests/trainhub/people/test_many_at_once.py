"""Many students in one file: the answers of one by one, with few questions to the database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import imports
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent, verify
from trainhub.kernel.commands import operator
from trainhub.kernel.db import db, transaction
from trainhub.organisations.models import Organisation
from trainhub.people import operations, queries
from trainhub.people.imports import teachers
from trainhub.people.imports.students import SPEC
from trainhub.people.models import Person, Student
from trainhub.people.types import IdType, NationalityKind
from trainhub.programmes.models import Programme

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
HEAD = "学号,姓名,证件类型,证件号码,专业点代码,年级,加入卓越计划日期\n"


def _lines(programme: Programme, numbers: range, *, year: int = 2023) -> str:
    ids = [ground.resident_id(date(2004, 1, 1), order=100 + n) for n in numbers]
    return "".join(f"S{n:05d},学生{n},居民身份证,{number},{programme.code},{year},\n" for n, number in zip(numbers, ids, strict=True))


def _apply(text: str) -> imports.Draft:
    with transaction():
        return imports.execute_bytes(SPEC, text.encode(), filename="s.csv", by=operator(), today=TODAY, now=NOW)


def _questions(text: str) -> int:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert _apply(text).added == text.count("\n") - 1
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    return len(asked)


def test_questions_do_not_grow_with_the_number_of_new_students(session: Session) -> None:
    programme = ground.programme()
    ground.cohort(programme)
    few = _questions(HEAD + _lines(programme, range(2)))
    assert _questions(HEAD + _lines(programme, range(10, 50))) == few


def test_what_is_written_and_told_is_what_one_by_one_writes(session: Session) -> None:
    programme = ground.programme()
    ground.cohort(programme)
    number = ground.resident_id(date(2004, 5, 6))
    known_number = ground.resident_id(date(2003, 5, 7))
    other = ground.person("另一人", id_type=IdType.RESIDENT_ID, id_number=known_number)
    text = HEAD + f"A1,新生,居民身份证,{number},{programme.code},2023,2023-09-01\nA2,另一人,居民身份证,{known_number},{programme.code},2023,\n"
    assert _apply(text).added == 2
    new = queries.person_by_number(IdType.RESIDENT_ID, number)
    assert new is not None
    assert (new.name, new.birth_on) == ("新生", date(2004, 5, 6))
    rows = {row.student_no: row for row in session.scalars(sa.select(Student).where(Student.programme_id == programme.id))}
    assert {no: row.person_id for no, row in rows.items()} == {"A1": new.id, "A2": other.id}
    assert [(span.since, span.until) for span in queries.spans_of([rows["A1"].id])[rows["A1"].id]] == [(date(2023, 9, 1), None)]
    told = [
        tuple(row)
        for row in session.execute(
            sa.select(AuditEvent.did, AuditEvent.on_id)
            .where(AuditEvent.did.in_(["people.person.registered", "people.student.added", "people.student.petoe_changed"]))
            .order_by(AuditEvent.id.desc())
            .limit(4)
        )
    ]
    assert sorted(told) == [
        ("people.person.registered", str(new.id)),
        *sorted(("people.student.added", str(row.id)) for row in rows.values()),
        ("people.student.petoe_changed", str(rows["A1"].id)),
    ]
    assert verify(session).broken_at is None
    assert _apply(text).unchanged == 2


def test_one_human_in_two_programmes_of_one_file_is_one_person(session: Session) -> None:
    first, second = ground.programme(), ground.programme()
    ground.cohort(first)
    ground.cohort(second)
    number = ground.resident_id(date(2004, 5, 6))
    text = HEAD + "".join(f"B{n},双学位,居民身份证,{number},{one.code},2023,\n" for n, one in enumerate((first, second)))
    before = session.scalar(sa.select(sa.func.count()).select_from(Person))
    assert _apply(text).added == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == (before or 0) + 1


def test_whatever_is_refused_among_many_is_refused_as_alone(session: Session) -> None:
    programme = ground.programme()
    cohort = ground.cohort(programme)
    person, other = ground.person("甲"), ground.person("乙")
    one = operations.Newcomer(person, programme, cohort, "C1", date(2023, 9, 1), {})
    twice = operations.Newcomer(other, programme, cohort, "C1", date(2023, 9, 1), {})
    again = operations.Newcomer(person, programme, cohort, "C2", date(2023, 9, 1), {})
    for wanted, field in (([one, twice], "student_no"), ([one, again], "name")):
        with pytest.raises(operations.StudentKnown) as refused:
            operations.add_students(wanted, by=SYSTEM, now=NOW)
        assert refused.value.field == field
    operations.add_students([one], by=SYSTEM, now=NOW)
    for known, field in ((twice, "student_no"), (again, "name")):
        with pytest.raises(operations.StudentKnown) as refused:
            operations.add_students([known], by=SYSTEM, now=NOW)
        assert refused.value.field == field
    number = ground.resident_id(date(2004, 5, 6))
    facts = {"id_type": IdType.RESIDENT_ID, "id_number": number}
    with pytest.raises(operations.NameDiffers):
        operations.register_persons([{"name": "甲", **facts}, {"name": "乙", **facts}], by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadPerson):
        operations.register_persons([{"name": "丙", "county_code": "999999"}], by=SYSTEM, now=NOW)


@pytest.mark.parametrize(("code", "kind"), [("VN", "foreign"), ("HK", "hk_mo_tw"), ("CN", "china"), ("", "china")])
def test_the_kind_of_nationality_follows_where_no_number_decides_it(session: Session, code: str, kind: str) -> None:
    """Students come many at once, teachers one by one: foreigners of both are counted (PETOE-9.1, 9.8)."""
    programme = ground.programme()
    ground.cohort(programme)
    school = session.get_one(Organisation, programme.university_id)
    assert _apply(f"学号,姓名,国籍,专业点代码,年级\nS1,阮文雄,{code},{programme.code},2023\n").added == 1
    staff = f"学校代码,工号,姓名,国籍,专兼职,到岗日期\n{school.code},T1,黎氏兰,{code},专职,2020-09-01\n"
    with transaction():
        assert imports.execute_bytes(teachers.SPEC, staff.encode(), filename="t.csv", by=operator(), today=TODAY, now=NOW).added == 1
    held = sa.select(Person.name, Person.nationality_kind).where(Person.name.in_(["阮文雄", "黎氏兰"]))
    assert {name: found.value for name, found in session.execute(held)} == {"阮文雄": kind, "黎氏兰": kind}


def test_a_number_decides_the_kind_whatever_the_nationality_says(session: Session) -> None:
    programme = ground.programme()
    ground.cohort(programme)
    number = ground.resident_id(date(2004, 5, 6))
    assert _apply(f"学号,姓名,证件类型,证件号码,国籍,专业点代码,年级\nS1,新生,居民身份证,{number},VN,{programme.code},2023\n").added == 1
    person = queries.person_by_number(IdType.RESIDENT_ID, number)
    assert person is not None
    assert person.nationality_kind is NationalityKind.CHINA
