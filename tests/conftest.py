"""Fixtures of the whole suite: one app and one database for a run; each test is rolled back.

TRAINHUB_TEST_DATABASE_URL chooses the database (default: a SQLite file in a temporary folder); `.ci/run` repeats the
suite on PostgreSQL with TRAINHUB_TEST_REQUIRE=all, where a skip is a failure.
"""

from __future__ import annotations

import gc
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from _pytest.runner import runtestprotocol
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests import statements
from tests.factories import remembering
from tests.histories import BY_FILES, Databases
from tests.templates import Compiled
from trainhub.app import create_app
from trainhub.config import Settings
from trainhub.identity import passwords
from trainhub.kernel import access, backup, keys
from trainhub.kernel.audit_kinds import kinds_of
from trainhub.kernel.db import Base, db, prepare_engine, transaction, write_intent
from trainhub.kernel.engines import engine_options
from trainhub.kernel.initialise import load_reference

SECRET = "a secret for tests only, long enough to be taken"
TODAY = date(2026, 3, 2)

passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Passwords are hashed and compared as ever, at the least argon2 takes: nobody guesses those of tests. What the house takes is asked of the
module itself (tests/trainhub/identity/test_password_costs.py)."""


# The fixtures that open the database of the run: the shared one, and those that commit for real in one of their own.
DATABASE_FIXTURES = {"_app", "blank", "history"}
COMMITTING_FIXTURES = DATABASE_FIXTURES - {"_app"}
# The browsers of the test client: what they show is tested once, on SQLite. On the other database Chromium opens each kind of page, and what
# the pages ask and do is asked and done there by the tests of questions and verbs.
PAGE_FIXTURES = {"client", "as_role"}


WHOLE = os.environ.get("TRAINHUB_TEST_WHOLE") == "1"


COMPILED = Compiled()


class Finishing(FlaskClient):
    """A browser that reads every answer to its end and hangs up, as real ones do: what an answer holds open (a file that is sent) is closed with it,
    and not by the garbage collector in the middle of some later test."""

    def open(self, *args: Any, **kw: Any) -> Any:
        """The answer, all of it here; a large upload that was spooled for it is gone, too."""
        kw.setdefault("buffered", True)
        if has_app_context():
            db.session().info.pop("unwritten", None)  # what the test itself has written is not the page's
        answer = super().open(*args, **kw)
        answer.request.environ["wsgi.input"].close()
        return answer


def prepared(app: Flask) -> Flask:
    """An app for tests: its clients finish, its templates are compiled once (see `tests.templates`)."""
    app.test_client_class = Finishing
    app.jinja_env.bytecode_cache = COMPILED
    return app


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays to the end: the garbage collector need not walk through it at each turn."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks the database is marked, so that only that is repeated on the other kind of database: with TRAINHUB_TEST_WHOLE=1 its pages, too."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if used & DATABASE_FIXTURES and (WHOLE or used & COMMITTING_FIXTURES or not used & PAGE_FIXTURES):
            item.add_marker(pytest.mark.database)


BEFORE_OTHER_JOURNEYS = 150
"""Files for the other processes to go through while one builds the demo province for all of them."""


class FromItsOwnPlace:
    """Of several processes each loads the tests from another place on, round to where it began: none is compiled by all of them.

    In a fresh checkout to compile them takes eleven seconds, and in step every process did all of it.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Before the collection, which takes them in the same order everywhere and finds them loaded; what is wrong with one it says itself."""
        if session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
            return
        root = session.config.rootpath
        files = sorted((root / "tests").rglob("test_*.py"))
        number, count = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        for file in files[len(files) * number // count :] if number < count else ():
            with suppress(Exception, pytest.skip.Exception):
                import_module(".".join(file.relative_to(root).with_suffix("").parts))


SLOW = 0.5
"""Seconds from which on a set-up or tear-down that passed is told, too."""


class LongestFirst:
    """Behind every plugin that orders tests: of several processes one begins with a journey, which builds the demo, and the others follow.

    Journeys take longest; what is short comes last, so that all processes end at about the same time.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """As the others left them, the journeys in front, but for some files behind the first of them."""
        yield
        files = dict.fromkeys(_file_of(item.nodeid) for item in items)
        journeys = sorted(name for name in files if name.startswith("tests/journeys/"))
        others = [name for name in files if name not in set(journeys)]
        order = [*journeys[:1], *others[:BEFORE_OTHER_JOURNEYS], *journeys[1:], *others[BEFORE_OTHER_JOURNEYS:]]
        turn = {name: number for number, name in enumerate(order)}
        items.sort(key=lambda item: turn[_file_of(item.nodeid)])


