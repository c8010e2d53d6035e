"""Selects on the addresses by which people are reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select

from trainhub.kernel.db import session
from trainhub.people.models import Person
from trainhub.people.queries.merging import rows_of_humans


def reached_at(address: str) -> ColumnElement[bool]:
    """SQL: the whole of an e-mail address or telephone number is this one, however it is written; nobody is reached at what is none of either."""
    plain_phone = func.replace(func.replace(Person.phone, " ", ""), "-", "")
    mail, phone = address.strip().lower(), address.strip().replace(" ", "").replace("-", "")
    if not phone:  # blanks and dashes alone: whoever has no address has an empty one
        return false()
    return or_(func.lower(Person.email) == mail, plain_phone == phone)


def is_own_address(person: Person, address: str) -> bool:
    """Whether an e-mail address or a telephone number stands for nobody else: what reaches another human too is no proof of who answers, nor is what
    reaches nobody."""
    if not address.replace("-", "").strip():
        return False
    statement = select(Person.id).where(reached_at(address), Person.id.not_in(rows_of_humans([person.id])[person.id]))
    return session().scalar(statement.limit(1)) is None


def shared_addresses(of: Mapping[int, Collection[str]]) -> dict[int, set[str]]:
    """By person those of the addresses that `is_own_address` says no to: two queries for all of them."""
    mails = {one.strip().lower() for some in of.values() for one in some}
    phones = {one.strip().replace(" ", "").replace("-", "") for some in of.values() for one in some}
    plain_phone: Any = func.replace(func.replace(Person.phone, " ", ""), "-", "")
    at = defaultdict[str, set[int]](set)
    for key, mail, phone in session().execute(
        select(Person.id, func.lower(Person.email), plain_phone).where(or_(func.lower(Person.email).in_(mails), plain_phone.in_(phones)))
    ):
        at[mail].add(key)
        at[phone].add(key)
    rows = rows_of_humans(of)
    return {
        key: {one for one in some if (at[one.strip().lower()] | at[one.strip().replace(" ", "").replace("-", "")]) - rows[key]}
        for key, some in of.items()
    }
