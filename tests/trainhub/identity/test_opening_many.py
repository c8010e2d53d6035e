"""Accounts for a whole list at once: who gets one, who gets none and why, the slips, two at once, a cohort of 300."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.mentors.models import Mentor
from tests.factories import enterprises, ground
from tests.factories import identity as make
from tests.factories.parallel import together
from trainhub.cli import main
from trainhub.identity import groups, queries, tasks
from trainhub.identity import operations as ops
from trainhub.identity.groups import Why
from trainhub.identity.models import Account, LoginName, OneTimeLink, RoleGrant
from trainhub.identity.operations import opening_many
from trainhub.identity.types import AccountState, LoginKind, RequestKind, RequestState
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.notifications.models import MailMessage
from trainhub.people.models import Person
from trainhub.people.types import StudentState
from trainhub.programmes.models import Programme


def _cohort(programme: Programme, count: int, **person: Any) -> int:
    """A cohort of so many students; its id."""
    for _n in range(count):
        ground.student(programme, year=2026, who=ground.person(**person))
    return ground.cohort(programme, 2026).id


def _open(kind: str, key: int, by: Identity, role: Role | None = None) -> dict[str, Any]:
    group = groups.group(kind, key)
    return tasks.open_listed(group, role or group.roles[0], by=by, tell=lambda _done, _total: None)


def _members(kind: str, key: int) -> list[queries.Member]:
    return ops.members_of(groups.group(kind, key), today=clock.today())


@pytest.fixture
def programme(session: Session) -> Programme:
    made = ground.programme()
    session.commit()
    return made


def _admin(programme: Programme, role: Role = Role.PROGRAMME_ADMIN) -> Identity:
    scope = {"programme_id": programme.id} if role is Role.PROGRAMME_ADMIN else {"organisation_id": programme.university_id}
    account = make.account(roles=(role,), **scope)
    db.session.commit()
    return queries.identity_of(account.id, today=clock.today())


@pytest.mark.parametrize("role", [Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN])
def test_everybody_without_an_account_gets_one(programme: Programme, role: Role) -> None:
    by, key = _admin(programme, role), _cohort(programme, 3)
    with_mail = ground.student(programme, year=2026, who=ground.person(email="lin@example.edu.cn"))
    known = ground.student(programme, year=2026)
    mine = make.account(person=db.session.get_one(Person, known.person_id))
    db.session.commit()
    result = _open("cohort", key, by)
    assert result == {"members": 5, "opened": 4, "invited": 1, "had_account": 1, "granted": 1, "left": 0, "not_opened": 0, "refused": []}
    assert db.session.scalars(select(MailMessage.address)).all() == ["lin@example.edu.cn"]
    account = queries.account_of_person(with_mail.person_id)
    assert account is not None
    assert account.state is AccountState.INVITED
    assert {(n.kind, n.value) for n in queries.login_names(account.id)} == {
        (LoginKind.STUDENT_NO, with_mail.student_no.lower()),
        (LoginKind.EMAIL, "lin@example.edu.cn"),
    }
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.account_id == account.id)).one()
    assert (grant.role, grant.programme_id, grant.granted_by_id) == (Role.STUDENT, programme.id, by.account_id)
    assert db.session.scalars(
        select(AuditEvent.account_id).where(AuditEvent.did == "identity.account.created", AuditEvent.on_id == str(account.id))
    ).all() == [by.account_id]
    assert mine.state is AccountState.ACTIVE
    assert [grant.role for grant in queries.stored_grants(mine.id, today=clock.today())] == [Role.STUDENT]


def test_who_has_an_account_is_given_the_role_and_the_number(programme: Programme) -> None:
    """A trainee who becomes a student, or who studied elsewhere, would not find the own thesis: no list gave them the role."""
    other, enterprise = ground.programme(), ground.enterprise()
    trainee, before, closed, gone = (ground.student(programme, year=2026) for _n in range(4))
    accounts = [make.account(person=db.session.get_one(Person, row.person_id)) for row in (trainee, before, closed, gone)]
    make.grant(accounts[0], Role.TRAINEE, organisation_id=enterprise.id)
    make.grant(accounts[1], Role.STUDENT, programme_id=other.id)
    accounts[2].state, gone.state = AccountState.DISABLED, StudentState.WITHDRAWN
    db.session.commit()
    key, by = ground.cohort(programme, 2026).id, _admin(programme)
    result = _open("cohort", key, by)
    assert (result["granted"], result["opened"], result["refused"]) == (2, 0, [])
    held = [{(g.role, g.programme_id) for g in queries.stored_grants(one.id, today=clock.today())} for one in accounts]
    assert [(Role.STUDENT, programme.id) in one for one in held] == [True, True, False, False]
    assert {trainee.student_no.lower()} <= {name.value for name in queries.login_names(accounts[0].id)}
    assert _open("cohort", key, by)["granted"] == 0


def test_a_role_over_the_whole_school_is_enough(programme: Programme) -> None:
    account = make.account(person=db.session.get_one(Person, ground.student(programme, year=2026).person_id))
    make.grant(account, Role.STUDENT, organisation_id=programme.university_id)
    db.session.commit()
    assert _open("cohort", ground.cohort(programme, 2026).id, _admin(programme))["granted"] == 0


@pytest.mark.parametrize("kind", ["mentors", "teachers"])
def test_a_role_over_another_organisation_is_none_here(session: Session, kind: str) -> None:
    """A mentor of one enterprise who stands on another's list would be told nothing and see nobody there."""
    if kind == "mentors":
        one, here = ground.enterprise(), ground.enterprise()
        rows, role = [enterprises.mentor(enterprise=here), enterprises.mentor(enterprise=here)], Role.MENTOR
    else:
        one, here = ground.university(), ground.university()
        rows, role = [ground.teacher(here), ground.teacher(here)], Role.LECTURER
    accounts = [make.account(person=session.get_one(Person, row.person_id)) for row in rows]
    for account, organisation in zip(accounts, (one, here), strict=True):
        make.grant(account, role, organisation_id=organisation.id)
    session.commit()
    assert [member.lacks_role for member in sorted(_members(kind, here.id), key=lambda m: m.account_id or 0)] == [True, False]
    assert _open(kind, here.id, SYSTEM, role)["granted"] == 1


