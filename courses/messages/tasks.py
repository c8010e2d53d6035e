"""What happens by itself: announcements are published when their time has come; messages to very many go out in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from courses.catalogue import queries as catalogue
from courses.learning import seat_queries
from courses.messages import operations, queries
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.each import each
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running

PUBLISH = "courses.publish_announcements"
SEND = "courses.send_messages"
AT_ONCE = operations.AT_ONCE


def send(running: Running) -> Mapping[str, Any]:
    """Write to a selection. Run twice it goes on where it stopped."""
    args = running.args
    if running.asked_by_id is None:
        raise Refused(_("不知道这些消息由谁发送，没有发出。请由课程教师重新发送。"))
    by = identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    people, at, sent = args["person_ids"], datetime.fromisoformat(args["at"]), 0
    for start in range(0, len(people), AT_ONCE):
        session().rollback()
        with transaction():
            run = catalogue.run_by_id(args["run_id"])
            if run is None:
                raise Refused(_("这期课程已不存在，其余消息没有发出。"))
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


def tell(running: Running) -> Mapping[str, Any]:
    """Tell very many learners of an announcement, so many to a transaction. Run twice it tells the rest; one that was taken back tells nobody."""
    key, told = int(running.args["announcement_id"]), 0
    first = queries.announcement_by_id(key)
    # Whom it was published for: who leaves while it is told shifts nobody out of the next piece, and is not told any more.
    people = seat_queries.seated_persons(first.run_id) if first is not None else []
    for start in range(0, len(people), operations.AT_ONCE):
        session().rollback()
        with transaction():
            row = queries.announcement_by_id(key)
            if row is None:
                break
            some = people[start : start + operations.AT_ONCE]
            seated = seat_queries.seated_among(row.run_id, some)
            told += operations.tell(row=row, person_ids=[one for one in some if one in seated], now=clock.now())
        running.progress(min(start + operations.AT_ONCE, len(people)), len(people))
    return {"told": told}


def publish_due(running: Running) -> Mapping[str, Any]:
    """Publish every announcement whose time has come, each in its own transaction."""
    ids = queries.due(clock.now())
    session().rollback()

    def publish(announcement_id: int) -> None:
        operations.publish(announcement_id=announcement_id, by=SYSTEM, now=clock.now())

    return {"published": each(ids, publish, of=PUBLISH)}
