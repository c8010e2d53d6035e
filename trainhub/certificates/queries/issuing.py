"""Who issued certificates to persons."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from trainhub.certificates.models import Certificate
from trainhub.kernel.db import portions, session


def issuers_of(person_ids: Collection[int]) -> dict[int, set[int]]:
    """Who issued certificates to these persons: see `people.queries.KEPT`."""
    wanted, found = sorted(person_ids), dict[int, set[int]]()
    for some in portions(wanted, 900):
        statement = select(Certificate.person_id, Certificate.issuer_id).where(Certificate.person_id.in_(some))
        for key, issuer_id in session().execute(statement.distinct()):
            found.setdefault(key, set()).add(issuer_id)
    return found
