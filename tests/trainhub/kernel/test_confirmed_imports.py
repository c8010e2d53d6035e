"""A confirmation of an import holds for the report that was looked at: who saved something meanwhile is not undone, and whoever confirms is told."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy.orm import Session

from enterprises.mentors import operations as mentor_operations
from enterprises.mentors.models import Mentor
from tests.factories import enterprises as works
from tests.factories import ground, parallel
from tests.factories import identity as make
from trainhub.kernel import clock, import_changes, import_pages, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.organisations import imports as organisation_files
from trainhub.organisations import operations, queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people import operations as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import TeacherKind
from trainhub.programmes.models import Programme

pytestmark = pytest.mark.database
CHANGED = "核对之后系统里的数据有变化，请再看一遍后确认"
ORGANISATIONS = "机构代码,名称,类型,简称,地址\n"


@pytest.fixture
def hr(app: Flask, session: Session) -> FlaskClient:
    """Who verifies organisations, signed in."""
    return make.signed_in_client(app, Role.DEPT_HR)


def hand_in(client: FlaskClient, path: str, text: str) -> tuple[str, str]:
    """The address of a report, and the report."""
    answer = client.post(path, data={"file": (io.BytesIO(text.encode()), "a.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return str(answer.location), client.get(answer.location).text


def shown_fields(page: str) -> dict[str, str]:
    """What the form of a report sends."""
    tags = re.findall(r"<input[^>]*>", page)
    found = {
        one[1]: html.unescape(value[1])
        for tag in tags
        if (one := re.search(r'name="([^"]+)"', tag)) and (value := re.search(r'value="([^"]*)"', tag))
    }
    return {name: value for name, value in found.items() if name in ("seen", "submission_key")}


def words(page: str) -> str:
    """A page as it is read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(page)))


def enterprise(**facts: str) -> Organisation:
    with transaction():
        return ground.enterprise(**facts)


def line(organisation: Organisation, name: str, short: str = "", address: str = "") -> str:
    return f"{organisation.code},{name},企业,{short},{address}\n"


def saved(session: Session, organisation: Organisation, **facts: str) -> None:
    """Somebody saves an organisation by its page."""
    with transaction():
        operations.change(organisation=session.get_one(Organisation, organisation.id), by=SYSTEM, now=clock.now(), **facts)
    session.expire_all()


def test_what_a_colleague_saved_meanwhile_is_not_undone(hr: FlaskClient, session: Session) -> None:
    one, other = enterprise(name="甲企", short_name="甲"), enterprise(name="乙企", short_name="乙")
    at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企改", "甲甲") + line(other, "乙企改"))
    saved(session, one, name="甲企业集团")
    answer = hr.post(at, data=shown_fields(page))
    assert (answer.status_code, CHANGED in answer.text) == (409, True)
    assert "第 2 行" in words(answer.text)
    assert "甲企业集团" in answer.text, "the report anew says what stands now"
    session.expire_all()
    assert [session.get_one(Organisation, row.id).name for row in (one, other)] == ["甲企业集团", "乙企"], "nothing of the file was written"
    again = hr.post(at, data=shown_fields(answer.text))
    assert again.status_code == 303, "what was looked at anew may be confirmed"
    session.expire_all()
    assert [session.get_one(Organisation, row.id).name for row in (one, other)] == ["甲企改", "乙企改"]


def test_a_column_that_the_file_leaves_counts_too(hr: FlaskClient, session: Session) -> None:
    """The row was changed: whoever confirms looks once more, as in a form that two have open."""
    one = enterprise(name="甲企", address="旧址")
    at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企改"))
    saved(session, one, address="新址")
    answer = hr.post(at, data=shown_fields(page))
    assert (answer.status_code, CHANGED in answer.text) == (409, True)


def test_a_row_that_said_no_change_and_would_change_now(hr: FlaskClient, session: Session) -> None:
    one, other = enterprise(name="甲企", short_name="甲"), enterprise(name="乙企")
    at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企", "甲") + line(other, "乙企改"))
    saved(session, one, short_name="甲新")
    answer = hr.post(at, data=shown_fields(page))
    assert (answer.status_code, "第 2 行" in words(answer.text)) == (409, True)
    session.expire_all()
    assert session.get_one(Organisation, one.id).short_name == "甲新"


def test_a_row_that_was_new_stands_meanwhile(hr: FlaskClient, session: Session) -> None:
    code = "NEW-1"
    at, page = hand_in(hr, "/organisations/import", f"机构代码,名称,类型,地区代码\n{code},新协会,行业协会,350102\n")
    assert "新增" in page
    with transaction():
        operations.register(code=code, kind=OrganisationKind.ASSOCIATION, name="别人登记的协会", by=SYSTEM, now=clock.now())
    session.expire_all()
    answer = hr.post(at, data=shown_fields(page))
    assert (answer.status_code, CHANGED in answer.text) == (409, True)
    session.expire_all()
    found = queries.by_code(code)
    assert found is not None
    assert found.name == "别人登记的协会"


