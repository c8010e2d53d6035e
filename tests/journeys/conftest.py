"""The demo province for the journeys: built once by the real command, copied for each journey.

The calendar of the demo begins on 2026-11-22; a journey travels from there (`time_machine`), whatever the day of the run.
JOURNEYS_DEMO names the instance folder it is built in and stays in, so that the next run finds it there: on a server's database it is restored
from a backup of that one, by the real commands as well.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests import processes
from tests.conftest import prepared
from tests.histories import BY_FILES
from tests.journeys.browsing import Visitor
from tests.journeys.windows import CHROMIUM, FLAGS, Watched
from trainhub import config
from trainhub.app import create_app
from trainhub.kernel import clock, jobs
from trainhub.kernel.db import db

DAY = date(2026, 11, 22)
SHANGHAI = ZoneInfo("Asia/Shanghai")
COMMAND = (str(Path(sys.executable).with_name("trainhub")),)


def at(days: int, hour: int = 10) -> datetime:
    """An instant of the demo's calendar: `days` after its day, by the clock of Shanghai."""
    return datetime.combine(DAY + timedelta(days=days), datetime.min.time(), tzinfo=SHANGHAI) + timedelta(hours=hour)


@contextmanager
def travel(days: int, hour: int = 10) -> Iterator[None]:
    """Stand on another day; time goes on from there."""
    with time_machine.travel(at(days, hour), tick=True):
        yield


ONCE_ON_SQLITE = {"test_roles.py", "test_demo.py", "test_demo_days.py", "test_demo_elsewhere.py"}
"""Journeys that read pages: Chromium opens each kind of them on the server's database, too; and those that open files of SQLite wherever they run."""
ONCE_ON_A_SERVER = {"test_api.py", "test_bad_input.py", "test_lists.py", "test_numbers.py"}
"""Journeys that ask and send what a stricter database refuses or sorts otherwise: where there is one, they need not be walked on SQLite as well."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever journey comes first builds the demo, which belongs to its time; they walk on the database of the run.

    What Chromium walks on that database (each kind of page, the whole chain) is not repeated there without it.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            if item.path.name not in ONCE_ON_SQLITE and item.name != "test_the_whole_chain":
                item.add_marker(pytest.mark.database)
            if item.path.name in ONCE_ON_A_SERVER:
                item.add_marker(pytest.mark.server)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(400))


@dataclass(frozen=True)
class Place:
    """An instance: its folder and its database."""

    folder: Path
    database_url: str = ""
    server: sa.Engine | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the real command is started with; nothing of the run's own settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRAINHUB_")}
        kept |= {"TRAINHUB_INSTANCE": str(self.folder), "PYTHONWARNINGS": "default"}
        return kept | ({"TRAINHUB_DATABASE_URL": self.database_url} if self.database_url else {})

    def command(self, *words: str, status: int = 0) -> dict[str, Any]:
        """Run a command with --json in a process of its own."""
        return _said(words, processes.run([*words, "--json"], self.environment, timeout=600), status)

    def program(self, *words: str, **settings: str) -> dict[str, Any]:
        """The same by the installed program, from its start."""
        environment = self.environment | settings
        return _said(words, subprocess.run([*COMMAND, *words, "--json"], env=environment, capture_output=True, text=True, timeout=600, check=False))

    def app(self, **changes: Any) -> Flask:
        """The app on this instance, as `serve` builds it."""
        return prepared(create_app(replace(config.load(self.environment), **changes)))

    def copy(self, folder: Path) -> Place:
        """The same instance once more, files and database."""
        shutil.copytree(self.folder, folder)
        if self.server is None:
            return Place(folder)
        source, name = self.database_url.rsplit("/", 1)[1], f"journey_{os.getpid()}_{time.monotonic_ns()}"
        # A template must have no other reader; an idle connection of an app that was open on it counts as one.
        _run(self.server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'")
        _run(self.server, f'CREATE DATABASE "{name}" TEMPLATE "{source}" {BY_FILES}')
        return Place(folder, self.database_url.rsplit("/", 1)[0] + "/" + name, self.server)

    def create(self) -> None:
        """Its own empty database, where it has one on a server."""
        if self.server is not None:
            self.drop()
            _run(self.server, f'CREATE DATABASE "{self.database_url.rsplit("/", 1)[1]}"')

    def drop(self) -> None:
        """Remove its own database."""
        if self.server is not None:
            _run(self.server, f'DROP DATABASE IF EXISTS "{self.database_url.rsplit("/", 1)[1]}" WITH (FORCE)')


def _said(words: tuple[str, ...], done: processes.Done | subprocess.CompletedProcess[str], status: int = 0) -> dict[str, Any]:
    assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return dict(json.loads(done.stdout))


def _run(server: sa.Engine, statement: str) -> None:
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(statement))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of the run at a time."""
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The demo province, as `trainhub demo` builds it in an empty folder; nobody changes this one.

    Of several processes the first that needs it builds it for all, and the last one removes it.
    """
    worker, run = os.environ.get("PYTEST_XDIST_WORKER", "alone"), os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    shared = tmp_path_factory.getbasetemp().parent if worker != "alone" else tmp_path_factory.mktemp("shared")
    used = shared / "demo-used-by"
    url, place, kept = os.environ.get("TRAINHUB_TEST_DATABASE_URL", ""), Place(shared / "demo"), os.environ.get("JOURNEYS_DEMO")
    if url.startswith("postgres"):
        server = sa.create_engine("postgresql+psycopg://" + url.split("://", 1)[1])
        place = Place(place.folder, f"{url.rsplit('/', 1)[0]}/journeys_{run}", server)
    elif kept:
        place = Place(Path(kept))
    with _alone(shared):
        if not used.exists():
            _make(place, Path(kept) if kept else None)
            used.mkdir()
        (used / worker).touch()
    yield place
    with _alone(shared):
        (used / worker).unlink()
        if not any(used.iterdir()):
            used.rmdir()
            if not kept or place.folder != Path(kept):
                shutil.rmtree(place.folder)
            place.drop()
    if place.server is not None:
        place.server.dispose()


def _make(place: Place, kept: Path | None) -> None:
    """The demo at a place that has none: restored from the one that is kept elsewhere, or built."""
    place.create()
    if kept is not None and kept != place.folder and _is_built(kept):
        place.folder.mkdir()
        archive = place.folder.with_suffix(".tar.gz")
        Place(kept).program("backup", str(archive))
        shutil.copy(kept / "demo-secret", place.folder)
        place.program("restore", str(archive), "--yes", TRAINHUB_SECRET_KEY=(kept / "demo-secret").read_text())
        archive.unlink()
    elif not _is_built(place.folder):
        place.program("demo", "--today", DAY.isoformat())


def _is_built(folder: Path) -> bool:
    mark = folder / "demo.json"
    return mark.exists() and bool(json.loads(mark.read_text())["is_built"])


@pytest.fixture
def place(demo: Place, tmp_path: Path) -> Iterator[Place]:
    """A demo instance of this test's own."""
    own = demo.copy(tmp_path / "instance")
    yield own
    own.drop()


