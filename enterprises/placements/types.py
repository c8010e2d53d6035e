"""Values of placements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class OfferState(StrEnum):
    """A position is offered, approved, closed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CLOSED = "closed"


class SeatDecision(StrEnum):
    """What the school whose term it is says of the seats that a position offers in it."""

    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"


class RoundState(StrEnum):
    """Nothing of a plan is visible before publication."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PLANNED = "planned"
    PUBLISHED = "published"


class Aim(StrEnum):
    """What comes first when seats are short."""

    COMPLETE = "complete"
    """most students reach their target"""
    EVERYONE = "everyone"
    """fewest students with nothing, then most who reach their target; left-over seats to those with fewest weeks"""


class PlanKind(StrEnum):
    """What a computed plan is for: to be published, to try something out, or to mend what was published."""

    PLAN = "plan"
    WHAT_IF = "what_if"
    REPAIR = "repair"


class SelfFoundState(StrEnum):
    """The life of a place that a student found."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Gone(StrEnum):
    """Why an enterprise (at a base) takes no more students, whatever it offered."""

    ENTERPRISE_CLOSED = "enterprise_closed"
    BASE_CLOSED = "base_closed"
    UNVERIFIED = "unverified"
    LEFT_BASE = "left_base"


class WithdrawalSide(StrEnum):
    """Who gave a placement up. A student who did is not placed again in that term; who lost it to enterprise or school is, elsewhere."""

    STUDENT = "student"
    ENTERPRISE = "enterprise"
    SCHOOL = "school"


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


class AgreementKind(StrEnum):
    """What a text is: the agreement itself, or an amendment as a document of its own."""

    AGREEMENT = "agreement"
    AMENDMENT = "amendment"


class EventKind(StrEnum):
    """What can happen beside the days."""

    ABSENCE = "absence"
    INTERRUPTION = "interruption"
    INCIDENT = "incident"
    VISIT = "visit"


