"""What is written beside the keys as it happens, so that restoring an older backup does not make it forgotten; see restoring.py."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateEvent, SigningKey
from trainhub.certificates.types import Event
from trainhub.kernel import journal

JOURNAL = "certificates-journal.jsonl"
KEY, CLOSED = "key", "unshare"
"""What lines of the journal tell that are of no certificate: how a signing key stands, that a holder's link was closed."""


def note(certificate: Certificate, event: CertificateEvent) -> None:
    """Write an event into the journal once the transaction is committed; of what took another's place all that makes it again."""
    if event.event is not Event.ISSUE:
        journal.note(JOURNAL, queries.line_of_change(event, certificate.number, certificate.edition))
    elif certificate.replaces_id is None:
        note_given([certificate.number], certificate.id)
    else:
        journal.note(JOURNAL, queries.line_of_successor(event, certificate))


def note_given(numbers: Sequence[str], last_id: int) -> None:
    """Write down how far numbers and places are given now; of many the last number does."""
    journal.note(JOURNAL, {"did": Event.ISSUE.value, "number": numbers[-1], "place": queries.status_place(last_id)})


def note_keys(rows: Sequence[SigningKey]) -> None:
    """Write down how keys stand, without their secret halves: one that leaked must not be trusted again, one made since must stay known."""
    for row in rows:
        journal.note(JOURNAL, {"did": KEY, **queries.line_of_key(row)})


def note_closed(token: str, at: datetime) -> None:
    """Write down that a link was closed, by a hash: the journal opens none."""
    journal.note(JOURNAL, {"did": CLOSED, **line_of_closed(token, at)})


def line_of_closed(token: str, at: datetime) -> dict[str, str]:
    """A link that was closed, as the journal keeps it."""
    return {"link": link_name(token), "at": at.isoformat()}


def link_name(token: str) -> str:
    """What a link is called where its address must not stand."""
    return hashlib.sha256(token.encode()).hexdigest()
