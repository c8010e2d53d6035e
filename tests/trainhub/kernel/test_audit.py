"""The audit log: chained, append-only, without a trace of what was rolled back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import after_commit, db, transaction
from trainhub.kernel.db import session as current_session


def _events(session: Session) -> list[audit.AuditEvent]:
    """The events of this test: loading the reference data has left some before."""
    return list(session.scalars(sa.select(audit.AuditEvent).where(audit.AuditEvent.on_kind == "thing").order_by(audit.AuditEvent.id)))


def _count(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(audit.AuditEvent)) or 0


def test_events_are_chained_from_the_genesis(session: Session) -> None:
    before = _count(session)
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"), data={"名称": "甲"})
        audit.record(by=SYSTEM, did="a.b.changed", on=("thing", "1"))
    first, second = _events(session)
    assert second.before_hash == first.hash
    oldest = session.scalars(sa.select(audit.AuditEvent).order_by(audit.AuditEvent.id).limit(1)).one()
    assert oldest.before_hash == audit.GENESIS
    assert audit.verify(session) == audit.Check(before + 2, None)


def test_a_rolled_back_unit_of_work_leaves_no_event(session: Session) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"))
        raise ZeroDivisionError
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "2"))
    assert [event.on_id for event in _events(session)] == ["2"]


def test_a_savepoint_that_was_rolled_back_leaves_no_event(session: Session) -> None:
    done: list[str] = []

    def note(name: str) -> None:
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", name))
        after_commit(lambda: done.append(name))

    with transaction() as current:
        note("1")
        with pytest.raises(ZeroDivisionError), current.begin_nested():
            note("2")
            with current.begin_nested():
                note("3")
            raise ZeroDivisionError
        with current.begin_nested():
            note("4")
            with pytest.raises(sa.exc.IntegrityError), current.begin_nested():
                note("5")
                current.add(audit.AuditHead(id=1, hash="", events=0))
                current.flush()
        note("6")
    assert [event.on_id for event in _events(session)] == ["1", "4", "6"] == done


def test_what_is_yet_to_be_written_is_asked_for_by_its_kind(session: Session) -> None:
    """In the order in which it was done; what a savepoint took along is gone, and what others asked before counts nothing."""

    def told(*kinds: str) -> list[tuple[str, str]]:
        return [(did, key) for did, (_kind, key), _data in audit.pending(kinds)]

    with transaction() as current:
        assert told("a.b.created") == []
        for did, key in (("a.b.created", "1"), ("a.b.changed", "1"), ("a.b.created", "2")):
            audit.record(by=SYSTEM, did=did, on=("thing", key))
        assert told("a.b.created") == [("a.b.created", "1"), ("a.b.created", "2")]
        with pytest.raises(ZeroDivisionError), current.begin_nested():
            audit.record(by=SYSTEM, did="a.b.created", on=("thing", "3"))
            assert told("a.b.created")[2:] == [("a.b.created", "3")]
            raise ZeroDivisionError
        audit.record(by=SYSTEM, did="a.b.changed", on=("thing", "4"))
        assert told("a.b.changed", "a.b.created", "a.b.removed") == [
            ("a.b.created", "1"),
            ("a.b.changed", "1"),
            ("a.b.created", "2"),
            ("a.b.changed", "4"),
        ]


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_or_delete_events(session: Session, statement: str) -> None:
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), session.begin_nested():
        session.execute(sa.text(statement))


def test_an_event_changed_behind_the_triggers_is_found(session: Session) -> None:
    before = _count(session)
    with transaction():
        for number in range(3):
            audit.record(by=SYSTEM, did="a.b.created", on=("thing", str(number)))
    ids = [event.id for event in _events(session)]
    session.expunge_all()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("DROP TRIGGER audit_event_no_update"))
    else:
        session.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only"))
    session.execute(sa.update(audit.AuditEvent).where(audit.AuditEvent.id == ids[1]).values(on_id="99").execution_options(synchronize_session=False))
    check = audit.verify(session)
    assert (check.events, check.broken_at) == (before + 2, ids[1])


def test_missing_events_at_the_end_are_found(session: Session) -> None:
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"))
    session.execute(sa.update(audit.AuditHead).values(hash="f" * 64))
    session.expire_all()
    assert audit.verify(session).broken_at == audit.AT_THE_END


def test_the_head_of_any_length_can_be_compared_with_one_kept_elsewhere(session: Session) -> None:
    """A chain rewritten as a whole verifies; only a head kept outside shows it."""
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"))
    kept = audit.verify(session)
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "2"))
    now = audit.verify(session)
    assert (now.events, now.head != kept.head) == (kept.events + 1, True)
    assert audit.verify(session, at=kept.events).head == kept.head
    row = session.scalars(sa.select(audit.AuditEvent).order_by(audit.AuditEvent.id.desc())).first()
    assert row is not None
    assert now.head == row.hash


@pytest.mark.parametrize("head_too", [False, True])
def test_a_wiped_log_or_a_head_that_is_gone_is_found(session: Session, head_too: bool) -> None:
    with transaction():
        audit.record(by=SYSTEM, did="a.b.created", on=("thing", "1"))
    if head_too:
        session.execute(sa.delete(audit.AuditHead))
    else:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(sa.text("DROP TRIGGER audit_event_no_delete"))
        else:
            session.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only"))
        session.execute(sa.delete(audit.AuditEvent))
    session.expire_all()
    assert audit.verify(session).broken_at == audit.AT_THE_END


def test_events_that_are_written_while_the_chain_is_verified_are_no_breach(committed: Flask) -> None:
    def write(number: int) -> None:
        with committed.app_context():
            with transaction():
                audit.record(by=SYSTEM, did="a.b.created", on=("thing", str(number)))
            db.session.remove()

    write(0)
    written: list[int] = []

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM audit_head" in statement and not written:
            written.append(1)
            other = threading.Thread(target=write, args=(1,))
            other.start()
            other.join(30)

    with committed.app_context():
        before = _count(current_session())
        current_session().rollback()
        sa.event.listen(db.engine, "before_cursor_execute", meanwhile)
        try:
            check = audit.verify(current_session())
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", meanwhile)
        assert written
        assert (check.broken_at, check.problem) == (None, "")
        assert check.events in (before, before + 1)
        db.session.remove()
