"""Pages, files and API of people: who sees whom, and what a bad table says."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as identity_factory
from tests.factories.api import api_client
from tests.factories.identity import signed_in_client
from tests.factories.remembering import remembered
from trainhub.cli import main
from trainhub.identity.models import Account
from trainhub.kernel import downloads
from trainhub.kernel.access import Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction, write_intent
from trainhub.notifications.models import MailMessage
from trainhub.people import queries
from trainhub.people.models import Person, Student
from trainhub.people.queries.addresses import reached_at
from trainhub.people.types import IdType, PairDecision
from trainhub.programmes.models import Programme

As = Callable[..., FlaskClient]


@remembered
def _two() -> tuple[Student, Student]:
    return ground.student(petoe_since=date(2023, 9, 1)), ground.student()


class Two:
    """Two universities with one student each."""

    def __init__(self, session: Session) -> None:
        self.mine, self.other = _two()
        self.programme_ids = [self.mine.programme_id, self.other.programme_id]
        self.university_ids = [self.mine.university_id, self.other.university_id]
        self.ids = [self.mine.id, self.other.id]
        self.numbers = [self.mine.student_no, self.other.student_no]
        self.person_ids = [self.mine.person_id, self.other.person_id]
        session.commit()

    def seen_in(self, page: str) -> list[bool]:
        """Which of the two a page shows."""
        return [number in page for number in self.numbers]


@pytest.fixture
def two(session: Session) -> Two:
    """See Two."""
    return Two(session)


def test_a_university_never_sees_another_ones_students(as_role: As, app: Flask, two: Two) -> None:
    scope = {"organisation_id": two.university_ids[0]}
    client = as_role(Role.UNIVERSITY_ADMIN, **scope)
    assert two.seen_in(client.get("/people/students").get_data(as_text=True)) == [True, False]
    assert two.seen_in(client.get(f"/people/students?university={two.university_ids[1]}").get_data(as_text=True)) == [False, False]
    assert two.seen_in(client.get("/people/students/export.csv").get_data(as_text=True)) == [True, False]
    assert [client.get(f"/people/students/{key}").status_code for key in two.ids] == [200, 403]
    assert [client.get(f"/people/students/{key}/edit").status_code for key in two.ids] == [200, 403]
    api = api_client(app, Role.UNIVERSITY_ADMIN, **scope)
    assert two.seen_in(api.get("/api/v1/people/students").get_data(as_text=True)) == [True, False]
    assert [api.get(f"/api/v1/people/students/{key}").status_code for key in two.ids] == [200, 403]


@pytest.mark.parametrize(
    ("role", "scope", "seen"),
    [
        (Role.PROGRAMME_ADMIN, "programme", [True, False]),
        (Role.PREFECTURE_OPERATOR, "350100", [True, True]),
        (Role.PREFECTURE_OPERATOR, "350128", [False, False]),
        (Role.DEPT_EDU, "", [True, True]),
        (Role.INSPECTOR, "", [True, True]),
        (Role.AUDITOR, "", [True, True]),
    ],
)
def test_who_sees_whom(as_role: As, two: Two, role: Role, scope: str, seen: list[bool]) -> None:
    given: dict[str, Any] = {}
    if scope:
        given = {"programme_id": two.programme_ids[0]} if scope == "programme" else {"region_code": scope}
    client = as_role(role, **given)
    assert two.seen_in(client.get("/people/students").get_data(as_text=True)) == seen
    assert [client.get(f"/people/students/{key}").status_code == 200 for key in two.ids] == seen


def test_a_student_sees_the_own_page_only(as_role: As, two: Two) -> None:
    client = as_role(Role.STUDENT, person_id=two.person_ids[0])
    assert [client.get(f"/people/students/{key}").status_code for key in two.ids] == [200, 403]
    assert client.get("/people/students").status_code == 403
    assert client.get(f"/people/students/{two.ids[0]}/edit").status_code == 403


def test_numbers_are_masked_and_revealed_once_with_a_reason(as_role: As, session: Session) -> None:
    number = ground.resident_id(date(2003, 4, 5))
    student = ground.student(who=ground.person("陈测", id_type=IdType.RESIDENT_ID, id_number=number))
    key, person_id, university_id = student.id, student.person_id, student.university_id
    session.commit()
    admin, inspector = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id), as_role(Role.INSPECTOR)
    page = admin.get(f"/people/students/{key}").get_data(as_text=True)
    assert number not in page
    assert number[:4] + "*" * 10 + number[-4:] in page
    for form in ("csv", "xlsx"):
        assert number.encode() not in admin.get(f"/people/students/export.{form}").data
    at = f"/people/persons/{person_id}/number"
    assert inspector.post(at, data={"reason": "核对学籍信息"}).status_code == 403
    assert number not in admin.get(at).get_data(as_text=True)
    assert admin.post(at, data={"reason": ""}).status_code == 422
    assert number in admin.post(at, data={"reason": "核对学籍信息"}).get_data(as_text=True)
    events = session.scalars(select(AuditEvent).where(AuditEvent.did == "people.number.revealed")).all()
    assert [event.data["reason"] for event in events] == ["核对学籍信息"]
    assert number not in json.dumps([event.data for event in session.scalars(select(AuditEvent))])


def test_list_runs_the_same_queries_at_1_and_30_rows(as_role: As, session: Session, count_queries: list[str]) -> None:
    programme = ground.programme()
    teacher_at, key = programme.university_id, programme.id
    session.commit()
    client, counts = as_role(Role.UNIVERSITY_ADMIN, organisation_id=teacher_at), []
    for more in (1, 29):
        programme = session.get(Programme, key)  # type: ignore[assignment]
        for _n in range(more):
            ground.student(programme)
            ground.teacher(of=programme)
        session.commit()
        session.expire_all()
        for at in ("/people/students?size=50", "/people/teachers?size=50"):
            del count_queries[:]
            assert client.get(at).status_code == 200
            counts.append(len(count_queries))
    assert counts[:2] == counts[2:]


HEAD = "学号,姓名,证件号码,专业点代码,年级,入学日期\n"


def upload(client: FlaskClient, content: bytes, path: str = "/people/students/import", name: str = "学生.csv") -> str:
    answer = client.post(path, data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location)


class Desk:
    """A programme with a cohort, and a browser of its university's administrator."""

    def __init__(self, session: Session, as_role: As) -> None:
        cohort = ground.cohort(year=2023)
        programme = session.get(Programme, cohort.programme_id)
        assert programme is not None
        self.code, self.programme_id, university_id = programme.code, programme.id, programme.university_id
        session.commit()
        self.client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)

    def line(self, student_no: str = "2023001", name: str = "曾小贤", number: str = "", **given: str) -> str:
        """One row."""
        return f"{student_no},{name},{number},{given.get('programme', self.code)},{given.get('year', '2023')},{given.get('on', '')}\n"

    def report(self, *lines: str, encoding: str = "utf-8") -> tuple[str, str]:
        """(address, page) of the report on a table."""
        at = upload(self.client, (HEAD + "".join(lines)).encode(encoding))
        return at, self.client.get(at).get_data(as_text=True)


