"""A one-time link is the enterprise supervisor's: the school, which grades too, never holds one that grades for the other side."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.operations import WrongPerson, WrongState
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


def test_the_enterprise_hands_on_what_could_not_be_sent(session: Session, as_role: AsRole, found: make.Case, sent: Sent) -> None:
    key, enterprise_id = found.capstone.id, found.capstone.enterprise_id
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    assert f"/capstones/{key}/links" in host.get(f"/capstones/{key}").text
    answer = _ask(host, key)
    assert (answer.status_code, bool(re.search(r"/capstones/link/\S{40}", answer.text)), sent) == (200, True, [])
    stranger = ground.enterprise().id
    session.commit()
    assert _ask(as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=stranger), key).status_code == 403


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
