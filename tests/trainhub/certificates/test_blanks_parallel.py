"""Two who print at once: a page lies on one blank, a serial is in one run, what nobody printed is taken by one."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from tests.factories import ground
from tests.factories.certificates import many
from tests.factories.parallel import together
from trainhub.certificates import queries
from trainhub.certificates.models import PrintItem
from trainhub.certificates.operations import blanks, printing
from trainhub.certificates.types import Kind, PrintMode, SheetState
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction


def _run() -> int:
    """A run in overprint of two pages, as drawn."""
    with transaction():
        issuer = ground.university()
        many(1, issuer=issuer)
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        run = printing.start_run(title="套打", wanted=wanted, mode=PrintMode.OVERPRINT, by=SYSTEM, now=ground.NOW)
        session().execute(sa.update(PrintItem).where(PrintItem.run_id == run.id).values(page=PrintItem.position))
        return run.id


def _take(run_id: int, first: str) -> None:
    run = queries.run_by_id(run_id)
    assert run is not None
    blanks.take(run=run, first=first, count=2, by=SYSTEM, now=ground.NOW)


def test_a_page_lies_on_one_blank(committed: Flask) -> None:
    with committed.app_context():
        run_id = _run()
    assert together(committed, lambda: _take(run_id, "A01"), lambda: _take(run_id, "B01")) == ["", ""]
    with committed.app_context():
        states = [(one.sheet.serial, one.sheet.state, one.sheet.position) for one in queries.blanks_of(run_id)]
    used = [(serial, place) for serial, state, place in states if state is SheetState.USED]
    assert sorted(place or 0 for _serial, place in used) == [1, 2]
    assert sum(state is SheetState.TAKEN for _serial, state, _place in states) == 2


def test_a_serial_is_handed_out_to_one_run(committed: Flask) -> None:
    with committed.app_context():
        one, two = _run(), _run()
    assert together(committed, lambda: _take(one, "C01"), lambda: _take(two, "C01")) == ["", "bad_blanks"]
    with committed.app_context():
        assert (len(queries.blanks_of(one)), len(queries.blanks_of(two))) == (2, 0)


def test_what_nobody_printed_is_taken_by_one_run(committed: Flask) -> None:
    with committed.app_context(), transaction():
        issuer = ground.university()
        many(1, issuer=issuer)
        wanted = queries.PrintFilter(kind=Kind.TRAINING, issuer_id=issuer.id, only_unprinted=True)

    def start() -> None:
        printing.start_run(title="没有打印过的", wanted=wanted, by=SYSTEM, now=ground.NOW)

    assert together(committed, start, start) == ["", "cannot_print"]
