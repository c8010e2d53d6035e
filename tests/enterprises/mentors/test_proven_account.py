"""An account that its own enterprise opened or reset signs nothing for a school until a code of a school has proven its holder once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations as works
from enterprises.capstones.machine import MACHINE, SIGNED
from enterprises.capstones.operations import _support as capstone_support
from enterprises.capstones.types import Action, SupervisorRole
from enterprises.mentors import accounts as proofs
from enterprises.mentors import proof_queries, proving
from enterprises.placements import operations, queries
from enterprises.placements.models import Term
from enterprises.placements.types import DayState, PlacementState
from tests import addresses
from tests.factories import capstones, ground
from tests.factories import enterprises as make
from tests.factories import identity as accounts
from tests.factories.identity import PASSWORD
from tests.factories.remembering import remembered
from trainhub.identity import operations as identity
from trainhub.identity import passwords
from trainhub.identity import queries as identities
from trainhub.identity.types import LinkPurpose, LoginKind
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import NotAllowed, Refused

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY
LATER = NOW + timedelta(hours=1)
NEW = "Only-mine-8"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def world(session: Session) -> SimpleNamespace:
    """A placement that runs, with a day that waits; the mentor has no account yet."""
    return _world()


@remembered
def _world() -> SimpleNamespace:
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, term = ground.programme(university), make.term(university=university)
        student = ground.student(programme, petoe_since=date(2023, 9, 1))
        person = ground.person(email="mentor@example.cn")
        mentor = make.mentor(enterprise=enterprise, person=person)
        row = make.started(student=student, position=make.position(enterprise=enterprise, terms=[term]), term=term, mentor=mentor)
        entry = operations.log_day(placement=row, on=TODAY, today=TODAY, by=SYSTEM, now=NOW)
        keeper = accounts.account(person=ground.person(), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
        head = accounts.account(person=ground.person(), roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
    return SimpleNamespace(
        university=university, enterprise=enterprise, programme=programme, student=student, person=person, mentor=mentor, row=row, entry=entry,
        keeper=keeper, head=head,
    )  # fmt: skip


def as_account(account: Any) -> Identity:
    return identities.identity_of(account.id, today=TODAY)


def opened_by(world: SimpleNamespace, by: Identity) -> Any:
    """The mentor's account, opened by somebody, its password set by whoever used the link."""
    wish = identity.NewAccount(role=Role.MENTOR, email="mentor@example.cn", organisation_id=world.enterprise.id)
    account, link = identity.open_account(wish=wish, person=world.person, by=by, today=TODAY, now=NOW)
    identity.use_link(token=link.rsplit("/", 1)[1], password=PASSWORD, origin="", now=NOW)
    return account


def confirm(world: SimpleNamespace, account: Any) -> int:
    return operations.decide_days(placement=world.row, days=[TODAY], is_approved=True, today=TODAY, by=as_account(account), now=LATER)


def test_the_coordinator_who_opened_the_account_of_a_mentor_confirms_nothing_with_it(world: SimpleNamespace) -> None:
    account = opened_by(world, as_account(world.keeper))
    with pytest.raises(NotAllowed) as refused:
        confirm(world, account)
    assert (refused.value.code, queries.day_entry(world.row.id, TODAY).state) == ("not_proven", DayState.PENDING)  # type: ignore[union-attr]


def test_what_the_province_or_a_school_opened_is_proven(world: SimpleNamespace) -> None:
    assert confirm(world, opened_by(world, SYSTEM)) == 1


def test_a_reset_by_the_enterprise_takes_the_proof_away(world: SimpleNamespace) -> None:
    account = opened_by(world, SYSTEM)
    identity.reset_link(account=account, by=as_account(world.keeper), today=TODAY, now=LATER)
    with pytest.raises(NotAllowed):
        confirm(world, account)


def head_of(world: SimpleNamespace) -> Identity:
    return as_account(world.head)


def code_for(world: SimpleNamespace, account: Any, by: Identity | None = None) -> str:
    (made,) = proofs.make_codes(account_ids=[account.id], by=by or head_of(world), now=NOW)
    return made.code


def test_a_code_of_the_school_proves_the_holder_once(world: SimpleNamespace) -> None:
    account = opened_by(world, as_account(world.keeper))
    assert [one.account_id for one in proof_queries.waiting(head_of(world))] == [account.id]
    proofs.prove(account=account, code=code_for(world, account), password=NEW, by=as_account(account), now=LATER)
    assert (confirm(world, account), proof_queries.waiting(head_of(world))) == (1, [])
    again = proofs.prove(account=account, code="", password=NEW, by=as_account(account), now=LATER)
    assert again.proven_at == LATER


