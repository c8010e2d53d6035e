"""One student number at two schools, and a user name that is somebody's number: everybody signs in, by the way they are told."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import queries, rules
from trainhub.identity.models import OneTimeLink
from trainhub.identity.types import LoginKind
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import now, today
from trainhub.kernel.db import db, transaction

NUMBER = "20230001"


def _codes(*names: str) -> list[str]:
    with Path("seeds/reference/institutions.csv").open(encoding="utf-8-sig") as file:
        known = {row["name"]: row["code"] for row in csv.DictReader(file)}
    return [known[name] for name in names]


@pytest.fixture
def students(app: Flask) -> dict[str, int]:
    """The account of each of two students with one number, by their school's code."""
    with app.app_context(), transaction():
        return {
            code: make.account(
                password=make.PASSWORD, logins=[(LoginKind.STUDENT_NO, NUMBER, code), (LoginKind.EMAIL, f"s{code}@example.edu.cn", "")]
            ).id
            for code in _codes("厦门大学", "福州大学")
        }


def _enters(app: Flask, name: str) -> int:
    return app.test_client().post("/login", data={"username": name, "password": make.PASSWORD}).status_code


def test_both_sign_in_by_the_code_that_is_told_and_the_one_everybody_knows(app: Flask, client: FlaskClient, students: dict[str, int]) -> None:
    said = client.post("/login", data={"username": NUMBER, "password": make.PASSWORD}).text
    assert f"{rules.INVENTED_SCHOOL}/{NUMBER}" in said
    assert f"{rules.INVENTED_SCHOOL[-5:]}/{NUMBER}" in said
    for code in students:
        assert code[-5:] not in said, "where somebody studies is nobody else's business"
        assert [_enters(app, f"{one}/{NUMBER}") for one in (code, code[-5:])] == [303, 303]
    assert [_enters(app, f"{one}/{NUMBER}") for one in ("99999", code[-4:], code[1:])] == [422, 422, 422]


def test_the_short_code_leads_to_the_holder_everywhere(app: Flask, client: FlaskClient, students: dict[str, int]) -> None:
    for code, account_id in students.items():
        for name in (f"{code}/{NUMBER}", f"{code[-5:]}/{NUMBER}"):
            with app.app_context():
                assert {one.account_id for one in queries.names_typed(rules.typed_name(name))} == {account_id}, name
    code, account_id = next(iter(students.items()))
    with app.app_context(), transaction():
        ops.ask_reset(name=f"{code[-5:]}/{NUMBER}", origin="", now=now(), today=today())
    with app.app_context():
        assert list(db.session.scalars(select(OneTimeLink.account_id))) == [account_id]


def test_a_short_code_that_fits_two_is_asked_for_whole_and_one_that_is_whole_wins(app: Flask, client: FlaskClient, students: dict[str, int]) -> None:
    code = next(iter(students))
    with app.app_context(), transaction():
        make.account(password=make.PASSWORD, logins=[(LoginKind.STUDENT_NO, NUMBER, "42350" + code[-5:])])
    said = client.post("/login", data={"username": f"{code[-5:]}/{NUMBER}", "password": make.PASSWORD}).text
    assert f"例如 {rules.INVENTED_SCHOOL}/{NUMBER}" in said
    assert "完整代码" in said
    assert f"{code}/{NUMBER}" not in said
    assert _enters(app, f"{code}/{NUMBER}") == 303
    with app.app_context(), transaction():
        whole = make.account(password=make.PASSWORD, logins=[(LoginKind.STUDENT_NO, NUMBER, code[-5:])]).id
    with app.app_context():
        assert [one.account_id for one in queries.names_typed(rules.typed_name(f"{code[-5:]}/{NUMBER}"))] == [whole]


def test_who_sets_a_password_is_told_the_school_in_front(app: Flask, client: FlaskClient, students: dict[str, int]) -> None:
    code, account_id = next(iter(students.items()))
    with app.app_context(), transaction():
        link = ops.reset_link(account=queries.account(account_id), by=SYSTEM, today=today(), now=now())
    assert f"{code}/{NUMBER}" in client.get(link[link.index("/link/") :]).text


def test_a_number_that_comes_after_a_user_name_takes_nobodys_way(app: Flask) -> None:
    (code,) = _codes("福州大学")
    with app.app_context(), transaction():
        holder = make.account(username="s20240001", password=make.PASSWORD).id
        make.account(password="Another-2026", logins=[(LoginKind.STUDENT_NO, "S20240001", code)])
    assert _enters(app, "S20240001") == 303
    with app.app_context():
        typed = rules.typed_name("s20240001")
        assert {one.account_id for one in queries.names_of_who_types(typed)} == {holder}
        assert len({one.account_id for one in queries.names_typed(typed)}) == 2, "an operator is asked whose is meant"
    for name in (f"{code}/S20240001", f"{code[-5:]}/s20240001"):
        assert app.test_client().post("/login", data={"username": name, "password": "Another-2026"}).status_code == 303


def test_a_failed_sign_in_says_how_a_school_is_put_in_front(client: FlaskClient) -> None:
    said = client.post("/login", data={"username": NUMBER, "password": "wrong"}).text
    assert f"{rules.INVENTED_SCHOOL}/学号" in said
    assert f"{rules.INVENTED_SCHOOL[-5:]}/学号" in said


def test_the_invented_school_is_none_of_the_reference() -> None:
    with Path("seeds/reference/institutions.csv").open(encoding="utf-8-sig") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    assert not [one for one in codes if one.endswith(rules.INVENTED_SCHOOL[-5:])]
