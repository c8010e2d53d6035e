"""Benchmarks that write rows past the product, for a floor: their rows fit the tables, on a database that knows no default of ours too."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests import processes
from tests.factories.ground import NOW
from trainhub.ledger.models import TrainingRecord
from trainhub.people.models import Person

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
ROW = {
    "id_number": "11010119900307001X",
    "name": "张三",
    "county_code": "350102",
    "course": "数据采集",
    "category": "IT",
    "completed_on": "2018-05-01",
}


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark of print runs as a module."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("benchmarks.certificates")
    sys.modules.pop("benchmarks.certificates", None)


@pytest.mark.parametrize(("large", "is_met"), [(7_999.9, False), (8_000.0, True), (8_000.1, True), (10_000.0, True), (13_000.0, True)])
def test_a_larger_run_may_be_faster_but_no_more_than_a_fifth_slower(drawing: Any, large: float, is_met: bool) -> None:
    assert drawing.keeps_up(large, 10_000.0) is is_met


@pytest.fixture
def goals(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark of the goal as a module; it finds its neighbours as a script does."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("benchmarks.goals")
    for name in ("benchmarks.goals", "trainees"):
        sys.modules.pop(name, None)


def _demanded(table: sa.Table) -> set[str]:
    return {column.name for column in table.columns if not column.nullable and column.server_default is None}


def test_the_rows_of_the_floor_fit_their_tables(goals: Any) -> None:
    for table, row in ((Person.__table__, goals._person(1, ROW, NOW)), (TrainingRecord.__table__, goals._record(1, 1, 1, ROW, NOW))):
        assert _demanded(table) <= row.keys() <= set(table.columns.keys()), f"{table.name}: lacks {_demanded(table) - row.keys()}"


SCRIPTS = sorted(path.relative_to(FOLDER.parent) for path in FOLDER.rglob("*.py") if "node_modules" not in path.parts)
READ = "import runpy, sys; sys.path.insert(0, {folder!r}); runpy.run_path({script!r}, run_name='read'); raise SystemExit"


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_every_benchmark_finds_what_it_takes_from_its_neighbours(script: Path) -> None:
    """Each is read in a process of its own, without its measuring. All of the product is loaded there already (see `tests.processes`): that it imports the
    modules of the product which it uses is not shown, only that all names it imports are there."""
    done = processes.start([], os.environ, first=READ.format(folder=str(script.parent), script=str(script))).wait(120)
    assert done.returncode == 0, done.stderr[-800:]
