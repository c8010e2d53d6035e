"""Who counts for a person: the one they stand for, now or at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, func, select
from sqlalchemy.orm import aliased

from trainhub.people import queries as people
from trainhub.people.models import Person

Moment = datetime | BindParameter[Any] | None
"""A moment or the parameter that will name one; None: now."""
Joins = list[tuple[Any, Any]]
OTHER, JOINED = aliased(Person), aliased(Person)
"""Made once: a new alias copies every column of its table."""


def human_of(known_at: Moment) -> tuple[Any, Joins]:
    """SQL: the human of a person (at most two steps away), and the outer joins it needs; `known_at`: as it was decided at that moment."""
    if known_at is None:
        return func.coalesce(OTHER.merged_into_id, Person.merged_into_id, Person.id), [(OTHER, OTHER.id == Person.merged_into_id)]
    one, two = people.mergings_at(known_at), people.mergings_at(known_at)
    return func.coalesce(two.c.into_id, one.c.into_id, Person.id), [(one, one.c.gone_id == Person.id), (two, two.c.gone_id == one.c.into_id)]


def joined_persons(known_at: Moment) -> Any:
    """SQL: the persons who stand for others or for whom another stands, now or at a moment; few beside all."""
    if known_at is None:
        gone, into = JOINED.id, JOINED.merged_into_id
        return select(gone).where(into.is_not(None)).union(select(into).where(into.is_not(None)))
    merged = people.mergings_at(known_at)
    return select(merged.c.gone_id).where(merged.c.into_id.is_not(None)).union(select(merged.c.into_id).where(merged.c.into_id.is_not(None)))
