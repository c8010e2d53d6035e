"""Ground that is made once a process: the next test that begins with it is given its rows (see `tests/factories/remembering.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import audit, clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import after_commit, db, transaction
from trainhub.kernel.files import StoredFile
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind


@contextmanager
def _one_test(session: Session) -> Iterator[None]:
    """At its end, what was written in it is gone."""
    connection = db.engines[None]
    assert isinstance(connection, sa.Connection)
    point = connection.begin_nested()
    yield
    session.rollback()
    point.rollback()
    session.info.clear()
    connection.info.pop("written", None)


def _read(session: Session, row: Organisation) -> dict[str, object]:
    return dict(session.execute(sa.select(Organisation.__table__).where(Organisation.id == row.id)).mappings().one())


def test_what_verbs_wrote_is_laid_again(session: Session) -> None:
    """They open savepoints and record in the audit log, as nearly all do."""
    built: list[str] = []
    found = []

    @remembered
    def made(name: str) -> Organisation:
        built.append(name)
        return ground.organisation(OrganisationKind.UNIVERSITY, name=name)

    for _ in range(2):
        with _one_test(session):
            row = made("学院")
            found.append((_read(session, row), list(session.info["audit"]), session.info.get("unwritten")))
            assert len(list(audit.pending({"organisations.organisation.verified"}))) == 1, "what is yet to be written is asked for by its kind"
    assert built == ["学院"]
    assert found[0] == found[1]
    with _one_test(session):
        made("另一学院")
        made("学院")
    assert built == ["学院", "另一学院", "学院"], "with another argument, or after something else, it is made"


def test_what_was_committed_is_laid_and_committed_again(session: Session) -> None:
    """With its audit events and their chain; who rolls back afterwards loses only what came later."""
    built: list[str] = []
    found = []

    @remembered
    def made() -> Organisation:
        built.append("学院")
        with transaction():
            return ground.organisation(OrganisationKind.UNIVERSITY, name="学院")

    for _ in range(2):
        with _one_test(session):
            row = made()
            assert not session.info.keys() & {"audit", "unwritten"}
            assert not session.in_transaction(), "what others commit from here on would go when it rolls back"
            session.rollback()
            ground.organisation(OrganisationKind.UNIVERSITY, name="另一学院")
            session.rollback()
            assert session.scalars(sa.select(Organisation.name).where(Organisation.name.in_(["学院", "另一学院"]))).all() == ["学院"]
            found.append((_read(session, row), list(session.execute(sa.select(AuditEvent.__table__)).mappings())))
            assert audit.verify(session).broken_at is None
    assert built == ["学院"]
    assert found[0] == found[1]


def _committed_then_more(session: Session) -> None:
    session.commit()
    ground.organisation(OrganisationKind.UNIVERSITY, name="另一学院")


def _committed_with_work(session: Session) -> None:
    with transaction():
        after_commit(list)


@pytest.mark.parametrize(
    "end",
    [_committed_then_more, _committed_with_work, lambda _session: after_commit(list)],
    ids=["more behind the commit", "something done after the commit", "something to do after the commit"],
)
def test_what_is_more_than_rows_is_made_each_time(session: Session, end: Callable[[Session], None]) -> None:
    built: list[str] = []

    @remembered
    def made(name: str) -> None:
        built.append(name)
        ground.organisation(OrganisationKind.UNIVERSITY, name=name)
        end(session)

    for _ in range(2):
        with _one_test(session):
            made("学院")
    assert built == ["学院", "学院"]


def test_what_stands_on_such_ground_alone_is_laid_again(session: Session) -> None:
    """It may be given its rows, and what of them it has changed is read anew."""
    built: list[str] = []
    found = []

    @remembered
    def made(name: str) -> Organisation:
        return ground.organisation(OrganisationKind.UNIVERSITY, name=name)

    @remembered
    def closed(row: Organisation) -> Organisation:
        built.append(row.name)
        row.address = f"{row.name}旧址"
        return ground.organisation(OrganisationKind.ENTERPRISE, name="企业")

    for _ in range(2):
        with _one_test(session):
            one = made("学院")
            enterprise = closed(one)
            found.append((one.address, _read(session, one), _read(session, enterprise), list(session.info["audit"])))
    assert (built, found[0][0]) == (["学院"], "学院旧址")
    assert found[0] == found[1]


def test_what_was_given_another_row_of_the_same_ground_is_made(session: Session) -> None:
    """The rows a call was given are among what it is known by."""
    built: list[str] = []

    @remembered
    def made() -> tuple[Organisation, Organisation]:
        one, other = (ground.organisation(OrganisationKind.UNIVERSITY, name=name) for name in ("学院", "另一学院"))
        return one, other

    @remembered
    def closed(row: Organisation) -> None:
        built.append(row.name)
        row.address = f"{row.name}旧址"
        session.flush()

    for which in (0, 1, 0, 1):
        with _one_test(session):
            rows = made()
            closed(rows[which])
            found = [str(_read(session, row)["address"]) for row in rows]
            assert (found[which], found[1 - which] == f"{rows[which].name}旧址") == (f"{rows[which].name}旧址", False)
    assert built == ["学院", "另一学院"]


def _written(_session: Session, _row: Organisation) -> None:
    ground.person()


def _changed(_session: Session, row: Organisation) -> None:
    row.address = "别处"


def _recorded(_session: Session, row: Organisation) -> None:
    audit.record(by=SYSTEM, did="test.thing.seen", on=row)


def _undone(session: Session, _row: Organisation) -> None:
    session.rollback()


@pytest.mark.parametrize("between", [_written, _changed, _recorded, _undone])
def test_what_stands_on_more_than_such_ground_is_made(session: Session, between: Callable[[Session, Organisation], None]) -> None:
    built: list[str] = []

    @remembered
    def made() -> Organisation:
        return ground.organisation(OrganisationKind.UNIVERSITY, name="学院")

    @remembered
    def more() -> None:
        built.append("")
        ground.organisation(OrganisationKind.ENTERPRISE, name="企业")

    for _ in range(2):
        with _one_test(session):
            between(session, made())
            more()
    assert len(built) == 2


def test_at_another_moment_it_is_made(session: Session) -> None:
    """What its verbs read from the clock is among the rows; a clock that goes on never comes to the same."""
    built: list[datetime] = []

    @remembered
    def made() -> None:
        built.append(clock.now())
        ground.organisation(OrganisationKind.UNIVERSITY, name="学院")

    first, second = datetime(2026, 3, 2, 1, tzinfo=UTC), datetime(2026, 3, 2, 2, tzinfo=UTC)
    for moment in (first, first, second):
        with time_machine.travel(moment, tick=False), _one_test(session):
            made()
    assert built == [first, second]
    for _ in range(2):
        with time_machine.travel(first), _one_test(session):
            made()
    assert len(built) == 4


def test_files_that_are_gone_are_made_again(session: Session, app: Flask) -> None:
    """The store is not rolled back: a test that cleans it would else leave the next one rows without content."""
    built: list[str] = []

    @remembered
    def made() -> StoredFile:
        built.append("")
        return files.keep_bytes(b"of this test alone", name="a.txt", kind="thing", media_type="text/plain", by=SYSTEM, now=ground.NOW)

    for times, is_cleaned in ((1, False), (1, True), (2, False)):
        with _one_test(session):
            place = app.config["SETTINGS"].instance / "files" / files.path_of(made().sha256)
            assert (len(built), place.read_bytes()) == (times, b"of this test alone")
            if is_cleaned:
                place.unlink()


def test_who_comes_after_what_was_laid_is_given_other_numbers() -> None:
    """Resident numbers go round after a thousand: those of the ground come round last."""
    used = ground.numbers_so_far()
    for _ in range(1995):
        ground.unique()
    ground.go_on_behind(used)
    assert ground.unique() % 1000 == (used + 1) % 1000
    assert ground.numbers_so_far() > used + 1995
