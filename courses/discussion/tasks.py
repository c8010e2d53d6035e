"""What happens by itself: those who follow discussions are told what is new, signatures go when their period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.discussion import follow_queries, opening, operations
from courses.discussion.operations.retaining import forget_posts
from trainhub.kernel import clock
from trainhub.kernel.db import session, transaction
from trainhub.kernel.jobs import Running

TELL = "courses.discussion_news"
FORGET = "courses.discussion_forget"
AT_ONCE = 500


def tell_followers(running: Running) -> Mapping[str, Any]:
    """One notice a person for everything new since the last one, so many to a transaction. Run twice it goes on where it stopped."""
    now, told = clock.now(), 0
    news, followers = opening.news(now), follow_queries.followers(now)
    for start in range(0, len(followers), AT_ONCE):
        session().rollback()
        with transaction():
            told += operations.tell_followers(person_ids=followers[start : start + AT_ONCE], news=news, now=now)
        running.progress(min(start + AT_ONCE, len(followers)), len(followers))
    session().rollback()
    return {"told": told}


def forget(_running: Running) -> Mapping[str, Any]:
    """Take signatures whose period is over; running it twice changes nothing."""
    with transaction():
        return {"posts": forget_posts(today=clock.today())}
