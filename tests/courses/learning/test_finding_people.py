"""Nobody is found by a number alone that others may guess: a telephone number, or a student number of another school, needs the name that goes with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run, StaffInvitation
from courses.catalogue.types import RunMode
from courses.learning import finding, imports
from courses.learning.models import Enrolment, RunInvitation
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from trainhub.identity.models import LoginName
from trainhub.identity.operations import add_login
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.people.types import StudentState

AsRole = Callable[..., FlaskClient]
NOW = make.NOW
PHONE, NUMBER = "13800138000", "20230001"


@pytest.fixture
def somebody(session: Session) -> Person:
    """A person of another school, with a telephone number and a student number to sign in by."""
    person = ground.person(name="陈晓")
    held = make_account(person=person, username="chenxiao")
    session.add_all(
        LoginName(account_id=held.id, kind=kind, scope=scope, value=value)
        for kind, scope, value in (
            (LoginKind.PHONE, "", PHONE),
            (LoginKind.STUDENT_NO, "99999", NUMBER),
            (LoginKind.EMAIL, "", "chen@example.edu.cn"),
        )
    )
    session.flush()
    return person


@pytest.mark.parametrize(
    ("text", "name", "is_found"),
    [
        ("chenxiao", "", True),
        (" ChenXiao ", "", True),
        ("chen@example.edu.cn", "", True),
        (PHONE, "", False),
        ("138-0013-8000", "", False),
        (PHONE, "李雷", False),
        (PHONE, "陈晓", True),
        (" 138 0013 8000", " 陈晓 ", True),
        (NUMBER, "", False),
        (f"99999/{NUMBER}", "", False),
        (NUMBER, "陈晓", True),
        (f"99999/{NUMBER}", "陈晓", True),
        ("nobody", "陈晓", False),
        ("", "", False),
    ],
)
def test_who_is_found_by_what(somebody: Person, text: str, name: str, is_found: bool) -> None:
    assert finding.person_meant(text, name, home="10386") == (somebody.id if is_found else None)


def test_the_own_school_finds_its_students_by_number(somebody: Person) -> None:
    assert finding.person_meant(NUMBER, "", home="99999") == somebody.id
    assert finding.person_meant(PHONE, "", home="99999") is None


def test_a_number_of_two_schools_is_the_one_whose_name_is_given(somebody: Person, session: Session) -> None:
    other = ground.person(name="王芳")
    held = make_account(person=other, username="wangfang")
    session.add(LoginName(account_id=held.id, kind=LoginKind.STUDENT_NO, scope="88888", value=NUMBER))
    session.flush()
    assert finding.person_meant(NUMBER, "王芳", home="10386") == other.id
    assert finding.person_meant(NUMBER, "陈晓", home="10386") == somebody.id
    assert finding.person_meant(NUMBER, "", home="99999") == somebody.id


@pytest.mark.parametrize("text", [NUMBER, f"DEMO-U3/{NUMBER}", f"demo-u3/{NUMBER}", f"Demo－U3/{NUMBER}"])
def test_a_school_whose_code_has_letters_finds_its_students_too(session: Session, text: str) -> None:
    student = ground.person(name="林晚")
    held = make_account(person=student, username="linwan")
    add_login(account=held, kind=LoginKind.STUDENT_NO, value=NUMBER, scope="DEMO-U3", by=SYSTEM, now=NOW)
    assert finding.person_meant(text, "", home="DEMO-U3") == student.id
    assert finding.demand_learner(text, home="DEMO-U3") == student.id
    assert finding.person_meant(text, "", home="DEMO-U4") is None


def taught(session: Session) -> tuple[Run, int]:
    lead = ground.person()
    run = make.run(is_published=True, mode=RunMode.INVITATION, lead=lead)
    return run, lead.id


def test_the_pages_tell_nobody_whose_number_it_is(as_role: AsRole, session: Session, somebody: Person) -> None:
    run, lead_id = taught(session)
    session.commit()
    teacher = as_role(Role.LECTURER, person_id=lead_id)
    for page in ("learners", "staff"):
        url = f"/teaching/runs/{run.id}/{page}"
        known, unknown = (teacher.post(url, data={"login": number}).text for number in (PHONE, "13900139000"))
        assert "陈晓" not in known
        assert "没有找到" in known
        assert known.replace(PHONE, "").count("姓名") == unknown.replace("13900139000", "").count("姓名")
        assert session.scalars(select(Enrolment)).all() == session.scalars(select(StaffInvitation)).all() == []
    assert teacher.post(f"/teaching/runs/{run.id}/staff", data={"login": PHONE, "name": "陈晓"}).status_code == 303
    assert teacher.post(f"/teaching/runs/{run.id}/learners", data={"login": PHONE, "name": "陈晓"}).status_code == 303
    assert [row.person_id for row in session.scalars(select(Enrolment))] == [somebody.id]
    assert [row.person_id for row in session.scalars(select(StaffInvitation))] == [somebody.id]


def test_a_list_needs_the_name_beside_such_a_number(session: Session, somebody: Person) -> None:
    run, _lead = taught(session)

    def send(text: str) -> object:
        today = clock.local(NOW).date()
        file = io.BytesIO(f"登录名,姓名\n{text}\n".encode())
        return imports.invite_list(
            run=make.loaded(run), file=file, filename="a.csv", expires_on=today + timedelta(days=9), by=SYSTEM, today=today, now=NOW
        )

    for line in (f"{PHONE},", f"{PHONE},李雷", f"{NUMBER},", "13900139000,"):
        draft = send(line)
        assert [(p.row, p.column) for p in draft.problems] == [(2, "login")]  # type: ignore[attr-defined]
        assert "陈晓" not in repr(draft.problems)  # type: ignore[attr-defined]
    assert send(f"{PHONE},陈晓").added == 1  # type: ignore[attr-defined]


def test_a_list_takes_students_of_the_own_school_who_have_no_account_yet(session: Session) -> None:
    """Most of a cohort at first. The whole cohort could be put in, and a list of the same persons was refused as if they did not exist."""
    lead = ground.person()
    home = ground.university(code="DEMO-U9")
    run = make.run(make.course(home), is_published=True, mode=RunMode.INVITATION, lead=lead)
    programme = ground.programme(home)
    pupil = ground.student(programme, who=ground.person(name="欧阳兰"), student_no="S2026001")
    gone = ground.student(programme, who=ground.person(name="柳青"), student_no="S2026002")
    gone.state = StudentState.WITHDRAWN
    elsewhere = ground.student(who=ground.person(name="沈遥"), student_no="S2026003")
    session.flush()
    found = {
        (text, name): finding.person_meant(text, name, home="DEMO-U9")
        for text, name in (
            ("S2026001", "欧阳兰"),
            ("demo-u9/s2026001", "欧阳兰"),
            ("S2026001", ""),
            ("S2026001", "别人"),
            ("S2026002", "柳青"),
            (elsewhere.student_no, "沈遥"),
        )
    }
    assert list(found.values()) == [pupil.person_id, pupil.person_id, None, None, None, None]
    today = clock.local(NOW).date()
    given = {"run": make.loaded(run), "filename": "a.csv", "expires_on": today + timedelta(days=9), "by": SYSTEM, "today": today, "now": NOW}
    draft = imports.invite_list(file=io.BytesIO("学号,姓名\nS2026001,欧阳兰\n".encode()), **given)
    assert (draft.problems, draft.added) == ([], 1)
    assert session.scalars(select(RunInvitation.person_id)).all() == [pupil.person_id]


def test_more_time_is_given_to_learners_of_the_run_by_what_its_school_knows(as_role: AsRole, session: Session, somebody: Person) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    quiz = make.quiz(make.unit(run), of=run)
    make.publish(run)
    make.enrolment(make.loaded(run), somebody)
    session.commit()
    teacher, url = as_role(Role.LECTURER, person_id=lead.id), f"/teaching/blocks/{quiz.id}/allowances"
    assert teacher.post(url, data={"login": "chenxiao", "extra_minutes": "5"}).status_code == 303
    refused = teacher.post(url, data={"login": PHONE, "extra_minutes": "5"})
    assert "没有找到" in refused.text