def test_who_moved_to_an_enterprise_is_its_own_to_open(session: Session) -> None:
    """The same is asked as when one account is opened: who left counts where they are now; who is still there, or has a school, does not."""
    here, before = ground.enterprise(), ground.enterprise()
    moved, still, taught = ground.person("甲", email="jia@example.cn"), ground.person("乙"), ground.person("丙")
    today = clock.today()
    for one, until in ((moved, today - timedelta(days=1)), (still, today)):
        row = enterprises.mentor(enterprise=before, person=one)
        row.until = until
    ground.teacher(who=taught, until=date(2021, 1, 1))
    session.flush()
    for one in (moved, still, taught):
        session.add(Mentor(person_id=one.id, enterprise_id=here.id, post="工程师", skills=[], since=date(2026, 1, 1), created_at=make.NOW))
    session.commit()
    assert {one.listed.name: one.why for one in _members("mentors", here.id)} == {"甲": None, "乙": Why.ELSEWHERE, "丙": Why.ELSEWHERE}


def test_the_page_gives_roles_alone_too(app: Flask, programme: Programme) -> None:
    make.account(person=db.session.get_one(Person, ground.student(programme, year=2026).person_id))
    db.session.commit()
    key, by = ground.cohort(programme, 2026).id, _admin(programme)
    page = _client(app, by).get(f"/accounts/groups/cohort/{key}").text
    assert ("授予 1 人角色" in page, "为已有账号的 1 人授予这个角色" in page) == (True, True)


def test_a_repeat_changes_nothing(programme: Programme) -> None:
    by, key = _admin(programme), _cohort(programme, 2, email="")
    db.session.commit()
    _open("cohort", key, by)
    before = db.session.scalar(select(func.count(AuditEvent.id)))
    assert _open("cohort", key, by) == {
        "members": 2,
        "opened": 0,
        "invited": 0,
        "had_account": 2,
        "granted": 0,
        "left": 0,
        "not_opened": 0,
        "refused": [],
    }
    assert db.session.scalar(select(func.count(AuditEvent.id))) == before


