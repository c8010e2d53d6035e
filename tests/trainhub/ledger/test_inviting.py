"""Who stands on a roster gets an account from whoever trained them: one, some, or all of a year; and nobody gets at somebody else's person by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases.models import BaseLeader
from enterprises.bases.types import LeaderSide
from tests.factories import certificates, ground
from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from trainhub.identity import groups, queries
from trainhub.identity import operations as ops
from trainhub.identity.groups import Why
from trainhub.identity.models import Account
from trainhub.identity.operations.accounts import unmanageable
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction
from trainhub.kernel.errors import Refused
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.trainee_queries import key_of
from trainhub.organisations.models import Organisation
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.operations import add_pass
from trainhub.oversight.talents.types import ExamKind, ExamLevel, TalentKind
from trainhub.people.models import Person

pytestmark = pytest.mark.database
Command = Callable[..., dict[str, Any]]


@pytest.fixture
def trained(command: Command, base: Organisation, tmp_path: Path) -> Organisation:
    """Three trainees of 2016 and one of 2017 at the first base, one of them at the second base too."""
    rows = [rosters.row(n) for n in (1, 2, 3)] + [rosters.row(4, completed_on="2017-03-01"), rosters.row(3, base_code="B-02", county_code="350203")]
    assert command("trainees", "import", rosters.write(tmp_path / "r.csv", rows))["accepted"] == 5
    return base


def _leader(base: Organisation, role: Role = Role.CENTRE_LEADER) -> Identity:
    account = make.account(roles=(role,), organisation_id=base.id)
    db.session.commit()
    return queries.identity_of(account.id, today=clock.today())


def _client(app: Flask, by: Identity) -> FlaskClient:
    return make.sign_in(app, db.session.get_one(Account, by.account_id))


def _person(name: str) -> Person:
    return db.session.scalars(select(Person).where(Person.name == name)).one()


def _state(name: str) -> AccountState | None:
    account = queries.account_of_person(_person(name).id)
    return account.state if account is not None else None


def _members(base: Organisation, year: int = 2016) -> dict[str, Why | None]:
    group = groups.group("trainees", key_of(base.id, year))
    return {one.listed.name: one.why for one in ops.members_of(group, today=clock.today())}


def test_who_trained_them_invites_some_or_all(app: Flask, trained: Organisation) -> None:
    """Neither school nor base could: a trainee of a roster had no way to an account but the operator of the platform."""
    by = _leader(trained)
    client, url = _client(app, by), f"/accounts/groups/trainees/{key_of(trained.id, 2016)}"
    assert f'href="{url}"' in client.get("/accounts/groups/?kind=trainees").text
    assert "/accounts/groups/?kind=trainees" in client.get("/trainees/").text
    page = client.get(url).text
    assert "将为 2 人开通账号" in page
    first, second = _person("林学员1"), _person("林学员2")
    assert f'name="person" value="{first.id}"' in page
    none = client.post(url, data={"whom": "ticked"})
    assert none.status_code == 422
    assert "没有勾选任何人" in none.text
    assert client.post(url, data={"whom": "ticked", "person": [str(first.id)]}).status_code == 303
    jobs.run_all()
    db.session.expire_all()
    assert (_state("林学员1"), _state("林学员2"), _state("林学员3")) == (AccountState.INVITED, None, None)
    assert client.post(url, data={"whom": "all"}).status_code == 303
    jobs.run_all()
    db.session.expire_all()
    assert (_state("林学员2"), _state("林学员3"), _state("林学员4")) == (AccountState.INVITED, None, None)
    account = queries.account_of_person(second.id)
    assert account is not None
    grants = queries.stored_grants(account.id, today=clock.today())
    assert [(grant.role, grant.organisation_id) for grant in grants] == [(Role.TRAINEE, trained.id)]
    assert account.handled_by_id == by.account_id
    db.session.commit()
    sources = db.session.scalars(select(AuditEvent.origin).where(AuditEvent.on_kind == "account", AuditEvent.on_id == str(account.id))).all()
    assert set(sources) == {"127.0.0.1"}, "what a job did is from where it was asked for"


def test_who_asks_while_a_job_waits_adds_to_it(app: Flask, trained: Organisation) -> None:
    """The second of two who ticked was told it was done, and nobody was opened."""
    client, url = _client(app, _leader(trained)), f"/accounts/groups/trainees/{key_of(trained.id, 2016)}"
    for name in ("林学员1", "林学员2"):
        assert client.post(url, data={"whom": "ticked", "person": [str(_person(name).id)]}).status_code == 303
    jobs.run_all()
    db.session.expire_all()
    assert (_state("林学员1"), _state("林学员2")) == (AccountState.INVITED, AccountState.INVITED)


@pytest.mark.parametrize("order", [("ticked", "all"), ("all", "ticked")])
def test_all_after_some_and_some_after_all_is_all(app: Flask, trained: Organisation, order: tuple[str, str]) -> None:
    client, url = _client(app, _leader(trained)), f"/accounts/groups/trainees/{key_of(trained.id, 2016)}"
    for whom in order:
        assert client.post(url, data={"whom": whom, "person": [str(_person("林学员1").id)]}).status_code == 303
    jobs.run_all()
    db.session.expire_all()
    assert (_state("林学员1"), _state("林学员2")) == (AccountState.INVITED, AccountState.INVITED)


def test_another_role_waits_until_the_first_is_given(session: Session, trained: Organisation) -> None:
    group, by = groups.group("trainees", key_of(trained.id, 2016)), _leader(trained)
    two = dataclasses.replace(group, roles=(Role.TRAINEE, Role.MENTOR))
    ops.ask_to_open(two, Role.TRAINEE, by=by, only=[_person("林学员1").id])
    with pytest.raises(Refused) as refused:
        ops.ask_to_open(two, Role.MENTOR, by=by)
    assert refused.value.code == "another_role_waits"


def test_who_was_trained_by_two_is_not_one_bases_to_invite(session: Session, trained: Organisation) -> None:
    """Anybody may write a name and a number into a roster: the link would let a base read what another keeps."""
    assert _members(trained) == {"林学员1": None, "林学员2": None, "林学员3": Why.ELSEWHERE}
    other = session.scalars(select(Organisation).where(Organisation.code == "B-02")).one()
    assert _members(other) == {"林学员3": Why.ELSEWHERE}
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.organisation_id == other.id)).one()
    record.cancelled_at = clock.now()
    session.flush()
    assert _members(trained)["林学员3"] is None


@pytest.mark.parametrize("kind", ["student", "teacher"])
def test_who_studies_or_teaches_is_the_schools(session: Session, trained: Organisation, kind: str) -> None:
    (ground.student if kind == "student" else ground.teacher)(who=_person("林学员1"))
    session.flush()
    assert _members(trained)["林学员1"] is Why.ELSEWHERE


def test_a_closed_account_of_another_house_is_not_taken_up(session: Session, trained: Organisation) -> None:
    account = make.account(person=_person("林学员1"), roles=(Role.TRAINEE,), organisation_id=ground.enterprise().id)
    ops.close_account(account=account, by=SYSTEM, now=clock.now())
    assert _members(trained)["林学员1"] is Why.ELSEWHERE


def test_nor_by_the_page_of_the_person(app: Flask, session: Session, trained: Organisation) -> None:
    """The list refused it, the single page offered it: its link led into what the other house had kept of the holder."""
    person = _person("林学员1")
    account = make.account(person=person, roles=(Role.TRAINEE,), organisation_id=ground.enterprise().id)
    ops.close_account(account=account, by=SYSTEM, now=clock.now())
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id)).one()
    by = _leader(trained)
    client, url = _client(app, by), f"/accounts/new?person={person.id}"
    assert "重新开通账号" not in client.get(f"/trainees/records/{record.id}").text
    assert client.get(url).status_code == 403
    assert client.post(url, data={"role": "trainee", "organisation_id": str(trained.id), "phone": "13800138000"}).status_code == 403
    wish = ops.NewAccount(role=Role.TRAINEE, phone="13800138000", organisation_id=trained.id)
    with pytest.raises(ops.GrantRefused):
        ops.open_account(wish=wish, person=person, by=by, today=clock.today(), now=clock.now())
    assert _state("林学员1") is AccountState.DELETED


def test_an_own_closed_account_is_taken_up(app: Flask, trained: Organisation) -> None:
    account = make.account(person=_person("林学员1"), roles=(Role.TRAINEE,), organisation_id=trained.id)
    ops.close_account(account=account, by=SYSTEM, now=clock.now())
    assert _members(trained)["林学员1"] is None
    assert _client(app, _leader(trained)).get(f"/accounts/new?person={_person('林学员1').id}").status_code == 200


@pytest.mark.parametrize("what", ["talent", "leader", "exam", "certificate"])
def test_who_is_known_elsewhere_is_not_the_bases_alone(app: Flask, session: Session, trained: Organisation, what: str) -> None:
    """One row with a name and a number would open the talent's entry, the passes and the certificates to whoever is shown the link."""
    person, other = _person("林学员1"), session.scalars(select(Organisation).where(Organisation.code == "B-02")).one()
    now = clock.now()
    if what == "talent":
        session.add(Talent(person_id=person.id, kind=TalentKind.HIGH_LEVEL, merits="十年", nominated_on=clock.today(), created_at=now))
    elif what == "leader":
        session.add(BaseLeader(base_id=other.id, person_id=person.id, side=LeaderSide.ENTERPRISE, post="主任", since=clock.today()))
    elif what == "certificate":
        certificates.certificate(who=person, issuer=other)
    else:
        assert person.id_number_hash is not None
        facts = {"exam": ExamKind.SOFTWARE, "level": ExamLevel.INTERMEDIATE, "subject": "软件设计师", "certificate_no": "X-1"}
        add_pass(**facts, name=person.name, id_number_hash=person.id_number_hash, id_mask="", person_id=None, passed_on=clock.today(), now=now)
    session.commit()
    assert _members(trained)["林学员1"] is Why.ELSEWHERE
    client = _client(app, _leader(trained))
    assert client.get(f"/accounts/new?person={person.id}").status_code == 403
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id)).one()
    assert "accounts/new" not in client.get(f"/trainees/records/{record.id}").text


