"""Values of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

MOVED = "trainhub.ledger.moved"
"""Under this name in `app.extensions` who judges from above by what stands here asks to do so: a list of functions of (person id, by, now), called when
a milestone of a person is reached or withdrawn or a confirmed day is withdrawn. They queue a job in the same transaction and judge nothing themselves: a
change of several steps (an appeal withdraws a milestone and reaches another) is judged by what stands after it."""


HOURS = "trainhub.ledger.hours"
"""Under this name in `app.extensions` the rooms say what stands behind a training today: a source -> a function of (source id, today) that gives
tenths of hours, 0 for nothing. A record that is restored has these; one of another source has those it had."""


class Category(StrEnum):
    """Who is trained for the 400,000 goal (FJ-16c): founders and workers of the internet economy."""

    FOUNDER = "founder"
    WORKER = "worker"


class Source(StrEnum):
    """What pushed the fact down."""

    ROSTER = "roster"
    COURSE = "course"
    PLACEMENT = "placement"
    CAPSTONE = "capstone"


class DayStatus(StrEnum):
    """The states of a day entry in a file of placement days; only approved days count."""

    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"


class HolidayKind(StrEnum):
    """What a notice about public holidays says of a day."""

    OFF = "off"
    ON = "on"


@dataclass(frozen=True, slots=True)
class WeeksTotal:
    """Enterprise learning of one student (PETOE-7.2).

    `days`: distinct confirmed days. `credited_days`: what the rule credits of them. `credited_weeks`: credited days
    divided by the days of a week, exact, never rounded. `by_week`: credited days by ISO week ("2015-W37"), in order.
    """

    days: int
    credited_days: int
    credited_weeks: Decimal
    by_week: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FirstCount:
    """The completion by which a person counts: the earliest counted one, of two on one day the one recorded first."""

    person_id: int
    record_id: int
    completed_on: date


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody may record trainings: at an organisation of their own with any county (who learns there may live elsewhere), at
    one of their region only with a county of the region, so that no city writes into another's figures."""

    own: frozenset[int]
    regional: frozenset[int]
    counties: frozenset[str]


@dataclass(slots=True)
class RosterResult:
    """What came out of a roster, in the words of the contract."""

    rows: int = 0
    accepted: int = 0
    new_persons: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejections_file: str | None = None
    seconds: float = 0.0
    warnings: list[dict[str, object]] = field(default_factory=list)
    notices: list[dict[str, object]] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """The promised fields, then the warnings about the file and the notices about rows that were taken, when there are any."""
        result: dict[str, object] = {
            "rows": self.rows,
            "accepted": self.accepted,
            "new_persons": self.new_persons,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "rejections_file": self.rejections_file,
            "seconds": round(self.seconds, 3),
        }
        if self.warnings:
            result["warnings"] = self.warnings
        if self.notices:
            result["notices"] = self.notices
        return result