def test_a_double_submission_stays_harmless(hr: FlaskClient, session: Session) -> None:
    one = enterprise(name="甲企")
    at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企改"))
    other_tab = hr.get(at).text
    data = shown_fields(page)
    assert [hr.post(at, data=data).status_code for _n in range(2)] == [303, 303]
    assert hr.post(at, data=shown_fields(other_tab)).status_code == 303, "nothing is left to do"
    saved(session, one, name="后来的名称")
    assert hr.post(at, data=data).status_code == 303, "the same submission once more"
    assert hr.post(at, data=shown_fields(other_tab) | {"submission_key": "k2"}).status_code == 409, "an old report once more"
    session.expire_all()
    assert session.get_one(Organisation, one.id).name == "后来的名称"


@pytest.mark.parametrize("seen", ["", "nonsense", "AAAA", "eJwDAAAAAAE="])
def test_a_confirmation_without_its_report_changes_nothing_that_stands(hr: FlaskClient, session: Session, seen: str) -> None:
    one = enterprise(name="甲企")
    at, _page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企改"))
    assert hr.post(at, data={"submission_key": "k", "seen": seen}).status_code == 409
    session.expire_all()
    assert session.get_one(Organisation, one.id).name == "甲企"


def test_the_report_names_the_columns_from_what_to_what(hr: FlaskClient, session: Session) -> None:
    one = enterprise(name="甲企", short_name="", address="旧址")
    text = "机构代码,名称,类型,简称,地址,企业规模,互联网企业,上级单位代码\n"
    with transaction():
        above = ground.university(name="上级大学")
    _at, page = hand_in(hr, "/organisations/import", text + f"{one.code},甲企,企业,甲,新址,中型,是,{above.code}\n")
    said = words(page)
    for column, old, new in (
        ("简称", "（空）", "甲"),
        ("地址", "旧址", "新址"),
        ("企业规模", "（空）", "中型"),
        ("上级单位代码", "（空）", above.code),
    ):
        assert f"{column} {old} {new}" in said, column
    assert "互联网企业 否 是" in said
    assert "名称 甲企" not in said, "what does not change is not told"
    refresh()  # the requests of a test share a context, which remembers the language
    english = words(hr.get(f"{_at}?lang=en").text)
    assert "(empty) Medium" in english, english


def test_very_many_changes_are_counted(hr: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [enterprise(name=f"企{n}") for n in range(3)]
    monkeypatch.setattr(import_pages, "SHOWN_CHANGES", 2)
    _at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + "".join(line(one, f"{one.name}改", "短") for one in rows))
    assert "共 6 处改动，下面列出前 2 处" in words(page)
    assert page.count('data-label="改为"') == 2
    monkeypatch.setattr(import_pages, "SHOWN_CHANGES", 6)
    page = hr.get(_at).text
    assert ("下面列出前" in words(page), page.count('data-label="改为"')) == (False, 6)


def test_an_applied_report_says_that_it_was_applied(hr: FlaskClient, session: Session) -> None:
    one = enterprise(name="甲企")
    at, page = hand_in(hr, "/organisations/import", ORGANISATIONS + line(one, "甲企改"))
    assert "已经导入" not in page
    assert hr.post(at, data=shown_fields(page)).status_code == 303
    page = hr.get(at).text
    assert ("已经导入" in page, "更新 1" in page, "不必导入" in page) == (True, True, False)
    saved(session, one, name="后来的名称")
    page = hr.get(at).text
    assert ("已经导入" in page, "submission_key" in page) == (True, True)


def test_students_too_and_their_numbers_stay_masked(app: Flask, session: Session) -> None:
    with transaction():
        cohort = ground.cohort(year=2023)
        programme = session.get_one(Programme, cohort.programme_id)
        person = ground.person("曾小贤", id_type=None, phone="13912340000")
        student = people.add_student(
            person=person, programme=programme, cohort=cohort, student_no="2023001", enrolled_on=cohort.starts_on, by=SYSTEM, now=clock.now()
        )
        keys = (person.id, student.id)
        code, school = programme.code, programme.university_id
    number = ground.resident_id(date(2004, 1, 2))
    client = make.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=school)
    head = "学号,姓名,专业点代码,年级,班级,手机号码,证件号码\n"
    row = f"2023001,曾小贤,{code},2023,机电一班,13955556666,{number}\n"
    at, page = hand_in(client, "/people/students/import", head + row)
    assert number not in page
    assert ("13912340000" in page, "13955556666" in page) == (False, False)
    assert "班级 （空） 机电一班" in words(page)
    seen = shown_fields(page)
    assert number not in seen["seen"]
    with transaction():
        people.change_person(person=session.get_one(Person, keys[0]), phone="13900001111", by=SYSTEM, now=clock.now())
    session.expire_all()
    answer = client.post(at, data=seen)
    assert (answer.status_code, number in answer.text) == (409, False)
    session.expire_all()
    assert session.get_one(Person, keys[0]).phone == "13900001111"
    assert session.get_one(Student, keys[1]).class_name == ""
    assert client.post(at, data=shown_fields(answer.text)).status_code == 303
    session.expire_all()
    assert session.get_one(Student, keys[1]).class_name == "机电一班"


