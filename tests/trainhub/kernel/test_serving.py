"""Served for real, behind proxies and without: whose address counts, and what does not start."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
import waitress

from tests import processes
from tests.sqlite_files import opened
from tests.trainhub.kernel import scheme_site
from tests.trainhub.kernel.test_installation import environment
from trainhub.kernel import migrations
from trainhub.kernel.engines import engine_options
from trainhub.serving import gunicorn_command, waitress_options

SITE = "https://train.example.edu.cn"
CLIENT = "203.0.113.5"
TLS = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance after `trainhub init`."""
    folder = tmp_path_factory.mktemp("served")
    done = processes.run(["init"], environment(folder))
    assert done.returncode == 0, done.stderr
    return folder


GUNICORN_HERE = """
import os, sys
from gunicorn.app import wsgiapp

def here(_python, words):
    sys.argv = words[2:]
    wsgiapp.run()

os.execv = here
"""
"""gunicorn in the process that asks for it, which has loaded what each of its processes would load anew.
`test_behind_a_trusted_proxy_the_address_is_the_one_it_saw[gunicorn]` starts it in the true way."""


@contextmanager
def served(instance: Path, *words: str, first: str = "", **env: str) -> Iterator[tuple[int, processes.Started]]:
    """`trainhub serve` until it is not needed any more; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = processes.start(["serve", "--port", str(port), "--no-jobs", *words], environment(instance, **env), first=first)
    try:
        until = time.monotonic() + 110
        while not _lives(port):
            assert server.poll() is None, server.complained()
            assert time.monotonic() < until, server.complained()
            time.sleep(0.03)
        yield port, server
    finally:
        server.stop()


@contextmanager
def waitress_of(app: Any) -> Iterator[int]:
    """An app behind waitress as `trainhub serve` starts it; its port."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, **waitress_options(200))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.close()
        thread.join(timeout=10)


def test_many_browsers_keep_their_connections_and_the_next_is_answered(instance: Path) -> None:
    """Each keeps some six open: a class that opens the site at once must not shut it for the next one."""
    with served(instance) as (port, _server), ExitStack() as kept:
        for _n in range(300):
            browser = kept.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)))
            browser.request("GET", "/healthz")
            assert browser.getresponse().read()
        began = time.monotonic()
        assert _lives(port)
        assert time.monotonic() - began < 2


def _large(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    for _n in range(40 if environ["PATH_INFO"] == "/large" else 1):
        yield b"x" * (1 << 20)


def test_whoever_reads_slowly_holds_nobody_up() -> None:
    """As many as there are threads ask for a large file and take nothing of it."""
    with waitress_of(_large) as port, ExitStack() as kept:
        for _n in range(8):
            reader = kept.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1)
        other = kept.enter_context(closing(http.client.HTTPConnection("127.0.0.1", port, timeout=15)))
        other.request("GET", "/small")
        assert len(other.getresponse().read()) == 1 << 20


def _lives(port: int) -> bool:
    try:
        return _ask(port, "GET", "/healthz", {})[0] == 200
    except OSError:
        return False


