"""Background work on goals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel import clock
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.goals import operations, queries


def refresh(_running: Running) -> Mapping[str, Any]:
    """Bring the kept figures of every computed goal, open or not, up to the ledger; running it twice changes nothing."""
    codes = [goal.code for goal in queries.computed(only_open=False)]
    session().rollback()
    written = []
    for code in codes:
        with transaction():
            goal = queries.by_code(code)
            if goal is not None and operations.refresh(goal=goal, now=clock.now()):
                written.append(code)
    return {"refreshed": written}
