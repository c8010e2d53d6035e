"""How long the five most used pages take and how many SQL statements each runs, on the demo province.

    python benchmarks/pages.py [--scale 1] [--instance FOLDER] [--repeats 40]

Builds the demo with the real command in a temporary folder (or in FOLDER, which is kept and used again), signs in as demo
accounts, and asks each page REPEATS times twice over: through the WSGI app in this process, where statements are counted,
and through `trainhub serve` on the loopback, one keep-alive connection at a time. Prints a table of p50 and p95 in
milliseconds; CPU is the processor's time in this process, which a busy machine does not change much. Why these five:

* home of a student: where every visit begins, and every role's home is built the same way;
* unit of a course: most requests of a term, one for each step of every learner;
* weeks to confirm: what each mentor does every week;
* progress list: what the office of a programme works from, and the list with the most arithmetic in a row;
* dashboard of a goal: what the departments look at, and the page that counts over the largest table.
"""

from __future__ import annotations

import argparse
import http.client
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask

COMMAND = Path(sys.executable).with_name("trainhub")
PASSWORD = "demo-2026"

Get = Callable[[str], tuple[int, str]]
Post = Callable[[str, dict[str, str]], int]


@dataclass(frozen=True)
class Asked:
    """A page: whose it is, and how to find its address from the pages that account sees."""

    name: str
    account: str
    address: Callable[[Get], str]


def _first(get: Get, page: str, pattern: str) -> str:
    """The first link of a page that fits the pattern."""
    found = re.search(f'href="({pattern})"', get(page)[1])
    if found is None:
        raise SystemExit(f"{page} has no link like {pattern}")
    return found[1]


def _unit(get: Get) -> str:
    """The first unit of the first course the learner is in."""
    return _first(get, _first(get, "/learning", r"/learning/runs/\d+"), r"/learning/runs/\d+/units/\d+")


PAGES = (
    Asked("home of a student", "student", lambda _: "/"),
    Asked("unit of a course", "student", _unit),
    Asked("weeks to confirm", "mentor", lambda _: "/placements/confirm"),
    Asked("progress list", "programme", lambda _: "/placements/progress"),
    Asked("dashboard of a goal", "province", lambda _: "/goals/demo-current"),
)


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scale", type=int, default=1, help="size of a demo that is built")
    arguments.add_argument("--instance", type=Path, help="a demo to use, built there when the folder does not exist")
    arguments.add_argument("--repeats", type=int, default=40)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instance = asked.instance or Path(folder) / "instance"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRAINHUB_")} | {"TRAINHUB_INSTANCE": str(instance)}
        if not (instance / "demo.json").exists():
            started = time.perf_counter()
            subprocess.run([COMMAND, "demo", "--scale", str(asked.scale)], env=environment, check=True, stdout=subprocess.DEVNULL)
            print(f"demo at scale {asked.scale} built in {time.perf_counter() - started:.0f} s")
        print((instance / "demo.json").read_text().strip())
        inside, outside = in_process(environment, asked.repeats), over_loopback(environment, asked.repeats)
    print(f"{'page':22}{'queries':>8}{'KB':>6}{'WSGI p50':>10}{'p95':>7}{'CPU p50':>9}{'serve p50':>11}{'p95':>7}   (ms, {asked.repeats} requests)")
    for page in PAGES:
        queries, size, times, worked = inside[page.name]
        served = outside[page.name]
        print(
            f"{page.name:22}{queries:8}{size / 1024:6.0f}{at(times, 50):10.1f}{at(times, 95):7.1f}{at(worked, 50):9.1f}{at(served, 50):11.1f}{at(served, 95):7.1f}"
        )


def at(times: list[float], percent: int) -> float:
    """The percentile by nearest rank, in milliseconds."""
    return sorted(times)[max(0, math.ceil(len(times) * percent / 100) - 1)] * 1000


def sign_in(account: str, get: Get, post: Post) -> None:
    """As a person does: the form with its token."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', get("/login")[1])
    if token is None or post("/login", {"csrf_token": token[1], "username": account, "password": PASSWORD}) not in (302, 303):
        raise SystemExit(f"cannot sign in as {account}")


def timed(get: Get, address: str, repeats: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Seconds of each request by `clock`, after two that warm up."""
    times = []
    for turn in range(repeats + 2):
        started = clock()
        status, _text = get(address)
        if turn >= 2:
            times.append(clock() - started)
        if status != 200:
            raise SystemExit(f"{address} answers {status}")
    return times


def in_process(environment: dict[str, str], repeats: int) -> dict[str, tuple[int, int, list[float], list[float]]]:
    """By page: statements of one request, size of the answer in bytes, seconds of each request by the wall and of the processor."""
    from trainhub import config
    from trainhub.app import create_app
    from trainhub.kernel.db import db

    app = create_app(config.load(environment))
    found = {}
    for page in PAGES:
        client = app.test_client()

        def get(address: str, client: object = client) -> tuple[int, str]:
            answer = client.get(address)  # type: ignore[attr-defined]
            return answer.status_code, answer.get_data(as_text=True)

        def post(address: str, data: dict[str, str], client: object = client) -> int:
            return int(client.post(address, data=data).status_code)  # type: ignore[attr-defined]

        sign_in(page.account, get, post)
        address = page.address(get)
        times = timed(get, address, repeats)
        with counted(app) as statements:
            _status, text = get(address)
        found[page.name] = (len(statements), len(text.encode()), times, timed(get, address, repeats, time.process_time))
    with app.app_context():
        db.engine.dispose()
    return found


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    from trainhub.kernel.db import db

    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", note)


def over_loopback(environment: dict[str, str], repeats: int) -> dict[str, list[float]]:
    """By page: seconds of each request to the real server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [COMMAND, "serve", "--port", str(port), "--no-jobs"],
        env=environment | {"TRAINHUB_BASE_URL": f"http://127.0.0.1:{port}", "TRAINHUB_LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
    )
    try:
        found = {}
        for page in PAGES:
            browser = Browser(port)
            sign_in(page.account, browser.get, browser.post)
            found[page.name] = timed(browser.get, page.address(browser.get), repeats)
        return found
    finally:
        server.terminate()
        server.wait(20)


class Browser:
    """One keep-alive connection that remembers cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        for _ in range(300):
            try:
                self.get("/healthz")
                return
            except ConnectionError:
                self.connection.close()
                time.sleep(0.1)
        raise SystemExit("the server does not start")

    def _ask(self, method: str, address: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, address, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.msg.get_all("Set-Cookie", []):
            name, value = cookie.split(";", 1)[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, text

    def get(self, address: str) -> tuple[int, str]:
        """Status and text."""
        return self._ask("GET", address)

    def post(self, address: str, data: dict[str, str]) -> int:
        """Status."""
        return self._ask("POST", address, urlencode(data))[0]


if __name__ == "__main__":
    main()
