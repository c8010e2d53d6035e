"""One human under two documents, where no birth date tells: a passport or permit was renewed, or a resident card came after a permit."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import session
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters.checking import plain_name
from trainhub.people.models import Person
from trainhub.people.queries.numbers import CHUNK
from trainhub.people.types import IdType


def under_another_document(person_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of one of these persons and any other of the same name, of whom at least one has a document other than a resident card, and whose birth
    dates do not contradict each other; each pair once, the lower id first.

    Where one of both has a resident card they have been trained by one organisation: a name alone that many bear says nothing. Found by how the
    name is read, which is indexed and the same however it is spelled; then held against the name.
    """
    one, other = aliased(Person), aliased(Person)
    here, there = aliased(TrainingRecord), aliased(TrainingRecord)
    together = (
        select(here.id)
        .join(there, there.organisation_id == here.organisation_id)
        .where(here.person_id == one.id, there.person_id == other.id)
        .correlate(one, other)
        .exists()
    )
    is_card, is_other_card = one.id_type == IdType.RESIDENT_ID, other.id_type == IdType.RESIDENT_ID
    statement = (
        select(one.id, one.name, other.id, other.name)
        .join(other, and_(other.pinyin == one.pinyin, other.id != one.id, other.merged_into_id.is_(None), other.id_type.is_not(None)))
        .where(
            one.merged_into_id.is_(None),
            one.pinyin != "",
            sa.not_(and_(is_card, is_other_card)),
            or_(one.birth_on == other.birth_on, one.birth_on.is_(None), other.birth_on.is_(None)),
            or_(and_(~is_card, ~is_other_card), together),
        )
    )
    found, wanted = set[tuple[int, int]](), sorted(set(person_ids))
    for start in range(0, len(wanted), CHUNK):
        rows = session().execute(statement.where(one.id.in_(wanted[start : start + CHUNK])))
        found.update((min(a, b), max(a, b)) for a, name, b, other_name in rows if plain_name(name) == plain_name(other_name))
    return sorted(found)
