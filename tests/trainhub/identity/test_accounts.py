"""Administration inside one's own scope: who sees whom, who gives what, links, disabling."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from tests.factories.remembering import remembered
from trainhub.identity import delivery, queries
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, RoleGrant
from trainhub.identity.permissions import Can
from trainhub.identity.types import AccountState, Channel, LoginKind
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Identity, Role, may
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import NotFound
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import StudentState
from trainhub.policy.book import book

TODAY = make.NOW.date()


def _identity(account: Account) -> Identity:
    return queries.identity_of(account.id, today=TODAY)


@pytest.fixture
@remembered
def two(session: Session) -> dict[str, Any]:
    """Two universities with an administrator, a teacher and a student each."""
    made: dict[str, Any] = {}
    for key in ("a", "b"):
        university = ground.university()
        programme = ground.programme(university)
        made[key] = university
        made[f"{key}_programme"] = programme
        made[f"{key}_admin"] = make.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=university.id)
        made[f"{key}_teacher"] = make.account(person=session.get_one(Person, ground.teacher(university).person_id))
        made[f"{key}_student"] = make.account(person=session.get_one(Person, ground.student(programme).person_id))
    session.commit()
    made["system"] = make.account(roles=(Role.SYSTEM_ADMIN,))
    made["edu"] = make.account(roles=(Role.DEPT_EDU,))
    session.commit()
    return made


def _seen(by: Account) -> set[int]:
    return set(db.session.scalars(select(Account.id).where(queries.visible_to(_identity(by), today=TODAY))))


def test_a_university_sees_its_own_people(two: dict[str, Any]) -> None:
    assert _seen(two["a_admin"]) == {two["a_admin"].id, two["a_teacher"].id, two["a_student"].id}
    assert two["b_student"].id in _seen(two["system"])
    assert _seen(two["a_student"]) == {two["a_student"].id}


def test_the_list_and_the_guard_agree(two: dict[str, Any]) -> None:
    accounts = [value for value in two.values() if isinstance(value, Account)]
    prefecture = make.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100")
    programme = make.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=two["a_programme"].id)
    for by in (*accounts, prefecture, programme):
        identity = _identity(by)
        allowed = {a.id for a in accounts if may(identity, Can.ACCOUNT_VIEW, queries.subject_of_account(a.id, today=TODAY))}
        assert _seen(by) & {a.id for a in accounts} == allowed, identity.roles


def _give(by: Account, to: Account, role: Role, **scope: Any) -> RoleGrant:
    return ops.grant_role(account=to, role=role, by=_identity(by), today=TODAY, now=make.NOW, **scope)


def test_grants_inside_the_scope(two: dict[str, Any]) -> None:
    grant = _give(two["a_admin"], two["a_teacher"], Role.LECTURER, organisation_id=two["a"].id)
    assert _give(two["a_admin"], two["a_teacher"], Role.LECTURER, organisation_id=two["a"].id) is grant
    assert _give(two["a_admin"], two["a_teacher"], Role.PROGRAMME_ADMIN, programme_id=two["a_programme"].id).programme_id
    ops.end_grant(grant_id=grant.id, account=two["a_teacher"], by=_identity(two["a_admin"]), now=make.NOW)
    assert Role.LECTURER not in _identity(two["a_teacher"]).roles
    assert _give(two["a_admin"], two["a_teacher"], Role.LECTURER, organisation_id=two["a"].id).id != grant.id


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.LECTURER, {"organisation_id": "b"}),
        (Role.UNIVERSITY_ADMIN, {"organisation_id": "b"}),
        (Role.PROGRAMME_ADMIN, {"programme_id": "b_programme"}),
        (Role.ENTERPRISE_COORDINATOR, {"organisation_id": "a"}),
        (Role.AUDITOR, {"organisation_id": "a"}),
        (Role.PREFECTURE_OPERATOR, {"region_code": "350100"}),
        (Role.SYSTEM_ADMIN, {}),
        (Role.DEPT_EDU, {}),
    ],
)
def test_nobody_grants_above_their_scope(two: dict[str, Any], role: Role, scope: dict[str, str]) -> None:
    given = {key: two[value].id if value in two else value for key, value in scope.items()}
    with pytest.raises(ops.GrantRefused) as refused:
        _give(two["a_admin"], two["a_admin"], role, **given)
    assert refused.value.code == "above_own_scope"
    assert len(queries.stored_grants(two["a_admin"].id, today=TODAY)) == 1


def test_a_role_needs_its_kind_of_scope(two: dict[str, Any]) -> None:
    for role, scope in ((Role.MENTOR, {}), (Role.SYSTEM_ADMIN, {"organisation_id": two["a"].id}), (Role.PREFECTURE_OPERATOR, {})):
        with pytest.raises(ops.GrantRefused) as refused:
            _give(two["system"], two["a_teacher"], role, **scope)
        assert refused.value.code == "scope_wrong"
    with pytest.raises(ops.GrantRefused):
        _give(two["system"], two["a_teacher"], Role.EXPERT, organisation_id=two["a"].id, region_code="350100")
    with pytest.raises(NotFound):
        _give(two["system"], two["a_teacher"], Role.EXPERT, organisation_id=10**9)
    with pytest.raises(ops.GrantRefused):
        _give(two["system"], two["a_teacher"], Role.DEPT_HR, until=TODAY - timedelta(days=1))
    assert _give(two["system"], two["a_teacher"], Role.DEPT_HR, until=TODAY).until == TODAY


def test_an_expert_belongs_to_a_group_of_experts_never_to_what_is_judged(two: dict[str, Any]) -> None:
    """A grant over the province, a school or a programme would outlast every visit; the assignment opens what an expert judges."""
    with pytest.raises(ops.GrantRefused) as everywhere:
        _give(two["system"], two["a_teacher"], Role.EXPERT)
    assert everywhere.value.code == "scope_wrong"
    with pytest.raises(ops.GrantRefused) as school:
        _give(two["system"], two["a_teacher"], Role.EXPERT, organisation_id=two["a"].id)
    assert school.value.code == "expert_home"
    assert "考查" in str(school.value)
    for kind in (OrganisationKind.ASSOCIATION, OrganisationKind.EVALUATOR, OrganisationKind.EXPERT_GROUP):
        home = ground.organisation(kind)
        assert _give(two["system"], two["a_teacher"], Role.EXPERT, organisation_id=home.id).organisation_id == home.id


def test_an_account_above_ones_scope_is_left_alone(two: dict[str, Any]) -> None:
    """A teacher of the university who is also an administrator of the system: the university may not take over the account."""
    _give(two["system"], two["a_teacher"], Role.SYSTEM_ADMIN)
    by = _identity(two["a_admin"])
    for act in (
        lambda: ops.reset_link(account=two["a_teacher"], by=by, today=TODAY, now=make.NOW),
        lambda: ops.disable(account=two["a_teacher"], by=by, today=TODAY, now=make.NOW, reason="x"),
        lambda: ops.unlock(account=two["a_teacher"], by=by, today=TODAY),
        lambda: ops.reset_totp(account=two["a_teacher"], by=by, today=TODAY, now=make.NOW),
    ):
        with pytest.raises(ops.GrantRefused):
            act()
    ops.unlock(account=two["a_student"], by=by, today=TODAY)


def test_a_role_that_begins_tomorrow_is_above_ones_scope_today(two: dict[str, Any]) -> None:
    _give(two["system"], two["a_teacher"], Role.SYSTEM_ADMIN, since=TODAY + timedelta(days=1))
    with pytest.raises(ops.GrantRefused):
        ops.reset_link(account=two["a_teacher"], by=_identity(two["a_admin"]), today=TODAY, now=make.NOW)
    grant = _give(two["system"], two["a_student"], Role.SYSTEM_ADMIN, until=TODAY)
    with pytest.raises(ops.GrantRefused):
        ops.reset_link(account=two["a_student"], by=_identity(two["a_admin"]), today=TODAY, now=make.NOW)
    tomorrow = make.NOW + timedelta(days=1)
    ops.reset_link(account=two["a_student"], by=_identity(two["a_admin"]), today=TODAY + timedelta(days=1), now=tomorrow)
    assert grant.ended_at is None


def test_a_role_given_again_takes_over_the_days(app: Flask, two: dict[str, Any]) -> None:
    scope = {"organisation_id": two["a"].id}
    first = _give(two["a_admin"], two["a_teacher"], Role.LECTURER, until=TODAY + timedelta(days=30), **scope)
    longer = _give(two["a_admin"], two["a_teacher"], Role.LECTURER, until=TODAY + timedelta(days=400), **scope)
    assert (longer.id, longer.until) == (first.id, TODAY + timedelta(days=400))
    earlier = _give(two["a_admin"], two["a_teacher"], Role.LECTURER, since=TODAY - timedelta(days=9), until=TODAY + timedelta(days=5), **scope)
    assert (earlier.id, earlier.since, earlier.until) == (first.id, TODAY - timedelta(days=9), TODAY + timedelta(days=5))
    later = _give(two["a_admin"], two["a_teacher"], Role.LECTURER, since=TODAY + timedelta(days=6), **scope)
    assert later.id != first.id
    assert first.until == TODAY + timedelta(days=5)
    with transaction() as current:
        audit.write_pending(current)
    told = db.session.scalars(select(AuditEvent.did).where(AuditEvent.on_id == str(two["a_teacher"].id), AuditEvent.on_kind == "account")).all()
    assert told.count("identity.role.changed") == 2
    assert told.count("identity.role.granted") == 2


def test_nobody_ends_their_own_administration(two: dict[str, Any]) -> None:
    """The last one would be a system that nobody can open again but by its shell."""
    own, other = _identity(two["system"]), make.account(roles=(Role.SYSTEM_ADMIN,))
    held = session_grant(two["system"])
    for until in (TODAY, TODAY + timedelta(days=30)):
        with pytest.raises(ops.GrantRefused, match="另一位管理员"):
            ops.grant_role(account=two["system"], role=Role.SYSTEM_ADMIN, by=own, today=TODAY, now=make.NOW, until=until)
    with pytest.raises(ops.GrantRefused, match="另一位管理员"):
        ops.end_grant(grant_id=held.id, account=two["system"], by=own, now=make.NOW)
    assert held.ended_at is None
    ops.end_grant(grant_id=held.id, account=two["system"], by=_identity(other), now=make.NOW)
    assert held.ended_at == make.NOW


def session_grant(account: Account) -> RoleGrant:
    """The one role of an account."""
    return db.session().scalars(select(RoleGrant).where(RoleGrant.account_id == account.id)).one()


def test_a_link_ends_when_its_maker_could_not_give_the_new_role(app: Flask, client: FlaskClient, two: dict[str, Any]) -> None:
    """The university was shown the link: after the account became more than it may give, the link would be a way up."""
    university, system = make.sign_in(app, two["a_admin"]), make.sign_in(app, two["system"])
    path = f"/accounts/{two['a_teacher'].id}"
    link = _link(university.post(f"{path}/link").text)
    form = {"role": "lecturer", "organisation_id": str(two["a"].id), "programme_id": "", "region_code": ""}
    assert system.post(f"{path}/grants", data=form).status_code == 303
    assert client.get(link).status_code == 200  # the university could have given this role itself
    assert system.post(f"{path}/grants", data=form | {"role": "dept_edu", "organisation_id": ""}).status_code == 303
    assert "已失效" in system.get(path).text
    assert "过期" in client.get(link).text
    assert _set(client, link).status_code == 422
    own = _link(system.post(f"{path}/link").text)
    assert system.post(f"{path}/grants", data=form | {"role": "inspector", "organisation_id": ""}).status_code == 303
    assert client.get(own).status_code == 200


def test_pages_of_other_universities_are_closed(app: Flask, two: dict[str, Any]) -> None:
    client = make.sign_in(app, two["a_admin"])
    for path in ("grants", "link", "unlock", "disable", "enable", "second-factor/remove"):
        assert client.post(f"/accounts/{two['b_student'].id}/{path}").status_code == 403, path
    assert client.get(f"/accounts/{two['b_student'].id}").status_code == 403
    assert client.get(f"/accounts/{two['a_student'].id}").status_code == 200
    assert make.sign_in(app, two["a_student"]).get(f"/accounts/{two['a_teacher'].id}").status_code == 403


def test_granting_over_the_page(app: Flask, two: dict[str, Any]) -> None:
    client = make.sign_in(app, two["a_admin"])
    path = f"/accounts/{two['a_teacher'].id}"
    form = {"role": "lecturer", "organisation_id": str(two["a"].id), "programme_id": "", "region_code": ""}
    assert client.post(f"{path}/grants", data=form).location == path
    assert client.post(f"{path}/grants", data=form | {"role": "system_admin", "organisation_id": ""}).status_code == 422
    assert client.post(f"{path}/grants", data=form | {"organisation_id": str(two["b"].id)}).status_code == 422
    grant = queries.stored_grants(two["a_teacher"].id, today=date.max)[0]
    assert client.post(f"{path}/grants/{grant.id}/end").status_code == 303
    assert client.post(f"{path}/grants/{grant.id}/end").status_code == 303
    assert client.post(f"/accounts/{two['a_student'].id}/grants/{grant.id}/end").status_code == 404


def test_disable_and_enable(app: Flask, two: dict[str, Any]) -> None:
    victim, admin = make.sign_in(app, two["a_teacher"]), make.sign_in(app, two["a_admin"])
    path = f"/accounts/{two['a_teacher'].id}"
    assert victim.get("/account").status_code == 200
    admin.post(f"{path}/disable", data={"reason": ""})
    assert victim.get("/account").status_code == 200
    admin.post(f"{path}/disable", data={"reason": "离职"})
    assert victim.get("/account").status_code == 303
    assert "恢复使用" in admin.get(path).text
    admin.post(f"{path}/enable")
    assert db.session.get_one(Account, two["a_teacher"].id).state is AccountState.INVITED  # it never had a password
    assert admin.post(f"/accounts/{two['a_admin'].id}/disable", data={"reason": "x"}).status_code == 422


# -- opening, links -----------------------------------------------------------------------------------------------------


def _link(text: str) -> str:
    return "/link/" + text.split("/link/")[1].split("<")[0].split('"')[0].split()[0]


def _set(client: FlaskClient, link: str, password: str = make.PASSWORD) -> Any:
    return client.post(link, data={"password": password, "again": password})


def test_open_invite_and_enter(app: Flask, client: FlaskClient, two: dict[str, Any]) -> None:
    admin = make.sign_in(app, two["a_admin"])
    form = {
        "name": "林晓彤",
        "username": "lin",
        "email": "lin@example.edu.cn",
        "role": "lecturer",
        "organisation_id": str(two["a"].id),
        "submission_key": "k1",
    }
    assert admin.post("/accounts/new", data=form | {"username": "", "email": ""}).status_code == 422
    misfit = admin.post("/accounts/new", data=form | {"role": "programme_admin"})  # over an organisation, where a programme is needed
    assert misfit.status_code == 422
    assert 'id="programme_id-error"' in misfit.text
    assert admin.post("/accounts/new", data=form | {"role": "system_admin", "organisation_id": ""}).status_code in (403, 422)
    answer = admin.post("/accounts/new", data=form)
    assert answer.status_code == 200
    link = _link(answer.text)
    assert admin.post("/accounts/new", data=form).location == "/accounts/"  # a double click makes nothing new
    assert len(db.session.scalars(select(Account).where(Account.display_name == "林晓彤")).all()) == 1
    assert "lin@example.edu.cn" in client.get(link).text
    assert _set(client, link, "short").status_code == 422
    assert _set(client, link, "lin@example.edu.cn-1").status_code == 422
    assert client.post(link, data={"password": make.PASSWORD, "again": "x"}).status_code == 422
    assert _set(client, link).location == "/login"
    assert "已经用过" in client.get(link).text
    assert _set(client, link).status_code == 422
    assert client.post("/login", data={"username": "lin@example.edu.cn", "password": make.PASSWORD}).status_code == 303
    login = queries.login_name(LoginKind.EMAIL, "lin@example.edu.cn")
    assert login is not None
    assert login.verified_at is not None


def test_open_for_a_known_person(app: Flask, two: dict[str, Any]) -> None:
    person = ground.teacher(two["a"]).person_id
    foreign = ground.teacher(two["b"]).person_id
    db.session.commit()
    admin = make.sign_in(app, two["a_admin"])
    assert admin.get(f"/accounts/new?person={person}").status_code == 200
    assert admin.get(f"/accounts/new?person={foreign}").status_code == 403
    assert admin.get("/accounts/new?person=999999").status_code == 404
    form = {"username": "teacher9", "role": "lecturer", "organisation_id": str(two["a"].id)}
    assert admin.post(f"/accounts/new?person={person}", data=form).status_code == 200
    assert "已有账号" in admin.post(f"/accounts/new?person={person}", data=form | {"username": "teacher10"}).text


def test_the_page_of_a_person_leads_to_their_account(app: Flask, client: FlaskClient, two: dict[str, Any]) -> None:
    student = ground.student(two["a_programme"])
    teacher = ground.teacher(two["a"])
    db.session.commit()
    admin, foreign, system = (make.sign_in(app, two[key]) for key in ("a_admin", "b_admin", "system"))
    pages = (f"/people/students/{student.id}", f"/people/teachers/{teacher.id}")
    for path, person in zip(pages, (student.person_id, teacher.person_id), strict=True):
        assert f'href="/accounts/new?person={person}"' in admin.get(path).text
        assert f'href="/accounts/new?person={person}"' in system.get(f"/people/persons/{person}").text
        assert "/accounts/new" not in foreign.get(path).text
    address, form = f"/accounts/new?person={student.person_id}", {"role": "student", "organisation_id": str(two["a"].id)}
    assert student.student_no in admin.get(address).text  # the form says by what a student signs in
    answer = admin.post(address, data=form)  # no other name is needed
    assert answer.status_code == 200
    assert _set(client, _link(answer.text)).location == "/login"
    assert client.post("/login", data={"username": student.student_no, "password": make.PASSWORD}).status_code == 303
    account = queries.account_of_person(student.person_id)
    assert account is not None
    assert f'href="/accounts/{account.id}"' in admin.get(pages[0]).text
    assert "/accounts/new" not in admin.get(pages[0]).text


def test_an_account_opened_before_the_student_was_enrolled_gets_the_number(app: Flask, two: dict[str, Any]) -> None:
    student = ground.student(two["a_programme"])
    account = make.account(person=db.session.get_one(Person, student.person_id))
    db.session.commit()
    admin, system, page = make.sign_in(app, two["a_admin"]), make.sign_in(app, two["system"]), f"/accounts/{account.id}"
    assert f"{page}/numbers" in admin.get(page).text
    for who in (admin, system):  # twice changes nothing
        assert who.post(f"{page}/numbers").status_code == 303
    assert queries.login_name(LoginKind.STUDENT_NO, student.student_no.lower(), two["a"].code.lower()) is not None
    assert f"{page}/numbers" not in admin.get(page).text
    assert make.sign_in(app, two["b_admin"]).post(f"{page}/numbers").status_code == 403


def test_links_expire_and_replace_each_other(session: Session) -> None:
    account = make.account(password=make.PASSWORD)
    first = ops.reset_link(account=account, by=SYSTEM, today=TODAY, now=make.NOW).rsplit("/", 1)[1]
    second = ops.reset_link(account=account, by=SYSTEM, today=TODAY, now=make.NOW).rsplit("/", 1)[1]
    with pytest.raises(ops.LinkRefused, match="过期"):
        ops.open_link(token=first, now=make.NOW)
    ops.open_link(token=second, now=make.NOW + timedelta(minutes=30) - timedelta(seconds=1))
    with pytest.raises(ops.LinkRefused, match="重新申请"):
        ops.use_link(token=second, password="New-horse-99", origin="", now=make.NOW + timedelta(minutes=30))
    with pytest.raises(ops.LinkRefused, match="无效"):
        ops.open_link(token="nonsense", now=make.NOW)


def test_an_invitation_lasts_a_week(session: Session) -> None:
    account = ops.create_account(person=None, display_name="x", username="xyz", by=SYSTEM, now=make.NOW)
    token = ops.invite(account=account, by=SYSTEM, today=TODAY, now=make.NOW).rsplit("/", 1)[1]
    ops.open_link(token=token, now=make.NOW + timedelta(days=7, seconds=-1))
    with pytest.raises(ops.LinkRefused, match="邀请你的管理员"):
        ops.open_link(token=token, now=make.NOW + timedelta(days=7))
    ops.use_link(token=token, password=make.PASSWORD, origin="", now=make.NOW)
    with pytest.raises(ops.AccountRefused):
        ops.invite(account=account, by=SYSTEM, today=TODAY, now=make.NOW)


@pytest.mark.parametrize(("state", "page"), [("unknown", "/forgot"), ("used", "/login"), ("expired", "/forgot"), ("invitation", "")])
def test_a_dead_link_leads_to_the_page_that_helps(app: Flask, client: FlaskClient, state: str, page: str) -> None:
    with app.app_context(), transaction():
        university = ground.university(name="闽江示范大学")
        now = clock.now()
        then = now - timedelta(days=8)
        if state == "invitation":
            account = ops.create_account(person=None, display_name="x", username="xyz", by=SYSTEM, now=now)
            make.grant(account, Role.UNIVERSITY_ADMIN, organisation_id=university.id)
            token = ops.invite(account=account, by=SYSTEM, today=TODAY, now=then).rsplit("/", 1)[1]
        else:
            account = make.account(password=make.PASSWORD)
            token = ops.reset_link(account=account, by=SYSTEM, today=TODAY, now=then if state == "expired" else now).rsplit("/", 1)[1]
        if state == "used":
            ops.use_link(token=token, password="New-horse-99", origin="", now=now)
    answer = client.get(f"/link/{'nonsense' if state == 'unknown' else token}")
    assert answer.status_code == 422
    page_of_error = answer.text[answer.text.index("error-page") :]
    assert f'href="{page}"' in page_of_error if page else "闽江示范大学的管理员" in page_of_error


def test_the_link_of_a_disabled_account_is_dead(session: Session) -> None:
    account = make.account(password=make.PASSWORD)
    token = ops.reset_link(account=account, by=SYSTEM, today=TODAY, now=make.NOW).rsplit("/", 1)[1]
    ops.disable(account=account, by=SYSTEM, today=TODAY, now=make.NOW, reason="x")
    with pytest.raises(ops.LinkRefused, match="已停用"):
        ops.open_link(token=token, now=make.NOW)


def test_forgotten_password(app: Flask, client: FlaskClient) -> None:
    from trainhub.notifications.models import MailMessage

    with app.app_context():
        with transaction():
            make.account(username="lin", password=make.PASSWORD, logins=[(LoginKind.EMAIL, "lin@example.edu.cn", "")])
            make.account(username="chen", password=make.PASSWORD)
        answers = [client.post("/forgot", data={"username": name}) for name in ("lin", "chen", "nobody")]
        assert {(a.status_code, a.location) for a in answers} == {(303, "/login")}
        mails = db.session.scalars(select(MailMessage)).all()
        assert [mail.address for mail in mails] == ["lin@example.edu.cn"]
        text = mails[0].text
    assert _set(client, _link(text), "New-horse-99").location == "/login"
    assert client.post("/login", data={"username": "lin", "password": make.PASSWORD}).status_code == 422
    assert client.post("/login", data={"username": "lin", "password": "New-horse-99"}).status_code == 303


def test_who_signs_in_by_telephone_alone_gets_the_link_there(app: Flask, client: FlaskClient) -> None:
    """Only where text messages are sent, and only at a number that the account signs in by."""
    sent: list[tuple[str, str]] = []
    with app.app_context(), transaction():
        make.account(username="lin", password=make.PASSWORD, logins=[(LoginKind.PHONE, "13800138000", "")])
        make.account(username="chen", password=make.PASSWORD, person=ground.person(phone="13800138001"))
    names = ("lin", "chen", "nobody")
    without = [client.post("/forgot", data={"username": name}, follow_redirects=True).text for name in names]
    assert {("只登记了手机号的，请联系" in text, "短信" in text) for text in without} == {(True, False)}
    assert "只用手机号注册" in client.get("/forgot").text
    delivery.register_channel(app, Channel.SMS, lambda to, _subject, text, _now: sent.append((to, text)))
    try:
        assert "发短信到用来登录的手机号" in client.get("/forgot").text
        answers = [client.post("/forgot", data={"username": name}, follow_redirects=True).text for name in names]
        assert {"或以手机号登录，重置链接已经发出" in text for text in answers} == {True}
        assert [to for to, _text in sent] == ["13800138000"]
    finally:
        app.extensions["trainhub.channels"].pop(Channel.SMS)
    assert _set(client, _link(sent[0][1]), "New-horse-99").location == "/login"
    assert client.post("/login", data={"username": "13800138000", "password": "New-horse-99"}).status_code == 303
    with app.app_context():
        assert [one.verified_at is not None for one in queries.login_names(_account_id("lin")) if one.kind is LoginKind.PHONE] == [True]


def _account_id(username: str) -> int:
    found = queries.login_name(LoginKind.USERNAME, username)
    assert found is not None
    return found.account_id


def test_asking_too_often_waits(app: Flask, client: FlaskClient) -> None:
    answers = [client.post("/forgot", data={"username": "nobody"}) for _n in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    text = answers[-1].get_data(as_text=True)
    assert "申请重置密码的次数过多" in text
    assert "锁定" not in text  # who asked did not fail to sign in, and the account is open


def test_the_answer_names_the_minutes_of_the_policy(app: Flask, client: FlaskClient) -> None:
    minutes = book().at("own.reset_link.minutes", on=clock.today()).number
    assert f"请在{minutes}分钟内使用" in client.post("/forgot", data={"username": "nobody"}, follow_redirects=True).get_data(as_text=True)


# -- names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "scope"),
    [
        (LoginKind.USERNAME, "ab", ""),
        (LoginKind.USERNAME, "13800138000", ""),
        (LoginKind.PHONE, "12345", ""),
        (LoginKind.EMAIL, "no-at.example", ""),
        (LoginKind.EMAIL, "a@b", ""),
        (LoginKind.STUDENT_NO, "2023", ""),
    ],
)
def test_malformed_names(session: Session, kind: LoginKind, value: str, scope: str) -> None:
    with pytest.raises(ops.AccountRefused) as refused:
        ops.add_login(account=make.account(), kind=kind, value=value, scope=scope, by=SYSTEM, now=make.NOW)
    assert refused.value.field == kind.value


def test_a_name_belongs_to_one_account(session: Session) -> None:
    one = make.account(username="lin")
    assert ops.add_login(account=one, kind=LoginKind.USERNAME, value="LIN", by=SYSTEM, now=make.NOW).account_id == one.id
    with pytest.raises(ops.AccountRefused, match="已被另一个账号"):
        make.account(username="Lin")


def test_the_last_name_stays(session: Session) -> None:
    one = make.account()
    ops.add_login(account=one, kind=LoginKind.PHONE, value="13800138000", by=SYSTEM, now=make.NOW)
    first, second = queries.login_names(one.id)
    ops.remove_login(account=one, login_id=first.id, by=SYSTEM)
    with pytest.raises(ops.AccountRefused):
        ops.remove_login(account=one, login_id=second.id, by=SYSTEM)


def test_accounts_holding(session: Session) -> None:
    university = ground.university()
    one, two_, three = make.account(), make.account(), make.account()
    make.grant(one, Role.LECTURER, organisation_id=university.id)
    make.grant(two_, Role.LECTURER)
    make.grant(three, Role.LECTURER, organisation_id=university.id, until=date(2021, 1, 1))
    assert queries.accounts_holding(Role.LECTURER, organisation_id=university.id, today=TODAY) == [one.id]
    assert queries.accounts_holding(Role.LECTURER, organisation_id=university.id) == [one.id, three.id]
    assert {one.id, two_.id} <= set(queries.accounts_holding(Role.LECTURER, today=TODAY))


def _sealed(account: Account, by: Account) -> bool:
    """Whether whoever it is may do nothing that would let them in, or keep the holder out."""
    acts: tuple[Any, ...] = (
        lambda who: ops.reset_link(account=account, by=who, today=TODAY, now=make.NOW),
        lambda who: ops.give_login(account=account, kind=LoginKind.USERNAME, value="fremd", by=who, today=TODAY, now=make.NOW),
        lambda who: ops.reset_totp(account=account, by=who, today=TODAY, now=make.NOW),
        lambda who: ops.disable(account=account, by=who, today=TODAY, now=make.NOW, reason="试"),
    )
    refused = []
    for act in acts:
        try:
            with db.session.begin_nested() as saved:
                act(_identity(by))
                saved.rollback()
            refused.append(False)
        except ops.GrantRefused as told:
            refused.append(told.code in ("above_own_scope", "belongs_elsewhere"))
    assert len(set(refused)) == 1, refused
    return refused[0]


def test_an_enterprise_does_not_reset_its_trainee_who_studies_elsewhere(two: dict[str, Any]) -> None:
    """A list of students leaves an account as it is, so the role alone does not say where its holder belongs."""
    enterprise = ground.enterprise()
    coordinator = make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    who = ground.person()
    trainee = make.account(person=who, roles=(Role.TRAINEE,), organisation_id=enterprise.id)
    assert not _sealed(trainee, coordinator)
    student = ground.student(two["b_programme"], who=who)
    assert (_sealed(trainee, coordinator), _sealed(trainee, two["system"])) == (True, False)
    people.change_student(
        student=student, state=StudentState.WITHDRAWN, left_on=TODAY - timedelta(days=1), left_reason="转学", by=SYSTEM, now=make.NOW
    )
    assert _sealed(trainee, coordinator), "their records are the school's still"


def test_a_former_school_does_not_reset_the_student_of_another(two: dict[str, Any]) -> None:
    who = ground.person()
    ground.student(two["a_programme"], who=who, state=StudentState.GRADUATED, left_on=TODAY - timedelta(days=90))
    account = make.account(person=who, roles=(Role.STUDENT,), organisation_id=two["a"].id)
    assert not _sealed(account, two["a_admin"])
    ground.student(two["b_programme"], who=who)
    assert _sealed(account, two["a_admin"])


def test_a_teacher_of_another_school_and_both_accounts_of_one_human_are_out_of_reach(two: dict[str, Any]) -> None:
    stays, gone = ground.person("双一"), ground.person("双一")
    second = make.account(person=gone, roles=(Role.STUDENT,), organisation_id=two["a"].id)
    make.account(person=stays, roles=(Role.LECTURER,), organisation_id=two["b"].id)
    assert not _sealed(second, two["a_admin"])
    ground.merge(stays, gone)
    assert _sealed(second, two["a_admin"]), "it acts as the human who stays"
    who = ground.person()
    ground.student(two["a_programme"], who=who)
    account = make.account(person=who, roles=(Role.STUDENT,), organisation_id=two["a"].id)
    ground.teacher(two["b"], who=who, until=TODAY - timedelta(days=1))
    assert not _sealed(account, two["a_admin"])
    ground.teacher(two["b"], who=who)
    assert _sealed(account, two["a_admin"])


def test_the_department_resets_a_head_of_a_school_who_teaches_there(two: dict[str, Any]) -> None:
    who = ground.person()
    ground.teacher(two["a"], who=who)
    head = make.account(person=who, roles=(Role.UNIVERSITY_ADMIN,), organisation_id=two["a"].id)
    assert ops.reset_link(account=head, by=_identity(two["edu"]), today=TODAY, now=make.NOW)


def test_a_role_that_rests_is_told_nothing_and_found_by_no_filter(session: Session) -> None:
    """Its notices would go to who can do nothing about them."""
    enterprise = ground.enterprise()
    account = make.account(roles=(Role.ENTERPRISE_COORDINATOR, Role.MENTOR), organisation_id=enterprise.id)
    today, role = clock.today(), Role.ENTERPRISE_COORDINATOR

    def found() -> tuple[bool, bool, list[Role], bool]:
        filtered = queries.accounts_listing(queries.identity_of(admin.id, today=today), queries.AccountFilter(role=role), today=today)
        return (
            account.id in queries.holders_at([role], [enterprise.id], today=today),
            account.id in queries.accounts_holding(role, today=today, organisation_id=enterprise.id),
            queries.roles_and_logins([account.id], today=today)[0][account.id],
            account.id in [row.id for row in session.execute(filtered)],
        )

    admin = make.account(roles=(Role.SYSTEM_ADMIN,))
    assert found() == (True, True, [role, Role.MENTOR], True)
    enterprise.state = OrganisationState.CLOSED
    session.flush()
    assert found() == (False, False, [Role.MENTOR], False)
