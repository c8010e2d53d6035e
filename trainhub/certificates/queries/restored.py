"""What the database knows of what must outlive a restore: how far places and numbers are given, and what happened to certificates."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select

from trainhub.certificates.models import Certificate, CertificateEvent, CertificateShare, IssueBatch, SigningKey, StatusShift
from trainhub.certificates.types import Event
from trainhub.kernel import audit
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session

MOVED = "certificates.places.moved"
"""What the audit log calls a shift of places."""
log = structlog.get_logger("certificates")
_said: set[str] = set()
"""What this process has told of already."""


def shifts() -> list[tuple[int, int]]:
    """(first id, shift) of the places in the status lists, in order; see `StatusShift`.

    As the audit log tells them: a row that was changed, added or deleted past the operations moves no place that is in files already. It is
    told to whoever runs the site, once by each process.
    """
    told = _shifts_told()
    stored = {first: shift for first, shift in session().execute(select(StatusShift.first_id, StatusShift.shift))}
    if stored != told and (said := repr((stored, told))) not in _said:
        _said.add(said)
        log.error("certificates.shifts_changed", stored=stored, told=told)
    return sorted(told.items())


def _shifts_told() -> dict[int, int]:
    of = AuditEvent.on_kind == StatusShift.__tablename__
    written = session().execute(select(AuditEvent.data).where(of, AuditEvent.did == MOVED).order_by(AuditEvent.id))
    lines = [*(data for (data,) in written), *(data for _did, _on, data in audit.pending([MOVED]))]
    return {int(data["first_id"]): int(data["shift"]) for data in lines}


def status_shift(first_id: int) -> StatusShift | None:
    """The shift from a certificate on."""
    return session().get(StatusShift, first_id)


def status_place(certificate_id: int) -> int:
    """The place of a certificate's row in the status lists, from 1; no other row ever has it."""
    return certificate_id + max((shift for first, shift in _shifts_told().items() if first <= certificate_id), default=0)


def last_id() -> int:
    """The highest id of a certificate's row; rows are never deleted."""
    return session().scalar(select(func.max(Certificate.id))) or 0


def last_place() -> int:
    """The highest place that was given or is left out."""
    given = last_id()
    return max(status_place(given) if given else 0, *(first + shift - 1 for first, shift in shifts()), 0)


def changes() -> list[dict[str, Any]]:
    """Whatever happened to certificates after they were issued, as the journal keeps it, in order."""
    statement = (
        select(CertificateEvent, Certificate.number, Certificate.edition)
        .join(Certificate, Certificate.id == CertificateEvent.certificate_id)
        .where(CertificateEvent.event != Event.ISSUE)
        .order_by(CertificateEvent.id)
    )
    return [line_of_change(event, number, edition) for event, number, edition in session().execute(statement)]


def line_of_change(event: CertificateEvent, number: str, edition: int) -> dict[str, Any]:
    """A change as a line of the journal."""
    return {
        "did": event.event.value,
        "number": number,
        "edition": edition,
        "reason": event.reason,
        "document": event.document,
        "on": event.on.isoformat(),
        "at": event.at.isoformat(),
        "hash": event.hash,
    }


def successors() -> list[dict[str, Any]]:
    """What took another's place (reissued, corrected, issued anew), as the journal keeps it, in order."""
    statement = (
        select(CertificateEvent, Certificate)
        .join(Certificate, Certificate.id == CertificateEvent.certificate_id)
        .where(CertificateEvent.event == Event.ISSUE, Certificate.replaces_id.is_not(None))
        .order_by(CertificateEvent.id)
    )
    return [line_of_successor(event, made) for event, made in session().execute(statement)]


def line_of_successor(event: CertificateEvent, made: Certificate) -> dict[str, Any]:
    """What took another's place as a line of the journal, with all that gives it its number and code again: names, words and evidence too."""
    before = session().get_one(Certificate, made.replaces_id)
    ids = {one["id"] for one in made.evidence if one["kind"] == "batch"} - {one["id"] for one in before.evidence if one["kind"] == "batch"}
    batch = session().get(IssueBatch, int(ids.pop())) if ids else None
    return line_of_change(event, made.number, made.edition) | {
        "place": status_place(made.id),
        "before": [before.number, before.edition],
        "made": {
            "code": made.code,
            "issued_on": made.issued_on.isoformat(),
            "template": [made.template, made.template_version],
            "asked_key": made.asked_key,
            "facts": made.facts,
            "evidence": made.evidence,
            "batch": _line_of_batch(batch) if batch is not None else None,
        },
    }


def _line_of_batch(batch: IssueBatch) -> dict[str, Any]:
    said = {"title": batch.title, "source": batch.source.value, "digest": batch.digest, "why": batch.why, "document": batch.document}
    days = {"on": batch.effective_on, "asked_at": batch.asked_at, "decided_at": batch.decided_at}
    return said | {name: value.isoformat() if value is not None else None for name, value in days.items()}


def line_of_key(row: SigningKey) -> dict[str, Any]:
    """How a key stands, as the journal keeps it: its public half and its days, never what it signs with."""
    days = {name: day.isoformat() if (day := getattr(row, name)) is not None else None for name in ("made_at", "retired_at", "leaked_at")}
    return {"public": row.public, **days, "vouched_by": row.vouched_by, "vouched": row.vouched}


def open_links() -> list[CertificateShare]:
    """The links of holders that are on."""
    return list(session().scalars(select(CertificateShare).where(CertificateShare.closed_at.is_(None)).order_by(CertificateShare.token)))


def closed_links() -> list[tuple[str, datetime]]:
    """(token, moment) of the links that were closed."""
    statement = select(CertificateShare.token, CertificateShare.closed_at).where(CertificateShare.closed_at.is_not(None))
    return [(token, at) for token, at in session().execute(statement.order_by(CertificateShare.token)) if at is not None]


def edition_of(number: str, edition: int) -> Certificate | None:
    """One edition of a number, whatever its state."""
    return session().scalar(select(Certificate).where(Certificate.number == number, Certificate.edition == edition))


def known_hashes(hashes: Collection[str]) -> set[str]:
    """Those of the events' hashes that the database has."""
    wanted, found = sorted(set(hashes)), set[str]()
    for start in range(0, len(wanted), 500):
        found |= set(session().scalars(select(CertificateEvent.hash).where(CertificateEvent.hash.in_(wanted[start : start + 500]))))
    return found
