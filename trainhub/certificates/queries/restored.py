"""What the database knows of what must outlive a restore: how far places and numbers are given, and what happened to certificates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from trainhub.certificates.models import Certificate, CertificateEvent, StatusShift
from trainhub.certificates.types import Event
from trainhub.kernel.db import session


def shifts() -> list[tuple[int, int]]:
    """(first id, shift) of the places in the status lists, in order; see `StatusShift`."""
    return [(first, shift) for first, shift in session().execute(select(StatusShift.first_id, StatusShift.shift).order_by(StatusShift.first_id))]


def status_shift(first_id: int) -> StatusShift | None:
    """The shift from a certificate on."""
    return session().get(StatusShift, first_id)


def status_place(certificate_id: int) -> int:
    """The place of a certificate's row in the status lists, from 1; no other row ever has it."""
    statement = select(func.max(StatusShift.shift)).where(StatusShift.first_id <= certificate_id)
    return certificate_id + (session().scalar(statement) or 0)


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


def known_hashes(hashes: Collection[str]) -> set[str]:
    """Those of the events' hashes that the database has."""
    wanted, found = sorted(set(hashes)), set[str]()
    for start in range(0, len(wanted), 500):
        found |= set(session().scalars(select(CertificateEvent.hash).where(CertificateEvent.hash.in_(wanted[start : start + 500]))))
    return found
