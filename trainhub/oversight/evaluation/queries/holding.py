"""One change after the other: who writes takes the lock of the programme (or of the thing) before reading what is there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, select

from enterprises.placements.models import PlanItem
from trainhub.kernel.db import lock, session
from trainhub.programmes.models import Programme


def hold_programme(programme_id: int) -> None:
    """What is entered about a programme is entered one after the other."""
    lock(Programme, programme_id)


def hold_plan_item(item_id: int) -> None:
    """The same for an item of the enterprise training plan."""
    lock(PlanItem, item_id)


def is_there(row: Any) -> bool:
    """Whether a row that was read before the lock was taken is still there."""
    model, (key,) = type(row), inspect(row).identity
    return session().scalar(select(model.id).where(model.id == key)) is not None
