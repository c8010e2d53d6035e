"""Background work of surveys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.surveys import operations, telling

TELL = "surveys.tell"


def forget(_running: Running) -> Mapping[str, Any]:
    """Erase the answers of graduates whose period is over; the figures stay. Running it twice changes nothing."""
    with transaction():
        return {"answers": operations.forget_answers(today=clock.today())}


def tell(_running: Running) -> Mapping[str, Any]:
    """Tell those who are asked and have not answered. Running it twice tells nobody twice."""
    with transaction():
        return {"notices": telling.tell(today=clock.today(), now=clock.now())}
