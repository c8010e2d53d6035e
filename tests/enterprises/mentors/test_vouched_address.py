"""A link that is sent to an address only the enterprise typed asks for a code of the school; one vouch is enough for an address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from enterprises.capstones import operations as capstones
from enterprises.capstones import queries
from enterprises.capstones.models import CapstoneGrade, MentorLink
from enterprises.capstones.types import LinkPurpose
from enterprises.mentors import addresses
from enterprises.mentors.address_list_queries import unchecked
from enterprises.mentors.address_queries import asks_code, digest_of, vouched_of
from enterprises.mentors.models import MentorAddress
from enterprises.placements import operations as placements
from enterprises.placements.models import DayEntry, Placement
from enterprises.placements.models import MentorLink as PlacementLink
from enterprises.placements.types import PlacementState
from tests.factories import capstones as make
from tests.factories import enterprises as field
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.oversight.home.panels.school import unchecked_addresses
from trainhub.people import operations as people
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
PHONE = "138 0000 4321"
POINTS = dict.fromkeys(("topic", "work", "result", "report"), 90)


@pytest.fixture
def sent(app: Flask) -> Iterator[list[str]]:
    """What goes out by short message."""
    known, found = dict(app.extensions.get("trainhub.channels", {})), list[str]()
    delivery.register_channel(app, Channel.SMS, lambda to, subject, text, now: found.append(text))
    yield found
    app.extensions["trainhub.channels"] = known


@pytest.fixture
def found(session: Session) -> make.Case:
    """A capstone whose mentor has no account; the coordinator typed the telephone."""
    case = _typed()
    session.commit()
    return case


@remembered
def _typed() -> make.Case:
    case = make.case()
    make.submit(case)
    assert case.field is not None
    case.field.email, case.field.phone = "", PHONE
    return case


def _head(found: make.Case) -> Identity:
    account = identity.account(person=ground.person())
    identity.grant(account, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    grants = (Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, found.programme.id),)
    return Identity(account_id=account.id, person_id=account.person_id, name="负责人", grants=grants)


def _path(text: str) -> str:
    got = re.search(r"/capstones/link/[\w-]{40,}", text)
    assert got is not None
    return got[0]


def _code(answer: Any) -> str:
    got = re.search(r">(\d{6})<", answer.text)
    assert got is not None
    return got[1]


@pytest.mark.parametrize("purpose", list(LinkPurpose))
@pytest.mark.parametrize("maker", ["host", "head"])
def test_what_is_sent_to_an_address_of_the_coordinators_asks_for_a_code(
    session: Session, as_role: AsRole, client: FlaskClient, found: make.Case, sent: list[str], purpose: LinkPurpose, maker: str
) -> None:
    assert found.field is not None
    key, programme_id, enterprise_id = found.capstone.id, found.programme.id, found.capstone.enterprise_id
    who = {"name": found.field.name, "digits": "4321"}
    act = POINTS if purpose is LinkPurpose.GRADE else {"content": "看现场", "on": "2026-03-02"}
    told = _head(found).account_id
    assert told is not None
    session.commit()
    head, host = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    answer = (host if maker == "host" else head).post(f"/capstones/{key}/links", data={"purpose": purpose.value})
    assert ("核对码" in answer.text, "/capstones/link/" in answer.text) == (True, False)
    path = _path(sent[0])
    assert any("核实联系方式" in text for text in make.told(told, "capstones.link"))
    page = client.get(path)
    assert ("还没有生成核对码" in page.text, found.topic.title in page.text) == (True, False)
    assert client.post(path, data=who | act).status_code == 409  # name and digits are known to the coordinator
    [(link, _name)] = queries.links_of(key)
    assert (link.used_at, link.failures) == (None, 0)
    assert host.post(f"/capstones/links/{link.id}/code").status_code == 403
    code = _code(head.post(f"/capstones/links/{link.id}/code"))
    assert client.post(path, data=who | act | {"code": "000000" if code != "000000" else "111111"}).status_code == 422
    assert client.post(path, data=who | act | {"code": code}).status_code == 303
    assert session.get_one(MentorLink, link.id).used_at is not None


def test_once_somebody_vouches_links_to_the_address_ask_for_no_code(
    session: Session, as_role: AsRole, client: FlaskClient, found: make.Case, sent: list[str]
) -> None:
    """The link that is on its way too: a mentor who rings the school acts at once."""
    assert found.field is not None
    assert found.mentor is not None
    key, programme_id, mentor_id = found.capstone.id, found.programme.id, found.mentor.id
    who = {"name": found.field.name, "digits": "4321"}
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.capstone.enterprise_id)
    host.post(f"/capstones/{key}/links", data={"purpose": "grade"})
    other = ground.programme().id
    session.commit()
    stranger, head = (as_role(Role.PROGRAMME_ADMIN, programme_id=one) for one in (other, programme_id))
    assert f"/mentors/{mentor_id}" in head.get(f"/capstones/{key}/links").text
    page = head.get(f"/mentors/{mentor_id}").text
    assert ("未经核实" in page, PHONE in page) == (True, True)
    assert PHONE not in stranger.get(f"/mentors/{mentor_id}").text
    digest = digest_of(PHONE)
    assert head.post(f"/mentors/{mentor_id}/addresses", data={"digest": digest, "how": " "}).status_code == 422
    for _again in range(2):
        assert head.post(f"/mentors/{mentor_id}/addresses", data={"digest": digest, "how": "打公司总机转接"}).status_code == 303
    [row] = session.scalars(select(MentorAddress)).all()
    assert (row.how, row.digest) == ("打公司总机转接", digest)
    assert session.scalar(select(AuditEvent.did).where(AuditEvent.did == "mentors.address.vouched")) is not None
    assert "已核实" in head.get(f"/mentors/{mentor_id}").text
    assert client.post(_path(sent[0]), data=who | POINTS).status_code == 303
    assert session.scalars(select(CapstoneGrade.person_id)).all() == [found.field.id]


def test_the_page_of_the_links_asks_as_much_of_many_as_of_one(session: Session, as_role: AsRole, found: make.Case, count_queries: list[str]) -> None:
    assert found.field is not None
    key, person_id = found.capstone.id, found.field.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)

    def asked(*new: int) -> int:
        at = {"made_at": field.NOW, "expires_at": field.NOW, "used_at": field.NOW, "sent_to": digest_of(PHONE)}
        session.add_all(
            MentorLink(capstone_id=key, person_id=person_id, purpose=LinkPurpose.GUIDANCE, secret_hash=f"{n:064}", made_by_id=None, **at) for n in new
        )
        session.commit()
        count_queries.clear()
        assert head.get(f"/capstones/{key}/links").status_code == 200
        return len(count_queries)

    asked(0)
    assert asked(1) == asked(*range(2, 30))


def test_another_address_starts_anew(session: Session, found: make.Case, sent: list[str]) -> None:
    assert found.field is not None
    assert found.mentor is not None
    head = _head(found)
    now = clock.now()
    addresses.vouch(mentor=found.mentor, digest=digest_of(PHONE.replace(" ", "-")), how="当面", by=head, now=now)
    link, _secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
    capstones.send_link(link=link, url="u", now=now)
    assert capstones.is_holder(link, found.field.name, "4321")
    found.field.phone = "13900009999"
    link, _secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
    capstones.send_link(link=link, url="u", now=now)
    assert not capstones.is_holder(link, found.field.name, "9999")
    with pytest.raises(Stale):
        addresses.vouch(mentor=found.mentor, digest=digest_of(PHONE), how="当面", by=head, now=now)


def test_who_vouches(session: Session, found: make.Case) -> None:
    """A head whose students the mentor guides; nobody of the enterprise, not the mentor, no other school; no address of somebody else."""
    assert found.field is not None
    assert found.mentor is not None
    said: dict[str, Any] = {"mentor": found.mentor, "digest": digest_of(PHONE), "how": "当面", "now": clock.now()}
    head = _head(found)
    host = Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.enterprise.id)
    stranger = Identity(
        account_id=None, person_id=None, name="外校", grants=(Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, ground.programme().id),)
    )
    others = [
        Identity(account_id=None, person_id=None, name="企业", grants=(host,)),
        Identity(account_id=head.account_id, person_id=head.person_id, name="两头", grants=(*head.grants, host)),
        Identity(account_id=None, person_id=found.field.id, name="本人", grants=head.grants),
        stranger,
    ]
    for by in others:
        with pytest.raises(NotAllowed):
            addresses.vouch(by=by, **said)
    twin = ground.person(phone="13800004321")
    with pytest.raises(Refused, match="别人名下"):
        addresses.vouch(by=head, **said)
    twin.phone = ""
    session.flush()
    assert addresses.vouch(by=head, **said).vouched_by_id == head.account_id


def test_a_vouch_is_taken_back_with_a_reason(session: Session, as_role: AsRole, found: make.Case, sent: list[str]) -> None:
    """Clicked for the wrong number, or the number is somebody else's by now: a link that is on its way asks for a code again."""
    assert found.mentor is not None
    key, digest, now = found.mentor.id, digest_of(PHONE), clock.now()
    addresses.vouch(mentor=found.mentor, digest=digest, how="当面", by=_head(found), now=now)
    link, _secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
    capstones.send_link(link=link, url="u", now=now)
    assert not asks_code(link, link.person_id)
    other = ground.programme().id
    session.commit()
    at, said = f"/mentors/{key}/addresses/withdraw", {"digest": digest, "reason": "号码已转给别人"}
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    stranger = as_role(Role.PROGRAMME_ADMIN, programme_id=other)
    session.commit()
    assert [one.post(at, data=said).status_code for one in (host, stranger)] == [403, 403]
    assert head.post(at, data=said | {"reason": " "}).status_code == 422
    assert set(vouched_of(link.person_id)) == {digest}
    assert "撤回核实" in head.get(f"/mentors/{key}").text
    for _again in range(2):
        assert head.post(at, data=said).status_code == 303
    assert asks_code(link, link.person_id)
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.did == "mentors.address.withdrawn")).all()
    assert (event.data["reason"], event.data["how"]) == ("号码已转给别人", "当面")
    assert head.post(f"/mentors/{key}/addresses", data={"digest": digest, "how": "当面"}).status_code == 303  # and vouched for anew
    assert not asks_code(link, link.person_id)