@contextmanager
def opened(place: Place, **changes: Any) -> Iterator[Flask]:
    """The app of an instance, its connections closed at the end."""
    app = place.app(**changes)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def province(place: Place) -> Iterator[Flask]:
    """The app on this test's own demo instance."""
    with opened(place) as app:
        yield app


@pytest.fixture
def visitor(province: Flask) -> Callable[..., Visitor]:
    """visitor() is somebody without an account, visitor('mentor') is signed in."""

    def make(name: str | None = None) -> Visitor:
        somebody = Visitor(province)
        return somebody.sign_in(name) if name else somebody

    return make


def run_jobs(app: Flask) -> int:
    """Let the worker do what is due."""
    with app.app_context():
        return jobs.run_all()


@pytest.fixture(scope="session")
def today() -> date:
    """The day of the servers: that of Shanghai when the run began."""
    return clock.today()


@pytest.fixture(scope="session")
def server(demo: Place, today: date, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`trainhub serve` in a process of its own, on a copy of the demo; its address.

    There it was 10 o'clock when it began, whatever the hour of the run: what has to happen on one day has the day before it.
    """
    own = demo.copy(tmp_path_factory.mktemp("served") / "instance")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = processes.start(["serve", "--port", str(port)], own.environment, first=MORNING.format(today=today))
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()
        own.drop()


MORNING = """
from datetime import datetime
from zoneinfo import ZoneInfo
import time_machine
from flask import Flask
from tests.templates import Compiled
time_machine.travel(datetime.fromisoformat("{today} 10:00").replace(tzinfo=ZoneInfo("Asia/Shanghai")), tick=True).start()
Flask.jinja_options = {{"bytecode_cache": Compiled()}}
"""
"""With the clock, the server has templates that were compiled before (see `tests.templates`): it would compile all those it shows."""


def _wait_until_ready(address: str, process: processes.Started) -> None:
    for _turn in range(1200):
        assert process.poll() is None, process.complained()[-3000:]
        try:
            with urllib.request.urlopen(address + "/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError("not ready: " + process.complained()[-3000:])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser of the machine. One at a time in a process: beside one that is open Playwright starts no other."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; TRAINHUB_CHROMIUM names another place")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Any, server: str) -> Iterator[Callable[..., Watched]]:
    """window(width) opens a browser window without cookies; none of them may complain."""
    made: list[tuple[Any, Watched]] = []

    def make(size: dict[str, int]) -> Watched:
        context = chromium.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(30000)
        made.append((context, Watched(page, server)))
        return made[-1][1]

    yield make
    complaints = [line for _context, one in made for line in one.complaints]
    for context, _one in made:
        context.close()
    assert not complaints, "\n".join(complaints)
