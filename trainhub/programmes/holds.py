"""What keeps a conclusion of accreditation from being entered by the programme for a while: rooms above tell, this room asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask, current_app

from trainhub.programmes.models import Programme

_KEY = "trainhub.programmes.holds"
_SAME = "trainhub.programmes.same"
Same = Callable[[int | None, int | None], bool]
Reason = Callable[[Programme, date | None], str]
"""Why the conclusion of a programme (of a day, where it is known) is not entered here now; empty when nothing stands in the way."""


def register_hold(app: Flask, name: str, reason: Reason) -> None:
    """Tell what of a room keeps conclusions from being entered on the page of a programme."""
    known: dict[str, Reason] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"hold {name} is registered twice")
    known[name] = reason


def register_same(app: Flask, same: Same) -> None:
    """Tell which accounts are of one human: the room of the accounts knows, and lies above."""
    app.extensions[_SAME] = same


def is_same(one_id: int | None, other_id: int | None) -> bool:
    """Whether two accounts are of one human: nobody confirms what they entered themselves."""
    return bool(current_app.extensions[_SAME](one_id, other_id))


def reasons(programme: Programme, concluded_on: date | None = None) -> list[str]:
    """Everything that stands in the way today, of a conclusion of a day too, in words."""
    return [text for reason in current_app.extensions.get(_KEY, {}).values() if (text := reason(programme, concluded_on))]