def test_a_certificate_of_its_own_keeps_no_base_out(session: Session, trained: Organisation) -> None:
    certificates.certificate(who=_person("林学员1"), issuer=trained)
    session.flush()
    assert _members(trained)["林学员1"] is None


def test_enter_on_a_ticked_box_opens_nobody_else(app: Flask, trained: Organisation) -> None:
    """A browser presses the first button of the form: the boxes stand in a form that opens the ticked alone; and no word is not everybody."""
    client, url = _client(app, _leader(trained)), f"/accounts/groups/trainees/{key_of(trained.id, 2016)}"
    forms = [one.split("</form>")[0] for one in client.get(url).text.split("<form ")[1:]]
    (boxes,) = [one for one in forms if 'name="person"' in one]
    assert ('value="ticked"' in boxes, 'value="all"' in boxes) == (True, False)
    assert client.post(url, data={"person": [str(_person("林学员1").id)]}).status_code == 422
    jobs.run_all()
    db.session.expire_all()
    assert (_state("林学员1"), _state("林学员2")) == (None, None)
    role = client.post(url, data={"whom": "ticked", "role": "mentor", "person": [str(_person("林学员1").id)]}).text
    assert "checked" in role, "who was ticked stays ticked on a refused form"


def test_nobody_opens_for_another_base(app: Flask, session: Session, trained: Organisation) -> None:
    other = session.scalars(select(Organisation).where(Organisation.code == "B-02")).one()
    client, key = _client(app, _leader(other)), key_of(trained.id, 2016)
    assert client.get(f"/accounts/groups/trainees/{key}").status_code == 403
    assert client.post(f"/accounts/groups/trainees/{key}", data={"whom": "all"}).status_code == 403
    assert client.get(f"/accounts/new?person={_person('林学员1').id}").status_code == 403
    assert client.get("/accounts/groups/trainees/9999992016").status_code == 404


