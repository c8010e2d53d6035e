"""Trainees who register themselves: codes, children, known persons, and that nothing exists before the code is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import delivery, notice, queries
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, Consent, Registration
from trainhub.identity.types import AccountState, Channel, LoginKind
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Role, ScopeKind
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import MailMessage
from trainhub.organisations.models import Organisation
from trainhub.people.imports import students
from trainhub.people.models import Person, Student
from trainhub.people.types import IdType
from trainhub.programmes.models import Programme

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as made:
        yield made


@pytest.fixture
def form(app: Flask, traveller: time_machine.Traveller) -> Iterator[dict[str, Any]]:
    """A good form for an organisation that lets trainees register."""
    with app.app_context():
        with transaction():
            organisation = ground.enterprise()
            organisation.allows_self_registration = True
            organisation_id = organisation.id
        yield {
            "organisation_id": str(organisation_id),
            "name": "林晓彤",
            "birth_on": "2000-05-06",
            "channel": "email",
            "address": "lin@example.edu.cn",
            "username": "lin",
            "password": make.PASSWORD,
            "consent": "y",
            "notice": notice.VERSION,
        }


def _code() -> str:
    text = db.session.scalars(select(MailMessage.text).order_by(MailMessage.id.desc())).first()
    found = re.search(r"\d{6}", text or "")
    assert found is not None
    return found.group()


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _persons() -> int:
    return len(db.session.scalars(select(Person.id).where(Person.name == "林晓彤")).all())


def test_register(client: FlaskClient, form: dict[str, Any]) -> None:
    assert "林测" not in client.get("/register").text
    answer = client.post("/register", data=form)
    assert answer.status_code == 303
    assert _persons() == 0
    code = _code()
    assert "还可以试4次" in client.post(answer.location, data={"code": _wrong(code)}).text
    assert _persons() == 0
    typed = f"{code[:3]} {code[3:]}".translate(
        {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
    )  # full-width, as a Chinese keyboard has it
    assert client.post(answer.location, data={"code": typed}).location == "/"
    assert client.get("/account").status_code == 200
    account = db.session.scalars(select(Account).where(Account.display_name == "林晓彤")).one()
    grants = queries.stored_grants(account.id, today=clock.today())
    assert [(g.role, g.scope_kind, g.organisation_id) for g in grants] == [(Role.TRAINEE, ScopeKind.ORGANISATION, int(form["organisation_id"]))]
    assert [c.guardian_name for c in db.session.scalars(select(Consent).where(Consent.account_id == account.id))] == [""]
    assert {n.kind for n in queries.login_names(account.id) if n.verified_at} == {LoginKind.USERNAME, LoginKind.EMAIL}
    row = db.session.scalars(select(Registration)).one()
    assert (row.password_hash, row.id_number_encrypted) == ("", None)
    again = {"old": make.PASSWORD, "new": make.PASSWORD, "again": make.PASSWORD}
    assert "最近3次" in client.post("/account/password", data=again).text
    client.post("/logout")
    assert "已经完成" in client.get(answer.location).text
    assert client.post("/login", data={"username": "lin@example.edu.cn", "password": make.PASSWORD}).status_code == 303


def test_five_wrong_codes_end_the_code(client: FlaskClient, form: dict[str, Any]) -> None:
    path = client.post("/register", data=form).location
    code = _code()
    for left in (4, 3, 2, 1):
        assert f"还可以试{left}次" in client.post(path, data={"code": _wrong(code)}).text
    assert "已作废" in client.post(path, data={"code": _wrong(code)}).text
    assert "已作废" in client.post(path, data={"code": code}).text
    assert client.post(path + "/again").status_code == 303
    assert client.post(path, data={"code": _code()}).location == "/"


def test_a_code_expires(client: FlaskClient, form: dict[str, Any], traveller: time_machine.Traveller) -> None:
    path = client.post("/register", data=form).location
    code = _code()
    traveller.shift(timedelta(minutes=10))
    assert "已过期" in client.post(path, data={"code": code}).text
    assert [client.post(path + "/again").status_code for _n in range(3)] == [303, 303, 429]
    traveller.shift(timedelta(days=30))
    assert client.get(path).status_code == 422
    assert client.get("/register/nonsense").status_code == 422


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"consent": ""}, "勾选同意"),
        ({"name": ""}, "真实姓名"),
        ({"birth_on": "2016-02-30"}, "出生日期"),
        ({"birth_on": "2030-01-01"}, "晚于今天"),
        ({"address": "lin"}, "邮箱格式"),
        ({"username": "13800138000"}, "用户名"),
        ({"password": "12345678"}, "至少2类"),
        ({"password": "linlin-lin@example.edu.cn1"}, "不能包含"),
        ({"organisation_id": "999999"}, "培训机构"),
        ({"channel": "sms"}, "验证方式"),
        ({"id_type": "resident_id", "id_number": "350102200005060000"}, "校验"),
        ({"id_type": "resident_id", "id_number": "12345"}, "18"),
    ],
)
def test_bad_input(client: FlaskClient, form: dict[str, Any], change: dict[str, str], words: str) -> None:
    answer = client.post("/register", data=form | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert db.session.scalars(select(Registration)).all() == []


def test_everything_that_is_wrong_is_said_at_once(client: FlaskClient, form: dict[str, Any]) -> None:
    wrong = {"address": "lin", "username": "13800138000", "password": "12345678", "birth_on": "2016-01-01"}
    answer = client.post("/register", data=form | wrong)
    for words in ("邮箱格式", "用户名须为", "至少2类", "监护人姓名和手机号"):
        assert answer.text.count(words) >= 2  # at its field and in the list above the form


@pytest.mark.parametrize(("birth_on", "status"), [("2012-03-03", 422), ("2012-03-02", 303)])
def test_below_fourteen_a_guardian_is_needed(client: FlaskClient, form: dict[str, Any], birth_on: str, status: int) -> None:
    answer = client.post("/register", data=form | {"birth_on": birth_on})
    assert answer.status_code == status
    assert ("监护人同意" in answer.text) is (status == 422)


def test_a_child_with_a_guardian(client: FlaskClient, form: dict[str, Any]) -> None:
    child = form | {"birth_on": "2013-01-01", "guardian_name": "林建国"}
    assert client.post("/register", data=child | {"guardian_phone": "123"}).status_code == 422
    path = client.post("/register", data=child | {"guardian_phone": "138 0013 8000"}).location
    assert client.post(path, data={"code": _code()}).location == "/"
    consent = db.session.scalars(select(Consent)).one()
    assert (consent.guardian_name, consent.guardian_phone) == ("林建国", "13800138000")


def test_the_age_of_the_identity_number_counts(client: FlaskClient, form: dict[str, Any]) -> None:
    number = ground.resident_id(datetime(2013, 1, 1).date())
    answer = client.post("/register", data=form | {"id_type": "resident_id", "id_number": number})
    assert "不一致" in answer.text
    answer = client.post("/register", data=form | {"id_type": "resident_id", "id_number": number, "birth_on": "2013-01-01"})
    assert "监护人同意" in answer.text


def test_a_known_number_does_not_give_away_the_persons_records(client: FlaskClient, form: dict[str, Any]) -> None:
    """Nor does it say that somebody stands under it: who registers is answered and shown the same as with a number that nobody has."""
    known, free, seen = ground.resident_id(datetime(2000, 5, 6).date()), ground.resident_id(datetime(2000, 5, 6).date()), []
    with transaction():
        on_file = ground.person("林晓彤", id_type=IdType.RESIDENT_ID, id_number=known).id
    for n, number in enumerate((known, free)):
        more = {"id_type": "resident_id", "id_number": number, "address": f"lin{n}@example.edu.cn", "username": f"lin{n}"}
        path = client.post("/register", data=form | more).location
        assert client.post(path, data={"code": _code()}).location == "/"
        home, page, told = client.get("/").text, client.get("/my-data").text, client.get("/my-data/export.json").get_json()
        mask = number[:4] + "*" * 10 + number[-4:]
        (person,), (claim,) = told["person"], told["number_claims"]
        assert (person["id_number"], claim["id_number"], claim["state"], number in page) == (mask, mask, "待核实", False)
        seen.append(("还要由登记过你的学校或培训机构核实" in home, "/my-data/number" in page, person.keys()))
        seen[-1] += ({k: v for k, v in person.items() if k not in ("id_number", "email", "gender")},)
        account = db.session.scalars(select(Account).order_by(Account.id.desc())).first()
        assert account is not None
        assert account.person_id != on_file
        client.post("/logout")
    assert seen[0] == seen[1]
    assert seen[0][:2] == (True, False)


def test_a_taken_address_is_told_only_to_its_owner(client: FlaskClient, form: dict[str, Any]) -> None:
    with transaction():
        make.account(username="chen", logins=[(LoginKind.EMAIL, "lin@example.edu.cn", "")])
    answer = client.post("/register", data=form)
    assert answer.status_code == 303
    text = db.session.scalars(select(MailMessage.text)).one()
    assert "已经有账号" in text
    assert re.search(r"\d{6}", text) is None


def test_a_taken_username(client: FlaskClient, form: dict[str, Any]) -> None:
    with transaction():
        make.account(username="lin")
    assert "已被使用" in client.post("/register", data=form).text


def test_a_username_that_was_taken_meanwhile_is_changed_beside_the_code(client: FlaskClient, form: dict[str, Any]) -> None:
    """The whole form need not be filled in again, and nobody tries out names with it."""
    page = client.post("/register", data=form).location
    code = _code()
    assert 'value="lin"' in client.get(page).text
    with transaction():
        make.account(username="lin")
    refused = client.post(page, data={"code": code, "username": "lin"})
    assert (refused.status_code, "已被另一个账号用于登录" in refused.text, "还可以试 4 次" in refused.text) == (422, True, True)
    assert _persons() == 0
    assert client.post(page, data={"code": code, "username": "12345"}).status_code == 422
    assert client.post(page, data={"code": code, "username": "Lin.Zwei"}).location == "/"
    assert queries.login_name(LoginKind.USERNAME, "lin.zwei") is not None


def test_asking_which_user_names_are_taken_is_counted(client: FlaskClient, form: dict[str, Any]) -> None:
    """The sixth question is answered by the counter alone, also where the name is free."""
    with transaction():
        make.account(username="lin")
    answers = [client.post("/register", data=form) for _n in range(6)]
    assert [(answer.status_code, "已被使用" in answer.text) for answer in answers] == [(422, True)] * 5 + [(429, False)]
    assert client.post("/register", data=form | {"username": "nobody-yet"}).status_code == 429
    assert queries.failures_from("127.0.0.1", START - timedelta(minutes=15)) == 5


def test_a_form_with_a_slip_is_not_counted(client: FlaskClient, form: dict[str, Any]) -> None:
    for _n in range(6):
        assert client.post("/register", data=form | {"password": "kurz"}).status_code == 422
    assert client.post("/register", data=form).status_code == 303
    assert queries.failures_from("127.0.0.1", START - timedelta(minutes=15)) == 1


def test_the_page_says_where_the_code_of_a_demonstration_is(app: Flask, client: FlaskClient, form: dict[str, Any]) -> None:
    """A text message that nobody sends stands in the log, and not in the queue of mails."""
    before = app.extensions["trainhub.channels"]
    app.extensions["trainhub.channels"] = {**before, Channel.SMS: delivery.log_adapter}
    try:
        by_phone = form | {"channel": "sms", "address": "13800138000"}
        page = client.post("/register", data=by_phone, follow_redirects=True).get_data(as_text=True)
        assert "验证码写在服务器日志中" in page
        assert "邮件队列" not in page
        assert "服务器日志" not in client.post("/register", data=form, follow_redirects=True).get_data(as_text=True)
    finally:
        app.extensions["trainhub.channels"] = before


def test_by_phone_through_an_adapter(app: Flask, client: FlaskClient, form: dict[str, Any]) -> None:
    sent: list[tuple[str, str]] = []
    delivery.register_channel(app, Channel.SMS, lambda to, _subject, text, _now: sent.append((to, text)))
    try:
        path = client.post("/register", data=form | {"channel": "sms", "address": "+86 138 0013 8000"}).location
        assert sent[0][0] == "13800138000"
        found = re.search(r"\d{6}", sent[0][1])
        assert found is not None
        assert client.post(path, data={"code": found.group()}).location == "/"
    finally:
        app.extensions["trainhub.channels"].pop(Channel.SMS)


def test_only_where_an_organisation_allows_it(client: FlaskClient, form: dict[str, Any]) -> None:
    with transaction():
        closed = ground.enterprise().id
    assert client.post("/register", data=form | {"organisation_id": str(closed)}).status_code == 422
    with transaction():
        db.session.get_one(Organisation, int(form["organisation_id"])).allows_self_registration = False
    assert "没有机构开放" in client.get("/register").text


def test_an_organisation_that_closed_meanwhile_takes_nobody(client: FlaskClient, form: dict[str, Any]) -> None:
    page = client.post("/register", data=form).location
    with transaction():
        db.session.get_one(Organisation, int(form["organisation_id"])).allows_self_registration = False
    answer = client.post(page, data={"code": _code()})
    assert (answer.status_code, "没有开放自行注册" in answer.text, _persons()) == (422, True, 0)


def test_registering_the_same_address_often_waits(client: FlaskClient, form: dict[str, Any]) -> None:
    answers = [client.post("/register", data=form) for _n in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    text = answers[-1].get_data(as_text=True)
    assert "用这个地址注册、索取验证码的次数过多，请在09:15之后再试" in text  # no account exists, and none is locked
    assert "账号已暂时锁定" not in text


def test_who_proved_the_address_is_no_failure_of_the_network(client: FlaskClient, form: dict[str, Any]) -> None:
    """A whole class registers from one address of a school: it must not lock the others out."""
    page = client.post("/register", data=form).location
    assert queries.failures_from("127.0.0.1", START - timedelta(minutes=15)) == 1
    assert client.post(page, data={"code": _code()}).status_code == 303
    assert queries.failures_from("127.0.0.1", START - timedelta(minutes=15)) == 0


def test_the_form_says_the_numbers_that_are_checked(client: FlaskClient, form: dict[str, Any]) -> None:
    page = client.get("/register").get_data(as_text=True)
    for words in ("至少8个字符，包含字母、数字、符号中的2类", "未满14周岁必填"):
        assert words in page


def test_the_notice_that_was_read_is_the_one_agreed_to(client: FlaskClient, form: dict[str, Any]) -> None:
    assert f'value="{notice.VERSION}"' in client.get("/register").text
    for seen in ("2000-01-01", ""):
        answer = client.post("/register", data=form | {"notice": seen})
        assert (answer.status_code, "隐私说明已有新版本" in answer.text, f'value="{notice.VERSION}"' in answer.text) == (422, True, True)
    assert db.session.scalars(select(Registration)).all() == []


def test_a_students_number_is_no_username(client: FlaskClient, form: dict[str, Any]) -> None:
    with transaction():
        ground.student(student_no="S2023A7")
    assert "已被使用" in client.post("/register", data=form | {"username": "s2023a7"}).text


@pytest.mark.parametrize(
    ("on_file", "is_closed", "hands", "returns"),
    [
        ("lin@example.edu.cn", True, "own", True),
        ("lin@example.edu.cn", False, "own", False),
        ("", True, "own", False),
        ("lin@example.edu.cn", True, "school", False),  # the address of the file is what a school wrote there
        ("lin@example.edu.cn", True, "enterprise", False),
    ],
)
def test_who_registered_and_was_closed_comes_back_by_the_address_on_file(
    client: FlaskClient, form: dict[str, Any], on_file: str, is_closed: bool, hands: str, returns: bool
) -> None:
    """Nobody gets into an account by an address that somebody else wrote into the file: they get one of their own, which waits to be verified."""
    number = ground.resident_id(datetime(2000, 5, 6).date())
    with transaction():
        who = ground.person("林晓彤", id_type=IdType.RESIDENT_ID, id_number=number, email=on_file)
        account = make.account(person=who)
        account_id = account.id
        account.handled_at = None if hands == "school" else START
        account.handled_by_id = make.account().id if hands == "enterprise" else None
        if is_closed:
            ops.close_account(account=account, by=SYSTEM, now=START)
    path = client.post("/register", data=form | {"id_type": "resident_id", "id_number": number}).location
    assert client.post(path, data={"code": _code()}).status_code == 303
    assert queries.account(account_id).state is (AccountState.DELETED if not returns and is_closed else AccountState.ACTIVE)
    assert len(db.session.scalars(select(Account).where(Account.display_name == "林晓彤")).all()) == (1 if returns else 2)


@pytest.mark.parametrize("name", ["林晓彤", "李四"])
def test_who_types_the_number_of_a_student_gets_neither_the_study_nor_in_the_way(client: FlaskClient, form: dict[str, Any], name: str) -> None:
    """Anybody with an e-mail can type the number of somebody else: the school's list says whose it is."""
    number = ground.resident_id(datetime(2000, 5, 6).date())
    path = client.post("/register", data=form | {"name": name, "id_type": "resident_id", "id_number": number}).location
    assert client.post(path, data={"code": _code()}).location == "/"
    stranger = db.session.scalars(select(Person).where(Person.name == name)).one().id
    with transaction():
        programme = ground.cohort(year=2023).programme_id
        code = db.session.get_one(Programme, programme).code
        text = f"student_no,name,id_number,programme_code,cohort_year\n2023001,林晓彤,{number},{code},2023\n"
        draft = imports.execute_bytes(students.SPEC, text.encode(), filename="s.csv", by=SYSTEM, today=clock.today(), now=clock.now())
    assert draft.added == 1
    student = db.session.scalars(select(Student).where(Student.programme_id == programme)).one()
    assert student.person_id != stranger