@pytest.fixture
def desk(session: Session, as_role: As) -> Desk:
    """See Desk."""
    return Desk(session, as_role)


def test_a_file_is_read_before_anybody_waits_for_it(committed: Flask) -> None:
    """Parsing takes seconds for a large file: on SQLite, where whoever writes holds the only lock, it happens before that lock is taken."""
    with committed.app_context(), transaction():
        cohort = ground.cohort(year=2023)
        programme = db.session.get_one(Programme, cohort.programme_id)
        line = f"2023001,曾小贤,{ground.resident_id(date(2004, 1, 2))},{programme.code},2023,\n"
        school = programme.university_id
    client = signed_in_client(committed, Role.UNIVERSITY_ADMIN, organisation_id=school)
    committed.config["WTF_CSRF_ENABLED"] = False
    at = upload(client, (HEAD + line).encode())
    begun: list[bool] = []

    def note(*_given: Any) -> None:
        begun.append(write_intent.get())

    sa.event.listen(Session, "after_begin", note)
    try:
        assert client.post(at, data={"submission_key": "once"}).status_code == 303
    finally:
        sa.event.remove(Session, "after_begin", note)
    assert (begun[0], True in begun) == (False, True)
    with committed.app_context():
        assert db.session.scalar(select(func.count(Student.id)).where(Student.student_no == "2023001")) == 1


