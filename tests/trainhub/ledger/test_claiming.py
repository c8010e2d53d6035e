"""Who stands on a roster and registers alone: whoever holds the roster looks at them and says so; nobody gets anything by knowing a number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import enterprises, ground
from tests.factories import identity as make
from tests.trainhub.ledger import rosters
from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.models import Account, NumberClaim
from trainhub.identity.types import AccountState, ClaimState
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db
from trainhub.kernel.errors import NotFound, Refused
from trainhub.ledger import queries as ledger
from trainhub.ledger.rosters.running import Import, Roster
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people import operations as people_operations
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

pytestmark = pytest.mark.database
Command = Callable[..., dict[str, Any]]
BIRTH = date(1990, 5, 17)
NUMBER = rosters.resident(7, BIRTH)


@pytest.fixture
def trained(command: Command, base: Organisation, tmp_path: Path) -> Organisation:
    """One trainee on the roster of the first base."""
    path = rosters.write(tmp_path / "r.csv", [rosters.row(7, name="林晓彤", id_number=NUMBER)])
    assert command("trainees", "import", path)["accepted"] == 1
    return base


def _head(place: Organisation, role: Role = Role.CENTRE_LEADER) -> Identity:
    account = make.account(roles=(role,), organisation_id=place.id)
    db.session.commit()
    return queries.identity_of(account.id, today=clock.today())


def _everywhere(role: Role) -> Identity:
    account = make.account(roles=(role,))
    db.session.commit()
    return queries.identity_of(account.id, today=clock.today())


def _on_file() -> Person:
    found = people.person_by_number(IdType.RESIDENT_ID, NUMBER)
    assert found is not None
    return found


def _claim(name: str = "林晓彤", number: str = NUMBER) -> tuple[Account, NumberClaim]:
    """Somebody who has an account of their own and says a number of themselves."""
    account = make.account(person=ground.person(name, id_type=None), roles=(Role.TRAINEE,), organisation_id=ground.enterprise().id)
    by = queries.identity_of(account.id, today=clock.today())
    ops.give_own_number(account=account, id_type=IdType.RESIDENT_ID, number=number, by=by, now=clock.now())
    db.session.commit()
    return account, db.session.scalars(select(NumberClaim).where(NumberClaim.account_id == account.id)).one()


def _waiting(by: Identity) -> list[int]:
    return [one.claim.id for one in ops.claims_for(by, today=clock.today())]


def _trainings(account: Account) -> int:
    db.session.expire_all()
    by = queries.identity_of(account.id, today=clock.today())
    return len(db.session.execute(ledger.registry(by)).all())


def _decide(verb: Any, claim: NumberClaim, by: Identity, reason: str = "当面查验身份证") -> Any:
    return verb(claim_id=claim.id, reason=reason, by=by, today=clock.today(), now=clock.now())


def test_who_holds_the_roster_confirms_and_the_records_are_the_holders(session: Session, trained: Organisation) -> None:
    """They were told to ask an institution that could do nothing."""
    by = _head(trained)
    account, claim = _claim()
    assert (_trainings(account), _waiting(by)) == (0, [claim.id])
    told = session.scalars(select(Notice.message).where(Notice.account_id == by.account_id)).all()
    assert ["等待核实" in message for message in told] == [True]
    _decide(ops.confirm_claim, claim, by)
    session.commit()
    assert _trainings(account) == 1
    assert account.person_id == _on_file().id
    assert (claim.state, claim.decided_by_id, claim.reason, _waiting(by)) == (ClaimState.CONFIRMED, by.account_id, "当面查验身份证", [])
    assert any("已核实" in one for one in session.scalars(select(Notice.message).where(Notice.account_id == account.id)))
    assert _decide(ops.confirm_claim, claim, by) is claim, "said twice it is said once"
    assert (claim.decided_by_id, claim.reason) == (by.account_id, "当面查验身份证")
    with pytest.raises(Refused) as refused:
        _decide(ops.refuse_claim, claim, by)
    assert refused.value.code == "decided"
    with pytest.raises(NotFound):
        _decide(ops.confirm_claim, claim, _head(ground.enterprise(), Role.ENTERPRISE_COORDINATOR))


def test_a_refused_claim_leaves_nothing_in_the_way(session: Session, trained: Organisation) -> None:
    by = _head(trained)
    account, claim = _claim()
    _decide(ops.refuse_claim, claim, by, "电话回访，本人没有注册")
    session.commit()
    assert (_trainings(account), _waiting(by), claim.state) == (0, [], ClaimState.REFUSED)
    mine = people.person(account.person_id or 0)
    assert mine is not None
    assert (mine.id_mask, mine.number_by_holder) == ("", False)
    assert people.undecided_same([_on_file().id]) == set()
    acting = queries.identity_of(account.id, today=clock.today())
    ops.give_own_number(account=account, id_type=IdType.RESIDENT_ID, number=NUMBER, by=acting, now=clock.now())
    assert _waiting(by) == [claim.id], "said again, it is looked at again"


@pytest.mark.parametrize("who", ["other base", "other enterprise", "school", "prefecture"])
def test_nobody_else_sees_or_decides_it(app: Flask, session: Session, trained: Organisation, who: str) -> None:
    places = {
        "other base": lambda: _head(session.scalars(select(Organisation).where(Organisation.code == "B-02")).one()),
        "other enterprise": lambda: _head(ground.enterprise(), Role.ENTERPRISE_COORDINATOR),
        "school": lambda: _head(ground.university(), Role.UNIVERSITY_ADMIN),
        "prefecture": lambda: queries.identity_of(make.account(roles=(Role.PREFECTURE_OPERATOR,), region_code="350100").id, today=clock.today()),
    }
    by = places[who]()
    _account, claim = _claim()
    assert _waiting(by) == []
    for verb in (ops.confirm_claim, ops.refuse_claim):
        with pytest.raises(Refused):
            _decide(verb, claim, by)
    client = make.sign_in(app, session.get_one(Account, by.account_id))
    assert client.post(f"/accounts/claims/{claim.id}/confirm", data={"reason": "当面查验身份证"}).status_code == 403
    assert claim.state is ClaimState.OPEN


def test_who_was_trained_by_two_is_for_the_department(command: Command, session: Session, trained: Organisation, tmp_path: Path) -> None:
    row = rosters.row(7, name="林晓彤", id_number=NUMBER, base_code="B-02", county_code="350203")
    command("trainees", "import", rosters.write(tmp_path / "two.csv", [row]))
    by = _head(trained)
    account, claim = _claim()
    assert (_waiting(by), _waiting(_everywhere(Role.DEPT_HR)), _waiting(_everywhere(Role.SYSTEM_ADMIN))) == ([], [claim.id], [claim.id])
    with pytest.raises(ops.GrantRefused):
        _decide(ops.confirm_claim, claim, by)
    _decide(ops.confirm_claim, claim, _everywhere(Role.DEPT_HR))
    session.commit()
    assert _trainings(account) == 2


def test_a_student_is_the_schools(session: Session, trained: Organisation) -> None:
    student = ground.student(who=_on_file())
    session.flush()
    leader, school = _head(trained), session.get_one(Organisation, student.university_id)
    account, claim = _claim()
    assert (_waiting(leader), _waiting(_head(school, Role.UNIVERSITY_ADMIN))) == ([], [claim.id])
    _decide(ops.confirm_claim, claim, _head(school, Role.UNIVERSITY_ADMIN))
    session.commit()
    session.refresh(account)
    assert account.person_id == student.person_id


@pytest.mark.parametrize("trainings", [0, 1])
def test_a_mentor_is_the_enterprises(app: Flask, session: Session, command: Command, base: Organisation, tmp_path: Path, trainings: int) -> None:
    """The coordinator was sent to a page that was empty, and who trained the mentor once was listed instead."""
    place = ground.enterprise()
    person = ground.person("林晓彤", id_type=None)
    people_operations.give_number(person=person, id_type=IdType.RESIDENT_ID, number=NUMBER, by=SYSTEM, now=clock.now())
    enterprises.mentor(enterprise=place, person=person)
    session.commit()
    if trainings:
        command("trainees", "import", rosters.write(tmp_path / "r.csv", [rosters.row(7, name="林晓彤", id_number=NUMBER)]))
    by, leader = _head(place, Role.ENTERPRISE_COORDINATOR), _head(base)
    account, claim = _claim()
    assert (_waiting(by), _waiting(leader)) == ([claim.id], [])
    client = make.sign_in(app, session.get_one(Account, by.account_id))
    assert f"/accounts/claims/{claim.id}/confirm" in client.get("/accounts/claims/").text
    assert client.post(f"/accounts/claims/{claim.id}/confirm", data={"reason": "当面查验身份证"}).status_code == 303
    session.expire_all()
    assert account.person_id == person.id


@pytest.mark.parametrize("case", ["name", "birth", "account", "different", "reason", "own"])
def test_what_is_not_confirmed(session: Session, trained: Organisation, case: str) -> None:
    by, reason = _head(trained), "当面查验身份证"
    account, claim = _claim("王五" if case == "name" else "林晓彤")
    mine = people.person(account.person_id or 0)
    assert mine is not None
    if case == "birth":
        claim.before = {**(claim.before or {}), "birth_on": "1991-01-01"}
    elif case == "account":
        make.account(person=_on_file())
    elif case == "different":
        two = {"first_id": mine.id, "second_id": _on_file().id}
        people_operations.note_decision(**two, decision=PairDecision.DIFFERENT, reason="两人", by=SYSTEM, now=clock.now())
    elif case == "reason":
        reason = "好 "
    elif case == "own":
        make.grant(account, Role.CENTRE_LEADER, organisation_id=trained.id)
        by = queries.identity_of(account.id, today=clock.today())
    session.commit()
    with pytest.raises(Refused) as refused:
        _decide(ops.confirm_claim, claim, by, reason)
    codes = {
        "name": "name_differs", "birth": "birth_differs", "account": "account_exists", "different": "decided_different",
        "reason": "reason_needed", "own": "own_claim",
    }  # fmt: skip
    assert refused.value.code == codes[case]
    session.rollback()
    assert claim.state is ClaimState.OPEN


def test_who_registered_before_the_roster_came_waits_too(app: Flask, command: Command, session: Session, base: Organisation, tmp_path: Path) -> None:
    account, claim = _claim()
    assert people.person_by_number(IdType.RESIDENT_ID, NUMBER) is None
    assert _waiting(_everywhere(Role.SYSTEM_ADMIN)) == []
    path = rosters.write(tmp_path / "r.csv", [rosters.row(7, name="林晓彤", id_number=NUMBER)])
    assert command("trainees", "import", path)["accepted"] == 1
    session.expire_all()
    by = _head(base)
    assert _waiting(by) == [claim.id]
    page = make.sign_in(app, session.get_one(Account, by.account_id)).get("/").text
    assert ("核实自行注册的人" in page, 'href="/accounts/claims/"' in page) == (True, True), "no notice came with the roster"
    _decide(ops.confirm_claim, claim, by)
    session.commit()
    assert _trainings(account) == 1


@pytest.mark.parametrize("role", [Role.CENTRE_LEADER, Role.ENTERPRISE_COORDINATOR, Role.UNIVERSITY_ADMIN])
def test_the_roster_of_a_host_is_the_claimants_and_proves_nothing(session: Session, base: Organisation, tmp_path: Path, role: Role) -> None:
    """A host vouches for nobody and takes a number from nobody: what it writes is the claimant's, nobody is asked. A school's roster waits for a word."""
    place = ground.university() if role is Role.UNIVERSITY_ADMIN else base
    account, claim = _claim()
    by = _head(place, role)
    row = rosters.row(7, name="林晓彤", id_number=NUMBER, base_code=place.code)
    work = Import(Roster(rosters.write(tmp_path / "r.csv", [row]), "r.csv"), by=by, today=clock.today(), now=clock.now)
    assert work.finish(work.run()[1]).accepted == 1
    session.commit()
    mine = people.person(account.person_id or 0)
    assert mine is not None
    if role is Role.UNIVERSITY_ADMIN:
        assert (_trainings(account), _waiting(by)) == (0, [claim.id])
    else:
        assert (_trainings(account), _waiting(by), mine.number_by_holder, mine.is_verified) == (1, [], True, False)


@pytest.mark.parametrize("how", ["given", "corrected", "decided", "verified"])
def test_a_claim_ends_with_what_it_was_for(session: Session, trained: Organisation, how: str) -> None:
    """A claimant with another proven number could be confirmed: one row with two numbers; and one's own data said for ever that it waits."""
    account, claim = _claim(number=NUMBER if how != "verified" else rosters.resident(9, BIRTH))
    mine = people.person(account.person_id or 0)
    assert mine is not None
    other = rosters.resident(8, BIRTH)
    if how == "given":
        people_operations.give_number(person=mine, id_type=IdType.RESIDENT_ID, number=other, by=SYSTEM, now=clock.now())
    elif how == "corrected":
        people_operations.correct_number(person=mine, id_type=IdType.RESIDENT_ID, number=other, reason="证件原件核对", by=SYSTEM, now=clock.now())
    elif how == "verified":
        people_operations.change_person(person=mine, is_verified=True, by=SYSTEM, now=clock.now())
    else:
        two = {"first_id": mine.id, "second_id": _on_file().id}
        people_operations.note_decision(**two, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=clock.now())
    session.commit()
    session.refresh(claim)
    assert claim.state is (ClaimState.CONFIRMED if how in ("decided", "verified") else ClaimState.WITHDRAWN)
    assert _waiting(_everywhere(Role.SYSTEM_ADMIN)) == []


