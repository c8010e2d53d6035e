"""A one-time link is the enterprise supervisor's: the school, which grades too, never holds one that grades for the other side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import CapstoneRefused, WrongPerson, WrongState
from enterprises.capstones.operations.linking import LinkClosed
from enterprises.capstones.types import LinkPurpose
from tests.factories import capstones as make
from tests.factories import ground, identity
from trainhub.identity import delivery
from trainhub.identity.types import Channel
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Grant, Role, ScopeKind

AsRole = Callable[..., FlaskClient]
Sent = list[tuple[str, str]]


@pytest.fixture
def sent(app: Flask) -> Iterator[Sent]:
    """What goes out by e-mail."""
    known, found = dict(app.extensions.get("trainhub.channels", {})), Sent()
    delivery.register_channel(app, Channel.EMAIL, lambda to, subject, text, now: found.append((to, text)))
    yield found
    app.extensions["trainhub.channels"] = known


@pytest.fixture
def found(session: Session) -> make.Case:
    case = make.case()
    make.submit(case)
    session.commit()
    return case


def _ask(client: FlaskClient, found_id: int) -> Any:
    return client.post(f"/capstones/{found_id}/links", data={"purpose": "grade"})


@pytest.mark.parametrize("address", ["mentor@example.org", ""])
def test_a_school_has_a_link_sent_and_never_sees_it(session: Session, as_role: AsRole, found: make.Case, sent: Sent, address: str) -> None:
    key, programme_id = found.capstone.id, found.programme.id
    assert found.field is not None
    found.field.email = address
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    answer = _ask(head, key)
    assert "/capstones/link/" not in answer.text
    assert [to for to, _text in sent] == ([address] if address else [])
    assert (answer.status_code, "链接没有生成" in answer.text) == ((200, False) if address else (422, True))
    if address:
        assert len(queries.links_of(key)) == 1
        assert re.search(r"/capstones/link/\S{40}", sent[0][1])
        assert found.topic.title not in sent[0][1]  # who only found the message learns nothing


def _made(answer: Any) -> str:
    """The secret of a link that a page shows."""
    found = re.search(r"/capstones/link/([\w-]{40,})", answer.text)
    assert found is not None
    return found[1]


def _code(answer: Any) -> str:
    """The code that a page shows."""
    found = re.search(r">(\d{6})<", answer.text)
    assert found is not None
    return found[1]


POINTS = dict.fromkeys(("topic", "work", "result", "report"), 90)


@pytest.mark.parametrize("purpose", list(LinkPurpose))
def test_the_coordinator_alone_signs_nothing_with_a_link_that_was_handed_over(
    session: Session, as_role: AsRole, client: FlaskClient, found: make.Case, sent: Sent, purpose: LinkPurpose
) -> None:
    assert found.field is not None
    key, programme_id, enterprise_id = found.capstone.id, found.programme.id, found.capstone.enterprise_id
    who = {"name": found.field.name, "digits": found.field.phone[-4:]}
    act = POINTS if purpose is LinkPurpose.GRADE else {"content": "看现场", "on": "2026-03-02"}
    account = identity.account(person=ground.person())
    identity.grant(account, Role.PROGRAMME_ADMIN, programme_id=programme_id)
    told_id = account.id
    session.commit()
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    secret = _made(host.post(f"/capstones/{key}/links", data={"purpose": purpose.value}))
    [(link, _name)] = queries.links_of(key)
    link_id, at = link.id, f"/capstones/link/{secret}"
    assert any("核对码" in text for text in make.told(told_id, "capstones.link"))
    assert "核对码" in client.get(at).text
    early = client.post(f"{at}/identity", data={**who, "code": "000000"})
    assert (early.status_code, "学校还没有生成核对码" in early.text) == (409, True)
    assert client.post(at, data={**who, **act}).status_code == 409
    session.expire_all()
    assert queries.links_of(key)[0][0].failures == 0  # nobody has told a code yet: nothing was guessed
    assert host.post(f"/capstones/links/{link_id}/code").status_code == 403
    code = _code(as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(f"/capstones/links/{link_id}/code"))
    for wrong in ("", "12345", str((int(code) + 1) % 10**6).zfill(6)):
        assert client.post(at, data={**who, **act, "code": wrong}).status_code == 422
    assert (queries.grades_of(key), queries.entries_of(key)) == ({}, [])
    session.expire_all()
    assert queries.links_of(key)[0][0].failures == 3
    assert client.post(f"{at}/identity", data={**who, "code": code}).status_code == 303
    assert client.post(at, data=act).status_code == 303
    session.expire_all()
    assert (len(queries.grades_of(key)), len(queries.entries_of(key))) == ((1, 0) if purpose is LinkPurpose.GRADE else (0, 1))


def test_a_new_code_takes_the_place_of_the_old_one(session: Session, found: make.Case) -> None:
    assert found.field is not None
    host = make.as_person(ground.person(), Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.capstone.enterprise_id))
    head, now, who = make.head_of(found.programme), clock.now(), (found.field.name, found.field.phone[-4:])
    link, _secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=host, now=now)
    operations.hand_over(link=link, by=host, now=now)
    first, second = (operations.make_code(link=link, by=head, now=now) for _n in range(2))
    assert [operations.is_holder(link, *who, code) for code in (first, second, "")] == [first == second, True, False]
    for by in (host, found.by("school"), found.by("enterprise"), found.by("student")):
        with pytest.raises(WrongPerson):
            operations.make_code(link=link, by=by, now=now)
    operations.revoke_link(link=link, by=head, now=now)
    with pytest.raises(WrongState):
        operations.make_code(link=link, by=head, now=now)
    sent_one, _secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=head, now=now)
    with pytest.raises(WrongState, match="不需要核对码"):
        operations.make_code(link=sent_one, by=head, now=now)
    assert operations.is_holder(sent_one, *who, "")
    with pytest.raises(CapstoneRefused, match="链接没有生成"):
        operations.hand_over(link=sent_one, by=head, now=now)


@pytest.mark.parametrize("shared", ["email", "phone"])
def test_an_address_of_somebody_else_is_not_the_mentors(session: Session, found: make.Case, sent: Sent, app: Flask, shared: str) -> None:
    assert found.field is not None
    delivery.register_channel(app, Channel.SMS, lambda to, subject, text, now: sent.append((to, text)))
    found.field.email, found.field.phone = "field@example.org", "13800001234"
    other = ground.person()
    host = make.as_person(other, Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.capstone.enterprise_id))
    link, _secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=host, now=clock.now())
    if shared == "email":
        other.email = "Field@Example.org"
    else:
        other.phone, found.field.email = "138 0000-1234", ""
    session.flush()
    took = operations.send_link(link=link, url="https://example.org/x", now=clock.now())
    assert (took, [to for to, _text in sent]) == ((Channel.SMS, ["13800001234"]) if shared == "email" else (None, []))


def test_a_message_to_a_mentor_is_in_chinese_whoever_has_it_sent(session: Session, as_role: AsRole, found: make.Case, sent: Sent) -> None:
    assert found.field is not None
    found.field.email = "mentor@example.org"
    key, programme_id = found.capstone.id, found.programme.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    answer = head.post(f"/capstones/{key}/links?lang=en", data={"purpose": "grade"})
    assert ('lang="en"' in answer.text, "您好" in sent[0][1]) == (True, True)


@pytest.mark.parametrize(("known", "typed"), [("欧阳 示例", "欧阳示例"), ("John Smith", " john  SMITH "), ("林示例", "林示例")])
def test_blanks_width_and_case_of_a_name_do_not_matter(session: Session, found: make.Case, known: str, typed: str) -> None:
    assert found.field is not None
    found.field.name, found.field.phone = known, "+86 138 0000 1234"
    link, _secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock.now())
    assert operations.is_holder(link, typed, "１２３４")
    assert not operations.is_holder(link, typed + "x", "1234")
    assert not operations.is_holder(link, "", "1234")


def test_the_enterprise_hands_on_what_could_not_be_sent(session: Session, as_role: AsRole, found: make.Case, sent: Sent) -> None:
    key, enterprise_id = found.capstone.id, found.capstone.enterprise_id
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    assert f"/capstones/{key}/links" in host.get(f"/capstones/{key}").text
    answer = _ask(host, key)
    assert (answer.status_code, bool(re.search(r"/capstones/link/\S{40}", answer.text)), sent) == (200, True, [])
    stranger = ground.enterprise().id
    session.commit()
    assert _ask(as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=stranger), key).status_code == 403


def test_no_link_is_made_that_opens_the_readers_own_device(
    session: Session, as_role: AsRole, found: make.Case, sent: Sent, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = found.capstone.id
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.capstone.enterprise_id)
    session.commit()
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], is_testing=False))
    refused = _ask(host, key)
    assert (refused.status_code, "TRAINHUB_BASE_URL" in refused.text, queries.links_of(key)) == (422, True, [])


def test_who_has_an_account_gets_no_link(session: Session, as_role: AsRole, found: make.Case) -> None:
    assert found.field is not None
    identity.account(person=found.field)
    with pytest.raises(WrongState, match="账户"):
        operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock.now())
    key, programme_id = found.capstone.id, found.programme.id
    session.commit()
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/capstones/{key}/links").text
    assert ("有账户" in page, "生成“" in page) == (True, False)


def test_nobody_who_is_signed_in_as_somebody_else_acts_by_a_link(session: Session, as_role: AsRole, found: make.Case) -> None:
    assert found.field is not None
    _row, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=clock.now())
    who, programme_id, key = {"name": found.field.name, "digits": found.field.phone[-4:]}, found.programme.id, found.capstone.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for answer in (
        head.get(f"/capstones/link/{secret}"),
        as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(f"/capstones/link/{secret}/identity", data=who),
        as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).post(
            f"/capstones/link/{secret}", data={**who, **dict.fromkeys(("topic", "work", "result", "report"), 90)}
        ),
    ):
        assert (answer.status_code, "本人" in answer.text) == (403, True)
    assert queries.grades_of(key) == {}


def test_who_makes_and_closes_links(session: Session, found: make.Case) -> None:
    person = ground.person()
    host = make.as_person(person, Grant(Role.ENTERPRISE_COORDINATOR, ScopeKind.ORGANISATION, found.capstone.enterprise_id))
    row, secret = operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=host, now=clock.now())
    operations.revoke_link(link=row, by=host, now=clock.now())
    with pytest.raises(LinkClosed):
        operations.link_of(secret, clock.now())
    for by in (make.as_person(person), found.by("school"), found.by("student")):
        with pytest.raises(WrongPerson):
            operations.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=by, now=clock.now())