def test_import_from_gb18030_then_again_changes_nothing(desk: Desk, session: Session) -> None:
    line = desk.line(number=ground.resident_id(date(2004, 1, 2)))
    at, page = desk.report(line, encoding="gb18030")
    assert "检查通过" in page
    assert desk.client.post(at, data={}).status_code == 303
    student = session.scalars(select(Student).where(Student.student_no == "2023001")).one()
    assert queries.person(student.person_id).name == "曾小贤"  # type: ignore[union-attr]
    assert student.enrolled_on == date(2023, 9, 1)
    session.commit()
    assert "文件内容与系统一致" in desk.report(line)[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": "350102200401021230"}, "校验位不符"),
        ({"number": "35010220160230123X"}, "不是有效的出生日期"),
        ({"on": "2016-02-30"}, "没有这一天"),
        ({"name": "=HYPERLINK(1)"}, "公式"),
        ({"programme": "none"}, "没有这个专业点"),
        ({"year": "2019"}, "还没有 2019 级"),
        ({"number": "3502**********1234"}, "这是掩码"),
        ({"student_no": ""}, "不能为空"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_applied(desk: Desk, session: Session, given: dict[str, str], said: str) -> None:
    at, page = desk.report(desk.line("2023009", "好学生"), desk.line(**given))
    assert said in page
    assert desk.client.post(at, data={}).status_code == 422
    assert session.scalar(select(func.count(Student.id)).where(Student.student_no == "2023009")) == 0


def test_one_upload_tells_everything_that_is_wrong_with_a_row(desk: Desk) -> None:
    page = desk.report(desk.line(programme="none", number="350102200401021230"))[1]
    assert ("没有这个专业点" in page, "校验位不符" in page) == (True, True)
    masked = desk.report(desk.line(programme="none", number="3502**********1234"))[1]
    assert ("没有这个专业点" in masked, "这是掩码" in masked) == (True, False)


def test_duplicate_persons_in_a_file_and_in_the_database(desk: Desk, session: Session) -> None:
    number = ground.resident_id(date(2004, 3, 3))
    ground.person("陈一", id_type=IdType.RESIDENT_ID, id_number=number)
    session.commit()
    assert "已登记在另一个姓名下" in desk.report(desk.line(name="陈二", number=number))[1]
    fresh = ground.resident_id(date(2004, 3, 4))
    assert "与第 2 行是同一人" in desk.report(desk.line("1", "李一", fresh), desk.line("2", "李一", fresh))[1]
    assert "姓名不同" in desk.report(desk.line("1", "李一", fresh), desk.line("2", "李二", fresh))[1]
    assert "学号与第 2 行重复" in desk.report(desk.line("1", "李一"), desk.line("1", "李二"))[1]
    same_day = ground.resident_id(date(2004, 3, 3))
    at, page = desk.report(desk.line("7", "陈一", same_day))
    assert "疑似同一人" in page
    assert desk.client.post(at, data={}).status_code == 303
    assert [(a.name, b.name) for a, b in queries.possible_same()] == [("陈一", "陈一")]


def test_another_universitys_programme_is_refused(desk: Desk, two: Two, session: Session) -> None:
    programme = session.get(Programme, two.programme_ids[0])
    assert programme is not None
    code = programme.code
    session.commit()
    assert "你不负责这个专业点" in desk.report(desk.line(programme=code))[1]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("what", ["students", "teachers"])
def test_export_and_import_again_changes_nothing(as_role: As, session: Session, form: str, what: str) -> None:
    programme = ground.programme()
    university_id = programme.university_id
    for _n in range(3):
        ground.student(programme, petoe_since=date(2024, 1, 1), class_name="机械1班", guardian_phone="13800000000")
        ground.teacher(of=programme, title="教授", is_senior=True)
    ground.student(programme, who=ground.person("无号", id_type=None, phone="13905910000"))
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    content = client.get(f"/people/{what}/export.{form}").data
    page = client.get(upload(client, content, f"/people/{what}/import", f"a.{form}")).get_data(as_text=True)
    assert "文件内容与系统一致" in page


@pytest.mark.parametrize(
    ("what", "sort", "column"),
    [("students", "name", "name"), ("students", "-no", "student_no"), ("teachers", "-name", "name"), ("teachers", "no", "staff_no")],
)
def test_a_file_stands_in_the_order_of_the_page(as_role: As, session: Session, what: str, sort: str, column: str) -> None:
    programme = ground.programme()
    for name in ("赵乙", "安甲", "林丙"):
        ground.student(programme, who=ground.person(name))
        ground.teacher(of=programme, who=ground.person(name))
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id)
    page = client.get(f"/people/{what}?sort={sort}").text
    text = client.get(f"/people/{what}/export.csv?sort={sort}&lang=zh").data.decode("utf-8-sig")
    names = [row["姓名"] for row in csv.DictReader(io.StringIO(text))]
    assert names == sorted(names, key=lambda name: page.index(f">{name}<"))
    assert len(names) == 3


def test_an_address_is_shown_as_far_as_a_phone_number(as_role: As, session: Session) -> None:
    student = ground.student(who=ground.person(email="lin@example.edu.cn", phone="13800138000"))
    session.commit()
    for role, shown in ((Role.UNIVERSITY_ADMIN, "lin@example.edu.cn"), (Role.EXPERT, "l***@example.edu.cn")):
        page = as_role(role, organisation_id=student.university_id).get(f"/people/students/{student.id}").text
        assert shown in page
        assert ("13800138000" in page) is (role is Role.UNIVERSITY_ADMIN)
        assert ("lin@" in page) is (role is Role.UNIVERSITY_ADMIN)


def test_two_editors_of_a_student(as_role: As, session: Session) -> None:
    student = ground.student()
    key, university_id, version = student.id, student.university_id, student.version
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    data = {"state": "enrolled", "enrolled_on": "2023-09-01", "class_name": "一班", "version": str(version)}
    assert client.post(f"/people/students/{key}/edit", data=data).status_code == 303
    answer = client.post(f"/people/students/{key}/edit", data={**data, "class_name": "二班"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "刚被其他人修改过" in page, 'value="二班"' in page, "<b>一班</b>" in page) == (409, True, True, True)
    answer = client.post(f"/people/students/{key}/petoe", data={"spans": "2024-09-01", "version": str(version)})
    assert (answer.status_code, "刚被其他人修改过" in answer.get_data(as_text=True)) == (409, True)
    session.expire_all()
    assert session.get(Student, key).class_name == "一班"  # type: ignore[union-attr]


def test_spans_are_edited_line_by_line(as_role: As, session: Session) -> None:
    student = ground.student()
    key, university_id = student.id, student.university_id
    session.commit()
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    at = f"/people/students/{key}/petoe"
    for text, said in (
        ("2024-02-30", "第 1 行：没有这一天"),
        ("2023-01-01", "不能早于入学日期"),
        ("2024-09-01 至 2024-08-01", "不能早于开始日期"),
        ("2023-09-01 至 2024-06-30\n2024-06-30", "重叠"),
    ):
        answer = client.post(at, data={"spans": text})
        assert (answer.status_code, said in answer.get_data(as_text=True)) == (422, True), text
    wanted = {"spans": "2023-09-01 至 2024-06-30\n2025-09-01"}
    answer = client.post(at, data=wanted)
    assert (answer.status_code, "请写明退出或更改的理由" in answer.get_data(as_text=True)) == (422, True)
    assert client.post(at, data={**wanted, "reason": "休整一年"}).status_code == 303
    assert "休整一年" in client.get(f"/people/students/{key}").get_data(as_text=True)
    assert [(s.since, s.until) for s in queries.spans_of([key])[key]] == [
        (date(2023, 9, 1), date(2024, 6, 30)),
        (date(2025, 9, 1), None),
    ]


def test_new_student_twice_by_double_click(as_role: As, session: Session, desk: Desk) -> None:
    data = {
        "name": "林一", "id_type": "resident_id", "id_number": ground.resident_id(date(2005, 5, 5)), "programme_id": str(desk.programme_id),
        "cohort_year": "2023", "student_no": "2023777", "enrolled_on": "2023-09-01", "submission_key": "one-click",
    }  # fmt: skip
    assert [desk.client.post("/people/students/new", data=data).status_code for _n in range(2)] == [303, 303]
    assert session.scalar(select(func.count(Student.id)).where(Student.student_no == "2023777")) == 1
    session.commit()
    answer = desk.client.post("/people/students/new", data={**data, "submission_key": "two"})
    assert "在本校已存在" in answer.get_data(as_text=True)


def test_employment_is_verified_with_proof_and_not_by_oneself(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    key, university_id, person_id = teacher.id, teacher.university_id, teacher.person_id
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    data = {"organisation_name": "榕城电机厂", "post": "工程师", "since": "2010-01-01", "until": "2015-12-31", "is_enterprise": "y"}
    data["is_full_time"] = "y"
    assert admin.post(f"/people/teachers/{key}/employment/new", data=data).status_code == 303
    work = queries.employment_of(person_id)[0].id
    session.commit()
    at = f"/people/teachers/{key}/employment/{work}/verify"
    assert as_role(Role.LECTURER, person_id=person_id).get(at).status_code == 403
    other = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    assert "请上传证明材料" in other.post(at, data={}).get_data(as_text=True)
    program = {"evidence": (io.BytesIO(b"MZ\x90\x00" + b"\x00" * 100), "a.pdf")}
    assert other.post(at, data=program, content_type="multipart/form-data").status_code == 422
    own = admin.post(at, data={"basis": "已看证明"})
    assert (own.status_code, "登记的人不能自己核实" in own.text) == (422, True)
    assert at not in admin.get(f"/people/teachers/{key}").text, "no button that is refused"
    proof = {"evidence": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "合同.pdf")}
    assert at in other.get(f"/people/teachers/{key}").text
    assert other.post(at, data=proof, content_type="multipart/form-data").status_code == 303
    page = admin.get(f"/people/teachers/{key}").get_data(as_text=True)
    assert "6 年 0 个月" in page
    assert f'<iframe class="file-preview" src="/people/teachers/{key}/employment/{work}/evidence" title="合同.pdf"' in page
    shown = admin.get(f"/people/teachers/{key}/employment/{work}/evidence")
    assert shown.data.startswith(b"%PDF")
    assert shown.headers["Content-Disposition"].startswith("inline")


def test_persons_are_found_by_their_full_number_and_pairs_decided(as_role: As, session: Session) -> None:
    number = ground.resident_id(date(1999, 1, 1))
    one = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=number)
    other = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(date(1999, 1, 1)))
    ids = [one.id, other.id]
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    found = client.post("/people/persons", data={"number": f" {number[:6]} {number[6:]} "})
    assert (found.status_code, found.location) == (303, f"/people/persons?person={ids[0]}")
    assert client.get(found.location).get_data(as_text=True).count("单一") == 1
    assert client.get(f"/people/persons/export.csv?person={ids[0]}").get_data(as_text=True).count("单一") == 1
    unknown = client.post("/people/persons", data={"number": ground.resident_id(date(1999, 1, 1))})
    assert (unknown.status_code, "没有登记这个证件号码的人员" in unknown.get_data(as_text=True)) == (422, True)
    assert "单一" in client.get("/people/persons?q=shanyi").get_data(as_text=True)
    assert client.get(f"/people/persons/{ids[0]}").status_code == 200
    at = f"/people/same/{ids[0]}/{ids[1]}"
    assert at in client.get("/people/same").get_data(as_text=True)
    assert client.post(at, data={"decision": "different", "reason": "身份证不同，已电话核实"}).status_code == 303
    assert queries.possible_same() == []
    assert queries.pair(*ids).decision is PairDecision.DIFFERENT  # type: ignore[union-attr]
    session.commit()
    assert as_role(Role.UNIVERSITY_ADMIN).get("/people/persons").status_code == 403


