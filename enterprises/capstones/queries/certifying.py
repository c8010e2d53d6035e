"""Selects for the certificates of several capstones at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from enterprises.capstones.models import Capstone, Supervision, Topic
from enterprises.capstones.types import CapstoneState, SupervisorRole
from trainhub.certificates import queries as issued
from trainhub.kernel.db import session
from trainhub.people.models import Person


def capstones_by_id(capstone_ids: Iterable[int]) -> list[Capstone]:
    """Several capstones."""
    return list(session().scalars(select(Capstone).where(Capstone.id.in_(set(capstone_ids))).order_by(Capstone.id)))


def passed_without_certificate() -> list[int]:
    """The passed capstones, not archived yet, that no certificate is known for."""
    ids = list(
        session().scalars(select(Capstone.id).where(Capstone.state == CapstoneState.PASSED, Capstone.archived_at.is_(None)).order_by(Capstone.id))
    )
    known = issued.known_keys(f"capstone:{key}" for key in ids)
    return [key for key in ids if f"capstone:{key}" not in known]


def titles_of(capstone_ids: Iterable[int]) -> dict[int, str]:
    """The titles of their topics, by capstone."""
    statement = select(Capstone.id, Topic.title).join(Topic, Topic.id == Capstone.topic_id).where(Capstone.id.in_(set(capstone_ids)))
    return {key: title for key, title in session().execute(statement)}


def supervisors_of(capstone_ids: Iterable[int]) -> dict[tuple[int, SupervisorRole], str]:
    """The names of those who supervise now, by capstone and side."""
    statement = (
        select(Supervision.capstone_id, Supervision.role, Person.name)
        .join(Person, Person.id == Supervision.person_id)
        .where(Supervision.capstone_id.in_(set(capstone_ids)), Supervision.until.is_(None))
    )
    return {(key, role): name for key, role, name in session().execute(statement)}