def test_the_holder_chooses_the_user_name(client: FlaskClient, trained: Organisation) -> None:
    by, group = _leader(trained), groups.group("trainees", key_of(trained.id, 2016))
    with transaction():
        for one in ops.members_of(group, today=clock.today()):
            if one.is_due:
                ops.open_member(group, one.listed, role=Role.TRAINEE, by=by, today=clock.today(), now=clock.now())
    with transaction():
        slips = list(ops.make_slips(group, everybody=False, by=by, today=clock.today(), now=clock.now()))
    assert [slip.name for slip in slips] == ["林学员1", "林学员2"]
    path, good = "/link/" + slips[0].link.rsplit("/", 1)[1], {"password": make.PASSWORD, "again": make.PASSWORD}
    assert 'name="username"' in client.get(path).text
    make.account(username="taken")
    db.session.commit()
    for name, said in (("", "请取一个用户名"), ("taken", "已被另一个账号用于登录"), ("12345", "不能全是数字")):
        answer = client.post(path, data=good | {"username": name})
        assert (answer.status_code, said in answer.text) == (422, True)
    assert client.post(path, data=good | {"username": "lin-1"}).status_code == 303
    assert client.post("/login", data={"username": "lin-1", "password": make.PASSWORD}).status_code == 303
    account = queries.account_of_person(_person("林学员1").id)
    assert account is not None
    assert [(one.kind, one.value) for one in queries.login_names(account.id)] == [(LoginKind.USERNAME, "lin-1")]


