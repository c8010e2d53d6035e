"""Values of analytics."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a learner may fail. The points of each stand in `rules.POINTS`."""

    NEVER_STARTED = "never_started"
    INACTIVE = "inactive"
    BEHIND = "behind"
    OVERDUE = "overdue"
    LOW_SCORE = "low_score"


class Risk(StrEnum):
    """How much help a learner needs."""

    HIGH = "high"
    MEDIUM = "medium"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rule knows of a learner. Shares in thousandths, scores out of 1000; `score_x10` judges what was graded so far.

    `handed_in_x1000` is the progress with the work that waits for a mark.
    """

    enrolled_on: date
    last_active_on: date | None
    progress_x1000: int
    overdue: int
    score_x10: int | None
    pass_mark_x10: int
    starts_on: date
    ends_on: date | None
    handed_in_x1000: int = 0

    @property
    def reached_x1000(self) -> int:
        """How far the learner got by the own doing: a mark that the teacher still owes is not the learner's delay."""
        return max(self.progress_x1000, self.handed_in_x1000)


@dataclass(frozen=True, slots=True)
class Judged:
    """A learner's risk with its reasons and points."""

    risk: Risk
    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LearnerRisk:
    """One learner in the list. `cohort` and `groups` are names; `keys` are what the list can be narrowed to (`c7` a cohort, `g3` a group).

    `waiting`: how much of the work waits for a mark.
    """

    enrolment_id: int
    name: str
    cohort: str
    groups: tuple[str, ...]
    keys: frozenset[str]
    progress_x1000: int
    expected_x1000: int | None
    score_x10: int | None
    last_active_at: datetime | None
    overdue: int
    judged: Judged
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """One unit of the funnel; work that waits for a mark is finished. `stuck`: active learners whose first unfinished unit it is. Minutes: a lower bound, see `log_queries.minutes`."""

    id: int
    section: str
    title: str
    started: int
    finished: int
    stuck: int
    minutes_median: float | None
    minutes_p90: float | None


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One cohort (`set_name` None; without a name: everybody without one), or one group of a division of the run."""

    name: str
    learners: int
    completed: int
    progress_x1000: int
    score_x10: int | None
    minutes_median: float | None
    set_name: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A run at an instant."""

    computed_at: datetime
    learners: int
    completed: int
    active_week: int
    never: int
    units: tuple[UnitFacts, ...] = field(default=())
    groups: tuple[GroupFacts, ...] = field(default=())
    weeks: tuple[tuple[str, int], ...] = field(default=())
    """(Monday of the week as month.day, learners active in it), the last twelve."""
    histogram: tuple[int, ...] = field(default=())
    """Learners by progress in tenths: 0-9 %, 10-19 %, ..., 90-99 %, 100 %."""