def test_two_files_of_one_student(app: Flask, session: Session) -> None:
    """The older report, confirmed after the newer file."""
    with transaction():
        cohort = ground.cohort(year=2023)
        programme = session.get_one(Programme, cohort.programme_id)
        person = ground.person("曾小贤", id_type=None)
        people.add_student(
            person=person, programme=programme, cohort=cohort, student_no="2023001", enrolled_on=cohort.starts_on, by=SYSTEM, now=clock.now()
        )
        key, code, school = person.id, programme.code, programme.university_id
    client = make.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=school)
    text = "学号,姓名,专业点代码,年级,手机号码\n2023001,曾小贤,{},2023,{}\n"
    older = hand_in(client, "/people/students/import", text.format(code, "13900001111"))
    newer = hand_in(client, "/people/students/import", text.format(code, "13922223333"))
    assert client.post(newer[0], data=shown_fields(newer[1])).status_code == 303
    assert client.post(older[0], data=shown_fields(older[1])).status_code == 409
    session.expire_all()
    assert session.get_one(Person, key).phone == "13922223333"


def test_teachers_and_mentors_too(app: Flask, session: Session) -> None:
    with transaction():
        school, firm = ground.university(), ground.enterprise()
        teacher = people.add_teacher(
            person=ground.person("林老师"), university=school, programme=None, staff_no="T1", kind=TeacherKind.FULL_TIME,
            since=date(2020, 9, 1), title="讲师", by=SYSTEM, now=clock.now(),
        )  # fmt: skip
        mentor = works.mentor(enterprise=firm, post="技师")
        found = session.get_one(Person, mentor.person_id)
        cells = (found.name, found.id_mask, firm.uscc, mentor.since)
        keys = (teacher.id, mentor.id, school.id, firm.id)
        code = school.code
    client = make.signed_in_client(app, Role.UNIVERSITY_ADMIN, organisation_id=keys[2])
    at, page = hand_in(client, "/people/teachers/import", f"学校代码,工号,姓名,专兼职,到岗日期,职称\n{code},T1,林老师,专职,2020-09-01,副教授\n")
    assert "职称 讲师 副教授" in words(page)
    with transaction():
        people.change_teacher(teacher=session.get_one(Teacher, keys[0]), programme=None, title="教授", by=SYSTEM, now=clock.now())
    session.expire_all()
    assert client.post(at, data=shown_fields(page)).status_code == 409
    client = make.signed_in_client(app, Role.ENTERPRISE_COORDINATOR, organisation_id=keys[3])
    name, mask, uscc, since = cells
    at, page = hand_in(client, "/mentors/import", f"name,id_number,enterprise,post,since\n{name},{mask},{uscc},工程师,{since}\n")
    assert "岗位 技师 工程师" in words(page)
    with transaction():
        mentor_operations.change_mentor(mentor=session.get_one(Mentor, keys[1]), post="首席技师", by=SYSTEM, now=clock.now())
    session.expire_all()
    assert client.post(at, data=shown_fields(page)).status_code == 409
    session.expire_all()
    assert (session.get_one(Teacher, keys[0]).title, session.get_one(Mentor, keys[1]).post) == ("教授", "首席技师")


def test_who_saves_in_the_same_moment_is_not_undone(committed: Flask) -> None:
    """On PostgreSQL the check does not see yet what is saved; the rows are locked and looked at once more before anything is written."""
    with committed.app_context(), transaction():
        one = ground.enterprise(name="甲企")
        key, text = one.id, ORGANISATIONS + line(one, "甲企改")
        found = imports.read(organisation_files.SPEC, io.BytesIO(text.encode()), filename="a.csv")
        draft = imports.check(organisation_files.SPEC, found, by=SYSTEM, today=clock.today())
        sealed = import_changes.seal(draft.planned, found.numbers)

    def save() -> None:
        operations.change(organisation=db.session.get_one(Organisation, key), name="甲企业集团", by=SYSTEM, now=clock.now())

    def confirm() -> None:
        imports.execute(organisation_files.SPEC, found, by=SYSTEM, today=clock.today(), now=clock.now(), sealed=sealed)

    assert parallel.together(committed, save, confirm) == ["", "import_outdated"]
    with committed.app_context():
        assert db.session.get_one(Organisation, key).name == "甲企业集团"


def test_many_rows_are_held_with_few_statements(session: Session) -> None:
    rows = [enterprise(name=f"企{n}") for n in range(12)]
    planned = [import_changes.Planned(n + 2, one.name, False, (), (one,)) for n, one in enumerate(rows)]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert import_changes.hold(planned) == []
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(asked) == 1
    sealed = import_changes.seal(planned, range(2, 14))
    assert import_changes.changed_since(sealed, planned, range(2, 14)) is None
    assert import_changes.changed_since(sealed, planned[:-1], range(2, 14)) == [13]
    assert import_changes.changed_since(sealed, planned, range(2, 15)) == list(range(2, 14)), "the seal of another file"