def test_what_a_mask_hides_is_not_found_by_its_parts(as_role: As, session: Session) -> None:
    """A list that is searched by any part of a number it does not show tells the number in forty questions."""
    ground.person("陈一", phone="138 0013-8000", email="Chen.Yi@example.org")
    session.commit()
    client = as_role(Role.AUDITOR)
    for asked, is_found in {
        "13800138000": True,
        "138-0013-8000": True,
        "chen.yi@EXAMPLE.org": True,
        "1380013800": False,
        "0013": False,
        "example.org": False,
    }.items():
        for page in ("/people/persons", "/people/persons/export.csv"):
            assert ("陈一" in client.get(page, query_string={"q": asked}).get_data(as_text=True)) is is_found, asked
    assert "陈一" in client.get("/people/persons?q=chen").get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/people/persons/export.csv", "/people/same/export.xlsx", "/accounts/export.csv", "/notifications/outbox/export.xlsx"]
)
def test_a_list_of_a_whole_province_is_no_file_of_a_page(as_role: As, session: Session, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """A request that makes it would outlast what stands in front of the server, and keep a thread as long."""
    for _ in range(2):
        ground.person("陈一")
        session.add(MailMessage(address="a@example.org", subject="x", text="x", created_at=ground.NOW, next_try_at=ground.NOW))
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    for most, status in ((1000, 200), (0, 422)):
        monkeypatch.setattr(downloads, "MOST_ROWS", most)
        answer = client.get(path)
        assert answer.status_code == status
    assert "一次最多导出 0 行" in answer.get_data(as_text=True)


@pytest.mark.parametrize("typed", ["-", " ", " - ", "- -"])
def test_what_is_no_address_finds_nobody_who_has_none(as_role: As, app: Flask, session: Session, typed: str) -> None:
    """Nothing is left of it once blanks and dashes are taken out: that is no empty telephone. A blank alone narrows no list."""
    nobody = ground.person("陈一")
    ground.person("陈二", phone="138-0013-8000")
    session.commit()
    is_listed = not typed.strip()
    assert session.scalars(sa.select(Person.id).where(reached_at(typed))).all() == []
    assert queries.is_own_address(nobody, typed) is False
    found = api_client(app, Role.SYSTEM_ADMIN).get("/api/v1/people/persons", query_string={"q": typed}).get_json()
    told = as_role(Role.SYSTEM_ADMIN).get("/people/persons", query_string={"q": typed}).text
    for name in ("陈一", "陈二"):
        assert (name in told, name in [one["name"] for one in found["items"]]) == (is_listed, is_listed)


def test_persons_and_pairs_are_narrowed_by_city_and_county(as_role: As, session: Session) -> None:
    """So that a list of a province, which is too long for one file, comes out whole in several: who lies in no county too."""
    for name, county in (("林思明", "350203"), ("林集美", "350211"), ("林鼓楼", "350102"), ("林平潭", "350128"), ("林无处", None)):
        for _n in range(2):
            ground.person(name, county_code=county, id_type=None, birth_on=date(2000, 1, 1))
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    for region, names in (
        ("", {"林思明", "林集美", "林鼓楼", "林平潭", "林无处"}),
        ("350203", {"林思明"}),
        ("350200", {"林思明", "林集美"}),
        ("350100", {"林鼓楼"}),
        ("350128", {"林平潭"}),
        ("none", {"林无处"}),
    ):
        for path in ("/people/persons", "/people/same"):
            for page in (path, f"{path}/export.csv"):
                told = client.get(page, query_string={"region": region}).text
                assert {name for name in ("林思明", "林集美", "林鼓楼", "林平潭", "林无处") if name in told} == names, (page, region)
    page = client.get("/people/persons?region=350200").text
    assert '<option value="350200" selected>' in page
    assert '<option value="350203">' in page
    assert "没有找到人员" in client.get("/people/persons?region=350400").text
    assert "没有符合条件的人员" in client.get("/people/same?region=350400").text


def test_a_list_too_long_for_a_file_comes_in_parts_by_its_filter(as_role: As, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit it is a file, one above it is refused, and what the sentence tells to do then helps."""
    for name, county in (("林思明", "350203"), ("林集美", "350211"), ("林鼓楼", "350102")):
        for _n in range(2):
            ground.person(name, county_code=county, id_type=None, birth_on=date(2000, 1, 1))
    session.commit()
    client = as_role(Role.SYSTEM_ADMIN)
    for path, each in (("/people/persons/export.csv", 2), ("/people/same/export.csv", 1)):
        for most, narrowed, status in (
            (3 * each, "", 200),
            (3 * each - 1, "", 422),
            (2 * each, "?region=350200", 200),
            (each, "?region=350203", 200),
        ):
            monkeypatch.setattr(downloads, "MOST_ROWS", most)
            assert client.get(path + narrowed).status_code == status, (path, most, narrowed)


@pytest.mark.parametrize(
    ("path", "column"), [("/accounts", Account.created_at), ("/notifications/outbox", MailMessage.created_at)], ids=["accounts", "outbox"]
)
def test_accounts_and_mails_are_narrowed_by_a_span_of_days(
    as_role: As, session: Session, monkeypatch: pytest.MonkeyPatch, path: str, column: Any
) -> None:
    client, words = as_role(Role.SYSTEM_ADMIN), ("alpha", "bravo", "carol")
    for word, at in zip(
        words, (datetime(2020, 3, 1, 15, 59, tzinfo=UTC), datetime(2020, 3, 1, 16, tzinfo=UTC), datetime(2020, 3, 2, 16, tzinfo=UTC)), strict=True
    ):
        if column.class_ is Account:
            identity_factory.account(username=word, name=word).created_at = at
        else:
            session.add(MailMessage(address=f"{word}@example.org", subject="x", text="x", created_at=at, next_try_at=at))
    session.commit()
    export = f"{path}/export.csv"
    for asked, found in (
        ("since=2020-03-01&until=2020-03-01", "alpha"),
        ("since=2020-03-02&until=2020-03-02", "bravo"),
        ("since=2020-03-02&until=2020-03-03", "bravo carol"),
        ("until=2020-03-02", "alpha bravo"),
    ):
        for page in (f"{path}/" if column.class_ is Account else path, export):
            told = client.get(f"{page}?{asked}").text
            assert [word for word in words if word in told] == found.split(), (page, asked)
    monkeypatch.setattr(downloads, "MOST_ROWS", 1)
    assert client.get(f"{export}?until=2020-03-02").status_code == 422
    assert client.get(f"{export}?since=2020-03-02&until=2020-03-02").status_code == 200
    assert client.get(f"{export}?since=2020-02-31").status_code == 422


def test_commands(app: Flask, session: Session, tmp_path: Path) -> None:
    programme = ground.programme(code="AA-1")
    ground.student(programme, petoe_since=date(2023, 9, 1))
    ground.student(programme)
    session.commit()

    def run(*args: str, status: int = 0) -> dict[str, Any]:
        result = CliRunner().invoke(main, [*args, "--json"], obj={"create_app": lambda: app})
        assert result.exit_code == status, result.output
        return dict(json.loads(result.stdout))

    listed = run("programmes", "list")["programmes"]
    assert [row["code"] for row in listed] == sorted(row["code"] for row in listed)
    mine = next(row for row in listed if row["code"] == "AA-1")
    assert set(mine) == {"code", "name", "university", "students", "petoe_students"}
    assert (mine["students"], mine["petoe_students"]) == (2, 1)
    file = str(tmp_path / "students.csv")
    assert run("people", "export-students", file)["rows"] == 2
    again = run("people", "import-students", file)
    assert (again["rows"], again["added"], again["changed"], again["unchanged"]) == (2, 0, 0, 2)
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + "1,甲,350102200401021230,AA-1,2023,\n", encoding="utf-8")
    error = run("people", "import-students", str(bad), "--dry-run", status=1)["error"]
    assert [(row["row"], row["column"]) for row in error["details"]] == [(2, "id_number")]
    assert "350102200401021230" not in json.dumps(error)
    head = "student_no,name,programme_code,cohort_year,phone,email,nationality,guardian_phone\n"
    bad.write_text(
        head + "2,乙,AA-1,2023,138****8000,,,\n3,丙,AA-1,2023,12,a@,ZZ,1\n4,丁,AA-1,2023,0591-87654321,a@b.cn,VN,13800138000\n", encoding="utf-8"
    )
    error = run("people", "import-students", str(bad), "--dry-run", status=1)["error"]
    slips = [(3, "phone"), (3, "email"), (3, "nationality"), (3, "guardian_phone")]
    assert {(row["row"], row["column"]) for row in error["details"]} == {(2, "phone"), *slips}
    places = str(tmp_path / "organisations.xlsx")
    assert run("organisations", "export", places)["rows"] > 80
    assert run("organisations", "import", places)["changed"] == 0


def test_demo_numbers_never_stand_in_a_column(session: Session) -> None:
    number = ground.resident_id(date(2002, 2, 2))
    key = ground.person("林二", id_type=IdType.RESIDENT_ID, id_number=number).id
    row = session.execute(select(Person.__table__).where(Person.__table__.c.id == key)).one()
    assert all(number not in str(value) for value in row)


def test_employment_is_corrected_until_it_is_verified(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    work = ground.employment(queries.person(teacher.person_id), is_verified=False, since=date(2010, 1, 1), until=date(2015, 12, 31))  # type: ignore[arg-type]
    key, university_id, person_id, work_id = teacher.id, teacher.university_id, teacher.person_id, work.id
    session.commit()
    at = f"/people/teachers/{key}/employment/{work_id}"
    facts = {
        "organisation_name": "榕城电机厂",
        "post": "总工",
        "since": "2011-01-01",
        "until": "2014-12-31",
        "is_enterprise": "y",
        "is_full_time": "y",
    }
    own = as_role(Role.LECTURER, person_id=person_id)
    assert own.get("/people/teachers/me").headers["Location"] == f"/people/teachers/{key}"
    assert "还没有你的任教信息" in as_role(Role.LECTURER).get("/people/teachers/me").get_data(as_text=True)
    opened = re.search(r'name="version"[^>]*value="(\d+)"', own.get(at).text)
    assert opened is not None
    assert own.post(at, data=facts).status_code == 303
    told = own.post(at, data={**facts, "post": "另一个岗位", "version": opened[1]})
    assert (told.status_code, "总工" in told.text, 'value="另一个岗位"' in told.text) == (409, True, True)
    assert "结束日期不能早于开始日期" in own.post(at, data={**facts, "until": "2010-12-31"}).get_data(as_text=True)
    assert own.post(f"{at}/withdraw", data={"reason": "x"}).status_code == 403
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    assert admin.post(f"{at}/verify", data={"basis": "已核对社保"}).status_code == 303
    session.expire_all()
    assert (queries.enterprise_spans_of([person_id])[person_id][0].since, work.post) == (date(2011, 1, 1), "总工")
    session.commit()
    # What was verified stays as it was: only its end may come earlier.
    assert own.post(f"{at}/remove").status_code == 422
    answer = own.post(at, data={**facts, "post": "厂长", "until": "2015-06-30"})
    assert (answer.status_code, "不能延长" in answer.get_data(as_text=True)) == (422, True)
    assert own.post(at, data={**facts, "post": "厂长", "until": "2014-06-30"}).status_code == 303
    session.expire_all()
    assert (work.post, work.until, work.verified_at is not None) == ("总工", date(2014, 6, 30), True)
    session.commit()
    assert admin.post(f"{at}/withdraw", data={"reason": " "}).status_code == 422
    assert admin.post(f"{at}/withdraw", data={"reason": "合同系伪造"}).status_code == 303
    session.expire_all()
    assert queries.enterprise_spans_of([person_id])[person_id] == []
    session.commit()
    assert own.post(f"{at}/remove").status_code == 303
    session.expire_all()
    assert queries.employment_of(person_id) == []
    did = session.scalars(select(AuditEvent.did).where(AuditEvent.on_kind == "person", AuditEvent.on_id == str(person_id)).order_by(AuditEvent.id))
    assert list(did)[-6:] == [f"people.employment.{verb}" for verb in ("added", "changed", "verified", "changed", "withdrawn", "removed")]


def test_what_changed_since_it_was_read_is_not_verified(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    work = ground.employment(queries.person(teacher.person_id), is_verified=False, since=date(2014, 1, 1), until=date(2015, 12, 31))  # type: ignore[arg-type]
    university_id, person_id, at = teacher.university_id, teacher.person_id, f"/people/teachers/{teacher.id}/employment/{work.id}"
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id)
    page = admin.get(f"{at}/verify").text
    assert "2014" in page  # the days are what is confirmed
    read = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert read is not None
    facts = {"organisation_name": work.organisation_name, "post": work.post, "since": "2010-01-01", "is_enterprise": "y", "is_full_time": "y"}
    assert as_role(Role.LECTURER, person_id=person_id).post(at, data=facts).status_code == 303
    told = admin.post(f"{at}/verify", data={"basis": "已核对社保", "version": read[1]})
    assert (told.status_code, "2010" in told.text, "已核对社保" in told.text) == (409, True, True)
    session.expire_all()
    assert work.verified_at is None
    session.commit()
    seen = re.search(r'name="version"[^>]*value="(\d+)"', told.text)
    assert seen is not None
    assert admin.post(f"{at}/verify", data={"basis": "已核对社保", "version": seen[1]}).status_code == 303


def test_an_administrator_who_teaches_does_not_verify_the_own_work(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    work = ground.employment(queries.person(teacher.person_id), is_verified=False)  # type: ignore[arg-type]
    at = f"/people/teachers/{teacher.id}/employment/{work.id}/verify"
    scope = {"organisation_id": teacher.university_id, "person_id": teacher.person_id}
    session.commit()
    answer = as_role(Role.UNIVERSITY_ADMIN, **scope).post(at, data={"basis": "我自己知道"})
    assert (answer.status_code, "不能核实自己的工作经历" in answer.get_data(as_text=True)) == (422, True)


def test_the_page_counts_the_years_as_the_evaluation_does(as_role: As, session: Session) -> None:
    teacher = ground.teacher()
    person = queries.person(teacher.person_id)
    assert person is not None
    ground.employment(person, since=date(2010, 1, 1), until=date(2011, 12, 31))
    ground.employment(person, since=date(2012, 1, 1), until=date(2019, 12, 31), is_full_time=False, post="顾问")
    ground.employment(person, since=date(2012, 1, 1), until=date(2019, 12, 31), is_enterprise=False, organisation_name="协会")
    key, university_id = teacher.id, teacher.university_id
    session.commit()
    page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university_id).get(f"/people/teachers/{key}").get_data(as_text=True)
    assert (page.count("2 年 0 个月"), "10 年" in page) == (2, False), "what was part-time, or no enterprise, brings no years towards the five"


@pytest.mark.parametrize(
    ("at", "to"),
    [("/people/persons?sort=birth&", "/people/persons?sort=birth"), ("/people/persons/export.csv?", "/people/persons"), ("/search?", "/search")],
)
def test_a_full_number_does_not_stay_in_an_address(as_role: As, at: str, to: str) -> None:
    """Browsers, proxies and logs keep addresses: it is taken out, with words about where to look for it."""
    client, number = as_role(Role.SYSTEM_ADMIN), ground.resident_id(date(1999, 1, 1))
    answer = client.get(f"{at}q={number}")
    assert (answer.status_code, answer.location) == (303, to)
    assert "完整证件号码不能放在网址里" in client.get(to).get_data(as_text=True)
    assert client.get(f"{at}q={number[:10]}").status_code == 200


def test_a_mistyped_number_is_nearly_somebodys(as_role: As) -> None:
    number = ground.resident_id(date(1999, 1, 1))
    wrong = number[:17] + ("1" if number[17] != "1" else "2")
    assert as_role(Role.SYSTEM_ADMIN).get(f"/people/persons?q={wrong}").location == "/people/persons"


@pytest.mark.parametrize("command", ["people export-students", "people export-teachers", "organisations export", "mentors export"])
def test_an_exported_file_is_its_owners_alone(app: Flask, session: Session, tmp_path: Path, command: str) -> None:
    """Telephones, e-mails, guardians and contacts stand in it."""
    ground.student()
    session.commit()
    file = tmp_path / "out.csv"
    done = CliRunner().invoke(main, [*command.split(), str(file), "--json"], obj={"create_app": lambda: app})
    assert (done.exit_code, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)
