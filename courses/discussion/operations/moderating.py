"""Keeping order: posts removed, reported, decided upon; threads pinned and locked."""

from __future__ import annotations

from datetime import datetime

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


def remove(*, thread: Thread, row: Post, reason: str, by: Identity, now: datetime) -> None:
    """Take a post away; with its first post goes the thread. The writer is told when somebody else did it, with the reason."""
    if row.removed_at is not None:
        return
    is_own = people.is_same_human(by.person_id, row.person_id)
    if not is_own and not reason.strip():
        raise BadReport(_("请写明移除的理由，理由会告知发言者。"), field="reason")
    row.removed_at, row.remove_reason = now, reason.strip()[:400]
    if row.id == queries.first_post_id(thread.id):
        thread.removed_at = now
    if thread.accepted_post_id == row.id:
        thread.accepted_post_id = None
    session().flush()
    session().execute(
        update(Thread).where(Thread.id == thread.id, Thread.posts > 0).values(posts=Thread.posts - 1).execution_options(synchronize_session=False)
    )
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
    """Report a post to the staff, once a person; they are told of the first report that waits. False when the person reported it before."""
    if row.removed_at is not None:
        raise NotFound(_("这条发言已被移除。"))
    if not reason.strip():
        raise BadReport(_("请写明举报的理由，便于教师判断。"), field="reason")
    try:
        with session().begin_nested():
            session().add(PostReport(post_id=row.id, person_id=person_id, reason=reason.strip()[:400], reported_at=now))
            session().flush()
    except IntegrityError:
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
