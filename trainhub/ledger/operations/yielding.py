"""What a roster brought follows the number: an office registered it for another row than that of who had typed it."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.ledger import queries
from trainhub.ledger.models import PossibleDuplicate, TrainingRecord
from trainhub.ledger.operations.records import cancel_record, replace_record
from trainhub.ledger.rosters import queries as rosters
from trainhub.ledger.rosters.checking import plain_name
from trainhub.people.models import Person
from trainhub.people.queries import is_same_human

MOVED = "证件号码已由单位登记，这条记录随号码归到持有人名下"
DOUBTED = "名册所列的证件号码已由单位登记在另一姓名下，此人身份待核实"
NOTE = "一方自行填写的证件号码，已由单位登记给另一方"
"""Kept as they are beside the records, like the reasons that people write."""


def follow_number(claimant: Person, holder: Person, by: Identity, now: datetime) -> None:
    """Let the completions for which a roster named the claimant by the number stand for its holder, see `people.types.YIELDED`: a new record each, which the
    cancelled one names, or the holder's own where the same completion stands for them already. What the claimant did otherwise stays theirs.

    Under another name they stay where they are and count for nobody until somebody has looked: a roster that came after the office would have been
    rejected. Both rows wait for review as a pair. Where both rows were decided to be one human already, all of it is theirs as it stands.
    """
    if is_same_human(claimant.id, holder.id):
        return
    is_same_name = plain_name(claimant.name) == plain_name(holder.name)
    for record in rosters.named_by_number(claimant.id):
        if is_same_name:
            _follow(record, holder.id, MOVED, "moved", by, now, by_number=True)
        else:
            _follow(record, claimant.id, DOUBTED, "doubted", by, now, by_number=False)
    pair = (min(claimant.id, holder.id), max(claimant.id, holder.id))
    if rosters.unqueued([pair]):
        session().add(PossibleDuplicate(person_id=pair[0], other_person_id=pair[1], found_at=now, note=NOTE))
        session().flush()


def was_named(person_id: int) -> bool:
    """Whether a roster named somebody by the number that they had typed (`people.types.NAMED`)."""
    return bool(rosters.named_by_number(person_id))


def _follow(record: TrainingRecord, person_id: int, reason: str, did: str, by: Identity, now: datetime, *, by_number: bool) -> None:
    """Let the completion stand for a person, or the same one of their human that stands there already."""
    there = queries.live_of_human(person_id, record.organisation_id, record.course, record.completed_on, besides=record.id)
    if there is not None:
        cancel_record(record_id=record.id, reason=reason, by=by, now=now, replaced_by_id=there.id)
        return
    replace_record(record=record, reason=reason, did=did, by=by, now=now, person_id=person_id, by_number=by_number, is_known=True)
