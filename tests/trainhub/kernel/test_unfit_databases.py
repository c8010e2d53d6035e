"""A PostgreSQL database that cannot hold what is written is refused in words before anything is asked of it."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import processes
from tests.trainhub.kernel.test_installation import environment
from trainhub.kernel.db import db, prepare_engine
from trainhub.kernel.engines import why_unfit
from trainhub.kernel.errors import Refused


@pytest.mark.parametrize(
    ("encoding", "version", "words"),
    [
        ("UTF8", 150_000, ""),
        ("utf-8", 170_002, ""),
        ("UTF8", 149_999, "需要 15 或更高版本"),
        ("SQL_ASCII", 150_000, "数据库的编码是 SQL_ASCII，应为 UTF8"),
        ("", 150_000, "应为 UTF8"),
    ],
)
def test_encoding_and_version_are_looked_at(app: Flask, encoding: str, version: int, words: str) -> None:
    told = why_unfit(encoding, version)
    assert (words in told) if words else (told == "")


@pytest.fixture
def ascii_url(app: Flask) -> Iterator[sa.URL]:
    """A database without an encoding, as a server makes it whose shell had no locale."""
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("PostgreSQL alone has encodings")
        url = db.engine.engine.url
    name = "trainhub_test_ascii"
    plain = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(sa.text(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"))
    yield url.set(database=name)
    with plain.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
    plain.dispose()


def test_a_database_without_an_encoding_is_refused(app: Flask, ascii_url: sa.URL) -> None:
    engine = sa.create_engine(ascii_url)
    prepare_engine(engine)
    with app.app_context(), pytest.raises(Refused, match="SQL_ASCII") as refused, engine.connect():
        pass
    assert refused.value.code == "bad_database"
    with app.app_context(), db.engine.engine.connect() as connection:
        open_ones = connection.scalar(sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name"), {"name": ascii_url.database})
    assert open_ones == 0, "closed before it is refused"
    engine.dispose()


@pytest.mark.parametrize("words", [("init",), ("serve", "--no-jobs"), ("serve", "--workers", "2"), ("worker", "--once"), ("demo",)], ids=" ".join)
def test_every_command_refuses_it_in_words(tmp_path: Path, ascii_url: sa.URL, words: tuple[str, ...]) -> None:
    url = ascii_url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = processes.run(words, environment(tmp_path, TRAINHUB_DATABASE_URL=url), timeout=60)
    assert (done.returncode, "SQL_ASCII" in done.stderr, "Traceback" in done.stderr, "报告" in done.stderr) == (1, True, False, False), done.stderr


# -- behind a pooler ----------------------------------------------------------------------------------------------------
class Pooler(socketserver.BaseRequestHandler):
    """Stands between a program and PostgreSQL as PgBouncer does, which does not hand on what the server tells of its encoding."""

    def handle(self) -> None:
        assert isinstance(self.server, PoolerServer)
        with self.server.connected() as behind:
            threading.Thread(target=self._hand_on, args=(self.request, behind), daemon=True).start()
            self._hand_on(behind, self.request)

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while got := source.recv(1 << 16):
                target.sendall(
                    got.replace(b"server_encoding\0UTF8", b"server_encodinq\0UTF8").replace(b"server_encoding\0SQL_", b"server_encodinq\0SQL_")
                )
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class PoolerServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Pooler)
        self.place = (host, port)

    def connected(self) -> socket.socket:
        host, port = self.place
        if not host.startswith("/"):
            return socket.create_connection(self.place)
        made = socket.socket(socket.AF_UNIX)
        made.connect(f"{host}/.s.PGSQL.{port}")
        return made


@pytest.fixture
def pooler(app: Flask) -> Iterator[tuple[str, int]]:
    """Where the tests' PostgreSQL is reached behind a pooler."""
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("PostgreSQL alone has encodings")
        with db.engine.engine.connect() as connection:
            info = connection.connection.driver_connection.info  # type: ignore[union-attr]
            server = PoolerServer(info.host, info.port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "127.0.0.1", int(server.server_address[1])
    server.shutdown()
    server.server_close()


def test_a_pooler_that_keeps_the_encoding_to_itself_is_no_hindrance(app: Flask, pooler: tuple[str, int], ascii_url: sa.URL) -> None:
    host, port = pooler
    with app.app_context():
        engine = sa.create_engine(db.engine.engine.url.set(host=host, port=port, query={}))
    prepare_engine(engine)
    with engine.connect() as connection:
        assert connection.connection.driver_connection.info.parameter_status("server_encoding") is None  # type: ignore[union-attr]
        assert connection.scalar(sa.text("SHOW jit")) == "off"
    engine.dispose()
    other = sa.create_engine(ascii_url.set(host=host, port=port, query={}))
    prepare_engine(other)
    with app.app_context(), pytest.raises(Refused, match="SQL_ASCII"), other.connect():
        pass
    other.dispose()
