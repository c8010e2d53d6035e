"""Commands of accounts, and the sweep."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.factories import identity as make
from trainhub.cli import main
from trainhub.identity import queries, tasks
from trainhub.identity.models import SignInAttempt
from trainhub.identity.queries.listing import AuditFilter
from trainhub.identity.types import LoginKind
from trainhub.kernel import audit, clock, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, transaction


def _run(app: Flask, *args: str, **kw: Any) -> Result:
    return CliRunner().invoke(main, ["accounts", *args], obj={"create_app": lambda: app}, **kw)


def test_create_admin(app: Flask, client: FlaskClient) -> None:
    made = _run(app, "create-admin", "--username", "root1", "--password-stdin", "--json", input="Correct-horse-7\n")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["role"] == "system_admin"
    assert client.post("/login", data={"username": "root1", "password": "Correct-horse-7"}).status_code == 303
    assert client.get("/accounts/").status_code == 200
    again = _run(app, "create-admin", "--username", "root1", "--password-stdin", "--json", input="Correct-horse-7\n")
    assert again.exit_code == 1
    assert json.loads(again.stdout)["error"]["code"] == "login_taken"
    weak = _run(app, "create-admin", "--username", "root2", "--password-stdin", "--json", input="short\n")
    assert json.loads(weak.stdout)["error"]["code"] == "password_short"
    assert _run(app, "create-admin", "--username", "root2", "--nonsense").exit_code == 2


def test_list_links_and_unlock(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        make.account(username="lin", password=make.PASSWORD, roles=(Role.AUDITOR,), logins=[(LoginKind.PHONE, "13800138000", "")])
    listed = json.loads(_run(app, "list", "--role", "auditor", "--json").stdout)["accounts"]
    assert [(row["logins"], row["roles"]) for row in listed] == [(["13800138000", "lin"], ["auditor"])]
    link = json.loads(_run(app, "reset-link", "13800138000", "--json").stdout)["link"]
    assert client.get("/link/" + link.rsplit("/", 1)[1]).status_code == 200
    assert json.loads(_run(app, "invite", "lin", "--json").stdout)["error"]["code"] == "not_invited"
    assert json.loads(_run(app, "reset-link", "nobody", "--json").stdout)["error"]["code"] == "not_found"
    for _n in range(5):
        client.post("/login", data={"username": "lin", "password": "wrong"})
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}).status_code == 429
    assert json.loads(_run(app, "unlock", "lin", "--json").stdout)["failures"] == 5
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}).status_code == 303


def test_help() -> None:
    for name in ("create-admin", "list", "invite", "reset-link", "unlock"):
        shown = CliRunner().invoke(main, ["accounts", name, "--help"])
        assert shown.exit_code == 0
        assert "Example: trainhub accounts" in shown.output


def test_nobody_at_the_terminal_is_told_what_to_give(app: Flask) -> None:
    for arguments, option in ((["--json"], "--username"), (["--username", "root7", "--json"], "--password-stdin")):
        found = CliRunner().invoke(main, ["accounts", "create-admin", *arguments], obj={"create_app": lambda: app}, input="")
        assert found.exit_code == 1
        error = json.loads(found.stdout)["error"]
        assert (error["code"], option in error["message"]) == ("input_missing", True)


def test_sweep(app: Flask) -> None:
    with app.app_context():
        with transaction() as current:
            now = clock.now()
            current.add_all(SignInAttempt(name_hash="x", origin="x", at=now - timedelta(hours=hours)) for hours in (1, 23, 25))
            jobs.ask("identity.sweep", by=SYSTEM, title="x")
        assert tasks.sweep(jobs.Running(0, {}, None)) == {"attempts": 1, "submissions": 0, "links": 0, "registrations": 0, "sessions": 0}
        assert len(db.session.scalars(select(SignInAttempt.id)).all()) == 2


def test_names_are_added_and_removed_by_command(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        make.account(username="lin", password=make.PASSWORD)
        make.account(username="wang")
    added = ["add-login", "lin", "email", " Lin@Example.CN ", "--json"]
    first, again = (json.loads(_run(app, *added).stdout) for _n in range(2))
    assert first == again == {"account": first["account"], "kind": "email", "value": "lin@example.cn"}
    assert client.post("/login", data={"username": "lin@example.cn", "password": make.PASSWORD}).status_code == 303
    for args, code in (
        (("add-login", "lin", "username", "wang"), "login_taken"),
        (("add-login", "lin", "email", "lin@"), None),
        (("add-login", "nobody", "username", "neu"), "not_found"),
    ):
        refused = _run(app, *args, "--json")
        assert refused.exit_code == 1
        assert code in (None, json.loads(refused.stdout)["error"]["code"])
    assert _run(app, "add-login", "lin", "student_no", "2023").exit_code == 2
    assert json.loads(_run(app, "remove-login", "lin", "--json").stdout) == {"account": first["account"], "name": "lin"}
    client.post("/logout")
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}).status_code == 422
    last = _run(app, "remove-login", "lin@example.cn", "--json")
    assert (last.exit_code, json.loads(last.stdout)["error"]["code"]) == (1, "account_refused")
    assert client.post("/login", data={"username": "lin@example.cn", "password": make.PASSWORD}).status_code == 303


def test_accounts_are_found_by_what_was_typed(app: Flask) -> None:
    """Whatever the case, and with signs that a database takes for others."""
    with app.app_context(), transaction():
        make.account(username="wang_li", name="Smith, John")
        make.account(username="wangxli", name="百分%之一")
    found = [json.loads(_run(app, "list", "--text", text, "--json").stdout)["accounts"] for text in ("wang_li", "smith", "SMITH", "分%之", "wang")]
    assert [len(rows) for rows in found] == [1, 1, 1, 1, 2]


def test_the_log_is_asked_for_a_name_in_any_case(app: Flask) -> None:
    with app.app_context():
        with transaction():
            account = make.account(name="Smith, John")
            audit.record(by=Identity(account_id=account.id, person_id=None, name="Smith, John"), did="identity.preferences.set", on=account)
        for who in ("Smith", "smith", "SMITH, JOHN"):
            assert queries.is_known_actor(who)
            assert [row.actor for row in db.session.execute(queries.audit_listing(AuditFilter(who=who), SYSTEM))] == ["Smith, John"]
