"""One human under two documents, where no birth date tells: a passport or permit was renewed, or a resident card came after a permit."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from trainhub.kernel.db import portions, session
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters.checking import plain_name
from trainhub.people.models import Person
from trainhub.people.queries.numbers import CHUNK
from trainhub.people.types import IdType

RENEWED = "姓名相同，证件号码不同：可能换过证件"
OTHER_KIND = "姓名相同，证件类型不同，在同一机构培训过"
"""Why a pair waits; kept as they are beside it, like the reasons that people write."""
IS_CARD: sa.ColumnElement[str] = sa.literal_column(f"'{IdType.RESIDENT_ID.value}'")
"""Written out, not bound: only so does the index of the other documents (`ix_person_other_document`) answer for it."""

ONE, OTHER = aliased(Person), aliased(Person)
_SAME_NAME = (
    select(ONE.id, ONE.name, ONE.id_type, OTHER.id, OTHER.name, OTHER.id_type)
    .join(OTHER, and_(OTHER.pinyin == ONE.pinyin, OTHER.id != ONE.id, OTHER.merged_into_id.is_(None)))
    .where(
        ONE.id.in_(sa.bindparam("some", expanding=True)),
        ONE.merged_into_id.is_(None),
        ONE.id_number_hash.is_not(None),  # a mask alone is a claim to a number, and no document
        OTHER.id_number_hash.is_not(None),
        ONE.pinyin != "",
        or_(ONE.birth_on == OTHER.birth_on, ONE.birth_on.is_(None), OTHER.birth_on.is_(None)),
    )
)
ARMS = (_SAME_NAME.where(ONE.id_type != IS_CARD), _SAME_NAME.where(ONE.id_type == IS_CARD, OTHER.id_type != IS_CARD))
"""Made once: asked whenever somebody is registered."""


def under_another_document(person_ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """Pairs of one of these persons and any other of the same name, of whom at least one has a document other than a resident card, and whose birth
    dates do not contradict each other; each pair once, the lower id first, with why it waits.

    Where one of both has a resident card they have been trained by one organisation: a name alone that many bear says nothing. Found by how the
    name is read, which is indexed and the same however it is spelled; then held against the name. Those with a card, most of all, are held against
    the few with another document alone, not against everybody of their name.
    """
    alike, mixed, wanted = set[tuple[int, int]](), set[tuple[int, int]](), sorted(set(person_ids))
    for some in portions(wanted, CHUNK):
        for arm in ARMS:
            for a, name, kind, b, other_name, other_kind in session().execute(arm, {"some": some}):
                if plain_name(name) == plain_name(other_name):
                    found = mixed if IdType.RESIDENT_ID in (kind, other_kind) else alike
                    found.add((min(a, b), max(a, b)))
    places = _trained_at({key for pair in mixed for key in pair})
    together = (pair for pair in mixed if places.get(pair[0], set()) & places.get(pair[1], set()))
    return dict.fromkeys(sorted(alike), RENEWED) | dict.fromkeys(sorted(together), OTHER_KIND)


def _trained_at(person_ids: Iterable[int]) -> dict[int, set[int]]:
    """The organisations where the persons have a completion that stands."""
    found, wanted = dict[int, set[int]](), sorted(person_ids)
    for some in portions(wanted, CHUNK):
        here = (TrainingRecord.person_id.in_(some), TrainingRecord.cancelled_at.is_(None))
        for person_id, organisation_id in session().execute(select(TrainingRecord.person_id, TrainingRecord.organisation_id).where(*here).distinct()):
            found.setdefault(person_id, set()).add(organisation_id)
    return found
