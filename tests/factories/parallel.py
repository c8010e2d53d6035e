"""Two sessions at once, each with its own connection and commit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep

from flask import Flask

from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused


def together(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do the acts in sessions of their own: the second begins when the first has written and is not committed yet. "" or the refusal's code."""
    written, over = Event(), Event()

    def run(number: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    if number:
                        written.wait(5)
                    acts[number]()
                    if not number:
                        written.set()
                        over.wait(0.25)  # who has to wait for the lock does not come to an end before this one commits
                return ""
            except Refused as refused:
                return refused.code
            finally:
                (over if number else written).set()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, range(len(acts))))


def at_once(app: Flask, *acts: Callable[[], object], holds: float = 0) -> list[str]:
    """Do the acts at the same moment, each committed `holds` seconds after it is done: "" or the refusal's code of each, in order of the alphabet."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        with app.app_context():
            try:
                with transaction():
                    session().connection()
                    gate.wait(10)
                    act()
                    sleep(holds)
            except Refused as refused:
                return refused.code
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))
