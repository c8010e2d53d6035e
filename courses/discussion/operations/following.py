"""Following threads and forums; those who follow are told together, not post by post."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from courses.catalogue.models import Run
from courses.discussion import follow_queries
from courses.discussion.models import ForumFollow, Thread, ThreadFollow
from trainhub.identity.queries import accounts
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people


def follow_thread(*, thread: Thread, person_id: int, now: datetime, is_on: bool = True) -> None:
    """Follow a thread, or stop it; twice is once."""
    if not is_on:
        session().execute(delete(ThreadFollow).where(ThreadFollow.thread_id == thread.id, ThreadFollow.person_id.in_(people.human_ids(person_id))))
    elif not follow_queries.is_following(thread.id, person_id):
        _add(ThreadFollow(thread_id=thread.id, person_id=person_id, told_at=now))


def follow_forum(*, run: Run, person_id: int, now: datetime, is_on: bool = True) -> None:
    """Be told of new threads of a run, or stop it."""
    if not is_on:
        session().execute(delete(ForumFollow).where(ForumFollow.run_id == run.id, ForumFollow.person_id.in_(people.human_ids(person_id))))
    elif not follow_queries.is_following_forum(run.id, person_id):
        _add(ForumFollow(run_id=run.id, person_id=person_id, told_at=now))


def _add(row: ThreadFollow | ForumFollow) -> None:
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError:
        pass  # the same person pressed twice at the same moment


def tell_followers(*, person_ids: Collection[int], news: Mapping[int, int], now: datetime) -> int:
    """One notice for everything that is new for each of some followers (`opening.news` at `now`); returns how many were told. Running it twice tells once."""
    told = {person_id: number for person_id in sorted(person_ids) if (number := news.get(person_id, 0))}
    known = accounts.accounts_of_persons(told)
    for person_id, number in told.items():
        if person_id in known:
            notifications.notify(
                account_ids=[known[person_id]],
                kind="courses.discussion_news",
                message=N_("你关注的讨论有 %(n)d 条新内容。"),
                values={"n": number},
                url="/learning/discussions",
                unique_key=f"discussion-news:{now.isoformat()}",
                now=now,
            )
    for table in (ThreadFollow, ForumFollow):
        theirs = (table.person_id.in_(person_ids), table.told_at < now)
        session().execute(update(table).where(*theirs).values(told_at=now).execution_options(synchronize_session=False))
    return len(told)