def test_many_are_vouched_for_at_once(app: Flask, session: Session, as_role: AsRole, found: make.Case, sent: list[str]) -> None:
    """What a school has to do after the upgrade: at home with the number, one list, one answer."""
    cases = [found, *(make.case(programme=found.programme, enterprise=found.enterprise) for _n in range(2))]
    keys = []
    for n, one in enumerate(cases):
        assert one.field is not None
        assert one.mentor is not None
        one.field.email, one.field.phone = "", f"1390000111{n}"
        keys.append((one.mentor.id, digest_of(one.field.phone), one.field.name))
    other = make.case()
    assert other.mentor is not None
    assert other.field is not None
    other.field.email, other.field.phone = "", "13700001111"
    foreign, name = (other.mentor.id, digest_of("13700001111")), other.field.name
    session.commit()
    head, host = (
        as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id),
        as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id),
    )
    session.commit()
    reader, today = make.head_of(found.programme), clock.today()

    def todos() -> list[tuple[int | None, str]]:
        with app.test_request_context():
            return [(one.count, one.url) for one in unchecked_addresses(reader, today)]

    assert todos() == [(3, "/mentors/codes#addresses")]
    page = head.get("/mentors/codes").text
    assert all(name in page and f"{key}:{digest}" in page for key, digest, name in keys)
    assert name not in page
    ticked = [f"{key}:{digest}" for key, digest, _name in keys]
    for data in ({"how": "当面"}, {"how": " ", "address": ticked}, {"how": "当面", "address": [*ticked, f"{foreign[0]}:{foreign[1]}"]}):
        assert head.post("/mentors/addresses", data=data).status_code in (400, 403, 422)
        assert session.scalars(select(MentorAddress)).all() == []
    assert host.post("/mentors/addresses", data={"how": "当面", "address": ticked}).status_code == 403
    assert head.post("/mentors/addresses", data={"how": "按上次走访名单逐人打电话", "address": ticked}).status_code == 303
    assert {row.digest for row in session.scalars(select(MentorAddress))} == {digest for _key, digest, _name in keys}
    assert "未经核实" not in head.get("/mentors/codes").text
    assert todos() == []


