"""Since when it is known who persons are: now, and at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.people.identity_models import PersonIdentified
from trainhub.people.models import Person, PersonMerge
from trainhub.people.queries.merging import human_ids

Moment = datetime | ColumnElement[Any] | Any
"""A moment, the parameter that will name one, or the column of a statement around that holds one."""
SPAN, OTHER = aliased(PersonIdentified), aliased(Person)
MINE, THEIRS, BESIDE = aliased(PersonMerge), aliased(PersonMerge), aliased(PersonMerge)
"""Made once: a new alias copies every column of its table."""


def is_identified(at: Moment = None, row: Any = Person) -> ColumnElement[bool]:
    """SQL: who a person is was looked at: verified, or with a number that an office said; now, or at a moment. What the holder alone typed is neither."""
    if at is None:
        known: ColumnElement[bool] = row.identified_at.is_not(None)
        return known
    ended = select(SPAN.id).where(SPAN.person_id == row.id, SPAN.since <= at, SPAN.until > at).correlate_except(SPAN).exists()
    return or_(row.identified_at <= at, ended)


def is_identified_human(at: Moment = None, row: Any = Person) -> ColumnElement[bool]:
    """SQL: who a person is was looked at under any row of the same human, now or as both was at a moment. The other rows are asked only where this
    one was not looked at."""
    if at is None:
        stays = func.coalesce(row.merged_into_id, row.id)
        one_human = or_(OTHER.id == stays, OTHER.merged_into_id == stays)
        return or_(is_identified(row=row), select(OTHER.id).where(one_human, is_identified(row=OTHER)).correlate_except(OTHER).exists())
    if isinstance(at, datetime | sa.BindParameter):
        return or_(is_identified(at, row), row.id.in_(_beside_identified(at)))
    into = select(MINE.into_id).where(MINE.gone_id == row.id, *_stood(MINE, at)).correlate_except(MINE)
    gone = select(THEIRS.gone_id).where(THEIRS.into_id == row.id, *_stood(THEIRS, at)).correlate_except(THEIRS)
    same = select(BESIDE.gone_id).where(BESIDE.into_id.in_(into), *_stood(BESIDE, at)).correlate_except(BESIDE)
    rows = or_(OTHER.id.in_(into), OTHER.id.in_(gone), OTHER.id.in_(same))
    return or_(is_identified(at, row), select(OTHER.id).where(rows, is_identified(at, OTHER)).correlate_except(OTHER).exists())


def _beside_identified(at: datetime | sa.BindParameter[Any]) -> sa.CompoundSelect[Any]:
    """The rows that stood for one human at a moment with a row that was looked at: asked from the mergings, which are few, once for a statement; from
    each person it reads them all again on PostgreSQL."""
    seen = (*_stood(MINE, at), is_identified(at, OTHER))
    gone = select(MINE.gone_id).join(OTHER, OTHER.id == MINE.into_id).where(*seen)
    into = select(MINE.into_id).join(OTHER, OTHER.id == MINE.gone_id).where(*seen)
    both = select(BESIDE.gone_id).join(MINE, MINE.into_id == BESIDE.into_id).join(OTHER, OTHER.id == MINE.gone_id)
    return sa.union_all(gone, into, both.where(*seen, *_stood(BESIDE, at)))


def _stood(merge: Any, at: Moment) -> tuple[ColumnElement[bool], ...]:
    return merge.merged_at <= at, or_(merge.undone_at.is_(None), merge.undone_at > at)


def identity_marks() -> tuple[datetime | None, int]:
    """When somebody was identified last, and the last span that ended."""
    current = session()
    return current.scalar(select(func.max(Person.identified_at))), current.scalar(select(func.max(PersonIdentified.id))) or 0


def identity_changed(since: datetime | None, after: int, *besides: ColumnElement[bool], at_most: int) -> set[int]:
    """Whose identity became known or is known no longer since the marks; `besides`: of whom it is asked. More than `at_most` where there are more, not all."""
    found: set[int] = set()
    fresh = select(Person.id).where(*([] if since is None else [Person.identified_at > since]), *besides)
    ended = select(Person.id).join(PersonIdentified, PersonIdentified.person_id == Person.id).where(PersonIdentified.id > after, *besides)
    for statement in (fresh, ended):
        found.update(session().scalars(statement.distinct().limit(at_most + 1)))
    return found


def known_since(person_id: Any) -> ColumnElement[Any]:
    """SQL: since when it is known who the human is for whom a row stands, under whichever row it is known longest; NULL: it is not."""
    statement = select(func.min(OTHER.identified_at)).where(or_(OTHER.id == person_id, OTHER.merged_into_id == person_id))
    return statement.correlate_except(OTHER).scalar_subquery()


def identity_spans(person_id: int) -> list[PersonIdentified]:
    """The spans that have ended in which it was known who somebody is, under whichever row, the latest first."""
    statement = select(PersonIdentified).where(PersonIdentified.person_id.in_(human_ids(person_id)))
    return list(session().scalars(statement.order_by(PersonIdentified.until.desc(), PersonIdentified.id.desc())))


def who_acted(account_ids: Iterable[int | None]) -> dict[int, str]:
    """How the audit log names these accounts, in their latest event."""
    wanted = sorted({key for key in account_ids if key is not None})
    last = select(func.max(AuditEvent.id)).where(AuditEvent.account_id.in_(wanted)).group_by(AuditEvent.account_id)
    found = session().execute(select(AuditEvent.account_id, AuditEvent.actor).where(AuditEvent.id.in_(last))) if wanted else ()
    return {key: actor for key, actor in found if key is not None}