@pytest.mark.parametrize("since", ["nothing", "cancelled", "trained by a second", "who made it left"])
def test_a_link_ends_with_the_right_to_it(
    client: FlaskClient, command: Command, session: Session, trained: Organisation, tmp_path: Path, since: str
) -> None:
    """It opened the account of a row that was wrong, and what a second base wrote since."""
    by, group, person = _leader(trained), groups.group("trainees", key_of(trained.id, 2016)), _person("林学员1")
    with transaction():
        (one,) = [one for one in ops.members_of(group, today=clock.today()) if one.listed.person_id == person.id]
        account_id = ops.open_member(group, one.listed, role=Role.TRAINEE, by=by, today=clock.today(), now=clock.now()).id
    with transaction():
        (slip,) = ops.make_slips(group, everybody=False, by=by, today=clock.today(), now=clock.now())
    if since == "cancelled":
        session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id)).one().cancelled_at = clock.now()
        session.commit()
    elif since == "trained by a second":
        command("trainees", "import", rosters.write(tmp_path / "two.csv", [rosters.row(1, base_code="B-02", county_code="350203")]))
    db.session.expire_all()
    account = queries.account(account_id)
    why = ops.against_managing(account, by=by, today=clock.today())
    assert unmanageable([account], by=by, today=clock.today()) == (set() if why is None else {account.id})
    assert (why is None) == (since != "trained by a second")
    assert ops.against_managing(account, by=SYSTEM, today=clock.today()) is None
    db.session.commit()
    if since == "who made it left":
        session.get_one(Account, by.account_id).state = AccountState.DISABLED
        session.commit()
    path = "/link/" + slip.link.rsplit("/", 1)[1]
    assert ("这个邀请链接已失效" in client.get(path).text) == (since != "nothing")
    sent = client.post(path, data={"password": make.PASSWORD, "again": make.PASSWORD, "username": "lin-1"})
    assert (sent.status_code == 303) == (since == "nothing")


@pytest.mark.parametrize("role", [Role.CENTRE_LEADER, Role.UNIVERSITY_ADMIN, Role.ENTERPRISE_COORDINATOR])
def test_one_from_the_page_of_a_record(app: Flask, session: Session, trained: Organisation, role: Role) -> None:
    person = _person("林学员1")
    record = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id)).one()
    client, url = _client(app, _leader(trained, role)), f"/accounts/new?person={person.id}"
    assert url in client.get(f"/trainees/records/{record.id}").text
    form = {"role": "trainee", "organisation_id": str(trained.id), "phone": "13800138000"}
    answer = client.post(url, data=form)
    assert answer.status_code == 200
    assert "/link/" in answer.text
    twice = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == _person("林学员3").id).order_by(TrainingRecord.id)).first()
    assert twice is not None
    assert "accounts/new" not in client.get(f"/trainees/records/{twice.id}").text


