"""Values of placements."""

from __future__ import annotations

from enum import StrEnum


class OfferState(StrEnum):
    """A position is offered, approved, closed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CLOSED = "closed"


class RoundState(StrEnum):
    """Nothing of a plan is visible before publication."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PLANNED = "planned"
    PUBLISHED = "published"


class PlacementState(StrEnum):
    """The life of one placement."""

    PLANNED = "planned"
    ACCEPTED = "accepted"
    STARTED = "started"
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"


class DayState(StrEnum):
    """The life of a logged day; the same words as in the contract's `weeks check`."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class AgreementParty(StrEnum):
    """Who signs the three-party agreement."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    STUDENT = "student"
    GUARDIAN = "guardian"


class LogTag(StrEnum):
    """What a week was about (criterion 6.10, 002:527)."""

    TECHNOLOGY = "technology"
    CULTURE = "culture"
    PRACTICE = "practice"
    INNOVATION = "innovation"
    ETHICS = "ethics"
