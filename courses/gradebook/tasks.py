"""What happens by itself: totals that may have changed are computed and handed down to learning."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from courses.gradebook.operations import grades
from courses.learning import queries as learners
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running

HAND_DOWN = "courses.hand_down_marks"
AT_ONCE = 200
MOST = 20_000
"""A tick takes no more; the next goes on."""


def hand_down_marks(running: Running) -> Mapping[str, Any]:
    """Compute due totals, two hundred to a transaction. Safe to repeat: a total that is handed down is not due."""
    done = 0
    while done < MOST:
        due = learners.marks_due(AT_ONCE)
        session().rollback()
        if not due:
            break
        for run_id, pairs in groupby(due, key=lambda pair: pair[0]):
            with transaction():
                grades.hand_down(run_id=run_id, enrolment_ids=[key for _run, key in pairs], by=SYSTEM, now=clock.now())
        done += len(due)
    return {"totals": done}
