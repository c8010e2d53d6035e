"""Following threads and forums; those who follow are told together, not post by post."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from courses.catalogue.models import Run
from courses.discussion import follow_queries, opening
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


def tell_followers(*, now: datetime) -> int:
    """One notice for everything that is new since the last one and open to who follows; returns how many persons were told. Running it twice tells once."""
    news = opening.news(now)
    known = accounts.accounts_of_persons(news)
    for person_id, number in sorted(news.items()):
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
        session().execute(update(table).where(table.told_at < now).values(told_at=now).execution_options(synchronize_session=False))
    return len(news)
