"""Since when it is known who somebody is, by whom and how: kept by whatever changes it, because figures of a past day count who was known then."""

from __future__ import annotations

from datetime import datetime

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.people.identity_models import PersonIdentified
from trainhub.people.models import Person
from trainhub.people.operations.stamping import stamp
from trainhub.people.types import Identified


def settle_identity(person: Person, *, how: Identified, by: Identity, now: datetime) -> None:
    """Begin or end the span in which a person is identified, as the facts just set on the row say; nothing where they say what was so before.
    Called before they are written: a constraint of the table holds both together. Of a row that stands already completions may, so that the moment is
    asked of who gives out figures; one that is new has none yet, and they ask themselves."""
    is_known = person.is_verified or (person.id_number_hash is not None and not person.number_by_holder)
    if person.id is not None and is_known != (person.identified_at is not None):
        with session().no_autoflush:
            now = stamp(now)
    if is_known and person.identified_at is None:
        person.identified_at, person.identified_by_id, person.identified_how = now, by.account_id, how
    elif not is_known and person.identified_at is not None:
        session().add(
            PersonIdentified(
                person_id=person.id,
                since=person.identified_at,
                until=max(now, person.identified_at),
                how=person.identified_how,
                by_id=person.identified_by_id,
                ended_by_id=by.account_id,
            )
        )
        person.identified_at = person.identified_by_id = person.identified_how = None
