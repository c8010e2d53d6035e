"""Student and staff numbers are kept as the school prints them; who was stored without dashes before is still found."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.mentors.queries import students_by_no
from tests.factories import ground
from tests.factories import identity as make
from tests.factories.ground import NOW
from trainhub.cli import main
from trainhub.identity import queries as identity
from trainhub.identity import rules as identity_rules
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import SYSTEM
from trainhub.organisations.models import Organisation
from trainhub.people import operations, queries
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.operations import StudentKnown
from trainhub.people.rules import school_number, school_number_spellings
from trainhub.programmes.models import Programme

STUDENTS = "student_no,name,programme_code,cohort_year\n"
TEACHERS = "university_code,staff_no,name,kind,since\n"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("2023-001", "2023-001"), (" 2023 001 ", "2023001"), ("２０２３—００1", "2023-001"), ("s（1）\u20127", "S(1)-7"), ("20230-01", "20230-01")],
)
def test_the_spelling_that_is_kept(typed: str, kept: str) -> None:
    assert school_number(typed) == kept
    assert school_number(kept) == kept
    assert school_number_spellings(typed)[0] == kept


class Desk:
    """A cohort, and the commands that bring people into it."""

    def __init__(self, app: Flask, session: Session, place: Path) -> None:
        self.app, self.session, self.place = app, session, place
        self.cohort = ground.cohort(year=2023)
        self.programme = session.get_one(Programme, self.cohort.programme_id)
        self.code, self.university_id = self.programme.code, self.programme.university_id
        self.school = session.get_one(Organisation, self.university_id).code
        session.commit()

    def bring(self, kind: str, text: str, *, status: int = 0) -> dict[str, Any]:
        """The answer of an import."""
        file = self.place / "file.csv"
        file.write_text(text, encoding="utf-8")
        done = CliRunner().invoke(main, ["people", f"import-{kind}", str(file), "--json"], obj={"create_app": lambda: self.app})
        assert done.exit_code == status, done.output
        self.session.expire_all()
        return dict(json.loads(done.stdout))

    def students(self, *rows: tuple[str, str], status: int = 0) -> tuple[int, int, int]:
        """(added, changed, unchanged)."""
        told = self.bring("students", STUDENTS + "".join(f"{number},{name},{self.code},2023\n" for number, name in rows), status=status)
        return told["added"], told["changed"], told["unchanged"]


@pytest.fixture
def desk(app: Flask, session: Session, tmp_path: Path) -> Desk:
    """See Desk."""
    return Desk(app, session, tmp_path)


def test_a_file_of_students_with_dashes_comes_twice(desk: Desk) -> None:
    rows = [("2023-001", "林一"), ("20230-01", "林二"), ("（甲）7", "林三")]
    assert desk.students(*rows) == (3, 0, 0)
    assert desk.students(*rows) == (0, 0, 3)
    assert desk.students(("2023—001", "林一"), ("(甲)7", "林三")) == (0, 0, 2), "another dash, narrow brackets"
    assert set(desk.session.scalars(select(Student.student_no))) == {"2023-001", "20230-01", "(甲)7"}


def test_a_file_of_teachers_with_dashes_comes_twice(desk: Desk) -> None:
    rows = TEACHERS + "".join(f"{desk.school},{number},{name},full_time,2015-09-01\n" for number, name in (("t-01", "陈一"), ("t0-1", "陈二")))
    assert desk.bring("teachers", rows)["added"] == 2
    assert desk.bring("teachers", rows)["unchanged"] == 2
    assert set(desk.session.scalars(select(Teacher.staff_no))) == {"T-01", "T0-1"}


def test_who_was_stored_without_dashes_is_the_same_by_name(desk: Desk) -> None:
    """20230-01 once became 2023001 as 2023-001 did: the name tells whose the stored one is."""
    old = ground.student(desk.programme, who=ground.person("林一", id_type=None), student_no="2023001")
    taught = ground.teacher(of=desk.programme, who=ground.person("陈一", id_type=None), staff_no="T01", since=date(2015, 9, 1))
    key, taught_id = old.id, taught.id
    desk.session.commit()
    assert desk.students(("2023-001", "林一")) == (0, 0, 1)
    assert desk.students(("2023-001", "林一"), ("20230-01", "林二")) == (1, 0, 1)
    assert desk.students(("20230-01", "林二"), ("2023001", "林一")) == (0, 0, 2)
    assert desk.session.get_one(Student, key).student_no == "2023001"
    teachers = TEACHERS + "".join(f"{desk.school},{number},{name},full_time,2015-09-01\n" for number, name in (("T-01", "陈一"), ("T0-1", "陈二")))
    told = desk.bring("teachers", teachers)
    assert (told["added"], told["changed"], told["unchanged"]) == (1, 0, 1)
    assert desk.session.get_one(Teacher, taught_id).staff_no == "T01"


def test_a_page_does_not_enrol_who_was_stored_without_dashes(session: Session) -> None:
    programme = ground.programme()
    ground.student(programme, who=ground.person("林一", id_type=None), student_no="2023001")
    with pytest.raises(StudentKnown):
        ground.student(programme, who=ground.person("林一", id_type=None), student_no="2023-001")
    assert ground.student(programme, who=ground.person("林二", id_type=None), student_no="20230-01").student_no == "20230-01"


def test_every_look_up_takes_the_number_as_it_is_typed(session: Session) -> None:
    programme = ground.programme()
    new, old = ground.student(programme, student_no="a-01"), ground.student(programme, student_no="B02")
    at = programme.university_id
    asked = [(at, " a-01"), (at, "a—01"), (at, "b-02"), (at, "B02"), (at, "A01"), (at, "A0-1")]
    found = queries.students_by_no(asked)
    assert [found[key].id if key in found else None for key in asked] == [new.id, new.id, old.id, old.id, None, None]
    assert [[one.id for one in students_by_no(text)] for text in ("a-01", "b-02", "B-0-2", "A01")] == [[new.id], [old.id], [old.id], []]
    other = ground.student(student_no="A-01")
    assert [one.id for one in students_by_no("a-01")] == [new.id, other.id], "two schools have it"


def test_one_signs_in_by_the_number_as_it_is_printed(session: Session) -> None:
    """With the school's code in front or without; two numbers that differ by the place of a dash are two accounts; the older spelling is found."""
    dashed, shifted, old = (make.account(logins=[(LoginKind.STUDENT_NO, number, "10386")]).id for number in ("2023-001", "20230-01", "20227"))

    def found(text: str) -> list[int]:
        return [one.account_id for one in identity.names_typed(identity_rules.typed_name(text))]

    for text in ("2023-001", "10386/2023-001", " 2023—001", "10386/２０２３-001", "2023 - 001"):
        assert found(text) == [dashed], text
    assert found("20230-01") == found("10386/20230-01") == [shifted]
    assert found("2022-7") == found("10386/2022(7)") == found("20227") == [old]
    assert found("2023001") == found("10384/2023-001") == []
    named = make.account(username="2022-x7").id
    assert found("2022-x7") == [named]


def test_a_teacher_stored_without_dashes_is_not_added_again(session: Session) -> None:
    teacher = ground.teacher(staff_no="T-20-01")
    teacher.staff_no = "T2001"  # as it was stored before
    session.flush()
    who, school = session.get_one(Person, teacher.person_id), session.get_one(Organisation, teacher.university_id)
    facts: dict[str, Any] = {"university": school, "staff_no": "T-20-01", "kind": teacher.kind, "since": teacher.since, "by": SYSTEM, "now": NOW}
    with pytest.raises(operations.TeacherKnown) as refused:
        operations.add_teacher(person=who, **facts)
    assert refused.value.field == "staff_no"
    other = operations.add_teacher(person=ground.person("另一位"), **facts)
    assert other.staff_no == "T-20-01", "two numbers may have become one: the name tells"
    assert operations.add_teacher(person=who, **{**facts, "university": ground.university()}).staff_no == "T-20-01"
