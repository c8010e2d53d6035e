"""Values of assignments, submissions, marks and peer reviews. Points are in tenths; scores are out of 1000 (100 marks)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

from trainhub.kernel import sniff


class SubmissionState(StrEnum):
    """A draft is the author's alone; `returned` asks for another version; `graded` has a mark, shown when it is released."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    GRADED = "graded"


class Release(StrEnum):
    """Who sees the marks of an assignment: nobody, whoever had theirs before the release was stopped, or everybody whose work is graded."""

    HIDDEN = "hidden"
    STOPPED = "stopped"
    RELEASED = "released"


class Queue(StrEnum):
    """Why a submission stands in the queue of the staff; `none` does not."""

    NONE = "none"
    UNGRADED = "ungraded"
    SECOND_GRADER = "second_grader"
    GRADERS_DIFFER = "graders_differ"
    PEERS_MISSING = "peers_missing"
    PEERS_DIFFER = "peers_differ"


class MarkRole(StrEnum):
    """Whose mark it is. `override` replaces everything before and carries a reason; `sheet` came with a table."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    PEERS = "peers"
    OVERRIDE = "override"
    SHEET = "sheet"


class ReviewState(StrEnum):
    """`dropped`: the reviewer left the run; `expired`: not done in time; neither counts."""

    ASSIGNED = "assigned"
    DONE = "done"
    DROPPED = "dropped"
    EXPIRED = "expired"


class FileUse(StrEnum):
    """Handed in by the author, or given back by the staff."""

    WORK = "work"
    FEEDBACK = "feedback"


class FileKind(StrEnum):
    """The kinds of files an assignment may take; what a file is is judged by its content."""

    PDF = "pdf"
    WORD = "word"
    SLIDES = "slides"
    SHEET = "sheet"
    IMAGE = "image"
    TEXT = "text"
    ARCHIVE = "archive"
    VIDEO = "video"


MEDIA: Mapping[FileKind, frozenset[str]] = {
    FileKind.PDF: frozenset({sniff.PDF.mime}),
    FileKind.WORD: frozenset({sniff.DOCX.mime, sniff.DOC.mime, sniff.ODT.mime}),
    FileKind.SLIDES: frozenset({sniff.PPTX.mime, sniff.PPT.mime, sniff.ODP.mime}),
    FileKind.SHEET: frozenset({sniff.XLSX.mime, sniff.XLS.mime, sniff.ODS.mime, sniff.CSV.mime}),
    FileKind.IMAGE: sniff.IMAGES,
    FileKind.TEXT: frozenset({sniff.TEXT.mime, sniff.MARKDOWN.mime}),
    FileKind.ARCHIVE: frozenset({sniff.ZIP.mime, sniff.SEVEN_ZIP.mime, sniff.RAR.mime, sniff.GZIP.mime}),
    FileKind.VIDEO: sniff.VIDEOS,
}


def media_of(kinds: list[str]) -> frozenset[str]:
    """The media types that some kinds of files allow."""
    return frozenset().union(*(MEDIA[FileKind(kind)] for kind in kinds))


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a criterion."""

    title: str
    points_x10: int


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a rubric; without levels any points from 0 to `max_x10` may be given."""

    key: str
    title: str
    description: str
    max_x10: int
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Rubric:
    """What is judged. An empty rubric means points only."""

    criteria: tuple[Criterion, ...] = ()

    @property
    def max_x10(self) -> int:
        """Full points of all criteria."""
        return sum(one.max_x10 for one in self.criteria)

    @classmethod
    def of(cls, data: list[Any]) -> Self:
        """From what is stored."""
        return cls(
            tuple(
                Criterion(
                    one["key"],
                    one["title"],
                    one.get("description", ""),
                    one["max_x10"],
                    tuple(Level(level["title"], level["points_x10"]) for level in one.get("levels", ())),
                )
                for one in data
            )
        )

    def as_data(self) -> list[Any]:
        """What is stored."""
        return [
            {
                "key": one.key,
                "title": one.title,
                "description": one.description,
                "max_x10": one.max_x10,
                "levels": [{"title": level.title, "points_x10": level.points_x10} for level in one.levels],
            }
            for one in self.criteria
        ]


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """When work is late and what it costs: `percent_per_day` of the full points for each day begun after due and grace.

    `cutoff_at`: nothing is taken afterwards (None: always). An extension moves due and cut-off for one person or group.
    """

    due_at: datetime | None = None
    grace: timedelta = timedelta(0)
    percent_per_day: int = 0
    cutoff_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Marking:
    """A judgement as values: points by criterion (or under the key `points`), in tenths."""

    points: Mapping[str, int] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What several marks amount to: a raw result, or the queue that waits for another person."""

    points_x10: int | None
    queue: Queue = Queue.NONE


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One line of the list of the staff. `who` is the person or group."""

    id: int
    who: str
    student_no: str
    state: SubmissionState
    queue: Queue
    number: int
    submitted_at: datetime | None
    late_days: int
    points_x10: int | None
    score_x10: int | None
    released_at: datetime | None


class ToHandIn(NamedTuple):
    """Work that somebody still has to hand in: until when, and whether that is the last moment for late work (or when it was due)."""

    block_id: int
    title: str
    until_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two submissions of one assignment that share wording; `share` is the part of the shorter text found in the other."""

    one: int
    other: int
    share: float
