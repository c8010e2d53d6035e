"""What keeps a conclusion of accreditation from being entered by the programme for a while: rooms above tell, this room asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask, current_app

from trainhub.programmes.models import Programme

_KEY = "trainhub.programmes.holds"
Reason = Callable[[Programme, date | None], str]
"""Why the conclusion of a programme (of a day, where it is known) is not entered here now; empty when nothing stands in the way."""


def register_hold(app: Flask, name: str, reason: Reason) -> None:
    """Tell what of a room keeps conclusions from being entered on the page of a programme."""
    known: dict[str, Reason] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"hold {name} is registered twice")
    known[name] = reason


def reasons(programme: Programme, concluded_on: date | None = None) -> list[str]:
    """Everything that stands in the way today, of a conclusion of a day too, in words."""
    return [text for reason in current_app.extensions.get(_KEY, {}).values() if (text := reason(programme, concluded_on))]