def _file_of(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]


class Briefly:
    """In a process among several: of a test it tells the one that hands them out how the test itself went, and no more of what went well.

    To tell of each beginning, set-up, tear-down and end, too, cost both processes more than most tests of a rule do.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """The same steps as pytest's own; a set-up or tear-down is told when it did not pass, or took long enough for the list of the slowest."""
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if report.when == "call" or not report.passed or report.duration >= SLOW:
                item.ihook.pytest_runtest_logreport(report=report)
        return True


class Noting:
    """Notes what each test asks of the database (see `tests.statements`)."""

    def __init__(self, notes: statements.Notes) -> None:
        self.notes = notes
        notes.begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """From its set-up to its end, what is sent is its own."""
        self.notes.now = item.nodeid if item.get_closest_marker("database") else ""
        begun = time.perf_counter()
        try:
            return (yield)
        finally:
            self.notes.now = ""
            self.notes.took(item.nodeid, time.perf_counter() - begun)

    def pytest_sessionfinish(self) -> None:
        """The process ends."""
        self.notes.keep(os.environ.get("PYTEST_XDIST_WORKER", "alone"))


class OnlyWhatIsNew:
    """Leaves out tests of whose statements each is sent by another (see `tests.statements`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Whoever commits, or is about PostgreSQL or a browser, stays: two at once are tried there alone."""
        always = {
            item.nodeid for item in items if set(getattr(item, "fixturenames", ())) & COMMITTING_FIXTURES or not item.get_closest_marker("database")
        }
        out = statements.left_out([(item.nodeid, item.nodeid in always) for item in items], self.folder)
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in out])
        items[:] = [item for item in items if item.nodeid not in out]


def pytest_configure(config: pytest.Config) -> None:
    """Only a process among several orders them so, is brief and loads from its own place; what is noted and left out says the environment."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        config.pluginmanager.register(LongestFirst())
        config.pluginmanager.register(Briefly())
        config.pluginmanager.register(FromItsOwnPlace())
    # Of several processes those that run tests note; the one that hands them out only listens.
    if (folder := statements.folder_of("TRAINHUB_TEST_STATEMENTS")) and (
        os.environ.get("PYTEST_XDIST_WORKER") or not config.getoption("numprocesses", None)
    ):
        config.pluginmanager.register(Noting(statements.Notes(folder)))
    if folder := statements.folder_of("TRAINHUB_TEST_COVER"):
        config.pluginmanager.register(OnlyWhatIsNew(folder))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of several processes each takes whole files, for their fixtures' sake."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # the longest first is what the collection does, see `LongestFirst`
    return LoadFileScheduling(config, log)


def database_of_the_run() -> str:
    """The address that was asked for, empty when none was: SQLite then. On a server each of several processes has a database of its own."""
    asked, worker = os.environ.get("TRAINHUB_TEST_DATABASE_URL", ""), os.environ.get("PYTEST_XDIST_WORKER")
    if not worker or not asked.startswith("postgresql"):
        return asked
    server = sa.create_engine(asked.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    own = server.url.set(database=f"{server.url.database}_{worker}")
    with server.connect() as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": own.database}) is None:
            connection.execute(sa.text(f'CREATE DATABASE "{own.database}"'))
    server.dispose()
    return own.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def _push_request_context() -> None:
    """pytest-flask's own context for a whole test would show the wrong user across clients: not here."""


@pytest.fixture(scope="session")
def _configure_application() -> None:
    """Settings are given to `create_app`; pytest-flask's marker for them would be looked for by every test."""


