"""Keeping order: posts removed, reported, decided upon; threads pinned and locked."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from courses.catalogue import queries as catalogue
from courses.discussion import queries
from courses.discussion.models import Post, PostReport, Thread
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people


class BadReport(Refused):
    """A report or decision without its reason."""

    code = "bad_report"


class NotRemovable(Refused):
    """What others wrote would go with it."""

    code = "has_answers"


def remove(*, thread: Thread, row: Post, reason: str, by: Identity, now: datetime) -> None:
    """Take a post away; with its first post goes the thread, which its writer only does while nobody else has written in it. The writer is told when somebody else did it, with the reason."""
    if row.removed_at is not None:
        return
    is_own = people.is_same_human(by.person_id, row.person_id)
    if not is_own and not reason.strip():
        raise BadReport(_("请写明移除的理由，理由会告知发言者。"), field="reason")
    is_first = row.id == queries.first_post_id(thread.id)
    if is_first:
        session().refresh(thread, with_for_update={"key_share": True})  # who answers comes before this or after it
    if is_own and is_first and queries.has_posts_of_others(thread.id, row.id):
        raise NotRemovable(_("这个话题已有别人的回复，不能整个移除。可以修改你写的内容，或请课程教师移除。"))
    row.removed_at, row.remove_reason = now, reason.strip()[:400]
    if is_first:
        thread.removed_at = now
    session().flush()
    solved = sa.case((Thread.accepted_post_id == row.id, None), else_=Thread.accepted_post_id)
    session().execute(
        update(Thread)
        .where(Thread.id == thread.id)
        .values(posts=sa.case((Thread.posts > 0, Thread.posts - 1), else_=0), accepted_post_id=solved)
        .execution_options(synchronize_session=False)
    )
    session().expire(thread, ["posts", "accepted_post_id"])
    _close_reports(row, by, now, is_upheld=True)
    if not is_own and row.person_id is not None:
        notifications.notify(
            account_ids=accounts.accounts_of_persons([row.person_id]).values(),
            kind="courses.post_removed",
            message=N_("你在话题《%(title)s》中的发言被移除：%(reason)s"),
            values={"title": thread.title[:60], "reason": row.remove_reason},
            url=f"/learning/runs/{thread.run_id}/forum",
            unique_key=f"post-removed:{row.id}",
            now=now,
        )
    audit.record(by=by, did="courses.post.removed", on=row, data={"reason": row.remove_reason})


def report(*, row: Post, person_id: int, reason: str, by: Identity, now: datetime) -> bool:
    """Report a post to the staff, once a person for what it says; they are told of the first report that waits.

    False when the person reported it before, and it was not changed since that was decided.
    """
    if row.removed_at is not None:
        raise NotFound(_("这条发言已被移除。"))
    if not reason.strip():
        raise BadReport(_("请写明举报的理由，便于教师判断。"), field="reason")
    try:
        with session().begin_nested():
            session().add(PostReport(post_id=row.id, person_id=person_id, reason=reason.strip()[:400], reported_at=now))
            session().flush()
    except IntegrityError:
        again = sa.and_(PostReport.decided_at.is_not(None), PostReport.decided_at < row.edited_at) if row.edited_at is not None else sa.false()
        reopened = session().execute(
            update(PostReport)
            .where(PostReport.post_id == row.id, PostReport.person_id == person_id, again)
            .values(reason=reason.strip()[:400], reported_at=now, decided_at=None, decided_by_id=None, is_upheld=None)
            .execution_options(synchronize_session=False)
        )
        if not reopened.rowcount:  # type: ignore[attr-defined]
            return False
    _tell_staff(row, now)
    audit.record(by=by, did="courses.post.reported", on=row)
    return True


def _tell_staff(row: Post, now: datetime) -> None:
    """Once for all reports that wait together, and anew when the post is reported after they were decided."""
    thread = session().get_one(Thread, row.thread_id)
    run = catalogue.run_by_id(thread.run_id)
    if run is None:
        return
    notifications.notify(
        account_ids=accounts.accounts_of_persons([member.person_id for member in run.staff]).values(),
        kind="courses.post_reported",
        message=N_("课程《%(course)s》的话题《%(title)s》中有发言被举报，请处理。"),
        values={"course": run.title, "title": thread.title[:60]},
        url=f"/teaching/runs/{run.id}/moderation",
        unique_key=f"post-reported:{row.id}:{queries.decided_reports(row.id)}",
        now=now,
    )


def settle(*, row: Post, by: Identity, now: datetime) -> int:
    """Leave a reported post as it is; returns how many reports were closed."""
    closed = _close_reports(row, by, now, is_upheld=False)
    if closed:
        audit.record(by=by, did="courses.post.report_dismissed", on=row, data={"reports": closed})
    return closed


def _close_reports(row: Post, by: Identity, now: datetime, *, is_upheld: bool) -> int:
    done = session().execute(
        update(PostReport)
        .where(PostReport.post_id == row.id, PostReport.decided_at.is_(None))
        .values(decided_at=now, decided_by_id=by.account_id, is_upheld=is_upheld)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def set_flag(*, thread: Thread, by: Identity, is_pinned: bool | None = None, is_locked: bool | None = None) -> None:
    """Pin or lock a thread, or undo it."""
    if is_pinned is not None:
        thread.is_pinned = is_pinned
    if is_locked is not None:
        thread.is_locked = is_locked
    session().flush()
    audit.record(by=by, did="courses.thread.marked", on=thread, data={"is_pinned": thread.is_pinned, "is_locked": thread.is_locked})
