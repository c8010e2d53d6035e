"""Values of enrolment, progress and completion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from courses.catalogue.types import BlockKind


class EnrolmentState(StrEnum):
    """`pending` waits for approval, `waiting` for a seat; active and completed learners hold a seat."""

    PENDING = "pending"
    WAITING = "waiting"
    ACTIVE = "active"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


SEATED = frozenset({EnrolmentState.ACTIVE, EnrolmentState.COMPLETED})
OPEN = frozenset({EnrolmentState.PENDING, EnrolmentState.WAITING, EnrolmentState.ACTIVE})


class EventKind(StrEnum):
    """What a learner did. The log is append-only; progress is what follows from it."""

    MARKED_DONE = "marked_done"
    VIDEO_STARTED = "video_started"
    VIDEO_WATCHED = "video_watched"
    QUIZ_SUBMITTED = "quiz_submitted"
    QUIZ_GRADED = "quiz_graded"
    POSTED = "posted"
    ASSIGNMENT_SUBMITTED = "assignment_submitted"
    ASSIGNMENT_GRADED = "assignment_graded"
    REPORTED = "reported"


class NotDone(StrEnum):
    """Why a block is not done."""

    NOT_OPENED = "not_opened"
    NOT_MARKED = "not_marked"
    WATCH_MORE = "watch_more"
    NOT_SUBMITTED = "not_submitted"
    NO_QUESTIONS = "no_questions"
    WAITS_FOR_GRADE = "waits_for_grade"
    NO_POST = "no_post"
    NOT_HANDED_IN = "not_handed_in"
    WORK_WAITS = "work_waits"
    NOT_VOTED = "not_voted"
    NOT_REPORTED = "not_reported"
    NOT_RELEASED = "not_released"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log."""

    kind: EventKind
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BlockState:
    """How far a learner is with a block. `share_x1000`: of a video's length; `score_x10`: best of the graded attempts, out of 1000.

    `position_x10`: where a video goes on, in tenths of a second.
    """

    is_done: bool = False
    share_x1000: int = 0
    score_x10: int | None = None
    done_at: datetime | None = None
    waits_for_grade: bool = False
    is_touched: bool = False
    position_x10: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """A block as the completion rule sees it. `is_markable`: the learner says himself that it is done, also of a video of unknown length."""

    id: int
    kind: BlockKind
    title: str
    is_graded: bool
    is_required: bool
    weight_x10: int
    is_released: bool = True
    is_markable: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands in a run. `score_x10` is None when nothing is graded; `missing` are the blocks still to do.

    `is_from_book`: the score is the total of the gradebook; `is_mark_due`: that total is being computed again.
    `done_score_x10`: the score without what is not done and was not asked for (`rules.standing`). `unscored` are the graded blocks without a score,
    `graded` those that the score is the mean of, with their weights. `excused`: how many required blocks are not asked of this learner.
    `is_mark_kept`: the course was completed before there was a gradebook, whose total is not its mark.
    """

    done: int
    total: int
    score_x10: int | None
    pass_mark_x10: int
    missing: tuple[tuple[int, NotDone], ...] = ()
    is_from_book: bool = False
    is_mark_due: bool = False
    is_shown: bool = True
    needed_x1000: int = 1000
    done_score_x10: int | None = None
    unscored: tuple[int, ...] = ()
    graded: tuple[tuple[int, int], ...] = ()
    excused: int = 0
    is_mark_kept: bool = False

    @property
    def progress_x1000(self) -> int:
        """Share of the required blocks that are done."""
        return 1000 * self.done // self.total if self.total else 0

    @property
    def left(self) -> int:
        """How many more of the required blocks have to be done: the asked share of them, rounded up."""
        return max(0, -(-self.needed_x1000 * self.total // 1000) - self.done)

    @property
    def shown_x10(self) -> int | None:
        """The mark that a learner may see while he learns."""
        return self.score_x10 if self.is_shown else None

    @property
    def is_passed(self) -> bool:
        """The mark reaches the pass mark; without graded blocks there is no mark to reach."""
        return self.score_x10 is None or self.score_x10 >= self.pass_mark_x10

    @property
    def is_complete(self) -> bool:
        """The asked share of what is required is done and the mark suffices; a run without content is never complete, one of whose content the learner
        is excused is."""
        return self.total + self.excused > 0 and not self.left and self.is_passed and not self.is_mark_due


@dataclass(frozen=True, slots=True)
class LeftMark:
    """A mark in a graded block that the learner is not shown any more. `removed_at`: None where it was taken back, or is of a group they are not in.
    `is_counted`: it is part of the mark of a completion; `is_from_book`: the gradebook decides."""

    block_id: int
    kind: BlockKind
    title: str
    score_x10: int
    removed_at: datetime | None
    is_counted: bool
    is_from_book: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """What a completion had no score in, and counted as nothing: graded blocks, and columns of the gradebook (None: it gave no mark).

    Everything else without a score was asked for later and lowers no mark. `graded`: what the mark was the mean of, block and weight, whatever
    an author removes, takes back or weighs otherwise since; None of completions whose blocks are not known any more.
    """

    blocks: frozenset[int]
    columns: frozenset[int] | None = None
    graded: tuple[tuple[int, int], ...] | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Missed | None:
        """As an enrolment keeps it; None of one that is not completed."""
        if not stored:
            return None
        columns, graded = stored.get("columns"), stored.get("graded")
        pairs = None if graded is None else tuple((int(key), int(weight)) for key, weight in graded)
        return cls(frozenset(stored.get("blocks", ())), None if columns is None else frozenset(columns), pairs)

    def has(self, column_id: int, block_id: int | None) -> bool:
        """Whether a column of the gradebook counted as nothing: where the book gave the mark, by itself, else by its block."""
        return block_id in self.blocks if self.columns is None else column_id in self.columns


@dataclass(frozen=True, slots=True)
class HandedDown:
    """The total of a learner as the gradebook handed it down; None where it asks nothing of them.

    `settled`: what a person decided of single blocks: the score that was written, None where the learner is excused. `is_written`: a person
    excused the learner or wrote over a result.
    """

    score_x10: int | None
    is_due: bool
    is_shown: bool
    settled: Mapping[int, int | None] = field(default_factory=dict)
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class MyRun:
    """One run in a learner's list."""

    enrolment_id: int
    run_id: int
    course_code: str
    course_title: str
    run_code: str
    owner_name: str
    state: EnrolmentState
    progress_x1000: int
    score_x10: int | None
    starts_on: date
    ends_on: date | None
    completed_on: date | None
    place: int | None = None
    """Who waits for a seat stands here in the queue, from 1."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A name that somebody signs in by, with the human and the name of the person. `kind`: as the accounts say it; `scope`: the school of a student number."""

    kind: str
    scope: str
    person_id: int
    name: str


class LinkState(StrEnum):
    """Whether an invitation link can still be used."""

    OPEN = "open"
    EXPIRED = "expired"
    USED_UP = "used_up"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that completion still needs: what, why, where; `seconds_left` of a video to reach the needed share."""

    block_id: int
    unit_id: int
    title: str
    kind: BlockKind
    reason: NotDone
    seconds_left: int = 0


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note with the place it was written at."""

    id: int
    unit_id: int
    unit_title: str
    block_id: int | None
    at_seconds: int | None
    body: str
    written_at: datetime
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """One learner in a lecturer's list."""

    enrolment_id: int
    person_id: int
    name: str
    state: EnrolmentState
    progress_x1000: int
    score_x10: int | None
    asked_at: datetime
    completed_on: date | None
    last_active_at: datetime | None = None
    note: str = ""