def test_who_opened_it_keeps_no_way_in(world: SimpleNamespace) -> None:
    """Its sessions, its tokens, its password, its links and its address."""
    account = opened_by(world, as_account(world.keeper))
    session_of = identity.open_session(account=account, origin="", agent="", now=NOW, today=TODAY)
    identity.make_token(account=account, label="同步", scopes=["placements:"], days=30, by=as_account(account), now=NOW, today=TODAY)
    identity.add_login(account=account, kind=LoginKind.PHONE, value="13800138000", by=as_account(account), now=NOW)
    (foreign,) = (one.id for one in identities.login_names(account.id) if one.kind is LoginKind.EMAIL)
    code = code_for(world, account)
    with pytest.raises(Refused) as refused:
        proofs.prove(account=account, code=code, password=PASSWORD, by=as_account(account), now=LATER)
    assert (refused.value.field, proof_queries.is_unproven(as_account(account))) == ("password", True)
    proofs.prove(account=account, code=code, password=NEW, foreign=[foreign], by=as_account(account), now=LATER)
    assert session_of
    assert identities.open_sessions(account.id, LATER) == []
    assert [one.revoked_at for one in identities.api_tokens(account.id)] == [LATER]
    assert [one.kind for one in identities.login_names(account.id)] == [LoginKind.PHONE]
    before = identities.links_since(account.id, LinkPurpose.PASSWORD_RESET, NOW)
    identity.ask_reset(name="13800138000", origin="", now=LATER, today=TODAY)  # the person's file still has the address
    assert identities.links_since(account.id, LinkPurpose.PASSWORD_RESET, NOW) == before
    assert not passwords.is_password(account.password_hash, PASSWORD)


@pytest.mark.parametrize("way", ["reset", "factor", "address"])
def test_another_way_in_of_the_enterprise_asks_anew(world: SimpleNamespace, way: str) -> None:
    account = opened_by(world, as_account(world.keeper))
    proofs.prove(account=account, code=code_for(world, account), password=NEW, by=as_account(account), now=LATER)
    keeper, then = as_account(world.keeper), LATER + timedelta(minutes=1)
    match way:
        case "reset":
            identity.reset_link(account=account, by=keeper, today=TODAY, now=then)
        case "factor":
            identity.reset_totp(account=account, by=keeper, today=TODAY, now=then)
        case "address":
            identity.add_login(account=account, kind=LoginKind.PHONE, value="13800138000", by=keeper, now=then)
    assert proof_queries.is_unproven(as_account(account))
    with pytest.raises(Refused) as refused:  # nor does an old code hold
        proofs.prove(account=account, code="000000", password=f"{NEW}x", by=as_account(account), now=then)
    assert refused.value.code == "no_code"


def test_what_the_holder_and_schools_do_asks_nothing(world: SimpleNamespace) -> None:
    account = opened_by(world, as_account(world.keeper))
    proofs.prove(account=account, code=code_for(world, account), password=NEW, by=as_account(account), now=LATER)
    then = LATER + timedelta(minutes=1)
    identity.ask_reset(name="mentor@example.cn", origin="", now=then, today=TODAY)
    identity.add_login(account=account, kind=LoginKind.PHONE, value="13800138000", by=as_account(account), now=then)
    identity.reset_link(account=account, by=SYSTEM, today=TODAY, now=then)
    assert not proof_queries.is_unproven(as_account(account))


def test_five_wrong_codes_void_it_and_sixty_days_too(world: SimpleNamespace) -> None:
    account = opened_by(world, as_account(world.keeper))
    code = code_for(world, account)
    proof = proof_queries.proof_of(account.id)
    assert proof is not None
    for count in range(1, proving.TRIES + 1):
        assert proofs.is_known(account, code, now=NOW)
        proving.count_failure(link=proof)
        assert proof.failures == count
    assert not proofs.is_known(account, code, now=NOW)
    with pytest.raises(Refused) as refused:
        proofs.prove(account=account, code=code, password=NEW, by=as_account(account), now=LATER)
    assert refused.value.code == "code_void"
    code = code_for(world, account)
    assert proofs.is_known(account, code, now=NOW + proofs.CODE_LASTS - timedelta(seconds=1))
    assert not proofs.is_known(account, code, now=NOW + proofs.CODE_LASTS)


def test_the_enterprise_makes_no_code_and_another_school_sees_nobody(world: SimpleNamespace) -> None:
    account = opened_by(world, as_account(world.keeper))
    with pytest.raises(NotAllowed):
        proofs.make_codes(account_ids=[account.id], by=as_account(world.keeper), now=NOW)
    both = accounts.account(person=ground.person(), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=world.enterprise.id)
    accounts.grant(both, Role.PROGRAMME_ADMIN, programme_id=world.programme.id)
    with pytest.raises(NotAllowed):
        proofs.make_codes(account_ids=[account.id], by=as_account(both), now=NOW)
    stranger = accounts.account(person=ground.person(), roles=(Role.PROGRAMME_ADMIN,), programme_id=ground.programme(ground.university()).id)
    assert proofs.make_codes(account_ids=[account.id], by=as_account(stranger), now=NOW) == []


