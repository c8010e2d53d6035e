"""Two offices import the same trainees at the same moment, with real commits: nothing is lost or doubled, each is told its part."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories.parallel import together
from tests.trainhub.ledger.conftest import NOW
from tests.trainhub.ledger.rosters import resident, row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.ledger.models import PossibleDuplicate, TrainingRecord
from trainhub.ledger.rosters import importing, running
from trainhub.ledger.rosters.queries import overlapping
from trainhub.ledger.types import RosterResult
from trainhub.organisations import operations as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person

ROWS = 60


@pytest.mark.parametrize("is_same_file", [True, False])
def test_two_offices_import_the_same_trainees_at_once(committed: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_same_file: bool) -> None:
    """The very same file is one batch, whoever sends it; another file with the same trainees in another order finds them there."""
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 7)
    with committed.app_context(), transaction():
        organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", region_code="350102", by=SYSTEM, now=NOW)
    rows = [row(n) for n in range(ROWS)]
    files = [write(tmp_path / "a.csv", rows), write(tmp_path / "b.csv", rows if is_same_file else rows[::-1])]
    start = Barrier(2)

    def office(number: int) -> RosterResult:
        with committed.app_context():
            work = running.Import(running.Roster(files[number], f"{number}.csv"), by=SYSTEM, today=NOW.date(), now=lambda: NOW)
            start.wait(10)
            _result, batch_id = work.run()
            return work.finish(batch_id)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(office, range(2)))
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(TrainingRecord)) == ROWS
        assert session().scalar(select(func.count()).select_from(Person).where(Person.id_number_hash.is_not(None))) == ROWS
    assert [one.rows for one in results] == [ROWS, ROWS]
    assert [one.rejected for one in results] == [0, 0]
    if not is_same_file:
        assert (sum(one.accepted for one in results), sum(one.duplicates for one in results)) == (ROWS, ROWS)


def test_a_run_that_another_overtakes_tells_what_it_did_itself(committed: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second goes on where the first stands, and says so; what it wrote are duplicates to the first, as if the file came again."""
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 7)
    with committed.app_context(), transaction():
        organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", region_code="350102", by=SYSTEM, now=NOW)
    file = write(tmp_path / "a.csv", [*(row(n) for n in range(ROWS)), row(ROWS, hours="x")])
    second: list[dict[str, object]] = []

    def run(progress: running.Progress) -> dict[str, object]:
        with committed.app_context():
            return running.import_file(
                file, base_code="", is_dry_run=False, is_strict=False, by=SYSTEM, today=NOW.date(), now=lambda: NOW, progress=progress
            )

    def overtake(_done: int, _total: int) -> None:
        if not second:
            second.append({})
            with ThreadPoolExecutor(1) as pool:
                second[0] = pool.submit(run, lambda *_: None).result()

    first = run(overtake)
    told = ("rows", "accepted", "new_persons", "duplicates", "rejected")
    assert [first[name] for name in told] == [ROWS + 1, 7, 7, ROWS - 7, 1]
    assert [second[0][name] for name in told] == [ROWS + 1, ROWS, ROWS, 0, 1]
    assert (second[0]["resumed"], "resumed" in first) == (7, False)
    assert (tmp_path / "a.csv.rejected.csv").read_text(encoding="utf-8-sig").count("\n") == 2
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(TrainingRecord)) == ROWS


def test_two_runs_do_not_write_into_each_others_list_of_rejected_rows(tmp_path: Path) -> None:
    target = tmp_path / "a.csv.rejected.csv"
    with running._private(target) as one:
        with running._private(target) as other:
            other.write(b"other")
        one.write(b"one")
    assert (target.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (b"one", [target.name])


def test_the_two_halves_of_a_pair_that_come_at_once_wait_for_an_eye(committed: Flask, tmp_path: Path) -> None:
    """Two imports bring one name and birth date under two numbers, each before the other is there."""
    with committed.app_context():
        with transaction():
            organisations.register(code="B-01", kind=OrganisationKind.BASE, name="基地", region_code="350102", by=SYSTEM, now=NOW)
        works, acts = [], []
        for number in (1, 2):
            file = write(tmp_path / f"{number}.csv", [row(number, name="林一", id_number=resident(number))])
            work = running.Import(running.Roster(file, f"{number}.csv"), by=SYSTEM, today=NOW.date(), now=lambda: NOW)
            with work._open() as table:
                (chunk,) = work._chunks(table)
                with transaction():
                    batch_id, _done = work._start(table.row_count, str(number) * 64, None)
            works.append((work, batch_id))
            acts.append(partial(work._import, batch_id, 0, chunk))
    assert together(committed, *acts) == ["", ""]
    start = Barrier(2)

    def finish(one: tuple[running.Import, int]) -> None:
        with committed.app_context():
            start.wait(10)
            one[0].finish(one[1])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(finish, works))
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(PossibleDuplicate)) == 1


@pytest.mark.parametrize(("days", "is_beside"), [(0, True), (1, True), (2, False)])
def test_an_import_that_was_killed_is_not_for_ever_beside_all_others(committed: Flask, days: int, is_beside: bool) -> None:
    with committed.app_context(), transaction():
        told = {"row_count": 1, "base_id": None, "by": SYSTEM, "upload_file_id": None}
        importing.start_batch(file_name="a.csv", sha256="1" * 64, now=NOW - timedelta(days=days), **told)
        later = importing.start_batch(file_name="b.csv", sha256="2" * 64, now=NOW, **told)
        assert overlapping(later) is is_beside
