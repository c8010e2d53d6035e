"""How far numbers are given."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from trainhub.certificates.models import Certificate, CertificateCounter, IssuingUnit
from trainhub.certificates.types import Kind
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation


def highest_serial(prefix: str) -> int:
    """The highest serial among the certificates there are whose number begins with these eleven digits; 0 for none. Walks an index."""
    within = (Certificate.number >= f"{prefix}0000000", Certificate.number <= f"{prefix}9999999")
    found = session().scalar(select(func.max(Certificate.number)).where(*within))
    return int(found[11:17]) if found else 0


@dataclass(frozen=True, slots=True)
class Counter:
    """The last serial of (unit, kind, year), and whose unit it is."""

    unit: str
    issuer: str | None
    kind: Kind
    year: int
    last: int


def counters() -> list[Counter]:
    """All counters, in the order of their numbers. A unit that was advanced before it was given has no issuer yet."""
    statement = (
        select(CertificateCounter, Organisation.name)
        .outerjoin(IssuingUnit, IssuingUnit.unit == CertificateCounter.unit)
        .outerjoin(Organisation, Organisation.id == IssuingUnit.organisation_id)
        .order_by(CertificateCounter.unit, CertificateCounter.kind, CertificateCounter.year)
        .execution_options(populate_existing=True)
    )
    return [Counter(row.unit, name, row.kind, row.year, row.last) for row, name in session().execute(statement)]
