"""Who follows which threads and forums, and what is new for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from courses.catalogue import queries as catalogue
from courses.catalogue.models import RUN_TITLE, Block, Course, Run, RunStaff
from courses.discussion.models import ForumFollow, Post, Thread, ThreadFollow
from courses.discussion.types import Shut
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person


def is_following(thread_id: int, person_id: int) -> bool:
    """Whether a human follows a thread."""
    mine = people.of_human(ThreadFollow.person_id, person_id)
    return session().scalar(select(ThreadFollow.id).where(ThreadFollow.thread_id == thread_id, mine).limit(1)) is not None


def is_following_forum(run_id: int, person_id: int) -> bool:
    """Whether a human is told of new threads of a run."""
    mine = people.of_human(ForumFollow.person_id, person_id)
    return session().scalar(select(ForumFollow.id).where(ForumFollow.run_id == run_id, mine).limit(1)) is not None


def followed_runs(person_id: int) -> list[int]:
    """The runs in which a human follows threads."""
    statement = select(Thread.run_id).join(ThreadFollow, ThreadFollow.thread_id == Thread.id)
    return list(session().scalars(statement.where(people.of_human(ThreadFollow.person_id, person_id)).distinct()))


def followed_threads(identity: Identity, *, seated: Collection[int], shut: Shut) -> sa.Select[Any]:
    """The threads a human follows and may still open, the latest first: of runs he answers for all, of those he is `seated` in what is not `shut`."""
    reader = identity.person_id or 0
    mine = select(ThreadFollow.thread_id).where(people.of_human(ThreadFollow.person_id, reader))
    staff = select(RunStaff.run_id).where(people.of_human(RunStaff.person_id, reader))
    wrote = Thread.id.in_(select(Post.thread_id).where(people.of_human(Post.person_id, reader)))
    is_free = sa.and_(sa.func.coalesce(Thread.block_id, 0).not_in(shut.closed), sa.or_(sa.func.coalesce(Thread.block_id, 0).not_in(shut.gone), wrote))
    may_moderate = sa.or_(Run.id.in_(staff), catalogue.runs_visible_to(identity, to_manage=True))
    columns = (Thread.id, Thread.title, Thread.person_id, Thread.posts, Thread.last_at, RUN_TITLE.label("course"), Run.code.label("run"))
    statement: Any = (
        select(*columns, may_moderate.label("may_moderate"))
        .join(Run, Run.id == Thread.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(Thread.id.in_(mine), Thread.removed_at.is_(None))
        .where(sa.or_(may_moderate, catalogue.runs_visible_to(identity), sa.and_(Thread.run_id.in_(seated), is_free)))
        .order_by(Thread.last_at.desc(), Thread.id.desc())
    )
    return statement  # type: ignore[no-any-return]


def followers(now: datetime) -> list[int]:
    """Who follows anything and was not told of it since an instant, by id."""
    rows = sa.union(*(select(table.person_id).where(table.told_at < now) for table in (ThreadFollow, ForumFollow)))
    return sorted(session().scalars(rows))


class News(NamedTuple):
    """What is new for a follower in one discussion: a block of a run, or its forum (None); each thread alone when its block was removed."""

    person_id: int
    run_id: int
    block_id: int | None
    thread_id: int | None
    number: int
    is_staff: bool


def news(now: datetime) -> list[News]:
    """New posts in followed threads, and new threads in followed forums, that each follower who still takes part was not told of yet.

    Of a human whose person rows were merged, the row that stands follows everything: what the other follows is there twice.
    """
    alone = sa.case((Block.removed_at.is_not(None), Thread.id))

    def of(follow: type[ThreadFollow] | type[ForumFollow], counted: Any) -> Any:
        same = aliased(Person)
        staff = select(RunStaff.id).where(RunStaff.run_id == Thread.run_id, RunStaff.person_id == follow.person_id).exists()
        seat = select(Enrolment.id).join(same, same.id == Enrolment.person_id)
        mine = sa.or_(same.id == follow.person_id, same.merged_into_id == follow.person_id)
        seat = seat.where(Enrolment.run_id == Thread.run_id, Enrolment.state.in_(SEATED), mine)
        taught = func.max(sa.case((staff, 1), else_=0))
        return (
            select(follow.person_id, Thread.run_id, Thread.block_id, alone, func.count(counted), taught)
            .join(Person, Person.id == follow.person_id)
            .where(Person.merged_into_id.is_(None), sa.or_(staff, seat.exists()))
            .group_by(follow.person_id, Thread.run_id, Thread.block_id, alone)
        )

    answers = of(ThreadFollow, Post.id).join(Post, Post.thread_id == ThreadFollow.thread_id).join(Thread, Thread.id == ThreadFollow.thread_id)
    answers = answers.where(
        Post.posted_at > ThreadFollow.told_at, Post.posted_at <= now, Post.person_id != ThreadFollow.person_id, Post.removed_at.is_(None)
    )
    begun = of(ForumFollow, Thread.id).join(Thread, Thread.run_id == ForumFollow.run_id)
    begun = begun.where(
        Thread.created_at > ForumFollow.told_at, Thread.created_at <= now, Thread.person_id != ForumFollow.person_id, Thread.removed_at.is_(None)
    )
    found = [row for statement in (answers, begun) for row in session().execute(statement.outerjoin(Block, Block.id == Thread.block_id))]
    return [News(*row)._replace(is_staff=bool(row[5])) for row in found]
