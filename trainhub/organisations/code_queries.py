"""Organisations by what people and files call them: their code, or their unified social credit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import BindParameter, bindparam, func, select

from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation

_GIVEN: BindParameter[str] = bindparam("given")
# no LIMIT: to read the first in order of id PostgreSQL goes through the whole table where it knows nothing of the index yet
_WAYS = [select(Organisation).where(column == _GIVEN).order_by(Organisation.id) for column in (Organisation.code, Organisation.uscc)]
_IN_ANY_LETTERS = select(Organisation).where(func.upper(Organisation.code) == _GIVEN).order_by(Organisation.id)
"""Made once: asked for every row of an import."""


def by_code(code: str, *, in_any_letters: bool = False) -> Organisation | None:
    """An organisation by its code, or by its unified social credit code; `in_any_letters`: be they small or capital, which nobody tells codes by.

    Each is asked for by itself: an OR of them reads the whole table, for every row of an import.
    """
    for way, given in [*((one, code) for one in _WAYS), *([(_IN_ANY_LETTERS, code.upper())] if in_any_letters else [])]:
        found = session().scalars(way, {"given": given}).first()
        if found is not None:
            return found
    return None


def by_codes(codes: Iterable[str]) -> dict[str, Organisation]:
    """Organisations by code, for imports."""
    return {row.code: row for row in session().scalars(select(Organisation).where(Organisation.code.in_(list(codes))))}


def ids_by_any_code() -> dict[str, int]:
    """Every code and every USCC with the organisation's id, for imports of many rows."""
    found: dict[str, int] = {}
    for key, code, uscc in session().execute(select(Organisation.id, Organisation.code, Organisation.uscc)):
        found[code] = key
        if uscc:
            found.setdefault(uscc, key)
    return found


def code_of_uscc(uscc: str) -> str | None:
    """The code of the organisation that holds a USCC."""
    return session().scalar(select(Organisation.code).where(Organisation.uscc == uscc))


def codes_by_uscc(usccs: Collection[str]) -> dict[str, str]:
    """Codes of the organisations that hold one of the USCCs, for imports."""
    statement = select(Organisation.uscc, Organisation.code).where(Organisation.uscc.in_(list(usccs)))
    return {uscc: code for uscc, code in session().execute(statement) if uscc}