def test_the_heads_hear_once_a_week_however_many_there_are(session: Session, found: make.Case, sent: list[str]) -> None:
    told, cases = _head(found).account_id, [found, make.case(programme=found.programme, enterprise=found.enterprise)]
    assert told is not None
    for n, one in enumerate(cases):
        assert one.field is not None
        one.field.email, one.field.phone = "", f"1390000111{n}"
    for now, number in ((field.NOW, 1), (field.NOW + timedelta(days=7), 2)):
        for one in cases:
            link, _secret = capstones.make_link(capstone=one.capstone, purpose=LinkPurpose.GUIDANCE, by=SYSTEM, now=now)
            capstones.send_link(link=link, url="u", now=now)
        assert len(make.told(told, "capstones.link")) == number


def test_the_mentor_reads_whom_to_ask_for_the_code(session: Session, client: FlaskClient, found: make.Case, sent: list[str]) -> None:
    """In the message and on the page: the office, no person, no student; nothing of a code once the address is vouched for."""
    assert found.mentor is not None
    now, head = clock.now(), _head(found)
    link, secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
    capstones.send_link(link=link, url="u", now=now)
    session.commit()
    assert f"{found.programme.name} 专业负责人" in sent[0]
    page = client.get(f"/capstones/link/{secret}").text
    assert found.programme.name in page
    assert found.who.name not in page
    addresses.vouch(mentor=found.mentor, digest=digest_of(PHONE), how="当面", by=head, now=now)
    link, _secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
    capstones.send_link(link=link, url="u", now=now)
    assert "核对码" not in sent[1]


