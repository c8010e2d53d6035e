"""Background work of the chains: a student's programme certificate is brought in line with what was recorded or withdrawn."""

from __future__ import annotations

from typing import Any

from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.chains import mending
from trainhub.people import queries as people


def judge(running: Running) -> dict[str, Any]:
    """One transaction; running it twice changes nothing."""
    with transaction():
        found = people.students_by_id([running.args["student"]]).get(running.args["student"])
        if found is None:
            return {"done": ""}
        return {"done": mending.judge(student=found, today=clock.today(), now=clock.now())}
