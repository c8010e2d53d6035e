"""Values of learning paths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from courses.learning.types import EnrolmentState


class StepState(StrEnum):
    """Where a learner stands with one course of a path."""

    DONE = "done"
    LEARNING = "learning"
    READY = "ready"
    LATER = "later"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PathCard:
    """One path in a list."""

    id: int
    code: str
    title: str
    summary: str
    owner_name: str
    courses: int
    hours_x10: int
    is_published: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One course of a path with the run that is offered, and the learner's best enrolment in any of its runs."""

    course_id: int
    code: str
    title: str
    summary: str
    hours_x10: int
    is_required: bool
    has_run: bool
    enrolment: EnrolmentState | None = None
    run_id: int | None = None
    progress_x1000: int = 0
    completed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner is: required courses done, steps with their state, and what comes next."""

    done: int
    required: int
    states: tuple[StepState, ...]
    next_index: int | None

    @property
    def is_complete(self) -> bool:
        """Every required course is done; a path without required courses is never complete."""
        return self.required > 0 and self.done >= self.required