def _ask(port: int, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, str, list[str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        return answer.status, answer.read().decode(), cookies
    finally:
        connection.close()


def _counted_as(instance: Path, port: int, **headers: str) -> str:
    """From where a wrong password is counted that comes with these headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    before = _newest(instance)
    _status, page, cookies = _ask(port, "GET", "/login", sent)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    body = urlencode({"csrf_token": token[1], "username": f"nobody{time.monotonic_ns()}", "password": "a-wrong-password"})
    more = {"Cookie": "; ".join(cookies), "Content-Type": "application/x-www-form-urlencoded", "Referer": f"{SITE}/login"}
    status, page, _cookies = _ask(port, "POST", "/login", sent | more, body)
    assert status < 500, page
    found = _newest(instance)
    assert found is not None, page
    assert found != before, page
    return str(found[1])


def _newest(instance: Path) -> tuple[int, str] | None:
    with opened(instance / "trainhub.sqlite3") as connection:
        row: tuple[int, str] | None = connection.execute("SELECT id, origin FROM sign_in_attempt ORDER BY id DESC LIMIT 1").fetchone()
        return row


@pytest.mark.parametrize("workers", ["1", "2"], ids=["waitress", "gunicorn"])
def test_behind_a_trusted_proxy_the_address_is_the_one_it_saw(instance: Path, workers: str) -> None:
    """What the client wrote into the header itself stands before it, and counts for nothing."""
    behind = {"Host": "train.example.edu.cn", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "anybody.example.com"}
    with served(instance, "--workers", workers, TRAINHUB_TRUSTED_PROXIES="1", TRAINHUB_BASE_URL=SITE) as (port, _server):
        assert _counted_as(instance, port, X_Forwarded_For=CLIENT, **behind) == CLIENT
        assert _counted_as(instance, port, X_Forwarded_For=f"198.51.100.9, {CLIENT}", **behind) == CLIENT


@pytest.mark.parametrize("workers", ["1", "2"], ids=["waitress", "gunicorn"])
def test_without_a_trusted_proxy_nobody_names_their_address_and_the_log_says_what_to_set(instance: Path, workers: str) -> None:
    with served(instance, "--workers", workers, first=GUNICORN_HERE) as (port, server):
        for _ in range(2):
            assert _counted_as(instance, port, X_Forwarded_For=CLIENT, Forwarded=f"for={CLIENT}") == "127.0.0.1"
        told = server.complained().count("proxies.not_trusted")
        assert 1 <= told <= int(workers), "once a process, not with every request"


def test_nor_that_they_came_over_tls() -> None:
    """gunicorn by itself believes it of whoever asks from its own machine, which a proxy nobody counted does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = gunicorn_command("127.0.0.1", port, 1, app=f"{scheme_site.__name__}:say_scheme")
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=processes.ROOT)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                said = {name: _ask(port, "GET", "/", {name: value})[1] for name, value in TLS.items()}
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.03)
    finally:
        server.terminate()
        server.wait(30)
    assert said == dict.fromkeys(TLS, "http")


def test_an_address_over_tls_needs_to_know_how_many_proxies_stand_in_front(instance: Path) -> None:
    for workers in ("1", "2"):
        done = processes.run(["serve", "--workers", workers, "--no-jobs"], environment(instance, TRAINHUB_BASE_URL=SITE))
        assert done.returncode == 1
        assert "TRAINHUB_TRUSTED_PROXIES" in done.stderr


def _at(folder: Path, revision: str) -> None:
    with opened(folder / "trainhub.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


@pytest.mark.parametrize("words", [("serve", "--no-jobs"), ("serve", "--workers", "2"), ("worker", "--once")], ids=" ".join)
def test_nobody_starts_on_a_database_of_another_version(instance: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Served all the same, each page would say that the database is busy."""
    folder = tmp_path / "upgraded"
    shutil.copytree(instance, folder)
    for revision, says in (("0100", "trainhub init"), ("9999", "不要对它执行 trainhub init")):
        _at(folder, revision)
        done = processes.run(words, environment(folder), timeout=60)
        assert (done.returncode, f"数据库版本是 {revision}" in done.stderr, says in done.stderr) == (1, True, True), done.stderr
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    done = processes.run(words, environment(fresh), timeout=60)
    assert (done.returncode, "trainhub init" in done.stderr) == (1, True), done.stderr
    assert list(fresh.iterdir()) == [], "nothing is made by the way"


def test_a_server_finds_a_relative_database_where_init_made_it(tmp_path: Path) -> None:
    """And so does a worker, from whatever folder each is started."""
    env = environment(tmp_path, TRAINHUB_DATABASE_URL="sqlite:///ours.sqlite3")
    done = processes.run(["init"], env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ours.sqlite3").exists()
    with served(tmp_path, TRAINHUB_DATABASE_URL="sqlite:///ours.sqlite3") as (port, _server):
        assert _ask(port, "GET", "/login", {})[0] == 200


@pytest.mark.parametrize(("query", "seconds"), [("", 8), ("?connect_timeout=30", None), ("?sslmode=require", 8)])
def test_the_address_says_how_long_a_database_is_waited_for(query: str, seconds: int | None) -> None:
    """What is given to the driver wins over the address: given always, the operator's own would be lost without a word."""
    assert engine_options(f"postgresql+psycopg://u:p@db/d{query}")["connect_args"].get("connect_timeout") == seconds


def test_a_database_that_swallows_what_is_sent_holds_a_start_up_for_seconds() -> None:
    """A firewall that drops packets: left to itself the system waits for two minutes, and a worker of gunicorn is killed meanwhile."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql+psycopg://u:p@127.0.0.1:{silent.getsockname()[1]}/d"
        options = engine_options(url)
        options["connect_args"]["connect_timeout"] -= 6  # nobody need wait here for all of the eight seconds
        engine = sa.create_engine(url, **options)
        before = time.monotonic()
        migrations.check(engine)  # who serves outlives that
        assert 1 < time.monotonic() - before < 9
