"""What the rules judge of a practice centre (国家级工程实践教育中心, PETOE-6.2 and 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AgreementCase:
    """A cooperative education agreement."""

    signed_on: date
    since: date
    until: date
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class CentreCase:
    """A practice centre: leaders in office by side (of the school's side those of the programme's own), agreements that its own school signed.

    `others`, `unnamed`: how many agreements other schools signed there, and how many name no school: neither is the programme's (002:517).
    """

    label: str
    leaders: Mapping[str, int]
    agreements: tuple[AgreementCase, ...]
    others: int = 0
    unnamed: int = 0
