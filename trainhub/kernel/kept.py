"""Answers that everybody may read and that cost much, kept for some minutes by a process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from flask import current_app

Answer = TypeVar("Answer")
MINUTES = timedelta(minutes=5)


@dataclass(slots=True)
class _Kept:
    """The answers of a process and, for each name, who is asking: a server answers in several threads."""

    guard: Lock = field(default_factory=Lock)
    asking: dict[Hashable, Lock] = field(default_factory=dict)
    held: dict[Hashable, tuple[datetime, Any]] = field(default_factory=dict)


def for_minutes(name: Hashable, now: datetime, make: Callable[[], Answer]) -> Answer:
    """What `make` answers, asked at most once in five minutes by a process (always anew in tests); who asks meanwhile waits for the answer. Never
    for what somebody may read and another may not, nor for words: they are of a language."""
    if current_app.testing:
        return make()
    kept: _Kept = current_app.extensions.setdefault("trainhub.kept", _Kept())
    with kept.guard:
        asking = kept.asking.setdefault(name, Lock())
    with asking:
        known = kept.held.get(name)
        if known is None or known[0] + MINUTES < now:
            known = (now, make())
            with kept.guard:
                kept.held = {other: one for other, one in kept.held.items() if one[0] + MINUTES >= now} | {name: known}
        answer: Answer = known[1]
        return answer