def test_a_number_that_was_corrected_for_somebody_waits_for_whoever_holds_them(session: Session, trained: Organisation) -> None:
    """Nobody ever saw such a claim, and its holder could say no other number."""
    by, known = _head(trained), _on_file()
    people_operations.correct_number(
        person=known, id_type=IdType.RESIDENT_ID, number=rosters.resident(8, BIRTH), reason="证件原件核对", by=SYSTEM, now=clock.now()
    )
    session.commit()
    account, claim = _claim()
    assert _waiting(by) == [claim.id]
    _decide(ops.confirm_claim, claim, by)
    session.commit()
    session.refresh(account)
    assert (account.person_id, claim.state) == (known.id, ClaimState.CONFIRMED)


def test_two_claims_on_one_number_are_not_both_confirmed(session: Session, trained: Organisation) -> None:
    by = _head(trained)
    (_first, one), (_second, two) = _claim(), _claim()
    _decide(ops.confirm_claim, one, by)
    session.commit()
    with pytest.raises(Refused) as refused:
        _decide(ops.confirm_claim, two, _everywhere(Role.SYSTEM_ADMIN))
    assert refused.value.code == "account_exists"


def test_verifying_somebody_proves_no_mask_of_another(session: Session, trained: Organisation) -> None:
    """The verified person was shown with a number that another row holds."""
    account, claim = _claim()
    mine = people.person(account.person_id or 0)
    assert mine is not None
    assert (mine.id_number_hash, bool(mine.id_mask)) == (None, True)
    people_operations.change_person(person=mine, is_verified=True, by=SYSTEM, now=clock.now())
    session.commit()
    assert (mine.id_mask, mine.id_type, mine.is_verified, claim.state) == ("", None, True, ClaimState.OPEN)


