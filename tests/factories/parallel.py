"""Two sessions at once, each with its own connection and commit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import monotonic, sleep

from flask import Flask

from trainhub.kernel.db import is_postgresql, session, transaction
from trainhub.kernel.errors import Refused

LOOKS = 0.01
"""Seconds between two looks at who waits."""


def waiting() -> int:
    """How many sessions wait for a lock in this database: on the same server another process of the run tries two at once in its own.

    SQLite tells nobody. The session's own connection asks, without writing what the session holds back; within a transaction it would be told
    the same all along."""
    if not is_postgresql():
        return 0
    connection = session().connection()
    connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return int(connection.exec_driver_sql(asked).scalar_one())


def linger(most: float, others: Callable[[], int] = lambda: 1) -> None:
    """Leave the transaction open for so many seconds; where it can be seen, no longer than until all others stand still before a lock.

    Who waits for it goes no further, however long it is held. `others`: how many are still to come."""
    if not is_postgresql():
        sleep(most)
        return
    ends = monotonic() + most
    while waiting() < others() and monotonic() < ends:
        sleep(LOOKS)


def together(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do the acts in sessions of their own: the second begins when the first has written and is not committed yet. "" or the refusal's code."""
    written, over = Event(), Event()

    def hold() -> None:
        """Until another has come to its end, or is seen to wait for what this one holds; where that cannot be seen, a while: who has to wait for
        the lock does not come to an end before this one commits."""
        ends = monotonic() + (5 if is_postgresql() else 0.25)
        while not over.wait(LOOKS if is_postgresql() else 0.25) and waiting() < len(acts) - 1 and monotonic() < ends:
            pass

    def run(number: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    if number:
                        written.wait(5)
                    acts[number]()
                    if not number:
                        written.set()
                        hold()
                return ""
            except Refused as refused:
                return refused.code
            finally:
                (over if number else written).set()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, range(len(acts))))


def at_once(app: Flask, *acts: Callable[[], object], holds: float = 0) -> list[str]:
    """Do the acts at the same moment, each committed `holds` seconds after it is done, or when all others wait for it: "" or the refusal's code of
    each, in order of the alphabet."""
    gate = Barrier(len(acts))
    over: list[object] = []

    def run(act: Callable[[], object]) -> str:
        with app.app_context():
            try:
                with transaction():
                    session().connection()
                    gate.wait(10)
                    act()
                    if holds:
                        linger(holds, lambda: len(acts) - 1 - len(over))
            except Refused as refused:
                return refused.code
            finally:
                over.append(act)
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))
