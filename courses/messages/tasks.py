"""What happens by itself: announcements are published when their time has come; messages to very many go out in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from courses.catalogue import queries as catalogue
from courses.messages import operations, queries
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running

PUBLISH = "courses.publish_announcements"
SEND = "courses.send_messages"
AT_ONCE = 1000
"""More persons than this are written to by a job, so many to a transaction: nobody who learns meanwhile waits for the rest."""


def send(running: Running) -> Mapping[str, Any]:
    """Write to a selection. Run twice it goes on where it stopped."""
    args = running.args
    by = identity_of(running.asked_by_id, today=clock.today()) if running.asked_by_id is not None else None
    assert by is not None
    people, at, sent = args["person_ids"], datetime.fromisoformat(args["at"]), 0
    for start in range(0, len(people), AT_ONCE):
        session().rollback()
        with transaction():
            run = catalogue.run_by_id(args["run_id"])
            assert run is not None
            sent += operations.write_to_many(
                run=run,
                person_ids=people[start : start + AT_ONCE],
                subject=args["subject"],
                body=args["body"],
                sender_id=args["sender_id"],
                by=by,
                now=at,
            )
        running.progress(min(start + AT_ONCE, len(people)), len(people))
    return {"sent": sent}


def publish_due(running: Running) -> Mapping[str, Any]:
    """Publish every announcement whose time has come, each in its own transaction."""
    ids = queries.due(clock.now())
    session().rollback()
    for announcement_id in ids:
        with transaction():
            operations.publish(announcement_id=announcement_id, by=SYSTEM, now=clock.now())
    return {"published": len(ids)}
