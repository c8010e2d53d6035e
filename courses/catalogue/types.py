"""Values of courses, runs and their content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Family(StrEnum):
    """The two families of online courses (MIIT MOOC platform): for everybody, and for a profession."""

    GENERAL_QUALITY = "general_quality"
    PROFESSIONAL = "professional"


class EducationType(StrEnum):
    """Degree, continuing or popular-science education (学历教育、继续教育、科普教育)."""

    DEGREE = "degree"
    CONTINUING = "continuing"
    POPULAR_SCIENCE = "popular_science"


class RunMode(StrEnum):
    """Who gets in: everybody, after approval, by invitation, or the students of one cohort."""

    OPEN = "open"
    APPROVAL = "approval"
    INVITATION = "invitation"
    COHORT = "cohort"


class RunState(StrEnum):
    """Only a published run is in the catalogue; a closed one is kept for its learners."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"


class StaffRole(StrEnum):
    """Who teaches a run."""

    LEAD = "lead"
    CO_AUTHOR = "co_author"


class BlockKind(StrEnum):
    """What a block is. `UNKNOWN` keeps an imported block that cannot be shown, for its author's eyes."""

    TEXT = "text"
    VIDEO = "video"
    FILE = "file"
    QUIZ = "quiz"
    DISCUSSION = "discussion"
    ASSIGNMENT = "assignment"
    LINK = "link"
    VSIM = "vsim"
    UNKNOWN = "unknown"


class BodyFormat(StrEnum):
    """How the author wrote a body; what is shown is always sanitised HTML."""

    MARKDOWN = "markdown"
    HTML = "html"


class CatalogueSort(StrEnum):
    """The orders of the catalogue."""

    NEWEST = "newest"
    STARTS_SOON = "starts"
    TITLE = "title"
    POPULAR = "popular"
    HOURS = "hours"


class MoveTo(StrEnum):
    """One step in the order of the siblings."""

    UP = "up"
    DOWN = "down"


MARKABLE = frozenset({BlockKind.TEXT, BlockKind.FILE, BlockKind.LINK, BlockKind.VSIM})
"""Blocks that a learner marks as done; videos, quizzes and discussions are done by doing."""


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """What a reader of the catalogue asks for; empty means everything."""

    text: str = ""
    owner_id: int | None = None
    key_field_no: int | None = None
    education_type: EducationType | None = None
    focus_area_no: int | None = None
    language: str = ""
    has_seats: bool = False
    open_on: date | None = None
    """Only runs that take learners on this day."""
    counts_for_goal: bool = False
    sort: CatalogueSort = CatalogueSort.NEWEST


@dataclass(frozen=True, slots=True)
class CourseCard:
    """One course of the catalogue with the run that is shown for it."""

    course_id: int
    code: str
    title: str
    summary: str
    owner_name: str
    education_type: EducationType
    key_field_no: int | None
    hours_x10: int
    credits_x10: int
    run_id: int
    run_code: str
    starts_on: date
    ends_on: date | None
    enrol_until: date | None
    quota: int | None
    taken: int
    mode: RunMode
    focus_area_no: int | None
    enrol_from: date | None
    level: str
    counts_for_goal: bool


@dataclass(frozen=True, slots=True)
class TaughtRun:
    """One run in a lecturer's list."""

    run_id: int
    course_code: str
    course_title: str
    run_code: str
    state: RunState
    starts_on: date
    ends_on: date | None
    quota: int | None
    taken: int
    owner_name: str


@dataclass(frozen=True, slots=True)
class BlockNode:
    """A block in the outline of a run: everything but its text."""

    id: int
    unit_id: int
    key: str
    kind: BlockKind
    title: str
    position: int
    settings: dict[str, Any]
    is_graded: bool
    is_required: bool
    is_published: bool
    weight_x10: int
    version: int


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A unit with its blocks. A unit is one page; consecutive units of a lesson belong together."""

    id: int
    key: str
    title: str
    position: int
    lesson_key: str
    lesson_title: str
    is_published: bool
    release_at: datetime | None
    due_at: datetime | None
    version: int
    blocks: tuple[BlockNode, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionNode:
    """A section with its units."""

    id: int
    key: str
    title: str
    position: int
    is_published: bool
    release_at: datetime | None
    version: int
    units: tuple[UnitNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The content of a run in order."""

    run_id: int
    sections: tuple[SectionNode, ...] = field(default=())

    @property
    def units(self) -> tuple[UnitNode, ...]:
        """Every unit in order."""
        return tuple(unit for section in self.sections for unit in section.units)

    @property
    def blocks(self) -> tuple[BlockNode, ...]:
        """Every block in order."""
        return tuple(block for unit in self.units for block in unit.blocks)
