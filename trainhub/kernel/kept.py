"""Answers that everybody may read and that cost much, kept for some minutes by a process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar

from flask import current_app

Answer = TypeVar("Answer")
MINUTES = timedelta(minutes=5)


def for_minutes(name: Hashable, now: datetime, make: Callable[[], Answer]) -> Answer:
    """What `make` answers, asked at most once in five minutes by a process (always anew in tests). Never for what somebody may read and
    another may not, nor for words: they are of a language."""
    if current_app.testing:
        return make()
    held: dict[Hashable, tuple[datetime, Answer]] = current_app.extensions.setdefault("trainhub.kept", {})
    known = held.get(name)
    if known is None or known[0] + MINUTES < now:
        for other in [key for key, (at, _answer) in held.items() if at + MINUTES < now]:
            del held[other]
        known = held[name] = (now, make())
    return known[1]
