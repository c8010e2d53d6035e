"""Who leads or led a base."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from enterprises.bases.models import BaseLeader
from trainhub.kernel.db import portions, session


def led_by(person_ids: Collection[int]) -> dict[int, set[int]]:
    """Which bases these persons lead or led: see `people.queries.KEPT`."""
    wanted, found = sorted(person_ids), dict[int, set[int]]()
    for some in portions(wanted, 900):
        for key, base_id in session().execute(select(BaseLeader.person_id, BaseLeader.base_id).where(BaseLeader.person_id.in_(some))):
            found.setdefault(key, set()).add(base_id)
    return found
