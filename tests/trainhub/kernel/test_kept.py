"""Answers kept for some minutes, asked for by several threads at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from flask import Flask

from trainhub.kernel.kept import MINUTES, for_minutes

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _asked(app: Flask, names: list[str], now: datetime, made: list[str]) -> list[str]:
    def ask(name: str) -> str:
        def make() -> str:
            time.sleep(0.05)
            made.append(name)
            return name

        with app.app_context():
            return for_minutes(name, now, make)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(ask, names))


def test_threads_that_ask_at_once_have_one_answer_made() -> None:
    app, made = Flask("kept"), list[str]()
    names = [f"{one % 4}" for one in range(32)]
    for now in (NOW, NOW + MINUTES):
        assert _asked(app, names, now, made) == names
        assert sorted(made) == ["0", "1", "2", "3"]
    for _twice in range(2):  # all are too old at once: each is made once more
        assert _asked(app, names, NOW + MINUTES + timedelta(seconds=1), made) == names
        assert sorted(made) == sorted(["0", "1", "2", "3"] * 2)
