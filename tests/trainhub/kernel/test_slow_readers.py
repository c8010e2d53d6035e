"""Many connections, slow readers: one process served for real over sockets; who asks for a page meanwhile is answered."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.trainhub.kernel.slow_site import CONTENT, KINDS, SIZE
from tests.trainhub.kernel.test_installation import environment
from trainhub.kernel.waitress_channel import Channel, create_server
from trainhub.serving import CONNECTIONS, OTHER_FILES, STALLED, connections, gunicorn_command, open_files, waitress_options

pytestmark = pytest.mark.slow
SOON = 5
"""Seconds: a page takes some milliseconds, on a machine that does other things as well some hundred."""
IDLE = 150
THREADS = 8
READERS = 20


class Served:
    """A server that runs: where, and with which processes."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid

    def memory(self) -> int:
        """Bytes of memory of it and of its workers."""
        found = [self.pid, *(int(one) for one in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())]
        return sum(int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[0]) * 1024 for one in found)

    def connect(self, *, timeout: float = SOON, takes: int | None = None) -> socket.socket:
        """A connection; with `takes` its system holds no more bytes than about that for whoever does not read."""
        made = socket.socket()
        if takes:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        made.settimeout(timeout)
        made.connect(("127.0.0.1", self.port))
        return made

    def ask(self, path: str, line: socket.socket | None = None, **headers: str) -> tuple[bytes, bytes]:
        """The head and body of an answer, on a connection of its own unless one is given."""
        with ExitStack() as stack:
            line = line or stack.enter_context(self.connect())
            said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode())
            return read_answer(line)


def read_answer(line: socket.socket, got: bytes = b"") -> tuple[bytes, bytes]:
    """Read the answer whose first bytes were read before to its end."""
    pieces = [got]
    while b"\r\n\r\n" not in pieces[0]:
        pieces[0] += _some(line)
    head, _, pieces[0] = pieces[0].partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length is None:
        while not b"".join(pieces[-2:]).endswith(b"\r\n0\r\n\r\n"):
            pieces.append(_some(line))
        return head, _unchunked(b"".join(pieces))
    left = int(length[1]) - len(pieces[0])
    while left > 0:
        pieces.append(_some(line))
        left -= len(pieces[-1])
    return head, b"".join(pieces)


def _some(line: socket.socket) -> bytes:
    piece = line.recv(1 << 20)
    assert piece, "cut off"
    return piece


def _unchunked(body: bytes) -> bytes:
    at = 0
    pieces: list[bytes] = []
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


