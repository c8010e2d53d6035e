"""Ground that is made once a process: the next test that begins with it is given its rows (see `tests/factories/remembering.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.db import after_commit, db
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
    assert built == ["学院"]
    assert found[0] == found[1]
    with _one_test(session):
        made("另一学院")
        made("学院")
    assert built == ["学院", "另一学院", "学院"], "with another argument, or after something else, it is made"


@pytest.mark.parametrize("end", [Session.commit, lambda _session: after_commit(list)], ids=["committed", "something to do after the commit"])
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


def test_who_comes_after_what_was_laid_is_given_other_numbers() -> None:
    """Resident numbers go round after a thousand: those of the ground come round last."""
    used = ground.numbers_so_far()
    for _ in range(1995):
        ground.unique()
    ground.go_on_behind(used)
    assert ground.unique() % 1000 == (used + 1) % 1000
    assert ground.numbers_so_far() > used + 1995