def test_what_is_kept_of_an_address_is_not_found_by_trying_and_goes_with_it(session: Session, found: make.Case, sent: list[str]) -> None:
    assert found.mentor is not None
    assert digest_of(PHONE) != hashlib.sha256(PHONE.replace(" ", "").encode()).hexdigest()
    addresses.vouch(mentor=found.mentor, digest=digest_of(PHONE), how="当面", by=_head(found), now=clock.now())
    link, _secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock.now())
    capstones.send_link(link=link, url="u", now=clock.now())
    theirs = PlacementLink(mentor_id=found.mentor.id, token_hash="0" * 64, made_at=field.NOW, expires_at=field.NOW, sent_to=digest_of(PHONE))
    session.add(theirs)
    session.flush()
    assert not asks_code(link, link.person_id)
    people.forget_contacts([link.person_id])
    assert vouched_of(link.person_id) == {}
    assert [one.sent_to for one in (link, theirs)] == ["", ""]
    assert asks_code(link, link.person_id)


def _change(person: Person, by: Identity, phone: str) -> None:
    people.change_person(person=person, phone=phone, by=by, now=clock.now())


def test_what_an_office_or_the_holder_enters_is_vouched_for(session: Session, found: make.Case) -> None:
    assert found.field is not None
    key = found.field.id
    host = Identity(
        account_id=identity.account(person=ground.person()).id,
        person_id=None,
        name="企业",
        grants=(Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.enterprise.id),),
    )
    _change(found.field, host, "13800001111")
    assert vouched_of(key) == {}
    _change(found.field, _head(found), "13800002222")
    assert set(vouched_of(key)) == {digest_of("13800002222")}
    own = identity.account(person=found.field)
    me = Identity(account_id=own.id, person_id=key, name=found.field.name)
    own.handled_at = clock.now()  # the enterprise opened it: whoever signs in by it may be the coordinator
    session.flush()
    _change(found.field, me, "13800003333")
    assert digest_of("13800003333") not in vouched_of(key)
    own.handled_at = None
    session.flush()
    _change(found.field, me, "13800004444")
    assert digest_of("13800004444") in vouched_of(key)


# -- placements ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def placed(session: Session) -> Iterator[SimpleNamespace]:
    """A mentor without an account guides students of two schools, a day of each waits."""
    with time_machine.travel(field.NOW, tick=False):
        enterprise = ground.enterprise()
        base = ground.base(enterprise)
        field.opened_base(base=base)
        person = ground.person(phone=PHONE)
        mentor = field.mentor(enterprise=enterprise, person=person)
        rows = []
        for _school in range(2):
            university = ground.university()
            term = field.term(university=university)
            position = field.position(enterprise=enterprise, base=base, terms=[term])
            programme = ground.programme(university)
            student = ground.student(programme, petoe_since=date(2023, 9, 1))
            row = field.started(student=student, position=position, term=term, mentor=mentor)
            placements.log_day(placement=row, on=field.TODAY, today=field.TODAY, by=SYSTEM, now=field.NOW)
            rows.append((row.id, university.id, programme.id))
        found = SimpleNamespace(person_id=person.id, name=person.name, mentor_id=mentor.id, enterprise_id=enterprise.id, rows=rows)
        session.commit()
        yield found


def _confirm(text: str) -> str:
    got = re.search(r"/placements/c/[\w-]+", text)
    assert got is not None
    return got[0]


@pytest.mark.parametrize("over", ["school", "enterprise"])
def test_a_confirmation_link_to_it_asks_for_the_code_of_one_school(
    session: Session, as_role: AsRole, client: FlaskClient, placed: SimpleNamespace, sent: list[str], over: str
) -> None:
    (key, university_id, programme_id), (other, _other_university, other_programme) = placed.rows
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=placed.enterprise_id)
    answer = (head if over == "school" else host).post(f"/placements/{key}/mentor-link")
    assert ("核对码" in answer.text, "/placements/c/" in answer.text) == (True, False)
    path, who = _confirm(sent[0]), {"name": placed.name, "digits": "4321"}
    assert client.post(f"{path}/identity", data=who).status_code == 409
    [link] = session.scalars(select(PlacementLink)).all()
    assert (link.is_handed, link.university_id) == (False, university_id)
    assert host.post(f"/placements/{key}/mentor-links/{link.id}/code").status_code == 403
    assert as_role(Role.PROGRAMME_ADMIN, programme_id=other_programme).post(f"/placements/{other}/mentor-links/{link.id}/code").status_code == 404
    assert "未经核实" in head.get(f"/placements/{key}").text
    code = _code(head.post(f"/placements/{key}/mentor-links/{link.id}/code"))
    assert client.post(f"{path}/identity", data=who | {"code": code}).status_code == 303
    assert len(placements.waiting_by(session.get_one(PlacementLink, link.id), today=field.TODAY)) == 1


