"""What two imports at once get into each other's way with is done once more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError

from trainhub.kernel.errors import Stale

TRIES = 6
Done = TypeVar("Done")


def looking_again(act: Callable[[], Done]) -> Done:
    """What `act` does in a transaction of its own, once more where another import brought the same person or pair, or changed one, meanwhile."""
    for left in reversed(range(TRIES)):
        try:
            return act()
        except (IntegrityError, OperationalError, Stale):
            if not left:
                raise
            time.sleep(0.2 * (TRIES - left))
    raise AssertionError  # the last try has returned or raised
