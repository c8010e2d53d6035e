"""Selects on the addresses by which people are reached."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from trainhub.kernel.db import session
from trainhub.people.models import Person
from trainhub.people.queries.merging import rows_of_humans


def is_own_address(person: Person, address: str) -> bool:
    """Whether an e-mail address or a telephone number stands for nobody else: what reaches another human too is no proof of who answers."""
    plain_phone = func.replace(func.replace(Person.phone, " ", ""), "-", "")
    wanted = address.strip()
    statement = select(Person.id).where(
        or_(func.lower(Person.email) == wanted.lower(), plain_phone == wanted.replace(" ", "").replace("-", "")),
        Person.id.not_in(rows_of_humans([person.id])[person.id]),
    )
    return session().scalar(statement.limit(1)) is None
