"""What a session has written and not committed is known until the whole unit of work ends: pages that forget to commit are told by it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trainhub.kernel import clock
from trainhub.kernel.db import add_once
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import WorkerHeartbeat


def _row(name: str) -> WorkerHeartbeat:
    return WorkerHeartbeat(name=name, seen_at=clock.now())


def test_a_savepoint_that_ends_has_committed_nothing(session: Session) -> None:
    add_once(_row("one"), lambda: Refused("taken"))
    assert session.info.get("unwritten") is True
    session.commit()
    assert session.info.get("unwritten") is None


def test_of_a_savepoint_that_was_rolled_back_nothing_is_left_to_commit(session: Session) -> None:
    with session.begin_nested() as point:
        session.add(_row("one"))
        session.flush()
        point.rollback()
    assert session.info.get("unwritten") is None
    session.add(_row("two"))
    session.flush()
    with session.begin_nested() as point:
        session.add(_row("three"))
        session.flush()
        point.rollback()
    assert session.info.get("unwritten") is True, "what was written before it still waits"
    with session.begin_nested():
        session.add(_row("four"))
    session.rollback()
    assert session.info.get("unwritten") is None


def test_rolled_back_as_a_whole_from_within_nothing_is_left_either(session: Session) -> None:
    session.begin_nested()
    session.add(_row("one"))
    session.flush()
    session.rollback()
    assert session.info.get("unwritten") is None
