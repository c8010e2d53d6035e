"""How long each kind of personal data is kept: the retention parameters of the policy book (own.retention.*), ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from trainhub.kernel.i18n import language
from trainhub.policy.book import book

PREFIX = "own.retention."


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of data, how many months it is kept, and why (in Chinese; empty for readers of English)."""

    label: str
    months: int
    reason: str


def periods(on: date) -> list[Period]:
    """Every retention period in force on a day, longest first: what is legally held cannot be deleted earlier."""
    found = [parameter for parameter in book().in_force(on=on) if parameter.key.startswith(PREFIX)]
    is_english = language() == "en"
    rows = []
    for parameter in found:
        value: Any = parameter.value
        label = parameter.label_en if is_english else parameter.label_zh
        label = label.removeprefix("保存期限：").removeprefix("Retention: ")
        rows.append(Period(label, int(value), "" if is_english else parameter.reason or ""))  # reasons are written in Chinese only
    return sorted(rows, key=lambda row: (-row.months, row.label))
