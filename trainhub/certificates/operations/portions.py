"""What the audit log is told of a portion of a list: one line for all of it, found again by the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainhub.certificates import chain, queries
from trainhub.certificates.models import CertificatePortion
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session


def note_portion(
    numbers: Sequence[str], certificate_ids: Sequence[int], hashes: Sequence[str], *, batch_id: int | None, drafts: int, by: Identity
) -> None:
    """Write down a portion: its numbers from the first to the last, and the hashes of the events by which its certificates were issued, in the order
    of the numbers; those of `drafts` have none yet."""
    row = CertificatePortion(first=numbers[0], last=numbers[-1], batch_id=batch_id)
    session().add(row)
    session().flush()
    data: dict[str, Any] = {"first": row.first, "last": row.last, "count": len(numbers), "drafts": drafts}
    data |= {"last_event": queries.newest_event(certificate_ids), "event_hashes": chain.together(hashes), "event_marks": chain.marks(hashes)}
    audit.record(by=by, did=queries.PORTION, on=row, data=data)
