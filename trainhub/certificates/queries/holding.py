"""Which certificate a record has: under its own name, or from a list for the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from trainhub.certificates.models import Certificate
from trainhub.certificates.queries.issued import by_asked_key, of_same_thing
from trainhub.certificates.rules import is_of_a_list
from trainhub.certificates.types import Kind, State
from trainhub.kernel.db import session


def held(kind: Kind, issuer_id: int, person_id: int, asked_key: str, facts: Mapping[str, Any]) -> Certificate | None:
    """The current certificate of a record: under the record's own name, else one from a list for the same thing that stands or waits and that
    no rule has found yet. `facts` are those that tell the thing apart (`rules.TELLS_APART`)."""
    known = by_asked_key(asked_key)
    if known is not None:
        return known
    texts = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
    found = of_same_thing(kind, issuer_id, person_id, texts, (State.DRAFT, State.ISSUED, State.SUSPENDED))
    return next((one for one in found if is_of_a_list(kind, one.asked_key)), None)


def known_keys(asked_keys: Iterable[str]) -> set[str]:
    """Those of several for which there is a certificate; asked in portions and without loading one: a sweep asks for everything that ever ended."""
    wanted, found = sorted(set(asked_keys)), set[str]()
    for start in range(0, len(wanted), 1000):
        statement = select(Certificate.asked_key).where(Certificate.asked_key.in_(wanted[start : start + 1000]), Certificate.is_current.is_(True))
        found.update(session().scalars(statement))
    return found
