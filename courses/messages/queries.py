"""Every select on announcements and messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from courses.catalogue.models import RUN_TITLE, Course, Run, RunStaff
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.messages.models import Announcement, Conversation, Message
from courses.messages.types import AnnouncementRow, ConversationRow
from trainhub.kernel.db import portions, session
from trainhub.people import queries as people
from trainhub.people.models import Person


def announcement_by_id(announcement_id: int) -> Announcement | None:
    """An announcement that was not removed."""
    return session().scalar(select(Announcement).where(Announcement.id == announcement_id, Announcement.removed_at.is_(None)))


def published(run_id: int) -> sa.Select[Any]:
    """What the learners of a run were told, the latest first; see `as_announcement`."""
    statement: Any = (
        select(Announcement.id, Announcement.title, Announcement.body_html, Announcement.published_at)
        .where(Announcement.run_id == run_id, Announcement.published_at.is_not(None), Announcement.removed_at.is_(None))
        .order_by(Announcement.published_at.desc(), Announcement.id.desc())
    )
    return statement  # type: ignore[no-any-return]


def as_announcement(row: Any) -> AnnouncementRow:
    """A row of `published`."""
    return AnnouncementRow(*row)


def told(run_id: int) -> list[Any]:
    """Every announcement learners were told, the latest first: id, title, body_html, published_at."""
    return list(session().execute(published(run_id)))


def all_announcements(run_id: int) -> sa.Select[Any]:
    """Every announcement of a run that was not removed, planned ones first."""
    return (
        select(Announcement)
        .where(Announcement.run_id == run_id, Announcement.removed_at.is_(None))
        .order_by(Announcement.published_at.is_not(None), Announcement.publish_at.desc(), Announcement.id.desc())
    )


def due(now: datetime) -> list[int]:
    """The announcements whose time has come."""
    statement = select(Announcement.id).where(Announcement.published_at.is_(None), Announcement.publish_at <= now, Announcement.removed_at.is_(None))
    return list(session().scalars(statement.order_by(Announcement.publish_at, Announcement.id)))


def staff_persons(run_id: int) -> list[int]:
    """Who teaches a run."""
    return list(session().scalars(select(RunStaff.person_id).where(RunStaff.run_id == run_id)))


def chosen(run_id: int, enrolment_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """(enrolment, person, name) of the learners of a run among the ids, by name; who has left is not written to."""
    found: list[tuple[int, int, str]] = []
    ids = list(enrolment_ids)
    for start in range(0, len(ids), 1000):
        statement = (
            select(Enrolment.id, Enrolment.person_id, Person.name)
            .join(Person, Person.id == Enrolment.person_id)
            .where(Enrolment.run_id == run_id, Enrolment.id.in_(ids[start : start + 1000]), Enrolment.state != EnrolmentState.WITHDRAWN)
            .order_by(Person.pinyin, Enrolment.id)
        )
        found += [(row[0], row[1], row[2]) for row in session().execute(statement)]
    return found


def chosen_persons(run_id: int, enrolment_ids: Sequence[int]) -> list[int]:
    """The persons of `chosen`, by id, without their names: there may be a hundred thousand."""
    found: list[int] = []
    for some in portions(enrolment_ids):
        mine = (Enrolment.run_id == run_id, Enrolment.id.in_(some), Enrolment.state != EnrolmentState.WITHDRAWN)
        found += session().scalars(select(Enrolment.person_id).where(*mine))
    return sorted(set(found))


def written_to(run_id: int, subject: str, at: datetime, person_ids: Sequence[int]) -> set[int]:
    """Who of some persons has a conversation of that subject begun at that instant."""
    found: set[int] = set()
    for start in range(0, len(person_ids), 1000):
        statement = select(Conversation.person_id).where(
            Conversation.person_id.in_(list(person_ids[start : start + 1000])),
            Conversation.run_id == run_id,
            Conversation.started_at == at,
            Conversation.subject == subject,
        )
        found.update(session().scalars(statement))
    return found


def conversation_by_id(conversation_id: int) -> Conversation | None:
    """A conversation with its learner."""
    return session().scalar(select(Conversation).where(Conversation.id == conversation_id).options(joinedload(Conversation.person)))


def sent_since(person_id: int, since: datetime) -> int:
    """How many messages a human has sent as a learner since an instant."""
    mine = people.of_human(Message.sender_id, person_id)
    return session().scalar(select(func.count()).select_from(Message).where(mine, Message.sent_at > since, Message.is_staff.is_(False))) or 0


def messages_of(conversation_id: int) -> list[Message]:
    """The last five hundred messages of a conversation in order, with their senders."""
    statement = select(Message).where(Message.conversation_id == conversation_id).options(joinedload(Message.sender)).order_by(Message.id.desc())
    return list(session().scalars(statement.limit(500)))[::-1]


def _listed() -> Any:
    return (
        select(
            Conversation.id,
            Conversation.run_id,
            RUN_TITLE.label("title"),
            Run.code,
            Person.name,
            Conversation.subject,
            Conversation.last_at,
            Conversation.messages,
            Conversation.last_by_staff,
            Conversation.learner_read_at,
            Conversation.staff_read_at,
        )
        .join(Run, Run.id == Conversation.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(Person, Person.id == Conversation.person_id)
        .order_by(Conversation.last_at.desc(), Conversation.id.desc())
    )


def mine(person_id: int) -> sa.Select[Any]:
    """A learner's conversations in all runs, the latest first."""
    return _listed().where(people.of_human(Conversation.person_id, person_id))  # type: ignore[no-any-return]


def of_run(run_id: int, *, only_open: bool = False) -> sa.Select[Any]:
    """The conversations of a run for its staff; `only_open`: those that a learner wrote last."""
    statement = _listed().where(Conversation.run_id == run_id)
    return statement.where(sa.not_(Conversation.last_by_staff)) if only_open else statement  # type: ignore[no-any-return]


def as_conversation(row: Any, *, for_staff: bool) -> ConversationRow:
    """A row of `mine` or `of_run` as its reader sees it."""
    read_at = row.staff_read_at if for_staff else row.learner_read_at
    is_unread = row.last_by_staff is not for_staff and (read_at is None or read_at < row.last_at)
    return ConversationRow(row.id, row.run_id, row.title, row.code, row.name, row.subject, row.last_at, row.messages, is_unread)


def waiting_answers(run_id: int) -> int:
    """How many conversations of a run the learner wrote last in."""
    statement = select(func.count()).where(Conversation.run_id == run_id, sa.not_(Conversation.last_by_staff))
    return session().scalar(statement) or 0
