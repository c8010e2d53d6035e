"""Background work of bases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from enterprises.bases import operations, queries
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running


def remind(_running: Running) -> Mapping[str, Any]:
    """Tell both sides of agreements that end soon, inspections that run out and findings that are overdue, once."""
    asks = current_app.extensions.get(queries.SCHOOLS, [])

    def schools(unit_id: int) -> set[int]:
        return {key for ask in asks for key in ask(unit_id)}

    with transaction():
        return {
            "agreements": operations.remind_of_agreements(today=clock.today(), now=clock.now(), schools=schools),
            "inspections": operations.remind_of_inspections(today=clock.today(), now=clock.now(), schools=schools),
        }
