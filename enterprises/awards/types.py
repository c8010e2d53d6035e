"""Values of awards."""

from __future__ import annotations

from enum import StrEnum


class AwardState(StrEnum):
    """The award's state machine (requirements.md 4, end)."""

    DRAFT = "draft"
    APPLIED = "applied"
    RECOGNISED = "recognised"
    ACCEPTED = "accepted"
    DECIDED = "decided"
    PAID = "paid"
    CLOSED = "closed"
    REJECTED = "rejected"
    REVOKED = "revoked"
