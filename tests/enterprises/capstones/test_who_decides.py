"""A moderation and an appeal are told to who may decide them, and wait on that person's first page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.oversight.home import page
from trainhub.people.models import Person

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
MODERATION, APPEAL = "处理毕业设计成绩复核", "处理毕业设计成绩申诉"


def _head(found: make.Case, person: Person | None = None) -> Account:
    row = identity.account(person=person or ground.person())
    identity.grant(row, Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    return row


def _office(found: make.Case) -> Account:
    row = identity.account(person=ground.person())
    identity.grant(row, Role.UNIVERSITY_ADMIN, organisation_id=found.student.university_id)
    return row


def _by(account: Account, *grants: Grant) -> Identity:
    return Identity(account_id=account.id, person_id=account.person_id, name=account.display_name, grants=grants)


def _desk(found: make.Case, head: Account) -> Identity:
    return _by(head, Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, found.programme.id))


def _above(found: make.Case, office: Account) -> Identity:
    return _by(office, Grant(Role.UNIVERSITY_ADMIN, ScopeKind.ORGANISATION, found.student.university_id))


def _todos(who: Identity) -> dict[str, int | None]:
    with current_app.test_request_context():
        return {str(one.text): one.count for one in page.of(who, TODAY).todos if str(one.text) in (MODERATION, APPEAL)}


@pytest.mark.parametrize("supervises", [False, True])
def test_a_moderation_is_told_to_who_may_settle_it(session: Session, supervises: bool) -> None:
    found = make.graded()
    head, office = _head(found, found.school if supervises else None), _office(found)
    operations.moderate(capstone=found.capstone, reason="偏高", by=SYSTEM, now=NOW)
    told = [make.told(one.id, "capstones.moderation") for one in (head, office)]
    text = [f"{found.who.name} 的毕业设计成绩进入复核，请作出结论：{found.topic.title}"]
    assert told == ([[], text] if supervises else [text, []])
    assert _todos(_desk(found, head)) == ({} if supervises else {MODERATION: 1})
    assert _todos(_above(found, office)) == {MODERATION: 1}
    operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=SYSTEM, **TIMES)
    assert _todos(_above(found, office)) == {}


def test_who_opened_it_knows(session: Session) -> None:
    found = make.graded()
    head, other = _head(found), _head(found)
    operations.moderate(capstone=found.capstone, reason="偏高", by=_desk(found, head), now=NOW)
    assert [len(make.told(one.id, "capstones.moderation")) for one in (head, other)] == [0, 1]


def test_an_appeal_is_told_to_the_university_when_the_only_head_supervises(session: Session) -> None:
    found = make.graded()
    head, office = _head(found, found.school), _office(found)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏计", by=found.by("student"), **TIMES)
    assert [len(make.told(one.id, "capstones.appeal")) for one in (head, office)] == [0, 1]
    assert (_todos(_desk(found, head)), _todos(_above(found, office))) == ({}, {APPEAL: 1})


def test_who_settled_the_moderation_has_no_appeal_to_decide(session: Session) -> None:
    found = make.graded()
    head, office = _head(found), _office(found)
    operations.moderate(capstone=found.capstone, reason="偏高", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=700, note="偏高", by=_desk(found, head), **TIMES)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏计", by=found.by("student"), **TIMES)
    assert (_todos(_desk(found, head)), _todos(_above(found, office))) == ({}, {APPEAL: 1})


def test_the_list_of_moderations_holds_it(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="偏高", by=SYSTEM, now=NOW)
    desk = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.commit()
    assert MODERATION in desk.get("/").text
    assert found.topic.title in desk.get("/capstones/?state=moderation").text


def test_an_appeal_is_told_to_a_barred_head_where_there_is_nobody_else(session: Session) -> None:
    found = make.graded()
    head = _head(found, found.school)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.appeal(capstone=found.capstone, reason="漏计", by=found.by("student"), **TIMES)
    assert len(make.told(head.id, "capstones.appeal")) == 1, "somebody has to know"
