"""Links that are handed over lead to this installation, or are not made: an address that nobody set leads everybody to their own device."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.cli import main
from trainhub.identity import groups, tasks
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, OneTimeLink
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.site import NoAddress
from trainhub.programmes.models import Programme

SITE = "https://train.example.edu.cn"
TODAY = make.NOW.date()


@pytest.fixture
def at(app: Flask) -> Iterator[Callable[[str], None]]:
    """Outside a test, with this address (first: the one of a laptop on which nobody set one)."""
    settings = app.config["SETTINGS"]

    def set_to(url: str) -> None:
        app.config["SETTINGS"] = replace(settings, is_testing=False, base_url=url)

    set_to("http://127.0.0.1:8000")
    yield set_to
    app.config["SETTINGS"] = settings


def _listed() -> Programme:
    """A cohort of one without an address, whose account is opened."""
    programme = ground.programme()
    ground.student(programme, year=2026)
    group = groups.group("cohort", ground.cohort(programme, 2026).id)
    db.session.commit()
    tasks.open_listed(group, group.roles[0], by=SYSTEM, tell=lambda _done, _total: None)
    return programme


def test_invitations_and_reset_links_are_made_for_an_address_alone(session: Session, at: Callable[[str], None]) -> None:
    invited = make.account(username="new")
    invited.state = AccountState.INVITED
    active = make.account(username="lin", logins=[(LoginKind.EMAIL, "lin@example.cn", "")])
    db.session.commit()
    acts: list[Callable[[], str]] = [
        lambda: ops.invite(account=invited, by=SYSTEM, today=TODAY, now=make.NOW),
        lambda: ops.reset_link(account=active, by=SYSTEM, today=TODAY, now=make.NOW),
    ]
    for act in acts:
        with pytest.raises(NoAddress, match="TRAINHUB_BASE_URL"), transaction():
            act()
    assert session.scalar(select(func.count()).select_from(OneTimeLink)) == 0
    at("http://10.0.0.7:8000")
    assert acts[0]().startswith("http://10.0.0.7:8000/link/")
    at(SITE)
    assert acts[1]().startswith(f"{SITE}/link/")


def test_who_forgot_the_password_is_told_the_same_whether_the_name_is_known(session: Session, at: Callable[[str], None]) -> None:
    make.account(username="lin", logins=[(LoginKind.EMAIL, "lin@example.cn", "")])
    for name in ("lin", "nobody"):
        with pytest.raises(NoAddress):
            ops.ask_reset(name=name, origin="o", now=make.NOW, today=TODAY)


def test_no_slips_are_printed_that_open_each_students_own_telephone(session: Session, as_role: object, at: Callable[[str], None]) -> None:
    key = ground.cohort(_listed(), 2026).id
    admin: FlaskClient = as_role(Role.SYSTEM_ADMIN)  # type: ignore[operator]
    db.session.commit()
    refused = admin.post(f"/accounts/groups/cohort/{key}/slips", data={"form": "print"})
    assert (refused.status_code, "TRAINHUB_BASE_URL" in refused.text) == (422, True)
    at(SITE)
    assert 'class="slip"' in admin.post(f"/accounts/groups/cohort/{key}/slips", data={"form": "print"}).text


def test_the_command_opens_nobody_whose_slip_it_cannot_make(app: Flask, session: Session, at: Callable[[str], None], tmp_path: Path) -> None:
    programme = ground.programme()
    ground.student(programme, year=2026)
    ground.cohort(programme, 2026)
    db.session.commit()
    asked = ["accounts", "open", "--cohort", f"{programme.code}/2026", "--slips", str(tmp_path / "s.csv"), "--json"]
    said = json.loads(CliRunner().invoke(main, asked, obj={"create_app": lambda: app}).stdout)
    assert said["error"]["code"] == "no_address"
    assert session.scalar(select(func.count()).select_from(Account)) == 0
    at(SITE)
    assert json.loads(CliRunner().invoke(main, asked, obj={"create_app": lambda: app}).stdout)["slips"] == 1
    assert f"{SITE}/link/" in (tmp_path / "s.csv").read_text("utf-8-sig")
