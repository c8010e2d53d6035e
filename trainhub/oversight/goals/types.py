"""Values of the goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Change(StrEnum):
    """What happened to a completion, or to the goal, since a figure was given out."""

    RECORDED = "recorded"
    CORRECTED = "corrected"
    RESTORED = "restored"
    CANCELLED = "cancelled"
    IDENTIFIED = "identified"
    JOINED = "joined"
    DEADLINE = "deadline"


class CountingRule(StrEnum):
    """What is counted. Only distinct persons are computed from the ledger; the others wait for their figures."""

    DISTINCT_PERSONS = "distinct_persons"
    REPORTED = "reported"


class GoalState(StrEnum):
    """An open goal is shown and computed; a planned one is kept as it stands in its document."""

    OPEN = "open"
    PLANNED = "planned"


class ReviewKind(StrEnum):
    """When a goal is looked at as a whole."""

    MIDTERM = "midterm"
    YEARLY = "yearly"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a goal counts: completions in a span of days, in a region, of some categories (none: all)."""

    starts_on: date
    deadline: date
    region_code: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Persons first counted (and completions) on one day, in one reporting unit, at one base, in one category."""

    on: date
    prefecture: str
    organisation_id: int
    category: str
    persons: int
    enrolments: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one base brought in one reporting unit and category, over all days."""

    prefecture: str
    organisation_id: int
    category: str
    persons: int
    enrolments: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the goal stands at its deadline when it goes on as in the last months, and when the target is reached.

    `reaches_on` is None when it never is at this pace. `per_day` is the pace; `since` the first day of the window.
    """

    on_deadline: int
    reaches_on: date | None
    per_day: float
    since: date | None


@dataclass(frozen=True, slots=True)
class Progress:
    """All figures of a goal as of a day."""

    persons: int
    enrolments: int
    by_prefecture: Mapping[str, int]
    by_category: Mapping[str, int]
    by_month: Mapping[str, int]
    by_base: Mapping[int, int]
    enrolments_by_prefecture: Mapping[str, int]
    enrolments_by_base: Mapping[int, int]
    by_day: Mapping[date, int]
