"""Values of surveys: demand of enterprises by key field, and what became of graduates."""

from __future__ import annotations

from enum import StrEnum


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