@pytest.fixture(scope="session")
def _monkeypatch_response_class() -> None:
    """Answers know `json` by themselves; pytest-flask would make a class of answers anew for every test."""


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of the run."""
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def _app(instance: Path) -> Iterator[Flask]:
    url = database_of_the_run() or f"sqlite:///{instance / 'test.sqlite3'}"
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    settings = Settings(instance=instance, database_url=url, secret_key=SECRET, is_testing=True)
    keys.make(instance, SECRET)
    app = prepared(create_app(settings))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        if not url.startswith("sqlite"):
            _empty(db.engine)
        Base.metadata.create_all(db.engine)
        with transaction():
            load_reference()
        if not url.startswith("sqlite"):
            _apart(db.engine)
        remembering.watch(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()


def _empty(engine: sa.Engine) -> None:
    """A PostgreSQL database for tests is emptied before the run."""
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))


def _apart(engine: sa.Engine) -> None:
    """Each table of PostgreSQL counts in a million of its own.

    What was rolled back keeps its number there, so that a small one which a test made up would be met by some row in the end, and the
    row of a wrong table is found as long as two tables count alike.
    """
    with engine.begin() as connection:
        for place, name in enumerate(connection.scalars(sa.text("SELECT sequencename FROM pg_sequences ORDER BY 1")), start=1):
            if name == "certificate_id_seq":  # in which status list a certificate stands follows from its number, and tests read the first
                continue
            connection.execute(sa.text(f'ALTER SEQUENCE "{name}" RESTART WITH {place * 1_000_000}'))


class Blank:
    """An instance with every table and the reference data, made once a run, and an app that opens copies of it.

    To build both anew for each test that really commits would be most of what such a test costs.
    """

    def __init__(self, folder: Path, asked: str = "") -> None:
        self.folder = folder
        self.server: sa.Engine | None = None
        self.name = f"blank_{os.getpid()}"
        self.count = 0
        self.left: list[str] = []
        url = f"sqlite:///{folder / 'trainhub.sqlite3'}"
        if asked.startswith("postgresql"):
            self.server = sa.create_engine(asked.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
            self._ask(f"CREATE DATABASE {self.name}")
            url = self._url(self.name)
        keys.make(folder, SECRET)
        self.app = prepared(create_app(Settings(instance=folder, database_url=url, secret_key=SECRET, is_testing=True)))
        with self.app.app_context():
            Base.metadata.create_all(db.engine)
            with transaction():
                load_reference()
            db.session.remove()
            db.engine.dispose()

    def _ask(self, statement: str) -> None:
        assert self.server is not None
        with self.server.connect() as connection:
            connection.execute(sa.text(statement))

    def _url(self, name: str) -> str:
        assert self.server is not None
        return self.server.url.set(database=name).render_as_string(hide_password=False)

    def copy(self, folder: Path, file: str = "trainhub.sqlite3") -> str:
        """The same instance in another folder; the address of its database."""
        folder.mkdir(exist_ok=True)
        shutil.copy(self.folder / keys.FILE, folder)
        if self.server is None:
            shutil.copy(self.folder / "trainhub.sqlite3", folder / file)
            return f"sqlite:///{folder / file}"
        self.count += 1
        name = f"parallel_{os.getpid()}_{self.count}"
        self._ask(f"CREATE DATABASE {name} TEMPLATE {self.name} {BY_FILES}")
        self._clear()  # meanwhile whoever read them has gone
        return self._url(name)

    @contextmanager
    def opened(self, folder: Path) -> Iterator[Flask]:
        """The app over a copy in the folder, which is gone afterwards, with all that the app remembered of it."""
        url = self.copy(folder)
        engine = sa.create_engine(url, **engine_options(url))
        prepare_engine(engine)
        engines: Any = db._app_engines[self.app]
        own, kept, config = engines[None], dict(self.app.extensions), dict(self.app.config)
        # what was compiled for one copy is not compiled anew for the next
        engine.dialect, engine._compiled_cache = own.dialect, own._compiled_cache
        engines[None] = engine
        self.app.config["SETTINGS"] = replace(config["SETTINGS"], instance=folder, database_url=url)
        try:
            yield self.app
        finally:
            engines[None] = own
            engine.dispose()
            for known, before in ((self.app.extensions, kept), (self.app.config, config)):
                known.clear()
                known.update(before)
            if self.server is not None:
                self.left.append(str(engine.url.database))

    def _clear(self) -> None:
        """Drop the copies that earlier tests have left. Right behind its last reader that takes a tenth of a second: so long the server
        sleeps when it finds somebody about to go."""
        while self.left:
            self._ask(f'DROP DATABASE "{self.left.pop()}" WITH (FORCE)')

    def drop(self) -> None:
        """Remove what was made on a server."""
        if self.server is not None:
            self._clear()
            self._ask(f"DROP DATABASE {self.name} WITH (FORCE)")
            self.server.dispose()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blank]:
    """The instance that tests with a database of their own copy, on the kind of database of the run."""
    made = Blank(tmp_path_factory.mktemp("blank"), os.environ.get("TRAINHUB_TEST_DATABASE_URL", ""))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The databases of tests of the history."""
    ours = tmp_path_factory.mktemp("migrations")
    run = tmp_path_factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else ours
    (run / "history").mkdir(exist_ok=True)
    made = Databases(ours, run / "history")
    yield made
    made.drop()