def test_who_cannot_be_opened_is_listed_with_the_reason(programme: Programme) -> None:
    birth = {"id_type": None, "birth_on": ground.date(2004, 1, 1)}
    rows = {
        "shared1": ground.student(programme, year=2026, who=ground.person(email="class@example.cn")),
        "shared2": ground.student(programme, year=2026, who=ground.person(email="CLASS@example.cn")),
        "taken": ground.student(programme, year=2026, who=ground.person(email="taken@example.cn")),
        "phone": ground.student(programme, year=2026, who=ground.person(phone="13800138000")),
        "left": ground.student(programme, year=2026),
        "same": ground.student(programme, year=2026, who=ground.person("林同名", **birth)),
        "closed": ground.student(programme, year=2026),
        "landline": ground.student(programme, year=2026, who=ground.person(phone="0591-87654321")),
    }
    ground.person("林同名", **birth)
    rows["left"].state = StudentState.WITHDRAWN
    make.account(logins=[(LoginKind.EMAIL, "taken@example.cn", ""), (LoginKind.PHONE, "13800138000", "")])
    closed = make.account(person=db.session.get_one(Person, rows["closed"].person_id))
    asked = ops.ask_about_data(account=closed, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=make.NOW)
    ops.decide_request(row=asked, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=make.NOW, closes_account=True)
    db.session.commit()
    key = ground.cohort(programme, 2026).id
    found = {one.listed.person_id: one.why for one in _members("cohort", key)}
    assert {name: found[row.person_id] for name, row in rows.items()} == {
        "shared1": Why.EMAIL_SHARED,
        "shared2": Why.EMAIL_SHARED,
        "taken": Why.EMAIL_TAKEN,
        "phone": Why.PHONE_TAKEN,
        "left": Why.LEFT,
        "same": Why.SAME,
        "closed": Why.CLOSED,
        "landline": None,
    }
    result = _open("cohort", key, SYSTEM)
    assert (result["opened"], result["left"], result["not_opened"]) == (1, 1, 6)
    account = queries.account_of_person(rows["landline"].person_id)
    assert account is not None
    assert [name.kind for name in queries.login_names(account.id)] == [LoginKind.STUDENT_NO]


def test_nobody_opens_outside_their_scope(programme: Programme) -> None:
    key, other = _cohort(programme, 1), ground.programme()
    db.session.commit()
    for by in (_admin(other), _admin(other, Role.UNIVERSITY_ADMIN), Identity(1, None, "学生")):
        with pytest.raises(ops.GrantRefused):
            _open("cohort", key, by)
    with pytest.raises(ops.GrantRefused):
        _open("cohort", key, _admin(programme), Role.PROGRAMME_ADMIN)
    assert [one.account_id for one in _members("cohort", key)] == [None]


def test_teachers_need_an_address(programme: Programme) -> None:
    by = _admin(programme)
    reached = ground.teacher(of=programme, who=ground.person(email="chen@example.edu.cn"))
    ground.teacher(of=programme)
    db.session.commit()
    result = _open("programme-teachers", programme.id, by, Role.SCHOOL_SUPERVISOR)
    assert (result["opened"], result["invited"], result["not_opened"]) == (1, 1, 1)
    assert {one.why for one in _members("programme-teachers", programme.id)} == {None, Why.NO_NAME}
    assert queries.account_of_person(reached.person_id) is not None
    with pytest.raises(ops.GrantRefused):
        _open("teachers", programme.university_id, by)
    assert _open("teachers", programme.university_id, _admin(programme, Role.UNIVERSITY_ADMIN))["had_account"] == 1


def _client(app: Flask, by: Identity) -> FlaskClient:
    return make.sign_in(app, db.session.get_one(Account, by.account_id))