def test_the_own_page_tells_nothing_of_a_roster_that_came(command: Command, session: Session, base: Organisation, tmp_path: Path) -> None:
    """Claim many numbers, and be told on the day of the import whose list they came with."""
    (account, _claimed), (free, _other) = _claim(), _claim(number=rosters.resident(8, BIRTH))
    command("trainees", "import", rosters.write(tmp_path / "r.csv", [rosters.row(7, name="林晓彤", id_number=NUMBER)]))
    session.expire_all()
    pages = []
    for one in (account, free):
        row = people.person(one.person_id or 0)
        assert row is not None
        assert session.scalars(select(Notice.id).where(Notice.account_id == one.id)).all() == []
        pages.append((row.id_type, len(row.id_mask), row.number_by_holder, row.birth_on))
    assert pages[0] == pages[1]


def test_who_hears_of_a_claim_may_decide_it(command: Command, session: Session, trained: Organisation, tmp_path: Path) -> None:
    """Of who was trained by two nobody was told; the department decides, and hears of it."""
    row = rosters.row(7, name="林晓彤", id_number=NUMBER, base_code="B-02", county_code="350203")
    command("trainees", "import", rosters.write(tmp_path / "two.csv", [row]))
    leader, department = _head(trained), _everywhere(Role.DEPT_HR)
    _claim()
    told = set(session.scalars(select(Notice.account_id).where(Notice.kind == "identity.claim")))
    assert told == {department.account_id}
    assert _waiting(leader) == []


