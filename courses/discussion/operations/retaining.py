"""Contributions lose their signature when their time is over (own.retention.forum_post_months)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import update

from courses.discussion import queries
from courses.discussion.models import Post, Thread
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.kernel.retention import last_day


def forget_posts(*, today: date) -> int:
    """Take the signature from contributions to runs that ended long ago; how many. Who is not free (`people.is_free`) is left alone."""
    before, count = last_day("forum_post", today=today), 0
    for table in (Post, Thread):
        statement = update(table).where(table.id.in_(queries.signed(table, before))).values(person_id=None)
        done: int = session().execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
        count += done if table is Post else 0
    if count:
        audit.record(by=SYSTEM, did="courses.post.unsigned", on=("retention", "*"), data={"count": count})
    return count
