"""The moment at which a fact stands that figures count: after whatever was given out without it."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from trainhub.people.types import STAMPED


def stamp(now: datetime) -> datetime:
    """When what is about to be written counts as known: `now`, or later where figures were given out meanwhile (`people.types.STAMPED`). Asked in the
    transaction that writes, before it looks at what it changes."""
    for ask in current_app.extensions.get(STAMPED, ()):
        now = max(now, ask(now))
    return now