class EventState(StrEnum):
    """An absence waits, is approved or refused, and may be withdrawn; an incident or a visit with something to do stays open until it is closed."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    """A request that the student took back, or leave that was granted by mistake"""


class PaperKind(StrEnum):
    """What a paper of a placement shows."""

    INSURANCE = "insurance"
    CONSENT = "consent"
    SAFETY = "safety"
    OTHER = "other"


class NoteSide(StrEnum):
    """Who writes under a weekly log."""

    STUDENT = "student"
    MENTOR = "mentor"
    SCHOOL = "school"


class RaterSide(StrEnum):
    """Who rates whom: the student the base, or the enterprise the student."""

    STUDENT = "student"
    ENTERPRISE = "enterprise"


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
    ABSENT = "absent"
    NO_PAPERS = "no_papers"
    UNINSURED = "uninsured"
    ON_CAMPUS = "on_campus"
    LEFT = "left"
    SUSPENDED = "suspended"


def _never(_day: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Ground:
    """What the days of a placement stand on: since when agreement and safety training were there (None: since its first day), what
    the insurance covers (None: not known), on which days the base stands on campus, when the student left the school."""

    counts_from: date | None = None
    insured: tuple[date | None, date | None] = (None, None)
    is_on_campus: Callable[[date], bool] = _never
    left_on: date | None = None
    suspended: tuple[tuple[date, date | None], ...] = ()
    """The spans in which the student was suspended (休学), the last day included; None: it goes on."""


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


class Bar(StrEnum):
    """Why the rules for placements in China keep a student from a position in a term (design/planning.md)."""

    FIRST_YEAR = "first_year"
    UNDER_AGE = "under_age"
    HOURS = "hours"
    NIGHT = "night"
    MINOR_POST = "minor_post"
    WOMEN_POST = "women_post"
    HARD_LABOUR = "hard_labour"
    AGENCY = "agency"
    FEES = "fees"
    VENUE = "venue"
    ON_CAMPUS = "on_campus"


@dataclass(frozen=True, slots=True)
class LawFacts:
    """What the rules ask of a student: the kind of programme, when born, when the studies began."""

    is_vocational: bool
    birth_on: date | None
    entered_on: date
    is_woman: bool = False


class Miss(StrEnum):
    """Why a student may miss the weeks required; each goes with a number of days."""

    TOO_LATE = "too_late"
    UNPLACED = "unplaced"
    UNINSURED = "uninsured"
    UNLOGGED = "unlogged"
    WAITING = "waiting"
    SUSPENDED = "suspended"
    AGAINST = "against"


@dataclass(frozen=True, slots=True)
class TextState:
    """An agreement text with who has signed it."""

    number: int
    kind: AgreementKind
    is_replaced: bool
    signed: frozenset[AgreementParty]


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What rules ask of an item of the enterprise training plan."""

    title: str
    weeks_x10: int
    is_at_enterprise: bool = True
    has_enterprise_mentor: bool = True
    assessment: str = ""


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """Where items of the enterprise training plan take place: the enterprises that run it now, any of which signs for it. None: the
    items name no base, or one that no enterprise runs; whoever signs for these does so on paper."""

    hosts: frozenset[int]
    bases: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """How a round is planned. `same_enterprise`: ranks that a further term at one enterprise is worth, 0: nothing;
    `is_mentor_bound`: no enterprise takes more students in a term than its mentors can look after."""

    aim: Aim = Aim.COMPLETE
    same_enterprise: int = 0
    is_mentor_bound: bool = True
    is_one_enterprise: bool = False
    """Hard continuity: every term of a student at one enterprise"""
    is_wishes_first: bool = False
    """Who handed in wishes is planned first; the others share what is left"""

    def as_data(self) -> dict[str, Any]:
        """As JSON-able data; switches only where they are on, so that earlier plans keep their hash."""
        found = {"aim": self.aim.value, "same_enterprise": self.same_enterprise, "is_mentor_bound": self.is_mentor_bound}
        return found | {name: True for name in ("is_one_enterprise", "is_wishes_first") if getattr(self, name)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> PlanSettings:
        """Back from data."""
        switches = {name: bool(data.get(name, False)) for name in ("is_one_enterprise", "is_wishes_first")}
        return cls(Aim(data["aim"]), int(data["same_enterprise"]), bool(data["is_mentor_bound"]), **switches)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One thing that is tried out: so many seats more (or less) at a position in a term, or a base that falls away."""

    position_id: int | None = None
    term_id: int | None = None
    seats: int = 0
    base_id: int | None = None

    def as_data(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Choice:
    """An open position as a student of a round sees it: seats left by term id; `clashing` are the terms in which the student
    is placed already."""

    position_id: int
    code: str
    title: str
    enterprise: str
    base: str | None
    region: str | None
    seats: dict[int, int]
    is_accepting: bool
    majors: tuple[str, ...]
    clashing: frozenset[int] = frozenset()
    bars: tuple[Bar, ...] = ()

    @property
    def is_clashing(self) -> bool:
        """There are seats, but only in terms in which the student is placed already."""
        return any(self.seats.values()) and not any(left for term, left in self.seats.items() if term not in self.clashing)

    @property
    def is_eligible(self) -> bool:
        """The major is accepted and some term of the round that is free for the student has a seat."""
        return self.is_accepting and not self.bars and any(left for term, left in self.seats.items() if term not in self.clashing)


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish as its student reads it. `rests`: not on offer at the moment, but a school may approve it again; `is_gone`: offered no more."""

    position_id: int
    title: str
    enterprise: str
    region: str | None
    is_eligible: bool = False
    rests: bool = False
    is_gone: bool = False
    is_unverified: bool = False


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
    projected_on: date | None = None
    """The day on which the weeks are reached if every day of the placements held counts; None: they do not suffice."""
    possible_on: date | None = None
    """The earliest day if all the time that can still be placed were used; None: not before the end of the studies."""
    why: tuple[tuple[Miss, int], ...] = ()
    major_code: str = ""
    university_id: int = 0
    open_in: tuple[tuple[date, date], ...] = ()
    """The spans in which the student can still be placed: what no placement held takes of the terms, and the time after the last one."""
    uninsured: int = 0
    """Days of running placements that no insurance covers yet, a part of `still_open`: placed, so that they want no other place."""