def test_the_page_checks_applies_and_makes_slips(app: Flask, programme: Programme) -> None:
    by, key = _admin(programme), _cohort(programme, 2)
    mailed = ground.student(programme, year=2026, who=ground.person(email="lin@example.edu.cn"))
    db.session.commit()
    client, url = _client(app, by), f"/accounts/groups/cohort/{key}"
    assert f'href="{url}"' in client.get("/accounts/groups/").text
    assert f'href="{url}"' in client.get(f"/people/students?programme={programme.id}&year=2026").text
    page = client.get(url).text
    assert "将为 3 人开通账号：1 人收到邀请邮件，2 人需要首次登录单。" in page
    assert client.post(url, data={"whom": "all"}).status_code == 303
    assert 'http-equiv="refresh"' in client.get(url).text
    jobs.run_all()
    assert "上一次开通了 3 个账号" in client.get(url).text
    assert client.get(f"{url}/job").headers["HX-Refresh"] == "true"
    sheet = client.post(f"{url}/slips", data={"form": "xlsx"})
    assert "no-store" in sheet.headers["Cache-Control"]
    rows = list(load_workbook(io.BytesIO(sheet.data)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert len(rows) == 3
    first = {row[1]: row[3].rsplit("/", 1)[1] for row in rows[1:]}
    assert mailed.student_no not in first
    printed = client.post(f"{url}/slips", data={"form": "print"}).text
    assert printed.count('class="slip"') == 2
    for token in first.values():
        assert client.get(f"/link/{token}").status_code == 422, "the earlier links end"
        assert token not in printed
        assert db.session.scalar(select(OneTimeLink.id).where(OneTimeLink.token_hash == token)) is None
    assert client.post(f"{url}/slips", data={"form": "print", "whom": "all"}).text.count('class="slip"') == 3


def test_the_link_of_a_slip_opens_the_account(app: Flask, client: FlaskClient, programme: Programme) -> None:
    by, key = _admin(programme), _cohort(programme, 1)
    db.session.commit()
    _open("cohort", key, by)
    with transaction():
        (slip,) = ops.make_slips(groups.group("cohort", key), everybody=False, by=by, today=clock.today(), now=clock.now())
    assert slip.link not in repr(slip)
    client.post("/link/" + slip.link.rsplit("/", 1)[1], data={"password": make.PASSWORD, "again": make.PASSWORD})
    client.post("/logout")
    assert client.post("/login", data={"username": slip.sign_in, "password": make.PASSWORD}).status_code == 303
    page = _client(app, by).post(f"/accounts/groups/cohort/{key}/slips", data={})
    assert page.status_code == 422
    assert "没有需要首次登录链接的人" in page.text


def test_a_slip_is_no_way_up(programme: Programme) -> None:
    """A programme's head gets no link for a student who holds more than the head could give."""
    by, key = _admin(programme), _cohort(programme, 2)
    db.session.commit()
    _open("cohort", key, by)
    account = queries.account(_members("cohort", key)[0].account_id or 0)
    make.grant(account, Role.SYSTEM_ADMIN)
    db.session.commit()
    with transaction():
        made = list(ops.make_slips(groups.group("cohort", key), everybody=True, by=by, today=clock.today(), now=clock.now()))
    assert [one.key for one in made] == [_members("cohort", key)[1].listed.key]


def test_a_sheet_is_judged_as_a_whole(programme: Programme, count_queries: list[str]) -> None:
    """A thousand slips are one transaction, in which everybody else waits on SQLite: what one more of them asks is to make the link."""
    by, asked = _admin(programme), []
    for count, year in ((3, 2026), (13, 2025)):
        for _n in range(count):
            ground.student(programme, year=year, who=ground.person(email=""))
        key = ground.cohort(programme, year).id
        db.session.commit()
        _open("cohort", key, by)
        db.session.expire_all()
        with transaction():
            before = len(count_queries)
            assert len(list(ops.make_slips(groups.group("cohort", key), everybody=True, by=by, today=clock.today(), now=clock.now()))) == count
            asked.append(len(count_queries) - before)
    assert (asked[1] - asked[0]) / 10 <= 6, asked


@pytest.mark.parametrize("address", ["", "/job", "/slips"])
def test_the_pages_are_guarded(app: Flask, programme: Programme, address: str) -> None:
    key, other = _cohort(programme, 1), ground.programme()
    db.session.commit()
    client = _client(app, _admin(other))
    url = f"/accounts/groups/cohort/{key}{address}"
    assert (client.post(url) if address == "/slips" else client.get(url)).status_code == 403
    assert client.post(f"/accounts/groups/cohort/{key}").status_code == 403
    assert client.get("/accounts/groups/cohort/999999").status_code == 404
    assert client.get("/accounts/groups/nothing/1").status_code == 404
    assert str(key) not in [row.split('"')[0] for row in client.get("/accounts/groups/").text.split("/accounts/groups/cohort/")[1:]]


def test_the_check_asks_as_much_for_many_as_for_few(app: Flask, programme: Programme, count_queries: list[str]) -> None:
    by, key = _admin(programme), _cohort(programme, 1)
    db.session.commit()
    client, asked = _client(app, by), []
    for more in (0, 30):
        _cohort(programme, more, email="")
        db.session.commit()
        db.session.expire_all()
        count_queries.clear()
        assert client.get(f"/accounts/groups/cohort/{key}").status_code == 200
        asked.append(len(count_queries))
    assert asked[0] == asked[1]


def _run(app: Flask, *args: str) -> Result:
    return CliRunner().invoke(main, ["accounts", "open", *args], obj={"create_app": lambda: app})


def test_the_command(app: Flask, programme: Programme, tmp_path: Path) -> None:
    _cohort(programme, 2)
    ground.student(programme, year=2026, who=ground.person(email="nobody"[:3] + "@example.cn"))
    db.session.commit()
    file, cohort = tmp_path / "slips.csv", f"{programme.code}/2026"
    file.write_text("before")
    tried = json.loads(_run(app, "--cohort", cohort, "--dry-run", "--json").stdout)
    assert (tried["opened"], tried["invited"], tried["without_email"], tried["dry_run"]) == (3, 1, 2, True)
    assert db.session.scalar(select(func.count()).select_from(Account)) == 0
    done = json.loads(_run(app, "--cohort", cohort, "--slips", str(file), "--json").stdout)
    assert (done["opened"], done["had_account"], done["slips"], done["not_opened"]) == (3, 0, 2, [])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text("utf-8-sig").count("/link/") == 2
    again = json.loads(_run(app, "--cohort", cohort, "--json").stdout)
    assert (again["opened"], again["had_account"], again["without_email"]) == (0, 3, 2)
    assert "此前已有账号 3 人" in _run(app, "--cohort", cohort).stdout
    assert json.loads(_run(app, "--cohort", "P/26", "--json").stdout)["error"]["code"] == "unknown_group"
    assert _run(app, "--cohort", cohort, "--mentors", "X").exit_code == 2
    assert _run(app).exit_code == 2


@pytest.mark.database
def test_two_open_one_cohort_at_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        programme = ground.programme()
        key = _cohort(programme, 2)
        ids = [make.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id).id for _n in range(2)]

    def opener(by_id: int) -> Callable[[], object]:
        def act() -> None:
            group = groups.group("cohort", key)
            by = queries.identity_of(by_id, today=clock.today())
            # Both read the list before either wrote: the second meets what the first opened.
            for one in groups.source("cohort").members(group, clock.today()):
                ops.open_member(group, one, role=Role.STUDENT, by=by, today=clock.today(), now=clock.now())

        return act

    assert together(committed, opener(ids[0]), opener(ids[1])) == ["", "account_exists"]
    with committed.app_context():
        assert _open("cohort", key, SYSTEM)["had_account"] == 2
        assert db.session.scalar(select(func.count()).select_from(LoginName).where(LoginName.kind == LoginKind.STUDENT_NO)) == 2


@pytest.mark.database
def test_a_cohort_of_three_hundred(committed: Flask) -> None:
    told: list[tuple[int, int]] = []
    with committed.app_context():
        with transaction():
            programme = ground.programme()
            key = _cohort(programme, 300, id_type=None)
        group = groups.group("cohort", key)
        result = tasks.open_listed(group, Role.STUDENT, by=SYSTEM, tell=lambda done, total: told.append((done, total)))
        assert (result["opened"], result["not_opened"]) == (300, 0)
        assert told[0] == (0, 300)
        assert told[-1] == (300, 300)
        with transaction():
            made = list(ops.make_slips(group, everybody=False, by=SYSTEM, today=clock.today(), now=clock.now()))
        assert len({slip.link for slip in made}) == 300


def test_the_slips_of_a_long_list_are_made_in_parts_and_the_page_says_so(
    app: Flask, programme: Programme, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(opening_many, "MOST_SLIPS", 2)
    by, key = _admin(programme), _cohort(programme, 5)
    db.session.commit()
    _open("cohort", key, by)
    client, url = _client(app, by), f"/accounts/groups/cohort/{key}"
    page = client.get(url).text
    for words in ("名单第 1–2 位（2 人尚未启用）", "名单第 3–4 位（2 人尚未启用）", "名单第 5–5 位（1 人尚未启用）"):
        assert words in page
    links = set()
    for sheet, count in ((0, 2), (1, 2), (2, 1)):
        printed = client.post(f"{url}/slips", data={"form": "print", "whom": "all", "sheet": str(sheet)}).text
        assert printed.count('class="slip"') == count
        links |= {part.split("<")[0] for part in printed.split("<code>")[1:]}
    assert len(links) == 5  # nobody twice, nobody left out
    file = tmp_path / "slips.csv"
    assert json.loads(_run(app, "--cohort", f"{programme.code}/2026", "--slips", str(file), "--json").stdout)["slips"] == 5


def test_the_page_of_lists_counts_the_account_of_a_merged_human_as_the_page_of_one_list_does(app: Flask, programme: Programme) -> None:
    """Who was merged into somebody with an account has one: on the page of lists as on the page of the list, for students, teachers and mentors."""
    by = _admin(programme, Role.UNIVERSITY_ADMIN)
    first, second = ground.person(), ground.person()
    make.account(person=first).state = AccountState.DELETED  # the closed one keeps the account of the other where it is
    make.account(person=second)
    ground.student(programme, year=2026, who=second)
    ground.teacher(of=programme, who=second)
    ground.merge(first, second)
    db.session.commit()
    today = clock.today()
    for kind in ("cohort", "teachers"):
        ((key, *_words, members, accounts),) = db.session.execute(groups.sources()[kind].listing(by, "", today)).all()
        having = [one for one in ops.members_of(groups.group(kind, key), today=today) if one.account_id is not None]
        assert (members, accounts) == (1, len(having)) == (1, 1)
