"""The secret of a calendar feed: made, renewed, thrown away."""

from __future__ import annotations

import secrets
from datetime import datetime

from courses.agenda import queries
from courses.agenda.models import CalendarFeed
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring


def renew(*, person_id: int, by: Identity, now: datetime) -> str:
    """Give a person a new secret; the old address stops working at once. Returns the secret."""
    secret = secrets.token_urlsafe(32)
    rows = queries.feeds_of(person_id)
    row = rows[0] if rows else None
    for other in rows[1:]:
        session().delete(other)  # of a person who was merged: one human, one address
    hashed, kept = keyring().keyed_hash(secret), keyring().encrypt(secret)
    if row is None:
        session().add(CalendarFeed(person_id=person_id, secret_hash=hashed, secret_encrypted=kept, made_at=now))
    else:
        row.secret_hash, row.secret_encrypted, row.made_at = hashed, kept, now
    session().flush()
    audit.record(by=by, did="courses.calendar.renewed", on=("person", str(person_id)))
    return secret


def stop(*, person_id: int, by: Identity) -> None:
    """Throw the feed away."""
    rows = queries.feeds_of(person_id)
    for row in rows:
        session().delete(row)
    if rows:
        session().flush()
        audit.record(by=by, did="courses.calendar.stopped", on=("person", str(person_id)))


def secret_of(row: CalendarFeed) -> str:
    """The secret of a feed, for its owner."""
    return keyring().decrypt(row.secret_encrypted)
