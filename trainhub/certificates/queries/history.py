"""Every select on the history of certificates; whether it is as it was written: see `wholeness`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select

from trainhub.certificates import chain
from trainhub.certificates.models import Certificate, CertificateEvent, IssueBatch
from trainhub.certificates.types import BatchSource, BatchState
from trainhub.identity.models import Account
from trainhub.kernel.db import portions, session

AT_ONCE = 10_000
"""So many rows are named in one question: fewer than either database takes."""


def line_of(certificate: Certificate) -> list[Certificate]:
    """The certificate and everything it replaces, the first first: other editions and what was corrected."""
    line = [certificate]
    while line[-1].replaces_id is not None:
        before = session().get(Certificate, line[-1].replaces_id)
        assert before is not None
        line.append(before)
    return line[::-1]


def recorded_facts(certificate: Certificate) -> dict[str, Any]:
    """What its records said: its facts, but those that two persons corrected as they stood before that, unless a rule changed them since."""
    line = line_of(certificate)
    statement = select(IssueBatch.replaces_id).where(
        IssueBatch.replaces_id.in_([one.id for one in line]), IssueBatch.source == BatchSource.CORRECTION, IssueBatch.state == BatchState.ISSUED
    )
    decided = set(session().scalars(statement))
    said = dict(line[0].facts)
    for before, after in pairwise(line):
        if before.id not in decided:
            said |= {name: value for name, value in after.facts.items() if value != before.facts.get(name)}
    return said


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with the certificate's number and edition and the name of who did it."""

    event: CertificateEvent
    number: str
    edition: int
    who: str


def events_of(certificates: Sequence[Certificate]) -> list[EventRow]:
    """The events of certificates in the order they were written."""
    statement = (
        select(CertificateEvent, Certificate.number, Certificate.edition, Account.display_name)
        .join(Certificate, Certificate.id == CertificateEvent.certificate_id)
        .outerjoin(Account, Account.id == CertificateEvent.by_account_id)
        .order_by(CertificateEvent.id)
    )
    ids = [one.id for one in certificates]
    asked = (session().execute(statement.where(CertificateEvent.certificate_id.in_(some))) for some in portions(ids, AT_ONCE))
    found = [EventRow(event, number, edition, who or "") for rows in asked for event, number, edition, who in rows]
    return sorted(found, key=lambda row: row.event.id)


def _last_event(certificate_id: int) -> CertificateEvent | None:
    statement = select(CertificateEvent).where(CertificateEvent.certificate_id == certificate_id).order_by(CertificateEvent.id.desc()).limit(1)
    return session().scalar(statement)


def newest_event(certificate_ids: Collection[int]) -> int:
    """The highest id of an event of certificates: whatever is written later has a higher one. 0 where there is none."""
    return session().scalar(select(func.max(CertificateEvent.id)).where(CertificateEvent.certificate_id.in_(certificate_ids))) or 0


def last_event(certificate: Certificate) -> CertificateEvent | None:
    """What happened last to an edition."""
    return _last_event(certificate.id)


def last_hash(certificate: Certificate) -> str:
    """The hash the next event goes on from; a later edition begins where the one before stood."""
    own = _last_event(certificate.id)
    if own is None and certificate.replaces_id is not None:
        own = _last_event(certificate.replaces_id)
    return own.hash if own is not None else chain.GENESIS


def computed_hash(certificate: Certificate, before: str, **fields: Any) -> str:
    """The hash of an event of a certificate from its fields."""
    own = {"number": certificate.number, "edition": certificate.edition, "facts": certificate.facts, "code": certificate.code}
    return chain.digest(before, **{"issued": issued_as_now(certificate), **own, **fields})


def issued_as_now(certificate: Certificate, *, person_id: int | None = None, rests_on: int | None = None) -> dict[str, Any]:
    """What it was issued as, resting on its first rows of evidence only, or to another row of its holder."""
    return chain.issued_as(
        kind=certificate.kind.value,
        template=certificate.template,
        template_version=certificate.template_version,
        issuer_id=certificate.issuer_id,
        person_id=certificate.person_id if person_id is None else person_id,
        evidence=certificate.evidence[:rests_on],
    )


def lines_of(certificates: Sequence[Certificate]) -> dict[int, list[Certificate]]:
    """`line_of` of each, read step by step for all of them."""
    known = {one.id: one for one in certificates}
    wanted = {one.replaces_id for one in certificates} - known.keys()
    while ids := sorted(key for key in wanted if key is not None):
        found = {one.id: one for some in portions(ids, AT_ONCE) for one in session().scalars(select(Certificate).where(Certificate.id.in_(some)))}
        known |= found
        wanted = {one.replaces_id for one in found.values()} - known.keys()

    def back(certificate: Certificate) -> list[Certificate]:
        line = [certificate]
        while (before := line[-1].replaces_id) is not None:
            line.append(known[before])
        return line[::-1]

    return {one.id: back(one) for one in certificates}
