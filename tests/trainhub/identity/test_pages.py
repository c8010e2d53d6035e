"""Every page opens for who may open it; lists cost the same at 1 and at 30 rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import queries, table
from trainhub.identity.types import AccountState, RequestKind, RequestState
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role, own, role, role_everywhere, role_over
from trainhub.kernel.db import transaction
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType
from trainhub.policy.book import Book

OWN = [
    "/account",
    "/account/password",
    "/account/second-factor",
    "/account/sessions",
    "/account/tokens",
    "/account/preferences",
    "/my-data",
    "/my-data/export.json",
    "/my-data/export.xlsx",
    "/permissions",
    "/notifications",
    "/notifications?show=unread",
]
ADMIN = ["/accounts/", "/accounts/new", "/audit", "/audit.csv", "/data-requests/", "/notifications/outbox"]


@pytest.mark.parametrize("path", ["/login", "/forgot", "/register", "/privacy", "/privacy?lang=en"])
def test_public_pages(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize(("lang", "words"), [("zh", "未满{}周岁的人"), ("en", "Children below {}")])
def test_the_notice_names_the_age_of_the_policy(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, lang: str, words: str) -> None:
    assert words.format(14) in client.get(f"/privacy?lang={lang}").text
    at, key = Book.at, "privacy.guardian_age"
    monkeypatch.setattr(Book, "at", lambda book, asked, on: replace(at(book, asked, on=on), value=16) if asked == key else at(book, asked, on=on))
    text = client.get("/privacy").text
    assert words.format(16) in text
    assert not {"14", "十四"} & set(re.findall(r"\d+|十四", text[text.index("<main") :]))


@pytest.mark.parametrize("path", OWN)
def test_own_pages(app: Flask, client: FlaskClient, path: str) -> None:
    assert client.get(path).location.startswith("/login?next=")
    with app.app_context(), transaction():
        student = ground.student()
        person_id = student.person_id
    answer = make.signed_in_client(app, Role.STUDENT, person_id=person_id).get(path)
    assert answer.status_code == 200, path
    if not path.startswith("/my-data/"):
        assert answer.text.count("<h1>") == 1
        assert "style=" not in answer.text


@pytest.mark.parametrize("path", ADMIN)
def test_admin_pages(app: Flask, path: str) -> None:
    assert make.signed_in_client(app, Role.STUDENT).get(path).status_code == 403
    assert make.signed_in_client(app, Role.SYSTEM_ADMIN).get(path).status_code == 200


def test_account_pages(app: Flask) -> None:
    with app.app_context(), transaction():
        account = make.account(person=ground.person(), roles=(Role.AUDITOR,))
        account_id = account.id
        request_id = ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=make.NOW).id
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    for path in (f"/accounts/{account_id}", f"/data-requests/{request_id}"):
        assert admin.get(path).status_code == 200, path
    assert admin.get("/accounts/999999").status_code == 404
    assert admin.get("/data-requests/999999").status_code == 404


@pytest.mark.parametrize(("days", "pill"), [(-1, "有效"), (0, "有效"), (1, "未开始")])
def test_a_role_that_begins_later_is_shown_as_such_and_can_be_taken_back(app: Flask, session: Session, days: int, pill: str) -> None:
    """It was called ended, and whoever had mistyped it could not take it back before its first day."""
    account = make.account(person=ground.person("林晓彤"))
    granted = make.grant(account, Role.AUDITOR, since=clock.today() + timedelta(days=days))
    session.commit()
    own, admin = make.sign_in(app, account), make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert ("未开始" in own.get("/account").text, "审计员" in own.get("/account").text) == (days > 0, True)
    html = admin.get(f"/accounts/{account.id}").text
    assert [word for word in ("有效", "未开始", "已结束") if f">{word}<" in html] == [pill]
    end = f"/accounts/{account.id}/grants/{granted.id}/end"
    assert end in html
    assert admin.post(end).status_code == 303
    html = admin.get(f"/accounts/{account.id}").text
    assert (">已结束<" in html, end in html) == (True, False)
    assert "审计员" not in own.get("/account").text


@pytest.mark.parametrize("query", ["?q=%25", "?role=nonsense&state=nonsense", "?page=999&size=7", "?q=" + "x" * 300])
def test_odd_filters(app: Flask, query: str) -> None:
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert admin.get("/accounts/" + query).status_code == 200
    assert admin.get("/audit?on_kind=%25&on_id=" + "x" * 300).status_code == 200
    assert admin.get("/audit?did=_").status_code == 422, "a sign of a pattern stands for itself"


def _many(app: Flask, count: int) -> None:
    with app.app_context(), transaction():
        for _n in range(count):
            make.account(roles=(Role.LECTURER, Role.EXPERT))


@pytest.mark.parametrize("path", ["/accounts/?size=50", "/audit?size=50", "/permissions", "/notifications"])
def test_lists_cost_the_same(app: Flask, count_queries: list[str], path: str) -> None:
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    _many(app, 1)
    count_queries.clear()
    assert admin.get(path).status_code == 200
    few = len(count_queries)
    _many(app, 29)
    count_queries.clear()
    assert admin.get(path).status_code == 200
    assert (
        len(count_queries) <= few <= 7
    )  # the log asks once for each kind of thing on the page, the accounts for claims on numbers that are held and that were


def test_the_permission_table_shows_every_permission(app: Flask) -> None:
    from trainhub.kernel.access import permission_table

    page = make.signed_in_client(app, Role.STUDENT).get("/permissions").text
    with app.app_context():
        for can in permission_table(app):
            assert f"<code>{can}</code>" in page


def test_permission_table_rows() -> None:
    class Can(StrEnum):
        A = "room:thing:a"
        B = "room:thing:b"

    ways = {
        Can.A: ((role_over(Role.AUDITOR, Role.EXPERT),), (own,), (role_everywhere(Role.AUDITOR),)),
        Can.B: ((role(Role.AUDITOR, Role.EXPERT), role_over(Role.EXPERT)),),
    }
    (part,) = table.parts(ways)
    first, second = part.rows

    def held(row: table.Row) -> dict[Role, str]:
        return {name: cell.how for name, cell in zip(Role, row.cells, strict=True) if cell}

    assert held(first) == {Role.EXPERT: "over", Role.AUDITOR: "everywhere"}
    assert first.others == ["本人"]
    assert held(second) == {Role.EXPERT: "over"}
    assert [label for _n, label in part.columns] == ["评价专家", "审计员"]


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("since=2016-02-30", "since", "“2016-02-30”不是存在的日期"),
        ("until=x", "until", "“x”不是存在的日期"),
        ("since=2026-02-02&until=2026-02-01", "until", "结束日期早于开始日期"),
        ("who=nobody-of-that-name", "who", "没有名为“nobody-of-that-name”的账号"),
        ("from=2026-02-01", "", "没有名为 from 的筛选条件"),
        ("since=2026-02-01&since=2026-02-03", "since", "这个条件给了 2 个不同的值（2026-02-01、2026-02-03），只能给一个。"),
        ("on_id=1&on_id=2", "on_id", "这个条件给了 2 个不同的值（1、2），只能给一个。"),
    ],
)
def test_an_audit_filter_that_cannot_be_answered_is_told_at_its_field(app: Flask, query: str, field: str, says: str) -> None:
    """No rows of another question are shown, and the other conditions stay as they were typed."""
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    answer = admin.get(f"/audit?did=identity.&{query}")
    assert answer.status_code == 422
    assert says in answer.text
    assert (f'id="q-{field}-error"' in answer.text) is bool(field)
    assert 'value="identity."' in answer.text
    assert "<table" not in answer.text
    refused = admin.get(f"/audit.csv?did=identity.&{query}")
    assert refused.status_code == 422
    assert says in refused.text


@pytest.mark.parametrize(("lang", "text"), [("zh", "登录会话"), ("zh", "登录会话：已开启"), ("en", "sign-in session"), ("zh", "identity.session")])
def test_the_audit_log_is_asked_in_the_words_it_shows(app: Flask, lang: str, text: str) -> None:
    """Only the code was taken, and who asked for the words beside it was told that there is nothing."""
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    html = admin.get("/audit", query_string={"did": text, "lang": lang}).text
    assert set(re.findall(r'<span class="sub mono">([\w.]+)</span>', html)) == {"identity.session.opened"}
    assert "identity.account.created" in admin.get("/audit").text
    assert "identity.session.opened" in admin.get("/audit.csv", query_string={"did": text, "lang": lang}).text
    unknown = admin.get("/audit?did=登陆会话&lang=zh")
    assert (unknown.status_code, "日志中没有名为“登陆会话”的操作" in unknown.text) == (422, True)


def test_an_account_that_did_nothing_yet_is_known_to_the_audit_filter(app: Flask) -> None:
    with app.app_context(), transaction():
        make.account(username="quiet-one")
    assert make.signed_in_client(app, Role.SYSTEM_ADMIN).get("/audit?who=Quiet-One").status_code == 200


def test_audit_filters_and_export(app: Flask) -> None:
    with app.app_context(), transaction():
        make.account(username="findme")
    admin = make.signed_in_client(app, Role.AUDITOR)
    everything = admin.get("/audit.csv")
    assert everything.data.startswith(b"\xef\xbb\xbf")
    assert "identity.account.created" in everything.text
    assert "identity.session.opened" not in admin.get("/audit.csv?did=identity.account").text
    assert admin.get("/audit.csv?until=2000-01-01").text.count("\n") == 1
    signed_in = admin.get("/audit.csv?did=identity.session&origin=127.0.").text
    assert ("identity.session.opened" in signed_in, "identity.account.created" in signed_in) == (True, False)
    assert admin.get("/audit.csv?origin=198.51.100.7").text.count("\n") == 1
    assert admin.get("/audit.csv?origin=127%25").text.count("\n") == 1
    page = admin.get("/audit?on_kind=no_such_kind").text
    assert '<option value="account">账号</option>' in page
    assert '<option value="no_such_kind" selected>no_such_kind</option>' in page
    assert make.signed_in_client(app, Role.INSPECTOR).get("/audit").status_code == 200


def test_the_audit_log_names_the_thing_and_links_to_its_page(app: Flask) -> None:
    with app.app_context(), transaction():
        account_id = make.account(username="findme").id
    page = make.signed_in_client(app, Role.SYSTEM_ADMIN).get(f"/audit?on_kind=account&on_id={account_id}").text
    assert re.search(rf'账号：<a href="/accounts/{account_id}">[^<]+</a>', page)
    assert f">account {account_id}</a>" in page  # as the log holds it, and as the filter asks for it
    english = make.signed_in_client(app, Role.AUDITOR).get("/audit?on_kind=account&lang=en").text
    assert '<option value="account" selected>Account</option>' in english


def _organisation(app: Flask) -> int:
    with app.app_context(), transaction():
        return ground.university().id


def test_my_data_is_only_mine(app: Flask) -> None:
    with app.app_context(), transaction():
        person_id = ground.person("林晓彤", phone="13800138000").id
        other_id = ground.person("陈嘉树").id
        make.account(person=ground.person("曾雨桐"), username="zengyutong")
    client = make.signed_in_client(app, person_id=person_id)
    make.signed_in_client(app, person_id=other_id)
    data = client.get("/my-data/export.json").get_json()
    assert [row["name"] for row in data["person"]] == ["林晓彤"]
    assert data["person"][0]["phone"] == "13800138000"
    assert "*" in data["person"][0]["id_number"]
    assert {"account", "login_names", "roles", "consents", "sessions", "data_requests", "person", "studies", "notices"} <= set(data)
    assert "陈嘉树" not in client.get("/my-data").text
    answer = client.get("/my-data/export.xlsx")
    assert answer.data[:2] == b"PK"


def test_requests_about_my_data(app: Flask) -> None:
    with app.app_context(), transaction():
        person_id = ground.person("林晓彤").id
    client, admin = make.signed_in_client(app, person_id=person_id), make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert client.post("/my-data/requests", data={"kind": "deletion", "text": ""}).status_code == 422
    assert client.post("/my-data/requests", data={"kind": "nonsense", "text": "x"}).status_code == 422
    assert client.post("/my-data/requests", data={"kind": "deletion", "text": "请删除我的手机号"}).status_code == 303
    page = admin.get("/data-requests/").text
    path = page.split('data-href="')[1].split('"')[0]
    assert admin.post(path, data={"state": "refused", "answer": ""}).status_code == 422
    assert admin.post(path, data={"state": "refused", "answer": "培训记录须保存三十年"}).status_code == 303
    assert "已经处理过" in admin.post(path, data={"state": "done", "answer": "x"}).text
    assert "培训记录须保存三十年" in client.get("/my-data").text


def test_a_granted_deletion_closes_the_account(app: Flask, session: Session) -> None:
    account = make.account(person=ground.person("林晓彤"), username="lin", password=make.PASSWORD, roles=(Role.LECTURER,))
    _row, token = ops.make_token(account=account, label="x", scopes=["identity:"], days=1, by=SYSTEM, now=make.NOW, today=make.NOW.date())
    request = ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请注销", by=SYSTEM, now=make.NOW)
    session.commit()
    client, admin = make.sign_in(app, account), make.signed_in_client(app, Role.SYSTEM_ADMIN)
    assert client.get("/account").status_code == 200
    assert admin.post(f"/data-requests/{request.id}", data={"state": "done", "answer": "已注销", "closes_account": "y"}).status_code == 303
    assert client.get("/account").status_code == 303
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}).status_code == 422
    assert client.get("/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert admin.get(f"/accounts/{account.id}").status_code == 200
    session.expire_all()
    assert (account.state, queries.login_names(account.id)) == (AccountState.DELETED, [])
    assert queries.stored_grants(account.id, today=make.NOW.date()) == []


def test_what_is_added_to_a_request_is_kept_and_read_before_it_is_answered(app: Flask, session: Session) -> None:
    account = make.account(person=ground.person("林晓彤"), username="lin", password=make.PASSWORD)
    session.commit()
    client, admin = make.sign_in(app, account), make.signed_in_client(app, Role.SYSTEM_ADMIN)

    def ask(text: str) -> None:
        assert client.post("/my-data/requests", data={"kind": "correction", "text": text}).status_code == 303

    ask("手机号码有误，应为 13800138000")
    path = f"/data-requests/{queries.requests_of(account.id)[0].id}"
    session.commit()
    read = re.search(r'name="version"[^>]*value="(\d+)"', admin.get(path).text)
    assert read is not None
    ask("出生日期也有误")
    ask("出生日期也有误")
    told = admin.post(path, data={"state": "done", "answer": "手机号码已改", "version": read[1]})
    assert told.status_code == 409
    assert ("应为 13800138000" in told.text, told.text.count("出生日期也有误"), "手机号码已改" in told.text) == (True, 1, True)
    seen = re.search(r'name="version"[^>]*value="(\d+)"', told.text)
    assert seen is not None
    assert admin.post(path, data={"state": "done", "answer": "两项都已改", "version": seen[1]}).status_code == 303
    session.expire_all()
    assert [(r.state, r.answer) for r in queries.requests_of(account.id)] == [(RequestState.DONE, "两项都已改")]


def test_who_has_no_number_adds_their_own_which_proves_nothing_and_takes_nothing(app: Flask, session: Session) -> None:
    """Without one a training counts for no goal; what is registered is changed by an administrator alone."""
    held, own = ground.resident_id(date(1999, 5, 1)), ground.resident_id(date(1999, 5, 2))
    ground.person("别人", id_type=IdType.RESIDENT_ID, id_number=held)
    who = ground.person("林晓彤", id_type=None, birth_on=date(1999, 5, 2), is_verified=True)
    key, seen_at = who.id, who.identified_at
    client, at = make.signed_in_client(app, Role.TRAINEE, person_id=key), "/my-data/number"
    session.commit()
    assert at in client.get("/my-data").text
    refused = {number: client.post(at, data={"id_type": "resident_id", "id_number": number}) for number in (held[:-1], "")}
    assert [answer.status_code for answer in refused.values()] == [422] * 2
    assert client.post(at, data={"id_type": "resident_id", "id_number": own}).status_code == 303
    session.expire_all()
    row = session.get_one(Person, key)
    assert (row.id_type, row.number_by_holder, row.id_mask) == (IdType.RESIDENT_ID, True, own[:4] + "*" * 10 + own[-4:])
    assert (row.is_verified, row.identified_at) == (True, seen_at), "an office had looked at them: figures do not move by what they type"
    people.change_person(person=row, phone="13600000001", is_verified=True, by=SYSTEM, now=ground.NOW)
    assert row.number_by_holder, "to save the form of somebody verified before proves no number typed since"
    session.commit()
    page = client.get("/my-data").text
    assert (at in page, own in page) == (False, False)
    again = client.post(at, data={"id_type": "resident_id", "id_number": ground.resident_id(date(1999, 5, 2))})
    assert (again.status_code, "提交更正申请" in again.text) == (422, True)


def test_numbers_are_not_guessed_at_the_page_for_ones_own(app: Flask, session: Session) -> None:
    who = ground.person(id_type=None)
    client = make.signed_in_client(app, Role.TRAINEE, person_id=who.id)
    session.commit()
    data = [{"id_type": "passport", "id_number": number} for number in ("E1", "E2", "E3", "E4", "E5", "E12345678")]
    assert [client.post("/my-data/number", data=one).status_code for one in data] == [422] * 5 + [429]


def test_no_account_is_closed_while_a_legal_hold_stands(app: Flask, session: Session) -> None:
    who = ground.person("林晓彤")
    account = make.account(person=who, username="lin", password=make.PASSWORD, roles=(Role.LECTURER,))
    request = ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请注销", by=SYSTEM, now=make.NOW)
    hold = people.place_hold(person=who, reason="监察机关调取", document="闽监〔2026〕1号", by=SYSTEM, now=make.NOW)
    session.commit()
    admin, path = make.signed_in_client(app, Role.SYSTEM_ADMIN), f"/data-requests/{request.id}"
    said = {"state": "done", "answer": "已注销", "closes_account": "y"}
    page = admin.get(path).text
    assert ("监察机关调取" in page, "闽监〔2026〕1号" in page) == (True, True)
    refused = admin.post(path, data=said)
    assert (refused.status_code, "法定保全期间不能注销账号：监察机关调取（" in refused.text) == (422, True)
    session.expire_all()
    assert (account.state, request.state, len(queries.login_names(account.id))) == (AccountState.ACTIVE, RequestState.OPEN, 1)
    people.lift_hold(hold=hold, by=SYSTEM, now=make.NOW)
    session.commit()
    assert "监察机关调取" not in admin.get(path).text
    assert admin.post(path, data=said).status_code == 303
    session.expire_all()
    assert (account.state, queries.login_names(account.id)) == (AccountState.DELETED, [])


def test_the_demonstration_shows_its_accounts(app: Flask, client: FlaskClient) -> None:
    assert "demo-2026" not in client.get("/login").text
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, is_demo=True)
    try:
        page = client.get("/login").text
    finally:
        app.config["SETTINGS"] = before
    names = ["student", "trainee", "lecturer", "mentor", "supervisor", "enterprise", "programme", "prefecture", "province", "expert", "admin"]
    assert [name for name in names if f"<span>{name}</span>" in page] == names
    assert page.count("demo-2026") == 11


def test_preferences(app: Flask) -> None:
    client = make.signed_in_client(app)
    assert client.post("/account/preferences", data={"language": "xx"}).status_code == 422
    assert client.post("/account/preferences", data={"language": "en", "wants_digest": "y"}).status_code == 303
    assert '<html lang="en"' in client.get("/account").text
    page = client.get("/account/preferences").text
    assert 'id="wants_digest" name="wants_digest" type="checkbox" value="y"' in page


def test_what_is_not_there_says_what_to_do_about_it(as_role: Callable[..., FlaskClient]) -> None:
    answer = as_role(Role.SYSTEM_ADMIN).get("/accounts/999999")
    assert answer.status_code == 404
    assert "请核对地址，或从列表、搜索中重新打开" in answer.get_data(as_text=True)
