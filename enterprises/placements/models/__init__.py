"""Every table of placements."""

from enterprises.placements.models.choosing import Priority, RoundPlan, SelfFound
from enterprises.placements.models.daily import AgreementText, LogNote, LogPhoto, MentorLink, PlacementEvent, PlacementPaper, Rating
from enterprises.placements.models.placing import (
    AgreementSignature,
    DayEntry,
    Placement,
    PlanHostSignature,
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
    "AgreementText",
    "DayEntry",
    "LogNote",
    "LogPhoto",
    "MentorLink",
    "Placement",
    "PlacementEvent",
    "PlacementPaper",
    "PlanHostSignature",
    "PlanItem",
    "PlanSignature",
    "Position",
    "PositionSeats",
    "Preference",
    "Priority",
    "Rating",
    "Round",
    "RoundPlan",
    "SelfFound",
    "Term",
    "WeeklyLog",
]
