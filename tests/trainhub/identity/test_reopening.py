"""Who had an account that was closed can have one again, and nothing but that undoes a closing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import groups, queries
from trainhub.identity import operations as ops
from trainhub.identity.models import Account, Consent
from trainhub.identity.operations import AccountRefused
from trainhub.identity.tasks import open_listed
from trainhub.identity.types import AccountState, LoginKind, RequestKind, RequestState
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.notifications import queries as notices
from trainhub.notifications.operations import notify
from trainhub.people.models import Person

TODAY = make.NOW.date()
LATER = make.NOW + timedelta(days=400)


def closed(who: Person, **more: object) -> Account:
    account = make.account(person=who, username="lin", password=make.PASSWORD, roles=(Role.SYSTEM_ADMIN,))
    account.last_sign_in_at = make.NOW
    ops.close_account(account=account, by=SYSTEM, now=make.NOW)
    return account


def reopen(who: Person, by: Identity = SYSTEM) -> Account:
    wish = ops.NewAccount(role=Role.TRAINEE, email="new@example.edu.cn", organisation_id=ground.enterprise().id)
    return ops.open_account(wish=wish, person=who, by=by, today=LATER.date(), now=LATER)[0]


def test_who_had_an_account_gets_it_back_empty(session: Session) -> None:
    who = ground.person("林晓彤")
    before = closed(who)
    before.handled_at, before.handled_by_id = make.NOW, 1
    who.name = "林晓桐"
    account = reopen(who)
    assert (account.id, account.state, account.display_name) == (before.id, AccountState.INVITED, "林晓桐")
    assert [(one.kind, one.value) for one in queries.login_names(account.id)] == [(LoginKind.EMAIL, "new@example.edu.cn")]
    assert [one.role for one in queries.stored_grants(account.id, today=LATER.date()) if one.ended_at is None] == [Role.TRAINEE]
    assert (account.handled_at, account.handled_by_id, account.wants_email) == (None, None, True)
    session.expire_all()
    assert all(one.withdrawn_at is not None for one in session.scalars(select(Consent).where(Consent.account_id == account.id)))
    assert account.id not in queries.unused_accounts(before=LATER - timedelta(days=1), now=LATER, today=TODAY, uses=[], after=0, limit=9)


def test_an_account_is_taken_up_once(session: Session) -> None:
    who = ground.person()
    closed(who)
    reopen(who)
    with pytest.raises(AccountRefused) as refused:
        reopen(who)
    assert refused.value.code == "account_exists"


def test_taking_up_is_written_down(app: Flask) -> None:
    with app.app_context():
        with transaction():
            who = ground.person()
            account_id = closed(who).id
        with transaction() as current:
            reopen(current.get_one(Person, who.id))
        with transaction() as current:
            did = list(current.scalars(select(AuditEvent.did).where(AuditEvent.on_kind == "account", AuditEvent.on_id == str(account_id))))
    assert "identity.account.reopened" in did


@pytest.mark.parametrize("verb", ["disable", "enable", "grant", "login", "invite"])
def test_a_closed_account_is_changed_by_nothing_else(session: Session, verb: str) -> None:
    account = closed(ground.person())
    verbs = {
        "disable": lambda: ops.disable(account=account, by=SYSTEM, today=TODAY, now=LATER, reason="x"),
        "enable": lambda: ops.enable(account=account, by=SYSTEM, today=TODAY),
        "grant": lambda: ops.grant_role(account=account, role=Role.SYSTEM_ADMIN, by=SYSTEM, today=TODAY, now=LATER),
        "login": lambda: ops.add_login(account=account, kind=LoginKind.USERNAME, value="lin2", by=SYSTEM, now=LATER),
        "invite": lambda: ops.invite(account=account, by=SYSTEM, today=TODAY, now=LATER),
    }
    with pytest.raises(AccountRefused) as refused:
        verbs[verb]()
    assert (refused.value.code, account.state) == ("account_closed", AccountState.DELETED)


def test_the_pages_offer_to_open_it_again(app: Flask) -> None:
    with app.app_context(), transaction():
        who = ground.person("林晓彤")
        account_id, person_id = closed(who).id, who.id
    admin = make.signed_in_client(app, Role.SYSTEM_ADMIN)
    page = admin.get(f"/accounts/{account_id}").text
    assert "重新开通账号" in page
    assert all(words not in page for words in ("停用与恢复", "授予角色", "更改登录名"))
    assert "重新开通账号" in admin.get(f"/people/persons/{person_id}").text
    assert admin.post(f"/accounts/{account_id}/disable", data={"reason": "x"}).status_code == 422
    form = {"name": "林晓彤", "username": "lin", "role": "auditor"}
    assert admin.post(f"/accounts/new?person={person_id}", data=form).status_code == 200
    with app.app_context():
        assert queries.account(account_id).state is AccountState.INVITED


@pytest.mark.parametrize(("is_asked", "opened"), [(False, 1), (True, 0)])
def test_a_list_opens_what_time_closed_and_not_what_its_holder_had_deleted(session: Session, is_asked: bool, opened: int) -> None:
    student = ground.student(year=2026)
    who = session.get_one(Person, student.person_id)
    account = make.account(person=who)
    if is_asked:
        row = ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=make.NOW)
        ops.decide_request(row=row, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=make.NOW, closes_account=True)
    else:
        ops.close_account(account=account, by=SYSTEM, now=make.NOW)
    session.commit()
    group = groups.group("cohort", student.cohort_id)
    (member,) = ops.members_of(group, today=TODAY)
    assert (member.is_due, member.why) == (not is_asked, groups.Why.CLOSED if is_asked else None)
    assert open_listed(group, Role.STUDENT, by=SYSTEM, tell=lambda _done, _total: None)["opened"] == opened


def test_a_granted_deletion_closes_every_account_of_the_human(session: Session) -> None:
    one, other = ground.person("林晓彤"), ground.person("林晓彤")
    first, second = make.account(person=one), make.account(person=other)
    ground.merge(one, other)
    row = ops.ask_about_data(account=session.get_one(Account, first.id), kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=make.NOW)
    ops.decide_request(row=row, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=make.NOW, closes_account=True)
    assert {session.get_one(Account, key.id).state for key in (first, second)} == {AccountState.DELETED}


@pytest.mark.parametrize("kind", list(RequestKind))
def test_a_request_that_closed_nothing_keeps_no_list_from_opening(session: Session, kind: RequestKind) -> None:
    """A part was deleted, or a fact corrected, and the account stayed; later it was closed for want of use."""
    student = ground.student(year=2026)
    account = make.account(person=session.get_one(Person, student.person_id))
    row = ops.ask_about_data(account=account, kind=kind, text="请处理", by=SYSTEM, now=make.NOW)
    ops.decide_request(row=row, state=RequestState.DONE, answer="已处理", by=SYSTEM, now=make.NOW)
    ops.close_account(account=account, by=SYSTEM, now=make.NOW)
    (member,) = ops.members_of(groups.group("cohort", student.cohort_id), today=TODAY)
    assert (member.is_due, member.why) == (True, None)


def test_who_came_back_is_opened_by_a_list_again(session: Session) -> None:
    """The deletion that was asked for was of the time before: what time closed since, a list opens."""
    student = ground.student(year=2026)
    who = session.get_one(Person, student.person_id)
    account = make.account(person=who)
    row = ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=make.NOW)
    ops.decide_request(row=row, state=RequestState.DONE, answer="已删除", by=SYSTEM, now=make.NOW, closes_account=True)
    later = make.NOW + timedelta(days=9)
    again = ops.create_account(person=who, display_name=who.name, by=SYSTEM, now=later)
    assert again.id == account.id
    ops.close_account(account=again, by=SYSTEM, now=later)
    (member,) = ops.members_of(groups.group("cohort", student.cohort_id), today=TODAY)
    assert (member.is_due, member.why) == (True, None)


def test_nothing_that_was_told_before_is_shown_after_reopening(app: Flask, session: Session) -> None:
    who = ground.person("林晓彤")
    account = make.account(person=who)
    notify(account_ids=[account.id], kind="test", message="从前的消息", now=make.NOW, unique_key="a")
    ops.close_account(account=account, by=SYSTEM, now=make.NOW)
    ops.create_account(person=who, display_name=who.name, by=SYSTEM, now=make.NOW + timedelta(days=1))
    account.state = AccountState.ACTIVE
    notify(account_ids=[account.id], kind="test", message="现在的消息", now=make.NOW + timedelta(days=2), unique_key="b")
    session.flush()
    told = [row.message for row in session.execute(notices.notices_of(account.id))]
    assert told == [row.message for row in notices.notices_told(account.id)] == ["现在的消息"]
    assert queries.identity_of(account.id, today=TODAY).unread == 1


def test_nothing_that_waited_is_sent_to_the_new_address(session: Session) -> None:
    who = ground.person("林晓彤", email="new@example.edu.cn")
    account = make.account(person=who)
    notify(account_ids=[account.id], kind="test", message="从前的消息", now=make.NOW, unique_key="a")
    ops.close_account(account=account, by=SYSTEM, now=make.NOW)
    ops.create_account(person=who, display_name=who.name, by=SYSTEM, now=LATER)
    notify(account_ids=[account.id], kind="test", message="现在的消息", now=LATER, unique_key="b")
    session.flush()
    assert [row.message for row in notices.waiting_notices(LATER, 10)] == ["现在的消息"]
