"""What happens by itself: those who follow discussions are told what is new, signatures go when their period is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.discussion import operations
from courses.discussion.operations.retaining import forget_posts
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running

TELL = "courses.discussion_news"
FORGET = "courses.discussion_forget"


def tell_followers(running: Running) -> Mapping[str, Any]:
    """One notice a person for everything new since the last one."""
    with transaction():
        return {"told": operations.tell_followers(now=clock.now())}


def forget(_running: Running) -> Mapping[str, Any]:
    """Take signatures whose period is over; running it twice changes nothing."""
    with transaction():
        return {"posts": forget_posts(today=clock.today())}
