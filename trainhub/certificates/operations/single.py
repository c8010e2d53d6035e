"""A batch of one certificate that takes the place of another: what a correction and a renewal are until a second person decides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, IssueBatch, IssueItem
from trainhub.certificates.operations.changing import CannotChange
from trainhub.certificates.operations.telling import tell_of_batch
from trainhub.certificates.types import BatchSource
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session


def prepare_one(
    certificate: Certificate,
    source: BatchSource,
    *,
    title: str,
    drawn: tuple[str, int],
    facts: Mapping[str, Any],
    on: date,
    reason: str,
    document: str,
    waits: str,
    by: Identity,
    now: datetime,
) -> IssueBatch:
    """Draw up what takes a certificate's place, for a second person to decide. Nothing is numbered, the certificate stays as it is.

    `title` becomes evidence of the new one, `drawn` is the template and version it is drawn from, `facts` all it would say, `on` the day of
    the event. One waits for a certificate at a time: a second raises CannotChange with the words of `waits`.
    """
    batch = IssueBatch(
        title=title,
        kind=certificate.kind,
        template=drawn[0],
        template_version=drawn[1],
        source=source,
        issuer_id=certificate.issuer_id,
        count=1,
        replaces_id=certificate.id,
        why=reason,
        document=document,
        effective_on=on,
        digest=hashlib.sha256(chain.canonical(dict(facts))).hexdigest(),
        asked_by_id=by.account_id,
        asked_at=now,
    )
    add_once(batch, lambda: CannotChange(waits))
    item = IssueItem(batch_id=batch.id, position=1, person_id=certificate.person_id, asked_key=certificate.asked_key, facts=dict(facts))
    session().add(item)
    data = {"number": certificate.number, "edition": certificate.edition, "reason": reason, "document": document, "on": on}
    audit.record(by=by, did="certificates.batch.prepared", on=batch, data=data)
    tell_of_batch(batch, by=by, now=now)
    session().flush()
    return batch