def test_a_leader_opens_for_who_is_registered_and_registers_nobody(app: Flask, trained: Organisation) -> None:
    """The leader of a base opens accounts of its trainees and mentors; a human nobody knows yet is not theirs to register by a name alone."""
    leader, coordinator = _client(app, _leader(trained)), _client(app, _leader(trained, Role.ENTERPRISE_COORDINATOR))
    form = {"role": "trainee", "organisation_id": str(trained.id), "name": "生面孔", "phone": "13800138009"}
    assert "/accounts/new" not in leader.get("/accounts/").text
    assert (leader.get("/accounts/new").status_code, leader.post("/accounts/new", data=form).status_code) == (403, 403)
    page = leader.get(f"/accounts/new?person={_person('林学员1').id}").text
    offered = {one.value for one in Role if f'value="{one.value}"' in page}
    assert offered == {"mentor", "trainee"}
    assert "/accounts/new" in coordinator.get("/accounts/").text
    assert coordinator.get("/accounts/new").status_code == 200


def test_the_command(command: Command, app: Flask, trained: Organisation, tmp_path: Path) -> None:
    tried = command("accounts", "open", "--trainees", "B-01/2016", "--dry-run")
    assert (tried["members"], tried["opened"], tried["without_email"], len(tried["not_opened"])) == (3, 2, 2, 1)
    one = command("accounts", "open", "--trainees", "B-01/2016", "--person", "林学员2", "--slips", tmp_path / "s.csv")
    assert (one["members"], one["opened"], one["slips"]) == (1, 1, 1)
    assert (_state("林学员1"), _state("林学员2")) == (None, AccountState.INVITED)
    assert command("accounts", "open", "--trainees", "B-01/2016", "--person", "谁")["error"]["code"] == "unknown_person"
    assert command("accounts", "open", "--trainees", "B-01")["error"]["code"] == "unknown_group"
    done = command("accounts", "open", "--trainees", "B-01/2016")
    assert (done["opened"], done["had_account"]) == (1, 1)
    assert command("accounts", "open", "--trainees", "B-01/2016")["opened"] == 0


def test_the_list_asks_as_much_for_many_as_for_few(
    app: Flask, command: Command, trained: Organisation, tmp_path: Path, count_queries: list[str]
) -> None:
    client, asked = _client(app, _leader(trained)), []
    for more in ([], [rosters.row(n) for n in range(10, 40)]):
        if more:
            command("trainees", "import", rosters.write(tmp_path / "more.csv", more))
        db.session.expire_all()
        count_queries.clear()
        assert client.get(f"/accounts/groups/trainees/{key_of(trained.id, 2016)}").status_code == 200
        asked.append(len(count_queries))
    assert asked[0] == asked[1]


def test_the_day_of_a_year(trained: Organisation) -> None:
    assert set(_members(trained, 2017)) == {"林学员4"}
    assert _members(trained, 2018) == {}


@pytest.mark.parametrize("role", ["mentor", "trainee"])
def test_the_leader_of_a_base_alone_opens_accounts_for_persons_of_theirs_and_registers_nobody(
    app: Flask, session: Session, base: Organisation, role: str
) -> None:
    """For whom their roster names there is the list; somebody new comes by a roster, or by who vouches for the person."""
    client = _client(app, _leader(base))
    page = client.get("/accounts/").text
    assert ("/accounts/groups" in page, "/accounts/new" in page) == (True, False)
    answer = client.post("/accounts/new", data={"name": "黄指导", "role": role, "organisation_id": str(base.id), "phone": "13800138009"})
    assert answer.status_code == 403
    assert session.scalars(select(Account).where(Account.display_name == "黄指导")).all() == []
