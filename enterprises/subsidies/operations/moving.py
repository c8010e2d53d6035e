"""A claim goes on where a training went with its number: the same completion of the same human, under another row."""

from __future__ import annotations

from datetime import datetime

from enterprises.subsidies.moving_queries import moved_items
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.people.models import Person


def follow_number(claimant: Person, holder: Person, by: Identity, now: datetime) -> None:
    """Let an item that is claimed or paid name the record that took the place of its own (`people.types.YIELDED`), so that a claim which was submitted
    is not drawn up anew. Where the holder has an item of the course already it stays as it is, and is refused with its record."""
    for item, record in moved_items(claimant.id):
        item.person_id, item.record_id = record.person_id, record.id
        session().flush()
        audit.record(by=by, did="subsidies.item.moved", on=item, data={})
