"""One change after the other: who writes takes the lock of the programme (or of the thing) before reading what is there.

On SQLite whoever writes holds the only lock there is. References to the locked row (FOR KEY SHARE) do not wait.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, select

from enterprises.placements.models import PlanItem
from trainhub.kernel.db import session
from trainhub.programmes.models import Programme


def hold_programme(programme_id: int) -> None:
    """What is entered about a programme is entered one after the other."""
    session().execute(select(Programme.id).where(Programme.id == programme_id).with_for_update(key_share=True))


def hold_plan_item(item_id: int) -> None:
    """The same for an item of the enterprise training plan."""
    session().execute(select(PlanItem.id).where(PlanItem.id == item_id).with_for_update(key_share=True))


def is_there(row: Any) -> bool:
    """Whether a row that was read before the lock was taken is still there."""
    model, (key,) = type(row), inspect(row).identity
    return session().scalar(select(model.id).where(model.id == key)) is not None
