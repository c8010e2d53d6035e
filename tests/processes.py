"""Commands in processes of their own, forked from one that has loaded all of the product, and what it loads when it is first needed.

To load it takes a process some two seconds, the same each time; what a test of a command asks (its exit status, its words, what a kill
leaves behind) begins after that. That the installed program itself starts, with nothing loaded before, is shown by `tests/journeys`
(`demo`) and by the tests of the installation (`init`, `serve`).
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NURSERY = """
import gc, json, os, sys, traceback

import click
from sqlalchemy.orm import configure_mappers
import trainhub.cli
from trainhub.kernel import migrations, pinyin
from trainhub.policy.book import book

trainhub.cli.main.list_commands(click.Context(trainhub.cli.main))
configure_mappers(), migrations.head(), pinyin.of_place("厦门"), book()  # what is loaded when it is first needed
gc.collect()
gc.freeze()


def child(asked):
    for number, (path, flags) in enumerate(((asked["stdin"], os.O_RDONLY), (asked["stdout"], os.O_WRONLY), (asked["stderr"], os.O_WRONLY))):
        os.dup2(os.open(path, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["trainhub", *asked["words"]]
    code = 0
    try:
        exec(asked["first"], {})
        trainhub.cli.run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        pid, status = os.waitpid(asked["wait"], os.WNOHANG)
        print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        child(asked)
    print(json.dumps(pid), flush=True)
"""


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Started:
    """A command that runs."""

    def __init__(self, pid: int, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._folder = folder

    def poll(self) -> int | None:
        """Its exit status, a signal's number negative; None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"wait": self.pid})
        return self.returncode

    def said(self) -> str:
        """What it has written to its output so far."""
        return self._text("stdout")

    def complained(self) -> str:
        """What it has written to its log (stderr) so far."""
        return self._text("stderr")

    def stop(self) -> None:
        """Ask it to end in order (SIGTERM) and wait for that."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        self.wait(30)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> Done:
        """Let it come to its end; one that hangs is killed and named."""
        until = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > until:
                self.kill()
                raise AssertionError(f"still running after {timeout} s: {self._text('stderr')[-2000:]}")
            time.sleep(0.003)
        assert self.returncode is not None
        done = Done(self.returncode, self._text("stdout"), self._text("stderr"))
        self._folder.cleanup()
        return done

    def _text(self, name: str) -> str:
        return (Path(self._folder.name) / name).read_text(encoding="utf-8", errors="replace")


@cache
def _nursery() -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRAINHUB_")}
    made = subprocess.Popen([sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean, cwd=ROOT)
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"

    def end() -> None:
        made.communicate()

    atexit.register(end)
    return made


def _ask(question: dict[str, Any]) -> Any:
    nursery = _nursery()
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(json.dumps(question) + "\n")
    nursery.stdin.flush()
    return json.loads(nursery.stdout.readline())


def start(words: Sequence[str], env: Mapping[str, str], *, stdin: str = "", first: str = "") -> Started:
    """Start `trainhub WORDS` with exactly this environment; `first` is run before it, and may be all that is run."""
    folder = tempfile.TemporaryDirectory(prefix="trainhub-command-")
    for name, text in (("stdin", stdin), ("stdout", ""), ("stderr", "")):
        (Path(folder.name) / name).write_text(text, encoding="utf-8")
    paths = {name: str(Path(folder.name) / name) for name in ("stdin", "stdout", "stderr")}
    return Started(_ask({"words": list(words), "env": dict(env), "first": first, **paths}), folder)


def run(words: Sequence[str], env: Mapping[str, str], *, stdin: str = "", timeout: float = 110) -> Done:
    """Run `trainhub WORDS` to its end."""
    return start(words, env, stdin=stdin).wait(timeout)
