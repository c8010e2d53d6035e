"""Every table of placements."""

from enterprises.placements.models.choosing import RoundPlan, SelfFound
from enterprises.placements.models.placing import (
    AgreementSignature,
    DayEntry,
    Placement,
    PlanItem,
    PlanSignature,
    Position,
    PositionSeats,
    Preference,
    Round,
    Term,
    WeeklyLog,
)

__all__ = [
    "AgreementSignature",
    "DayEntry",
    "Placement",
    "PlanItem",
    "PlanSignature",
    "Position",
    "PositionSeats",
    "Preference",
    "Round",
    "RoundPlan",
    "SelfFound",
    "Term",
    "WeeklyLog",
]