@contextmanager
def served(instance: Path, **env: str) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    first = "from tests.trainhub.kernel import slow_site; slow_site.take_place()"
    started = processes.start(["serve", "--port", str(port), "--no-jobs"], environment(instance, **env), first=first)
    made = Served(port, started.pid)
    try:
        until = time.monotonic() + 110
        while True:
            try:
                assert made.ask("/healthz")[0].startswith(b"HTTP/1.1 200")
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.03)
        yield made
    finally:
        os.kill(started.pid, signal.SIGTERM)
        started.wait(60)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance after `trainhub init`."""
    folder = tmp_path_factory.mktemp("slow")
    done = processes.run(["init"], environment(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(instance: Path) -> Iterator[Served]:
    with served(instance) as made:
        for kind in KINDS:
            made.ask(f"/slow/{kind}")
        yield made


@pytest.mark.parametrize("asks", [True, False], ids=["kept", "silent"])
def test_connections_that_rest_keep_nobody_out(site: Served, *, asks: bool) -> None:
    """A class that opens the site: each browser keeps up to six connections, some of which have asked for nothing yet."""
    with ExitStack() as stack:
        for _ in range(IDLE):
            line = stack.enter_context(site.connect())
            if asks:
                assert site.ask("/healthz", line)[0].startswith(b"HTTP/1.1 200")
        before = time.monotonic()
        assert site.ask("/login")[0].startswith(b"HTTP/1.1 200")
        assert time.monotonic() - before < SOON


@pytest.mark.parametrize("kind", KINDS)
def test_slow_readers_take_no_thread_and_no_memory(site: Served, kind: str) -> None:
    """Each takes what it has asked for at its own pace and gets it whole; what it has not taken lies on the disk."""
    before = site.memory()
    with ExitStack() as stack:
        readers = [stack.enter_context(site.connect(takes=8192, timeout=30)) for _ in range(READERS)]
        for line in readers:
            line.sendall(f"GET /slow/{kind} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        first = [line.recv(1000) for line in readers]
        asked = time.monotonic()
        assert site.ask("/login")[0].startswith(b"HTTP/1.1 200")
        assert site.ask("/healthz")[0].startswith(b"HTTP/1.1 200")
        assert time.monotonic() - asked < 2 * SOON
        held = (
            THREADS * SIZE if kind == "whole" else 0
        )  # what the app had in memory, as often as it is made at once; the system keeps that for the next
        assert _grown(site, before, held) < held + 2 * SIZE
        _head, body = read_answer(readers[0], first[0])
        assert hashlib.sha256(body).digest() == hashlib.sha256(CONTENT).digest()
        if kind != "made":  # one whose length is not known ends with the connection
            assert site.ask("/healthz", readers[0])[0].startswith(b"HTTP/1.1 200"), "the connection serves the next request"


def _grown(site: Served, before: int, held: int) -> int:
    """Bytes of memory a server has taken, when it has made its answers."""
    until = time.monotonic() + 30
    while (grown := site.memory() - before) > held + SIZE and time.monotonic() < until:
        time.sleep(0.2)
    print(f"{grown / 1e6:.0f} MB for {READERS} readers of {SIZE / 1e6:.0f} MB")
    return grown


def test_a_player_gets_the_part_it_asks_for(site: Served) -> None:
    for asked, start, stop in (("bytes=1000-5000999", 1000, 5001000), ("bytes=-70000", SIZE - 70000, SIZE), ("bytes=0-1", 0, 2)):
        head, body = site.ask("/slow/stored", Range=asked)
        assert head.startswith(b"HTTP/1.1 206")
        assert f"content-range: bytes {start}-{stop - 1}/{SIZE}".encode() in head.lower()
        assert body == CONTENT[start:stop]


def test_who_stops_to_read_is_cut_off_and_nobody_else(instance: Path) -> None:
    """Here after 3 seconds; who reads slowly, but reads, goes on."""
    with served(instance, SLOW_SITE_STALLED="3") as site, site.connect(takes=8192) as stops, site.connect(takes=1 << 16) as reads:
        for line in (stops, reads):
            line.sendall(b"GET /slow/stored HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until, got = time.monotonic() + 6, b""
        while time.monotonic() < until:
            got += _some(reads)
            time.sleep(0.05)
        _head, body = read_answer(reads, got)
        assert body == CONTENT
        taken = 0
        with pytest.raises((AssertionError, ConnectionResetError)):
            while taken < SIZE:
                taken += len(_some(stops))
        assert taken < SIZE


def _endless(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "application/zip")])
    for _ in range(SIZE >> 16 if environ["PATH_INFO"] == "/large" else 1):
        yield bytes(1 << 16)


def test_who_stops_to_read_what_is_too_large_to_wait_on_the_disk_frees_the_thread() -> None:
    """Above the watermark (1 GB; here 4 MB) the thread that makes the answer waits for its reader: as many as there are threads who stop, and no page is
    answered any more. Here after 3 seconds; who reads, but slowly, gets all of it."""
    options = waitress_options(200) | {"outbuf_high_watermark": 4 << 20, "channel_timeout": 3, "cleanup_interval": 1}
    server = create_server(_endless, host="127.0.0.1", port=0, **options)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    site = Served(int(server.effective_port), os.getpid())
    try:
        with ExitStack() as stack:
            lines = [stack.enter_context(site.connect(takes=8192)) for _ in range(THREADS - 1)]
            reads = stack.enter_context(site.connect(takes=1 << 18))
            for line in (*lines, reads):
                line.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = b""
            for _ in range(60):
                got += reads.recv(1 << 16)
                time.sleep(0.1)
            before = time.monotonic()
            assert site.ask("/small")[0].startswith(b"HTTP/1.1 200")
            assert time.monotonic() - before < SOON
            assert len(read_answer(reads, got)[1]) == SIZE >> 16 << 16
            with pytest.raises((AssertionError, ConnectionResetError)):
                while True:
                    _some(lines[0])
    finally:
        server.close()
        thread.join(timeout=10)


def test_a_request_far_above_the_limit_is_refused_before_it_is_read(instance: Path) -> None:
    """A little above it the app says how large a file may be; beyond that nobody fills the disk of the server."""
    kind = "Content-Type: application/x-www-form-urlencoded"
    with served(instance, TRAINHUB_MAX_UPLOAD_MB="1") as site:
        for size, words in ((2 << 20, b"1 MB"), (52 << 20, b"")):
            with site.connect() as line:
                line.sendall(f"POST /login HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: {size}\r\n\r\n".encode())
                if words:
                    line.sendall(bytes(size))
                head, body = read_answer(line)
                assert head.startswith(b"HTTP/1.1 413")
                assert words in body
                assert bool(words) is (b"<html" in body)


# -- the parts ----------------------------------------------------------------------------------------------------------
def test_who_has_stopped_to_read_is_looked_for_every_few_seconds() -> None:
    """The tests above set shorter times for both: what the product itself waits is said here."""
    options = waitress_options(200)
    assert options["channel_timeout"] == STALLED <= 60
    assert 1 <= options["cleanup_interval"] <= 5


@pytest.mark.parametrize(
    ("files", "count"), [(0, 100), (401, 100), (402, 101), (1024, 412), (2 * CONNECTIONS + OTHER_FILES - 2, CONNECTIONS - 1), (1 << 20, CONNECTIONS)]
)
def test_connections_need_two_files_each(files: int, count: int) -> None:
    assert connections(files) == count


def test_a_server_asks_for_the_files_it_needs() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        wanted = 2 * CONNECTIONS + OTHER_FILES
        assert open_files() == (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_gunicorn_takes_no_more_connections_than_it_may_have_files(tmp_path: Path) -> None:
    """A worker of it that has no file left for the next connection ends, with all that it was answering."""
    asked = """
import resource
from trainhub.serving import gunicorn_command
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
print(*gunicorn_command("::", 80, 2))
raise SystemExit
"""
    done = processes.start([], environment(tmp_path), first=asked).wait(60)
    assert f"--worker-connections {(1024 - OTHER_FILES) // 2} " in done.stdout, done.stderr
    words = gunicorn_command("::", 80, 2)
    assert words[words.index("--worker-connections") + 1] == str(connections(open_files()))


class Gone(socket.socket):
    """A connection whose reader has gone, as macOS hands it over: it takes no setting any more."""

    def setsockopt(self, *_args: Any) -> None:  # type: ignore[override]
        raise OSError(errno.EINVAL, "Invalid argument")


def test_a_reader_who_has_gone_already_closes_no_listener() -> None:
    server = create_server(_endless, host="127.0.0.1", port=0, **waitress_options(200))
    with Gone() as gone:
        channel = Channel(server, gone, ("127.0.0.1", 1), server.adj, map={})
        assert channel.sendbuf_len
    server.close()
