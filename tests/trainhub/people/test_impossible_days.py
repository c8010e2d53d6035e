"""Days that cannot be are refused where they are typed: in lists, in forms, and when somebody verifies a span of work."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import SHANGHAI
from trainhub.organisations.models import Organisation
from trainhub.people import operations, rules
from trainhub.people.models import Employment
from trainhub.people.operations import days
from trainhub.people.types import TeacherKind
from trainhub.programmes.models import Programme

As = Callable[..., FlaskClient]
TODAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 12, tzinfo=SHANGHAI)
BORN = date(1980, 3, 5)


@pytest.mark.parametrize(("day", "is_told"), [(TODAY - timedelta(1), False), (TODAY, False), (TODAY + timedelta(1), True), (None, False)])
def test_nobody_is_born_tomorrow(day: date | None, is_told: bool) -> None:
    assert bool(days.birth_told(day, TODAY)) == is_told


@pytest.mark.parametrize(("told", "age"), [(days.enrolment_told, rules.STUDIES_FROM), (days.work_told, rules.WORKS_FROM)])
def test_the_first_and_the_last_day_on_which_somebody_begins(told: Callable[[date, date | None, date | None], str], age: int) -> None:
    """At, below and above both ends; without a birth date only the year can have slipped."""
    first, last = date(BORN.year + age, 3, 5), TODAY + rules.AHEAD
    answers = [
        bool(told(day, BORN, TODAY)) for day in (first - timedelta(1), first, first + timedelta(1), last - timedelta(1), last, last + timedelta(1))
    ]
    assert answers == [True, False, False, False, False, True]
    assert [bool(told(day, None, TODAY)) for day in (date(1900, 1, 1), last, last + timedelta(1))] == [False, False, True]


def _report(client: FlaskClient, at: str, **cells: str) -> tuple[str, str]:
    text = ",".join(cells) + "\n" + ",".join(cells.values()) + "\n"
    address = client.post(at, data={"file": (io.BytesIO(text.encode()), "a.csv")}, content_type="multipart/form-data").location
    return address, client.get(address).text


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"birth_on": "2030-01-01"}, "出生日期晚于今天"),
        ({"id_number": ground.resident_id(date(2030, 6, 6))}, "出生日期晚于今天"),
        ({"birth_on": "2004-01-01", "enrolled_on": "1980-09-01"}, "不满 6 周岁"),
        ({"birth_on": "2004-01-01", "enrolled_on": "2050-09-01"}, "在一年以后"),
        ({"birth_on": "2004-01-01", "enrolled_on": "2027-09-01"}, ""),
        ({"birth_on": "2004-01-01"}, ""),
    ],
)
def test_a_list_of_students_with_impossible_days_is_told(as_role: As, session: Session, cells: dict[str, str], says: str) -> None:
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id)
    row = {"student_no": "2023001", "name": "曾小贤", "programme_code": programme.code, "cohort_year": "2023"}
    guardian = {"guardian_name": "曾父", "guardian_phone": "13900000001"}
    _at, page = _report(client, "/people/students/import", **row, **cells, **guardian)
    assert ("检查通过" in page, says in page) == (not says, True)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(("since", "says"), [("1970-01-01", "不满 14 周岁"), ("2050-01-01", "在一年以后"), ("2027-02-01", ""), ("2006-07-01", "")])
def test_a_list_of_teachers_with_impossible_days_is_told(as_role: As, session: Session, since: str, says: str) -> None:
    school = ground.university()
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=school.id)
    row = {"university_code": school.code, "staff_no": "T9", "name": "曾小贤", "birth_on": "1980-03-05", "kind": "专职", "since": since}
    _at, page = _report(client, "/people/teachers/import", **row)
    assert ("检查通过" in page, says in page) == (not says, True)


def test_the_form_of_a_teacher_takes_no_impossible_day(session: Session) -> None:
    since, says = date(1970, 1, 1), "不满 14 周岁"
    school, person = ground.university(), ground.person(id_number=ground.resident_id(BORN))
    given = {"kind": TeacherKind.FULL_TIME, "by": SYSTEM, "now": NOW}
    with pytest.raises(operations.BadTeacher, match=says) as refused:
        operations.add_teacher(person=person, university=school, staff_no="T9", since=since, **given)  # type: ignore[arg-type]
    assert refused.value.field == "since"
    row = operations.add_teacher(person=person, university=school, staff_no="T9", since=date(2006, 7, 1), **given)  # type: ignore[arg-type]
    with pytest.raises(operations.BadTeacher, match=says):
        operations.change_teacher(teacher=row, since=since, by=SYSTEM, now=NOW)
    row.since = since  # as it was registered before
    assert operations.change_teacher(teacher=row, title="教授", by=SYSTEM, now=NOW) == {"title": ["", "教授"]}


@time_machine.travel(NOW, tick=False)
def test_a_list_without_a_birth_date_is_judged_by_the_one_on_file(as_role: As, session: Session) -> None:
    teacher = ground.teacher(who=ground.person("曾小贤", id_number=ground.resident_id(BORN)))
    school = session.get_one(Organisation, teacher.university_id)
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=school.id)
    row = {"university_code": school.code, "staff_no": teacher.staff_no, "name": "曾小贤", "kind": "专职", "since": "1970-01-01"}
    assert "不满 14 周岁" in _report(client, "/people/teachers/import", **row)[1]


def test_work_before_ones_birth_or_to_come_is_neither_noted_nor_verified(session: Session) -> None:
    """118 years of verified enterprise work came of a year that had slipped."""
    person = ground.person(id_number=ground.resident_id(BORN))
    with pytest.raises(operations.BadEmployment, match="不满 14 周岁") as refused:
        operations.add_employment(person=person, organisation_name="某厂", post="工程师", since=date(1900, 1, 1), by=SYSTEM, now=NOW)
    assert refused.value.field == "since"
    coming = operations.add_employment(person=person, organisation_name="某厂", post="工程师", since=TODAY + timedelta(1), by=SYSTEM, now=NOW)
    with pytest.raises(operations.BadEmployment, match="还没有开始"):
        operations.verify_employment(employment=coming, basis="劳动合同", by=SYSTEM, now=NOW)
    operations.verify_employment(employment=coming, basis="劳动合同", by=SYSTEM, now=NOW + timedelta(1))
    with pytest.raises(operations.BadEmployment, match="不满 14 周岁"):
        operations.change_employment(
            employment=_noted(session, person.id, date(2010, 1, 1)),
            organisation_name="某厂",
            post="工程师",
            since=date(1970, 1, 1),
            by=SYSTEM,
            now=NOW,
        )
    with pytest.raises(operations.BadEmployment, match="不满 14 周岁"):  # registered before such a day was refused
        operations.verify_employment(employment=_noted(session, person.id, date(1970, 1, 1)), basis="劳动合同", by=SYSTEM, now=NOW)


def _noted(session: Session, person_id: int, since: date) -> Employment:
    row = Employment(
        person_id=person_id,
        organisation_name="某厂",
        post="工程师",
        is_enterprise=True,
        is_full_time=True,
        since=since,
        until=None,
        entered_by_ids=[],
    )
    session.add(row)
    session.flush()
    return row


def test_a_birth_to_come_is_refused_for_a_person_too(session: Session) -> None:
    with pytest.raises(operations.BadPerson, match="晚于今天"):
        operations.register_person(name="曾小贤", birth_on=TODAY + timedelta(1), by=SYSTEM, now=NOW)
    assert operations.register_person(name="曾小贤", birth_on=TODAY, by=SYSTEM, now=NOW).birth_on == TODAY
