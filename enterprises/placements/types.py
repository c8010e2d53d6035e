"""Values of placements."""

from __future__ import annotations

from dataclasses import dataclass
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


class PlanSide(StrEnum):
    """Who signs the enterprise training plan (criterion 6.3)."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"


class LogTag(StrEnum):
    """What a week was about (criterion 6.10, 002:527)."""

    TECHNOLOGY = "technology"
    CULTURE = "culture"
    PRACTICE = "practice"
    INNOVATION = "innovation"
    ETHICS = "ethics"


class DayProblem(StrEnum):
    """Why a day cannot be logged."""

    NOT_STARTED = "not_started"
    OUTSIDE = "outside"
    FUTURE = "future"


class PreferenceProblem(StrEnum):
    """What is wrong with a ranked list."""

    TOO_MANY = "too_many"
    TWICE = "twice"
    NOT_ELIGIBLE = "not_eligible"


class Light(StrEnum):
    """How a student stands towards the weeks required; what each means: `rules.light`."""

    NOT_PLANNED = "not_planned"
    DONE = "done"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What rules ask of an item of the enterprise training plan."""

    title: str
    weeks_x10: int
    is_at_enterprise: bool = True
    has_enterprise_mentor: bool = True
    assessment: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An open position as a student of a round sees it: seats left by term id, and why it is not eligible (empty: it is)."""

    position_id: int
    code: str
    title: str
    enterprise: str
    base: str | None
    region: str | None
    seats: dict[int, int]
    is_accepting: bool
    majors: tuple[str, ...]

    @property
    def is_eligible(self) -> bool:
        """The major is accepted and some term of the round has a seat."""
        return self.is_accepting and any(self.seats.values())


@dataclass(frozen=True, slots=True)
class StudentProgress:
    """A student's way to the weeks required; days are credited days (five make a week)."""

    student_id: int
    person_id: int
    student_no: str
    name: str
    cohort_year: int
    programme: str
    credited_days: int
    to_come: int
    still_open: int
    light: Light
    where: str = ""
