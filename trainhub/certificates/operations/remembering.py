"""What is written beside the keys as it happens, so that restoring an older backup does not make it forgotten; see restoring.py."""

from __future__ import annotations

from collections.abc import Sequence

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.types import Event
from trainhub.kernel import journal

JOURNAL = "certificates-journal.jsonl"


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
