"""Announcements made and published; messages sent, one by one or to a selection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, update

from courses.catalogue.markup import to_html
from courses.catalogue.models import Run
from courses.learning import seat_queries
from courses.messages import queries
from courses.messages.models import Announcement, Conversation, Message
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, TooMany
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, say
from trainhub.notifications import operations as notifications

AT_ONCE = 1000
"""More persons than this are told or written to by a job, so many to a transaction: nobody who learns meanwhile waits for the rest."""
TELL = "courses.tell_announcement"
MAX_MESSAGE = 5000
MAX_ANNOUNCEMENT = 20_000
MOST_AN_HOUR = 30
"""Messages of one learner in an hour, to the staff of all runs together; ours. The staff is not counted."""


class BadMessage(Refused):
    """A message or announcement that cannot be sent as written."""

    code = "bad_message"


def _text(value: str, most: int, field: str, label: str) -> str:
    value = value.replace("\x00", "").replace("\r\n", "\n").strip()
    if not value:
        raise BadMessage(_("请填写%(label)s。", label=label), field=field)
    if len(value) > most:
        raise BadMessage(_("%(label)s不能超过 %(n)d 个字。", label=label, n=most), field=field)
    return value


# -- announcements ------------------------------------------------------------------------------------------------------


def announce(*, run: Run, title: str, body: str, publish_at: datetime | None, by: Identity, now: datetime) -> Announcement:
    """Tell all learners of a run, now (`publish_at` None or past) or at an instant to come."""
    title, body = _text(" ".join(title.split()), 200, "title", _("标题")), _text(body, MAX_ANNOUNCEMENT, "body", _("内容"))
    at = max(publish_at, now) if publish_at is not None else now
    row = Announcement(run_id=run.id, title=title, body=body, body_html=to_html(body), publish_at=at, made_by_id=by.account_id)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.announcement.made", on=row, data={"run": run.id, "publish_at": at.isoformat()})
    if at <= now:
        publish(announcement_id=row.id, by=by, now=now)
    return row


def take_over(*, run: Run, title: str, body: str, at: datetime, by: Identity, now: datetime) -> Announcement:
    """An announcement that was made elsewhere at an instant that has passed: shown under its day, and nobody is told again. `body` is sanitised HTML."""
    title = _text(" ".join(title.split()), 200, "title", _("标题"))
    row = Announcement(run_id=run.id, title=title, body=body, body_html=body, publish_at=at, published_at=at, made_by_id=by.account_id)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.announcement.taken_over", on=row, data={"run": run.id, "made_at": at.isoformat(), "at": now.isoformat()})
    return row


def change_announcement(
    *, row: Announcement, title: str, body: str, publish_at: datetime | None, version: int | None, by: Identity, now: datetime
) -> Announcement:
    """Change an announcement. One that was published keeps its instant and is not told again."""
    check_version(row, version)
    row.title, row.body = _text(" ".join(title.split()), 200, "title", _("标题")), _text(body, MAX_ANNOUNCEMENT, "body", _("内容"))
    row.body_html = to_html(row.body)
    if row.published_at is None:
        row.publish_at = max(publish_at, now) if publish_at is not None else now
    session().flush()
    audit.record(by=by, did="courses.announcement.changed", on=row)
    if row.published_at is None and row.publish_at <= now:
        publish(announcement_id=row.id, by=by, now=now)
    return row


def remove_announcement(*, row: Announcement, by: Identity, now: datetime) -> None:
    """Take an announcement back: it is not shown any more, and not published if it was planned."""
    if row.removed_at is None:
        row.removed_at = now
        session().flush()
        audit.record(by=by, did="courses.announcement.removed", on=row)


def publish(*, announcement_id: int, by: Identity, now: datetime) -> int:
    """Show an announcement and tell every learner, in the app and by e-mail for those who want it. Once; returns how many were told.

    More than `AT_ONCE` are told by a job, in pieces: then none yet.
    """
    taken = session().execute(
        update(Announcement)
        .where(Announcement.id == announcement_id, Announcement.published_at.is_(None), Announcement.removed_at.is_(None))
        .values(published_at=now, version=Announcement.version + 1)  # who changes it at this moment is told
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return 0
    row = session().get_one(Announcement, announcement_id, populate_existing=True)
    number = seat_queries.count_seats(row.run_id)
    told = 0
    if number > AT_ONCE:
        jobs.ask(TELL, by=by, title=say(N_("通知课程公告：%(title)s"), title=row.title), unique_key=f"{TELL}:{row.id}", announcement_id=row.id)
    else:
        told = tell(row=row, person_ids=seat_queries.seated_persons(row.run_id), now=now)
    audit.record(by=by, did="courses.announcement.published", on=row, data={"told": told, "learners": number})
    return told


def tell(*, row: Announcement, person_ids: Sequence[int], now: datetime) -> int:
    """Tell some learners of an announcement; nobody twice. Returns how many were told."""
    told = notifications.notify(
        account_ids=accounts.accounts_of_persons(person_ids).values(),
        kind="courses.announcement",
        message=N_("课程公告：%(title)s"),
        values={"title": row.title},
        url=f"/learning/runs/{row.run_id}/announcements",
        unique_key=f"announcement:{row.id}",
        now=now,
    )
    count = update(Announcement).where(Announcement.id == row.id).values(told=func.coalesce(Announcement.told, 0) + told)
    session().execute(count.execution_options(synchronize_session=False))  # not through the row: its author may be changing it
    session().refresh(row, ["told"])
    return told


# -- messages -----------------------------------------------------------------------------------------------------------


def write(*, run: Run, person_id: int, subject: str, body: str, sender_id: int, is_staff: bool, by: Identity, now: datetime) -> Conversation:
    """Begin a conversation between a learner and the staff of a run; the other side is told."""
    subject, body = _text(" ".join(subject.split()), 200, "subject", _("主题")), _text(body, MAX_MESSAGE, "body", _("内容"))
    conversation = Conversation(run_id=run.id, person_id=person_id, subject=subject, started_at=now, last_at=now, last_by_staff=is_staff, messages=0)
    session().add(conversation)
    session().flush()
    _tell(run, conversation, _add(conversation, body, sender_id, is_staff, now), now)
    audit.record(by=by, did="courses.message.sent", on=conversation, data={"run": run.id, "is_staff": is_staff})
    return conversation


def reply(*, run: Run, conversation: Conversation, body: str, sender_id: int, is_staff: bool, by: Identity, now: datetime) -> Message:
    """Go on in a conversation; the other side is told."""
    row = _add(conversation, _text(body, MAX_MESSAGE, "body", _("内容")), sender_id, is_staff, now)
    _tell(run, conversation, row, now)
    audit.record(by=by, did="courses.message.sent", on=conversation, data={"is_staff": is_staff})
    return row


def _add(conversation: Conversation, body: str, sender_id: int, is_staff: bool, now: datetime) -> Message:
    if not is_staff and queries.sent_since(sender_id, now - timedelta(hours=1)) >= MOST_AN_HOUR:
        raise TooMany(_("一小时内最多发送 %(n)d 条消息。请稍后再发。", n=MOST_AN_HOUR), retry_after=3600)
    row = Message(conversation_id=conversation.id, sender_id=sender_id, is_staff=is_staff, body=body, sent_at=now)
    session().add(row)
    session().flush()
    read = {"staff_read_at": now} if is_staff else {"learner_read_at": now}
    session().execute(  # in one statement: two may answer at once
        update(Conversation)
        .where(Conversation.id == conversation.id)
        .values(messages=Conversation.messages + 1, last_at=now, last_by_staff=is_staff, **read)
        .execution_options(synchronize_session=False)
    )
    session().refresh(conversation)
    return row


def _tell(run: Run, conversation: Conversation, row: Message, now: datetime) -> None:
    persons = [conversation.person_id] if row.is_staff else queries.staff_persons(run.id)
    notifications.notify(
        account_ids=accounts.accounts_of_persons(persons).values(),
        kind="courses.message",
        message=N_("课程《%(course)s》有新消息：%(subject)s"),
        values={"course": run.title, "subject": conversation.subject[:80]},
        url=f"/learning/messages/{conversation.id}",
        unique_key=f"message:{row.id}",
        now=now,
    )


def write_to_many(*, run: Run, person_ids: Sequence[int], subject: str, body: str, sender_id: int, by: Identity, now: datetime) -> int:
    """Write the same to each of a selection, a conversation for each, so that answers stay between two. Returns how many.

    Who was written to at the same instant with the same subject is passed over, so that a job that was interrupted goes on.
    """
    subject, body = _text(" ".join(subject.split()), 200, "subject", _("主题")), _text(body, MAX_MESSAGE, "body", _("内容"))
    if not person_ids:
        raise BadMessage(_("还没有选中学员。请先在名单中勾选。"))
    wanted = sorted(set(person_ids) - queries.written_to(run.id, subject, now, person_ids))
    if not wanted:
        return 0
    current = session()
    begun = [
        Conversation(run_id=run.id, person_id=p, subject=subject, started_at=now, last_at=now, last_by_staff=True, messages=1, staff_read_at=now)
        for p in wanted
    ]
    current.add_all(begun)
    current.flush()
    current.add_all([Message(conversation_id=c.id, sender_id=sender_id, is_staff=True, body=body, sent_at=now) for c in begun])
    current.flush()
    notifications.notify(
        account_ids=accounts.accounts_of_persons(wanted).values(),
        kind="courses.message",
        message=N_("课程《%(course)s》有新消息：%(subject)s"),
        values={"course": run.title, "subject": subject[:80]},
        url="/learning/messages",
        unique_key=f"message-many:{begun[0].id}",
        now=now,
    )
    audit.record(by=by, did="courses.message.sent_to_many", on=run, data={"count": len(wanted), "subject": subject})
    return len(wanted)


def mark_read(*, conversation: Conversation, is_staff: bool, message_id: int) -> None:
    """One side has read up to a message, the last on its page: what came afterwards stays unread. Never less than before; another conversation's is passed over."""
    message = session().get(Message, message_id)
    if message is None or message.conversation_id != conversation.id:
        return
    name = "staff_read_at" if is_staff else "learner_read_at"
    before: datetime | None = getattr(conversation, name)
    setattr(conversation, name, message.sent_at if before is None else max(before, message.sent_at))
    session().flush()
