"""One human has one certificate of an issuer for one thing, whoever issues it: a rule, a list, a correction, before and after a merging of persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate, corrected
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.changing import CannotChange
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.types import PRESENT_FACTS, Attested, BatchSource, Kind, State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
RULES = {
    Kind.COMPLETION: "course:MC-101/2026:person:{}",
    Kind.PLACEMENT: "placement:7{}",
    Kind.CAPSTONE: "capstone:9{}",
    Kind.MENTOR: "supervision:1:2022:3:{}",
}
pytestmark = pytest.mark.database


def _listed(persons: list[Person], at: Organisation, kind: Kind = Kind.TRAINING, **facts: Any) -> IssueBatch:
    rows = [Wanted(one.id, {**FACTS[kind], **facts}) for one in persons]
    return batches.prepare(title="春季班", issuer=at, rows=rows, kind=kind, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)


def _issue(batch: IssueBatch) -> None:
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    while batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW):
        pass


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Certificate)) or 0


@pytest.mark.parametrize("kind", RULES)
def test_a_list_finds_what_a_rule_issued(session: Session, kind: Kind) -> None:
    who, at = ground.person(), ground.university()
    made = certificate(kind, who=who, issuer=at, asked_key=RULES[kind].format(who.id))
    batch = _listed([who], at, kind)
    assert queries.known_in(batch) == 1
    _issue(batch)
    assert (_count(session), queries.first_items(batch.id, 1)[0].certificate_id) == (1, made.id)
    _issue(_listed([who], at, kind, base="另一基地", course="另一门课", topic="另一题目", enterprise="另一企业"))
    assert _count(session) == 2, "another thing is another certificate"
    _issue(_listed([ground.person()], at, kind))
    _issue(_listed([who], ground.university(), kind))
    assert _count(session) == 4, "so is another person's, and another issuer's"


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_finds_what_a_list_issued(session: Session, kind: Kind) -> None:
    who, at = ground.person(), ground.university()
    batch = _listed([who], at, kind)
    _issue(batch)
    made = certificate(kind, who=who, issuer=at, asked_key=RULES[kind].format(who.id))
    assert (_count(session), made.id) == (1, queries.first_items(batch.id, 1)[0].certificate_id)
    operations.revoke(certificate=made, **REASON)
    again = certificate(kind, who=who, issuer=at, asked_key=RULES[kind].format(who.id))
    assert again.id == made.id, "what was revoked after its record was found is issued anew by two persons, as a rule's own"


@pytest.mark.parametrize("kind", RULES)
def test_a_list_s_certificate_that_was_revoked_keeps_no_rule_from_its_own(session: Session, kind: Kind) -> None:
    who, at = ground.person(), ground.university()
    _issue(_listed([who], at, kind))
    (made,) = queries.of_person(who.id)
    operations.revoke(certificate=made, **REASON)
    assert certificate(kind, who=who, issuer=at, asked_key=RULES[kind].format(who.id)).id != made.id


@pytest.mark.parametrize("kind", RULES)
def test_what_a_rule_finds_on_a_list_is_known_by_the_name_of_its_record(session: Session, kind: Kind) -> None:
    """Or no later change of the record would ever reach it: rooms look for their own name."""
    who, at = ground.person(), ground.university()
    batch = _listed([who], at, kind)
    _issue(batch)
    key, evidence = RULES[kind].format(who.id), [("record", 5, "记录")]
    with transaction():
        made = certificate(kind, who=who, issuer=at, asked_key=key, evidence=evidence)
    for _again in range(2):
        found = queries.by_asked_key(key)
        assert found is not None
        assert (found.id, [one["kind"] for one in found.evidence]) == (made.id, ["batch", "record"])
        assert certificate(kind, who=who, issuer=at, asked_key=key, evidence=evidence).id == made.id
    assert queries.is_whole(made)
    told = session.scalars(sa.select(AuditEvent).where(AuditEvent.did == "certificates.certificate.bound")).one()
    assert told.data["asked_key"] == key
    again = _listed([who], at, kind)
    assert queries.known_in(again) == 1, "a list still finds it"
    _issue(again)
    assert _count(session) == 1


def test_a_draft_whose_record_was_found_rests_on_its_list_too(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is printed with it, and whoever drew the list up is known by it."""
    who, at = ground.person(), ground.university()
    batch = _listed([who], at, Kind.COMPLETION, course="导论□")
    _issue(batch)
    record: dict[str, Any] = {"asked_key": f"trial:{who.id}", "evidence": [("record", 5, "记录")]}
    draft = certificate(who=who, issuer=at, facts={"course": "导论□"}, **record)
    assert (draft.state, draft.id) == (State.DRAFT, queries.first_items(batch.id, 1)[0].certificate_id)
    says = Attested({**draft.facts, "course": "导论"}, record["evidence"])
    monkeypatch.setitem(app.extensions[PRESENT_FACTS], "trial", lambda drafts, _today: {one.id: says for one in drafts})
    made = operations.release(certificate=draft, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert [(one["kind"], one["id"]) for one in made.evidence] == [("record", "5"), ("batch", str(batch.id))]
    assert queries.is_whole(made)


def test_a_list_s_certificate_stands_for_one_record_only(session: Session) -> None:
    who, at = ground.person(), ground.university()
    _issue(_listed([who], at, Kind.COMPLETION))
    first, second = (certificate(who=who, issuer=at, asked_key=f"course:MC-101/{year}:person:{who.id}") for year in (2025, 2026))
    assert first.id != second.id


def test_two_records_of_a_room_are_two(session: Session) -> None:
    who, at = ground.person(), ground.university()
    first, second = (certificate(who=who, issuer=at, asked_key=f"course:MC-101/{year}:person:{who.id}") for year in (2025, 2026))
    assert first.id != second.id
    assert queries.twins_of(first) == []


def test_after_a_merging_of_persons_nothing_is_issued_again(session: Session) -> None:
    stays, gone, at = ground.person("林一"), ground.person("林一"), ground.university()
    _issue(_listed([gone], at))
    by_rule = certificate(who=gone, issuer=at, asked_key=f"course:MC-101/2026:person:{gone.id}")
    ground.merge(stays, gone)
    for batch in (_listed([stays], at), _listed([gone], at), _listed([stays, gone], at)):
        assert (batch.count, queries.known_in(batch)) == (1, 1)
        _issue(batch)
    assert certificate(who=stays, issuer=at, asked_key=f"course:MC-101/2026:person:{stays.id}").id == by_rule.id
    assert _count(session) == 2


def test_two_of_a_batch_who_turn_out_to_be_one_are_issued_one(session: Session) -> None:
    stays, gone, at = ground.person("林一"), ground.person("林一"), ground.university()
    batch = _listed([gone, stays], at)
    ground.merge(stays, gone)
    _issue(batch)
    assert _count(session) == 1
    assert len({one.certificate_id for one in queries.first_items(batch.id, 2)}) == 1


def test_a_draft_is_not_issued_beside_one_that_says_the_same(session: Session) -> None:
    stays, gone, at = ground.person("林一"), ground.person("林一"), ground.university()
    _issue(_listed([stays], at))
    draft = certificate(Kind.TRAINING, who=gone, issuer=at, asked_key=f"training:{at.id}:x:person:{gone.id}")
    draft.state, draft.note = State.DRAFT, "needs_glyph"
    session.flush()
    ground.merge(stays, gone)
    with pytest.raises(CannotIssue, match="内容相同"):
        operations.release(certificate=draft, by=SYSTEM, today=TODAY, now=ground.NOW)


def test_a_correction_does_not_say_what_another_says_whoever_issued_the_two(session: Session) -> None:
    who, at = ground.person(), ground.university()
    certificate(who=who, issuer=at, asked_key=f"course:A/1:person:{who.id}", facts={"course": "甲"})
    other = certificate(who=who, issuer=at, asked_key=f"course:B/1:person:{who.id}", facts={"course": "乙"})
    with pytest.raises(CannotChange, match="内容相同"):
        corrected(other, facts={"course": "甲"})
    assert corrected(other, facts={"course": "丙"}).facts["course"] == "丙"


def test_those_issued_twice_before_are_pointed_out(session: Session) -> None:
    who, at = ground.person(), ground.university()
    first = certificate(who=who, issuer=at, asked_key=f"course:MC-101/2026:person:{who.id}")
    second = certificate(who=who, issuer=at, asked_key="for a moment another", facts={"course": "另一门"})
    certificate(who=who, issuer=at, asked_key=f"course:MC-101/2027:person:{who.id}")
    second.asked_key, second.facts = f"completion:{at.id}:0123:person:{who.id}", first.facts  # what the program did before
    session.flush()
    assert second in queries.twins_of(first)
    assert {one.id for one in queries.doubled(SYSTEM)[0]} >= {first.id, second.id}


def test_a_list_says_who_was_revoked(session: Session) -> None:
    who, other, at = ground.person(), ground.person(), ground.university()
    _issue(_listed([who, other], at))
    (made,) = queries.of_person(who.id)
    operations.revoke(certificate=made, **REASON)
    batch = _listed([who, other, ground.person()], at)
    assert (queries.known_in(batch), queries.revoked_in(batch)) == (1, 1)
    _issue(batch)
    assert _count(session) == 3, "who was revoked is not issued the same by the next list"


def test_a_batch_and_its_page_say_who_was_revoked(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    who, at = ground.person(), ground.university()
    _issue(_listed([who], at))
    (made,) = queries.of_person(who.id)
    operations.revoke(certificate=made, **REASON)
    batch = _listed([who], at)
    session.commit()
    staff = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id)
    page = staff.get(f"/certificates/batches/{batch.id}").text
    assert [words in page for words in ("此前已撤销", "1 人的这张证书已被撤销，通过后也不再签发")] == [True, True]
    _issue(batch)
    session.commit()
    assert "下面列出的是被撤销的那一张" in staff.get(f"/certificates/batches/{batch.id}").text


def test_the_correction_of_a_suspended_one_stays_suspended(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    old = certificate(Kind.TRAINING)
    batch = operations.prepare_correction(certificate=old, facts={"hours": 50}, **{**REASON, "by": WRITER})
    operations.suspend(certificate=old, **{**REASON, "reason": "涉嫌造假，正在调查"})
    session.commit()
    staff = as_role(Role.UNIVERSITY_ADMIN, organisation_id=old.issuer_id)
    assert "审核通过后的新证书同样暂停" in staff.get(f"/certificates/{old.number}").text
    assert "通过后，新证书同样暂停" in staff.get(f"/certificates/batches/{batch.id}").text
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    new = queries.successor_of(old)
    assert new is not None
    assert (old.state, new.state, new.facts["hours"]) == (State.SUPERSEDED, State.SUSPENDED, "50")
    held = queries.last_event(new)
    assert held is not None
    assert (held.reason, held.document) == ("涉嫌造假，正在调查", REASON["document"])
    assert queries.is_whole(new)
    operations.resume(certificate=new, **REASON)
    assert new.state is State.ISSUED


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_what_takes_the_place_of_a_suspended_one_is_suspended_as_of_today(session: Session, days: int) -> None:
    """Also when the clock was fast at the suspension: a correction must not wait for that day."""
    old, then = certificate(Kind.TRAINING, today=TODAY - timedelta(days=2)), TODAY + timedelta(days=days)
    operations.suspend(certificate=old, **{**REASON, "on": then, "today": then})
    new = corrected(old, facts={"hours": 50})
    held = queries.last_event(new)
    assert held is not None
    assert (new.state, held.on) == (State.SUSPENDED, TODAY)
