"""Values of surveys: demand of enterprises by key field, and what became of graduates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TOLD = "trainhub.surveys.told"
"""Where those who publish what surveys say (features above) put how they know it: (id of a survey) -> the title of a report that rests on it and that
everybody reads, or once read; empty: none."""


class SurveyKind(StrEnum):
    """Whom a survey asks."""

    DEMAND = "demand"
    GRADUATES = "graduates"


class GraduateStatus(StrEnum):
    """What a graduate does on the day of the answer."""

    EMPLOYED = "employed"
    STARTUP = "startup"
    STUDYING = "studying"
    SEEKING = "seeking"
    OTHER = "other"


class PayBand(StrEnum):
    """Monthly pay before tax, in bands so that nobody tells an exact figure."""

    UNDER_4 = "under_4"
    FROM_4 = "from_4"
    FROM_6 = "from_6"
    FROM_8 = "from_8"
    FROM_12 = "from_12"
    UNTOLD = "untold"


ANSWERED_WORK = (GraduateStatus.EMPLOYED, GraduateStatus.STARTUP)
"""With work of their own or of somebody: the questions on field and pay are asked of them."""
KEY_FIELDS = tuple(range(1, 11))
"""The ten key fields of 《中国制造2025》 (seeds/reference/key_fields.json, 002:880-918)."""


@dataclass(frozen=True, slots=True)
class ProgrammeFigures:
    """Of the graduates of one programme: how many answered, and how many of them work. None: too few to be told, and not kept."""

    programme: str
    university: str
    answered: int
    working: int | None


@dataclass(frozen=True, slots=True)
class GraduateFigures:
    """What the answers of graduates say together. Persons; of pay, field and place only those who work."""

    answered: int
    status: Mapping[GraduateStatus, int]
    pay: Mapping[PayBand, int]
    satisfaction: Mapping[int, int]
    in_field: tuple[int, int]
    """Who works in their field, of those who told."""
    in_fujian: tuple[int, int]
    programmes: Sequence[ProgrammeFigures]

    def as_data(self) -> dict[str, Any]:
        """As a survey keeps it."""
        return {
            "answered": self.answered,
            "status": {key.value: count for key, count in self.status.items()},
            "pay": {key.value: count for key, count in self.pay.items()},
            "satisfaction": {str(mark): count for mark, count in self.satisfaction.items()},
            "in_field": list(self.in_field),
            "in_fujian": list(self.in_fujian),
            "programmes": [[one.programme, one.university, one.answered, one.working] for one in self.programmes],
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> GraduateFigures:
        """From what a survey keeps."""
        return cls(
            answered=data["answered"],
            status={GraduateStatus(key): count for key, count in data["status"].items()},
            pay={PayBand(key): count for key, count in data["pay"].items()},
            satisfaction={int(mark): count for mark, count in data["satisfaction"].items()},
            in_field=tuple(data["in_field"]),
            in_fujian=tuple(data["in_fujian"]),
            programmes=[ProgrammeFigures(*one) for one in data["programmes"]],
        )