def test_many_claims_are_paged_and_the_count_ends(app: Flask, session: Session, trained: Organisation) -> None:
    for _n in range(21):
        _claim()
    by = _everywhere(Role.DEPT_HR)
    client = make.sign_in(app, session.get_one(Account, by.account_id))
    assert client.get("/accounts/claims/").text.count("/confirm") == 20
    assert client.get("/accounts/claims/?page=2").text.count("/confirm") == 1
    assert ops.claim_keys(by, today=clock.today(), most=5) == ops.claim_keys(by, today=clock.today())[:5]
    assert "待核实的注册（21）" in client.get("/accounts/").text


def test_a_refused_number_leaves_no_birth_date_behind(session: Session, trained: Organisation) -> None:
    """A slip of typing was refused, and the right number was refused for ever: its birth date was not the one of the wrong number."""
    by = _head(trained)
    account, claim = _claim()
    mine = people.person(account.person_id or 0)
    assert mine is not None
    assert (mine.birth_on, queries.open_claims([claim.id])[0].birth_on) == (BIRTH, None), "the holder gave no birth date"
    _decide(ops.refuse_claim, claim, by, "号码填错了")
    assert mine.birth_on is None
    acting, other = queries.identity_of(account.id, today=clock.today()), rosters.resident(3, date(1988, 2, 3))
    ops.give_own_number(account=account, id_type=IdType.RESIDENT_ID, number=other, by=acting, now=clock.now())
    assert mine.birth_on == date(1988, 2, 3)


