"""What happens by itself: those who follow discussions are told what is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.discussion import operations
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running

TELL = "courses.discussion_news"


def tell_followers(running: Running) -> Mapping[str, Any]:
    """One notice a person for everything new since the last one."""
    with transaction():
        return {"told": operations.tell_followers(now=clock.now())}