def test_a_capstone_is_neither_guided_nor_graded_unproven(session: Session) -> None:
    found = capstones.case()
    account = accounts.account(person=found.field, roles=(Role.MENTOR,), organisation_id=found.enterprise.id)
    account.handled_at = NOW
    session.flush()
    by = as_account(account)
    for act in (
        lambda: works.log_guidance(capstone=found.capstone, role=SupervisorRole.ENTERPRISE, on=TODAY, content="讨论", by=by, today=TODAY, now=NOW),
        lambda: capstone_support.demand(found.capstone, Action.ISSUE_TASK, by),
    ):
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == "not_proven"


@pytest.mark.parametrize("action", sorted(SIGNED))
def test_every_signature_of_a_capstone_is_one_of_the_machine(action: Action) -> None:
    assert action in MACHINE


# -- pages --------------------------------------------------------------------------------------------------------------


def test_who_needs_no_proof_is_told_so(session: Session, as_role: AsRole) -> None:
    """An account that somebody handled, of nobody who guides students: self-registered trainees have such ones."""
    with transaction():
        enterprise = ground.enterprise()
    browser = as_role(Role.TRAINEE, organisation_id=enterprise.id)
    assert "不需要核对" in browser.get("/mentors/proof").get_data(as_text=True)
    assert browser.post("/mentors/proof", data={"code": "123456", "password": NEW}).status_code == 404


def test_days_that_wait_after_the_mark_keep_a_mentor_on_the_list(world: SimpleNamespace) -> None:
    """A day entered anew after the end is the mentor's to confirm, who needs the code for it."""
    account = opened_by(world, as_account(world.keeper))
    world.row.state, world.row.mentor_score_x10 = PlacementState.FINISHED, 900
    listed = [row.account_id for row in proof_queries.waiting(as_account(world.head))]
    world.entry.state = DayState.APPROVED
    assert (listed, proof_queries.waiting(as_account(world.head))) == ([account.id], [])


def test_a_list_of_many_who_wait_asks_as_much_as_one(world: SimpleNamespace, app: Flask, count_queries: list[str]) -> None:
    """Also for a head who coordinates an enterprise too: who is refused is judged once an enterprise."""
    with transaction():
        opened_by(world, as_account(world.keeper))
        accounts.grant(world.head, Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
        elsewhere = ground.enterprise()
        term = db.session.get_one(Term, world.row.term_id)
        position = make.position(enterprise=elsewhere, terms=[term], seats=20)
        by = as_account(accounts.account(person=ground.person(), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=elsewhere.id))
    school = accounts.sign_in(app, world.head)

    def asked() -> tuple[int, int]:
        db.session.expire_all()  # a warm session hides queries
        count_queries.clear()
        page = school.get("/mentors/codes").text
        return len(count_queries), page.count('name="account"')

    def another(number: int) -> None:
        with transaction():
            person = ground.person(f"导师{number}")
            mentor = make.mentor(enterprise=elsewhere, person=person)
            make.started(student=ground.student(world.programme), position=position, term=term, mentor=mentor)
            wish = identity.NewAccount(role=Role.MENTOR, username=f"mentor-{number}", organisation_id=elsewhere.id)
            identity.open_account(wish=wish, person=person, by=by, today=TODAY, now=NOW)

    another(0)
    asked()
    two = asked()
    for number in range(1, 9):
        another(number)
    assert (two[1], asked()) == (2, (two[0], 10))


def test_the_school_hands_over_codes_and_the_mentor_types_one_in(world: SimpleNamespace, app: Flask) -> None:
    with transaction():
        account = opened_by(world, as_account(world.keeper))
        key, head_name = account.id, world.head.display_name
    school, mentor = accounts.sign_in(app, world.head), accounts.sign_in(app, account)
    assert "核对码" in school.get("/").text
    assert "输入学校的核对码" in mentor.get("/placements/confirm").text
    assert head_name in mentor.get("/mentors/proof").text  # whom to ask
    refused = mentor.post(f"/placements/{world.row.id}/confirm", data={"entry": str(world.entry.id)})
    assert (refused.status_code, "/mentors/proof" in refused.text) == (403, True)
    with addresses.at(app):
        unset = school.post("/mentors/codes", data={"account": str(key), "form": "print"}).text
    printed = school.post("/mentors/codes", data={"account": str(key), "form": "print"}).text
    assert ["这个地址还不能给别人使用" in page for page in (unset, printed)] == [True, False]
    code = re.search(r"<code>(\d{6})</code>", printed)
    assert code
    assert "localhost" not in printed, "not the name by which this request happened to come"
    wrong = mentor.post("/mentors/proof", data={"code": "1", "password": NEW})
    assert (wrong.status_code, "核对码不正确" in wrong.text) == (422, True)
    with transaction():
        assert proof_queries.proof_of(key).failures == 1  # type: ignore[union-attr]
    assert mentor.post("/mentors/proof", data={"code": code[1], "password": NEW}).status_code == 303
    assert mentor.post(f"/placements/{world.row.id}/confirm", data={"entry": str(world.entry.id)}).status_code == 303
    assert "没有人等待核对码" in school.get("/mentors/codes").text