def test_an_invitation_that_nobody_used_gives_way(session: Session, trained: Organisation) -> None:
    """The base invited the whole year, and the trainee registered alone: they had to be called somebody else."""
    by = _head(trained)
    invited = make.account(person=_on_file(), roles=(Role.TRAINEE,), organisation_id=trained.id)
    invited.state = AccountState.INVITED
    link = ops.invite(account=invited, by=by, today=clock.today(), now=clock.now())
    account, claim = _claim()
    _decide(ops.confirm_claim, claim, by if _waiting(by) else SYSTEM)
    session.commit()
    session.expire_all()
    assert (invited.state, claim.state, _trainings(account)) == (AccountState.DELETED, ClaimState.CONFIRMED, 1)
    with pytest.raises(Refused):
        ops.open_link(token=link.rsplit("/", 1)[1], now=clock.now())


def test_who_has_an_account_already_is_not_called_another(app: Flask, session: Session, trained: Organisation) -> None:
    by = _head(trained)
    make.account(person=_on_file(), roles=(Role.TRAINEE,), organisation_id=trained.id)
    account, claim = _claim()
    mine, known = people.person(account.person_id or 0), _on_file()
    assert mine is not None
    claim.before = {**(claim.before or {}), "birth_on": BIRTH.isoformat()}  # the holder gave it, too: both look the same
    session.commit()
    client = make.sign_in(app, session.get_one(Account, by.account_id))
    url = f"/accounts/claims/{claim.id}/has-account"
    assert url in client.get("/accounts/claims/").text
    for _time in (1, 2):
        assert client.post(url, data={"reason": "本人另有账号"}).status_code == 303
    session.expire_all()
    assert (claim.state, people.pair(mine.id, known.id)) == (ClaimState.REFUSED, None)


def test_pages_and_commands(app: Flask, command: Command, session: Session, trained: Organisation) -> None:
    by = _head(trained)
    client = make.sign_in(app, session.get_one(Account, by.account_id))
    assert "没有待核实的注册" in client.get("/accounts/claims/").text
    account, claim = _claim()
    assert "待核实的注册（1）" in client.get("/accounts/").text
    page = client.get("/accounts/claims/").text
    assert ("林晓彤" in page, NUMBER in page, f"/accounts/claims/{claim.id}/confirm" in page) == (True, False, True)
    assert client.post(f"/accounts/claims/{claim.id}/confirm", data={"reason": ""}).status_code == 422
    (told,) = command("accounts", "claims")["claims"]
    assert (told["claim"], told["on_file"]) == (claim.id, "林晓彤")
    assert command("accounts", "refuse-claim", str(claim.id), "--reason", "x")["error"]["code"] == "reason_needed"
    assert client.post(f"/accounts/claims/{claim.id}/confirm", data={"reason": "当面查验身份证"}).status_code == 303
    session.expire_all()
    assert account.person_id == _on_file().id
    assert command("accounts", "confirm-claim", str(claim.id), "--reason", "当面查验身份证")["state"] == "confirmed"
    assert client.post(f"/accounts/claims/{claim.id}/confirm", data={"reason": "当面查验身份证"}).status_code == 303
    assert command("accounts", "refuse-claim", str(claim.id), "--reason", "当面查验身份证")["error"]["code"] == "decided"


def test_the_page_asks_as_much_for_many_as_for_few(app: Flask, session: Session, trained: Organisation, count_queries: list[str]) -> None:
    by = _head(trained)
    client, asked = make.sign_in(app, session.get_one(Account, by.account_id)), []
    for more in (1, 10):
        for _n in range(more):
            _claim()
        session.expire_all()
        count_queries.clear()
        assert client.get("/accounts/claims/").status_code == 200
        asked.append(len(count_queries))
    assert asked[0] == asked[1]