@pytest.fixture
def history(databases: Databases) -> Iterator[Callable[[str], sa.Engine]]:
    """history("0025"): a database of its own that stands there."""
    yield databases.at
    databases.close()


@pytest.fixture(scope="session")
def blank_file(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Blank:
    """The same on SQLite whatever the run's database: for processes that are given a folder alone."""
    asked = os.environ.get("TRAINHUB_TEST_DATABASE_URL", "")
    return Blank(tmp_path_factory.mktemp("blank")) if asked.startswith("postgresql") else request.getfixturevalue("blank")


@pytest.fixture
def committed(blank: Blank, tmp_path: Path) -> Iterator[Flask]:
    """An app over a database of its own, where transactions are really committed."""
    with blank.opened(tmp_path) as app:
        yield app


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The app; everything a test writes is rolled back at its end, and no note of a backup stays for the next one."""
    with _app.app_context():
        engine = db.engine
        engines: Any = db._app_engines[_app]
        token = write_intent.set(True)
        connection = engine.connect()
        outer = connection.begin()
        connection.info.pop("written", None)
        engines[None] = connection
    try:
        yield _app
    finally:
        engines[None] = engine
        unnamed = _kinds_without_words(_app, connection)
        outer.rollback()
        connection.close()
        write_intent.reset(token)
        (_app.config["SETTINGS"].instance / backup.NOTE).unlink(missing_ok=True)
    assert unnamed == set(), "the audit log has no words for these kinds of things: tell them in KINDS of the room's wiring"


def _kinds_without_words(app: Flask, connection: sa.Connection) -> set[str]:
    """Kinds of things that a test has recorded and that no room has named, but for those of the kernel's own tests."""
    try:
        kinds = set(connection.scalars(sa.text("SELECT DISTINCT on_kind FROM audit_event")))
    except sa.exc.DBAPIError:  # the test has ended its transaction, or left it broken: there is nothing to ask
        return set()
    return kinds - set(kinds_of(app)) - {"thing"}


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session in an app context, for tests of queries and operations."""
    with app.app_context():
        current = db.session()
        yield current
        current.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser."""
    return app.test_client()


@pytest.fixture
def as_role(app: Flask) -> Callable[..., FlaskClient]:
    """A browser signed in as somebody who holds one role: as_role(Role.AUDITOR), as_role(Role.MENTOR, organisation_id=3, person_id=7).

    It signs in for real: an account, a session row and a cookie are made.
    """
    from tests.factories.identity import signed_in_client

    def make(*roles: access.Role, **scope: Any) -> FlaskClient:
        return signed_in_client(app, *roles, **scope)

    return make


@pytest.fixture
def count_queries(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that run from here on; list pages must run the same number at 1 and at 30 rows."""
    statements: list[str] = []

    def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            statements.append(statement)

    with app.app_context():
        bind = db.engines[None]
        engine = bind.engine if isinstance(bind, sa.Connection) else bind
    sa.event.listen(engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    """A skip is a failure where everything is required."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("TRAINHUB_TEST_REQUIRE") == "all" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although TRAINHUB_TEST_REQUIRE=all: {report.longrepr}"
