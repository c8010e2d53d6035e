"""Issuing and changing: once for each thing, gap-free numbers, states, reasons, a chained history."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, TODAY, certificate, corrected, rewriting
from tests.factories.identity import account
from trainhub.certificates import chain, numbers, operations, queries
from trainhub.certificates.models import Certificate, CertificateCounter, CertificateEvent
from trainhub.certificates.types import Event, Kind, State
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused, Stale
from trainhub.notifications.models import Notice


def test_a_certificate_freezes_its_facts(session: Session) -> None:
    who, issuer = ground.person("欧阳娜娜"), ground.university(name="闽江理工大学", name_en="Minjiang University")
    made = certificate(who=who, issuer=issuer, facts={"hours": Decimal("32.0"), "number": "不许覆盖", "note": None})
    assert made.state is State.ISSUED
    assert made.facts == {
        "course": "智能制造导论",
        "hours": "32",
        "issued_on": "2026-03-02",
        "issuer": "闽江理工大学",
        "issuer_en": "Minjiang University",
        "name": "欧阳娜娜",
    }
    assert made.evidence == [{"kind": "milestone", "id": "1", "text": "完成课程"}]
    assert numbers.is_number(made.number)
    assert numbers.is_code(made.code)
    parts = numbers.parse(made.number)
    assert parts is not None
    assert (parts.province, parts.kind, parts.year, parts.serial) == ("35", "1", 2026, 1)
    who.name = "改名以后"
    session.flush()
    assert made.holder == "欧阳娜娜"


def test_asking_twice_gives_the_same_certificate(session: Session) -> None:
    who, issuer = ground.person(), ground.university()
    first = certificate(who=who, issuer=issuer, asked_key="course:MC-101/2026:person:7")
    again = certificate(who=who, issuer=issuer, asked_key="course:MC-101/2026:person:7", facts={"hours": 99})
    assert again is first
    assert first.facts["hours"] == "32"
    assert len(queries.events_of([first])) == 1
    operations.revoke(certificate=first, **REASON)
    assert certificate(who=who, issuer=issuer, asked_key="course:MC-101/2026:person:7") is first


def test_serials_have_no_gap_after_a_refusal(session: Session) -> None:
    issuer = ground.university()
    first = certificate(issuer=issuer)
    work = session.begin_nested()
    assert int(certificate(issuer=issuer).number[11:17]) == 2
    work.rollback()
    second = certificate(issuer=issuer)
    other_kind = certificate(Kind.PLACEMENT, issuer=issuer)
    other_year = certificate(issuer=issuer, today=date(2027, 1, 1))
    assert [int(one.number[11:17]) for one in (first, second, other_kind, other_year)] == [1, 2, 1, 1]
    assert first.number[2:6] == second.number[2:6] == other_kind.number[2:6]
    assert certificate(issuer=ground.university()).number[2:6] != first.number[2:6]


def test_the_last_serial_is_the_last(session: Session) -> None:
    issuer = ground.university()
    made = certificate(issuer=issuer)
    session.execute(sa.update(CertificateCounter).where(CertificateCounter.unit == made.number[2:6]).values(last=999_998))
    assert certificate(issuer=issuer).number[11:17] == "999999"
    with pytest.raises(operations.NumbersExhausted):
        certificate(issuer=issuer)


def test_unknown_person_issuer_and_template_are_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        operations.issue(kind=Kind.COMPLETION, person_id=0, issuer_id=0, asked_key="x", facts={}, evidence=[], by=SYSTEM, today=TODAY, now=ground.NOW)
    with pytest.raises(operations.CannotIssue):
        certificate(template="unknown")
    with pytest.raises(operations.CannotIssue):
        certificate(asked_key="x" * 161)


@pytest.mark.skipif(not fonts.available(), reason="the text fonts are not installed")
def test_a_name_in_no_font_waits_for_a_person(session: Session) -> None:
    who = ground.person("王某")
    who.name = "王\U00033479"  # the last of extension J: in no font yet
    session.flush()
    if not fonts.missing_glyphs(who.name):
        pytest.skip("a font of this machine has it")
    made = certificate(who=who)
    assert (made.state, made.note) == (State.DRAFT, "needs_glyph")
    assert queries.by_number_and_code(made.number, made.code) is None
    assert queries.events_of([made]) == []
    with pytest.raises(operations.CannotIssue):
        operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
    with pytest.raises(operations.CannotChange):
        operations.revoke(certificate=made, **REASON)
    who.name = "王某"  # put right in the person's record: a draft attests nothing yet, so the name is read anew
    session.flush()
    number = made.number
    operations.release(certificate=made, by=SYSTEM, today=TODAY + timedelta(days=3), now=ground.NOW)
    assert (made.state, made.note, made.number, made.facts["issued_on"]) == (State.ISSUED, "", number, "2026-03-05")
    assert made.holder == made.facts["name"] == "王某"
    assert queries.is_whole(made)


@pytest.mark.skipif(not fonts.available(), reason="the text fonts are not installed")
def test_the_number_has_the_year_of_issue_when_a_draft_waited_over_new_year(session: Session) -> None:
    who, issuer = ground.person("王某"), ground.university()
    who.name = "王\U00033479"
    session.flush()
    made = certificate(who=who, issuer=issuer)
    before, who.name = made.number, "王某"
    session.flush()
    with transaction():
        operations.release(certificate=made, by=SYSTEM, today=date(2027, 1, 2), now=ground.NOW)
    assert (made.number[7:11], int(made.number[11:17]), made.facts["issued_on"]) == ("2027", 1, "2027-01-02")
    assert certificate(issuer=issuer).number > before, "the one given up is given to nobody else"
    told = session.scalars(sa.select(AuditEvent).where(AuditEvent.did == "certificates.certificate.renumbered")).one()
    assert (told.data["before"], told.data["number"]) == (before, made.number)


@pytest.mark.parametrize("reason", ["", "  ", "理" * 401])
def test_a_change_needs_a_reason(session: Session, reason: str) -> None:
    made = certificate()
    with pytest.raises(operations.CannotChange) as refused:
        operations.revoke(certificate=made, **{**REASON, "reason": reason})
    assert refused.value.field == "reason"
    assert made.state is State.ISSUED


@pytest.mark.parametrize(
    ("change", "field"),
    [({"document": ""}, "document"), ({"on": TODAY + timedelta(days=1)}, "on"), ({"on": TODAY - timedelta(days=1)}, "on")],
)
def test_a_change_needs_document_and_date(session: Session, change: dict[str, Any], field: str) -> None:
    with pytest.raises(operations.CannotChange) as refused:
        operations.suspend(certificate=certificate(), **{**REASON, **change})
    assert refused.value.field == field


def test_suspended_resumed_revoked_and_then_nothing_more(session: Session) -> None:
    made = certificate()
    operations.suspend(certificate=made, **REASON)
    assert made.state is State.SUSPENDED
    operations.resume(certificate=made, **REASON)
    assert made.state is State.ISSUED
    operations.revoke(certificate=made, **REASON)
    assert made.state is State.REVOKED
    for verb in (operations.suspend, operations.resume, operations.revoke, operations.reissue):
        with pytest.raises(operations.CannotChange):
            verb(certificate=made, **REASON)
    events = [row.event.event for row in queries.events_of([made])]
    assert events == [Event.ISSUE, Event.SUSPEND, Event.RESUME, Event.REVOKE]
    assert queries.is_whole(made)


def test_a_reissue_keeps_the_number_and_kills_the_old_code(session: Session) -> None:
    old = certificate()
    later = TODAY + timedelta(days=40)
    new = operations.reissue(certificate=old, **{**REASON, "on": later, "today": later})
    assert (old.state, new.state, new.number, new.edition) == (State.REISSUED, State.ISSUED, old.number, 2)
    assert new.code != old.code
    assert new.facts == old.facts
    assert new.issued_on == old.issued_on == date.fromisoformat(old.facts["issued_on"]), "the day that is printed is the day that is told"
    assert queries.by_asked_key(old.asked_key) is new
    assert queries.by_number(old.number) is new
    assert queries.by_number_and_code(old.number, old.code) is old
    assert queries.of_person(old.person_id) == [new]
    assert queries.is_whole(new)
    with pytest.raises(operations.CannotChange):
        operations.revoke(certificate=old, **REASON)


def test_a_correction_has_a_new_number(session: Session) -> None:
    old = certificate()
    new = corrected(old, facts={"name": "林更正", "hours": 48})
    assert (old.state, new.state, new.edition) == (State.SUPERSEDED, State.ISSUED, 1)
    assert new.number != old.number
    assert (new.holder, new.facts["name"], new.facts["hours"], new.facts["course"]) == ("林更正", "林更正", "48", "智能制造导论")
    assert old.facts["hours"] == "32"
    assert queries.by_asked_key(old.asked_key) is new
    assert [one.id for one in queries.line_of(new)] == [old.id, new.id]
    assert queries.is_whole(new)


@pytest.mark.parametrize("facts", [{}, {"hours": 32}, {"unknown": "x"}, {"issuer": "别的单位"}, {"name": " "}])
def test_a_correction_must_change_something_known(session: Session, facts: dict[str, Any]) -> None:
    made = certificate()
    with pytest.raises(Refused):
        operations.prepare_correction(certificate=made, facts=facts, **REASON)
    assert made.state is State.ISSUED


def test_two_at_once_the_second_is_told(session: Session) -> None:
    made = certificate()
    session.execute(sa.update(Certificate).where(Certificate.id == made.id).values(state=State.REVOKED).execution_options(synchronize_session=False))
    with pytest.raises(Stale):
        operations.suspend(certificate=made, **REASON)


def test_changed_facts_and_changed_events_show(session: Session) -> None:
    made, other = certificate(), certificate()
    assert queries.is_whole(made)
    made.facts = {**made.facts, "hours": "64"}
    session.flush()
    assert not queries.is_whole(made)
    with rewriting(session):
        session.execute(sa.update(CertificateEvent).where(CertificateEvent.certificate_id == other.id).values(reason="改写"))
    session.expire_all()
    assert not queries.is_whole(other)


@pytest.mark.parametrize("changed", [{"holder": "李四"}, {"issued_on": date(2020, 1, 1)}, {"code": "0" * 12}])
def test_a_changed_column_shows(session: Session, changed: dict[str, Any]) -> None:
    made = certificate()
    reissued = operations.reissue(certificate=certificate(), **REASON)
    assert [queries.is_whole(one) for one in (made, reissued)] == [True, True]
    ids = [made.id, reissued.id]
    session.execute(sa.update(Certificate).where(Certificate.id.in_(ids)).values(**changed).execution_options(synchronize_session=False))
    session.expire_all()
    assert [queries.is_whole(one) for one in (made, reissued)] == [False, False]


def test_a_history_that_covered_less_when_it_was_written_holds(session: Session) -> None:
    made = certificate()
    for line in session.info["audit"]:  # the log did not keep hashes then
        line.data.pop("event_hash", None)
    event = queries.last_event(made)
    assert event is not None
    told = {"reason": event.reason, "document": event.document, "on": event.on, "at": event.at, "by_account_id": event.by_account_id}
    for less in ({"issued": None, "code": ""}, {"issued": None}):
        old = queries.computed_hash(made, chain.GENESIS, event=event.event.value, state=event.state.value, **told, **less)
        assert old != event.hash
        with rewriting(session):
            session.execute(sa.update(CertificateEvent).where(CertificateEvent.id == event.id).values(hash=old))
        session.expire_all()
        assert queries.is_whole(made)


def test_a_history_cut_short_shows(session: Session) -> None:
    with transaction():
        made = certificate()
        operations.revoke(certificate=made, **REASON)
    assert queries.is_whole(made)
    with transaction():  # somebody at the database makes a revoked certificate valid again and removes every trace but one
        with rewriting(session):
            session.execute(sa.delete(CertificateEvent).where(CertificateEvent.certificate_id == made.id, CertificateEvent.event == Event.REVOKE))
        session.execute(sa.update(Certificate).where(Certificate.id == made.id).values(state=State.ISSUED, state_on=made.issued_on))
    session.expire_all()
    assert not queries.is_whole(made)


def test_the_holder_is_told(session: Session) -> None:
    who = ground.person()
    holder = account(person=who)
    made = certificate(who=who)
    operations.revoke(certificate=made, **REASON)
    notices = session.scalars(sa.select(Notice).where(Notice.account_id == holder.id).order_by(Notice.id)).all()
    assert [(one.kind, one.url) for one in notices] == [
        ("certificates.issued", f"/certificates/{made.number}"),
        ("certificates.revoked", f"/certificates/{made.number}"),
    ]
    assert notices[0].values["number"] == made.number


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_issued(session: Session, kind: Kind) -> None:
    made = certificate(kind)
    assert made.facts.items() >= {name: str(value) for name, value in FACTS[kind].items()}.items()
    assert made.template == kind.value
