"""A page that says no: in the same style, with why, what to do, and an id that stands in the log."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from html import unescape

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests import addresses
from tests.factories import ground
from tests.factories import identity as make
from trainhub.kernel import logs
from trainhub.kernel.access import Role, public
from trainhub.kernel.db import transaction
from trainhub.organisations.types import OrganisationKind

As = Callable[..., FlaskClient]


def words(client: FlaskClient, address: str, status: int) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_a_refusal_names_the_deed_in_words_and_who_may(as_role: As) -> None:
    student = as_role(Role.STUDENT)
    page = words(student, "/audit", 403)
    assert "操作审计：查看" in page
    assert "审计员、系统管理员" in page
    assert "audit:event:view" not in page
    english = words(student, "/audit?lang=en", 403)
    assert re.search(r"Auditor, System administrator", english)
    assert not re.search("[\u3001\uff0c\u3002\uff1a]", english.partition("<h1>")[2].partition("</main>")[0])


def test_a_page_without_a_navigation_asks_for_none(as_role: As, session: Session, count_queries: list[str]) -> None:
    """Whether a mentor is on the staff of a course decides an entry of the navigation, which a refusal does not show."""
    person = ground.person()
    session.commit()
    mentor = as_role(Role.MENTOR, person_id=person.id)
    session.commit()
    count_queries.clear()
    assert "nav-link-item" not in words(mentor, "/audit", 403)
    assert not any("run_staff" in one for one in count_queries)
    assert "nav-link-item" in words(mentor, "/account/tokens", 200)
    assert any("run_staff" in one for one in count_queries)


def test_whoever_has_the_role_elsewhere_is_told_that_it_lies_outside(as_role: As, session: Session) -> None:
    ours, theirs = (ground.organisation(OrganisationKind.UNIVERSITY) for _n in range(2))
    session.commit()
    address = f"/organisations/{theirs.code}/edit"
    page = words(as_role(Role.UNIVERSITY_ADMIN, organisation_id=ours.id), address, 403)
    assert "它不在你负责的单位、专业或地区之内" in page


@pytest.mark.parametrize(("address", "status"), [("/nowhere", 404), ("/organisations/NONE", 404), ("/audit", 403)])
def test_every_error_page_has_an_id_that_the_log_knows(as_role: As, address: str, status: int) -> None:
    client = as_role(Role.STUDENT)
    with structlog.testing.capture_logs() as log:
        page = words(client, address, status)
    [noted] = log
    assert f"<code>{noted['error_id']}</code>" in page
    assert (noted["status"], noted["path"]) == (status, address)


@pytest.mark.parametrize(("language", "title"), [("zh", "暂时无法服务"), ("en", "Not available for the moment")])
def test_a_database_that_does_not_answer_is_nobodys_mistake(app: Flask, monkeypatch: pytest.MonkeyPatch, language: str, title: str) -> None:
    def locked() -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "identity.login", public(locked))
    answer = app.test_client().get(f"/login?lang={language}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.text)
    assert title in answer.text


@pytest.mark.parametrize(("code", "status"), [(sqlite3.SQLITE_CONSTRAINT_UNIQUE, 409), (sqlite3.SQLITE_CONSTRAINT_NOTNULL, 500)])
def test_who_brings_the_same_at_the_same_moment_is_told_and_a_bug_stays_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch, code: int, status: int
) -> None:
    def insert() -> None:
        refused = sqlite3.IntegrityError("constraint failed")
        refused.sqlite_errorcode = code
        raise IntegrityError("INSERT", {}, refused)

    monkeypatch.setitem(app.view_functions, "identity.login", public(insert))
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    page = words(app.test_client(), "/login", status)
    assert ("其他人刚刚保存了相同的内容" in page) is (status == 409)


def test_the_log_of_a_bug_tells_no_personal_data(app: Flask, session: Session) -> None:
    """Neither the parameters of a statement nor the rows that PostgreSQL quotes: both hold names and telephones."""
    values = {"code": "X", "name": "陈某某13900000000"}
    with pytest.raises(IntegrityError) as broken, session.begin_nested():
        session.execute(text("INSERT INTO organisation (code, name) VALUES (:code, :name)"), values)
    told = logs.with_exception(None, "error", {"event": "bug", "exc_info": broken.value})
    assert ("organisation" in told["exception"], "13900000000" in told["exception"]) == (True, False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://train.example.edu.cn", "max-age=31536000"),
        ("https://train.example.edu.cn:8443", None),
        ("http://train.example.edu.cn", None),
    ],
)
def test_browsers_are_told_to_come_by_tls_where_the_whole_host_is_ours(app: Flask, url: str, told: str | None) -> None:
    """The word holds for every port of a host: beside a port of our own something else may answer by http."""
    with addresses.at(app, url):
        assert app.test_client().get("/login").headers.get("Strict-Transport-Security") == told


def test_a_form_that_lost_its_cookie_to_http_says_where_to_go(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened beside the proxy: cookies are Secure, the browser sends none back, and “too long ago” would lead to the wrong cause."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    with addresses.at(app, addresses.SITE):
        plain = app.test_client().post("/login", data={"username": "x", "password": "y"})
        assert (plain.status_code, f"{addresses.SITE}" in plain.text, "时间过长" in plain.text) == (400, True, False)
        assert "允许浏览器保存" in plain.text, "behind a proxy that does not say that it came by https the browser sends them all the same"
        over_tls = app.test_client().post("/login", data={"username": "x", "password": "y"}, base_url=addresses.SITE)
        assert (over_tls.status_code, "时间过长" in over_tls.text) == (400, True)
    assert "时间过长" in app.test_client().post("/login", data={"username": "x", "password": "y"}).text


LOG = "本周在车间跟随师傅完成了三台机床的调试，\n并整理了故障记录 <b>。"


def test_what_was_typed_before_the_sign_in_ended_is_shown(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that took longer than the sign-in lasts was gone, and nothing said that the sign-in had ended."""
    client = make.signed_in_client(app)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    with app.app_context(), transaction() as current:
        current.execute(text("DELETE FROM user_session"))
    sent = {
        "text": LOG,
        "password": "a long password 一二三四五六",
        "rows": '{"a": "一 二 三 四 五 六 七 八 九 十"}',
        "mark": "f" * 64,
        "name": "林晓彤",
    }
    here = {"Referer": "http://localhost/my-data?lang=zh", "Origin": "http://localhost"}
    answer = client.post("/account/preferences", data=sent, headers=here)
    assert (answer.status_code, "登录已结束" in answer.text, "/login?next=/my-data?lang%3Dzh" in answer.text) == (400, True, True)
    assert [unescape(one) for one in re.findall(r"<textarea[^>]*>([^<]*)</textarea>", answer.text)] == [LOG]
    again = client.post("/account/preferences", data=sent, headers=here)
    assert ("登录已结束" in again.text, "时间过长" in again.text, again.text.count("<textarea")) == (False, True, 1), (
        "an old tab, signed out in another"
    )


def test_words_of_another_site_are_not_shown_under_our_name(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    for headers in ({"Origin": "https://elsewhere.example"}, {"Referer": "https://elsewhere.example/a"}, {"Origin": "null"}, {}):
        assert "<textarea" not in client.post("/login", data={"text": LOG}, headers=headers).text
    assert "<textarea" in client.post("/login", data={"text": LOG}, headers={"Origin": "http://localhost"}).text