def test_to_a_vouched_address_one_link_opens_all(
    session: Session, as_role: AsRole, client: FlaskClient, placed: SimpleNamespace, sent: list[str]
) -> None:
    session.add(MentorAddress(person_id=placed.person_id, digest=digest_of(PHONE), how="当面", vouched_at=field.NOW))
    session.commit()
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=placed.enterprise_id)
    assert "核对码" not in host.post(f"/placements/{placed.rows[0][0]}/mentor-link").text
    assert client.post(f"{_confirm(sent[0])}/identity", data={"name": placed.name, "digits": "4321"}).status_code == 303
    [link] = session.scalars(select(PlacementLink)).all()
    assert len(placements.waiting_by(link, today=field.TODAY)) == 2


@pytest.mark.parametrize("is_vouched", [False, True])
def test_the_weekly_reminder_sends_one_a_school_where_codes_are_asked(
    session: Session, placed: SimpleNamespace, sent: list[str], is_vouched: bool
) -> None:
    if is_vouched:
        session.add(MentorAddress(person_id=placed.person_id, digest=digest_of(PHONE), how="当面", vouched_at=field.NOW))
        session.flush()
    heads = []
    for _key, _university, programme_id in placed.rows:
        account = identity.account(person=ground.person())
        identity.grant(account, Role.PROGRAMME_ADMIN, programme_id=programme_id)
        heads.append(account.id)
    for _again in range(2):
        placements.remind_without_account(person_id=placed.person_id, now=field.NOW)
    links = session.scalars(select(PlacementLink).order_by(PlacementLink.id)).all()
    assert [link.university_id for link in links] == ([None] if is_vouched else sorted(row[1] for row in placed.rows))
    assert [len(placements.waiting_by(link, today=field.TODAY)) for link in links] == ([2] if is_vouched else [1, 1])
    assert len(sent) == len(links)
    assert [len(make.told(one, "placements.mentor_link")) for one in heads] == ([0, 0] if is_vouched else [1, 1])
    assert all(link.expires_at > field.NOW for link in links)
    placements.remind_without_account(person_id=placed.person_id, now=field.NOW + timedelta(days=7))
    assert len(sent) == 2 * len(links)


def test_a_school_that_owes_only_a_mark_is_asked_too(session: Session, placed: SimpleNamespace, sent: list[str]) -> None:
    """The link of another school opens its own students alone: that it was sent is no asking for this one's mark."""
    (_first, one, _programme), (key, other, _other) = placed.rows
    row = session.get_one(Placement, key)
    session.execute(delete(DayEntry).where(DayEntry.placement_id == key))
    row.state, row.ends_on = PlacementState.FINISHED, field.TODAY
    session.flush()
    for _again in range(2):
        placements.remind_without_account(person_id=placed.person_id, now=field.NOW)
    links = {link.university_id: link for link in session.scalars(select(PlacementLink))}
    assert sorted(links) == [one, other]
    assert [row.id for _row, row in placements.gradable_by(links[other], today=field.TODAY)] == [key]
    assert len(sent) == 2


def test_an_address_that_stands_for_somebody_else_too_is_no_task(
    app: Flask, session: Session, as_role: AsRole, found: make.Case, sent: list[str]
) -> None:
    """One office telephone of many: nothing is sent there, nobody can vouch for it; it is neither on the list nor counted, and a tick of before says whose."""
    ground.person("同事", phone=PHONE)
    assert found.mentor is not None
    assert found.field is not None
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    reader = make.head_of(found.programme)
    assert unchecked(reader, clock.today()) == []
    with app.test_request_context():
        assert unchecked_addresses(reader, clock.today()) == []
    refused = head.post("/mentors/addresses", data={"how": "当面", "address": f"{found.mentor.id}:{digest_of(PHONE)}"})
    assert (refused.status_code, found.field.name in refused.text) == (422, True)
