"""What a training certificate says of a record. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any


def facts_of(*, course: str, base: str, hours_x10: int, completed_on: date) -> dict[str, Any]:
    """The facts of a training certificate, from a record of the ledger; `hours_x10` are tenths of an hour."""
    return {"course": course, "base": base, "hours": Decimal(hours_x10) / 10, "ends_on": completed_on}


def plain(value: Any) -> str:
    """A fact as certificates keep it: a day in ISO, a number without trailing zeros."""
    return value.isoformat() if isinstance(value, date) else f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def contradicted(said: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """Which facts of a certificate its record does not bear; what the certificate leaves out contradicts nothing."""
    return [name for name, value in record.items() if said.get(name) not in (None, plain(value))]
