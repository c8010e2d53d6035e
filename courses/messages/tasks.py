"""What happens by itself: announcements are published when their time has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.messages import operations, queries
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running

PUBLISH = "courses.publish_announcements"


def publish_due(running: Running) -> Mapping[str, Any]:
    """Publish every announcement whose time has come, each in its own transaction."""
    ids = queries.due(clock.now())
    session().rollback()
    for announcement_id in ids:
        with transaction():
            operations.publish(announcement_id=announcement_id, by=SYSTEM, now=clock.now())
    return {"published": len(ids)}
