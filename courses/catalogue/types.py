"""Values of courses, runs and their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Family(StrEnum):
    """The families of online courses: for everybody, for a profession (RESEARCH-5.4, 002:183), and for those who teach (RESEARCH-5.2b, 002:167)."""

    GENERAL_QUALITY = "general_quality"
    PROFESSIONAL = "professional"
    TEACHER_TRAINING = "teacher_training"


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
    """Who teaches a run: the lead answers for it, co-authors write, an assistant grades and does not edit."""

    LEAD = "lead"
    CO_AUTHOR = "co_author"
    ASSISTANT = "assistant"


EDITORS = frozenset({StaffRole.LEAD, StaffRole.CO_AUTHOR})
"""Who of the staff may change content."""


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
    POLL = "poll"
    LIVE = "live"
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


MARKABLE = frozenset({BlockKind.TEXT, BlockKind.FILE, BlockKind.LINK, BlockKind.LIVE})
"""Blocks that a learner marks as done; videos, quizzes, polls, laboratories and discussions are done by doing (a laboratory that
cannot report may be left to the learner: `self_marked` in its settings)."""


class PartKind(StrEnum):
    """What a version is a version of."""

    SECTION = "section"
    UNIT = "unit"
    BLOCK = "block"


class ConditionKind(StrEnum):
    """What opens a part: a date, something done, a mark in something, membership of a group."""

    DATE = "date"
    DONE = "done"
    GRADE = "grade"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `key` is `unit:KEY` (section, block) of what must be done, or the key of a group; marks in tenths.

    Keys and not ids, so that a copied run means its own parts.
    """

    kind: ConditionKind
    key: str = ""
    since: datetime | None = None
    until: datetime | None = None
    min_x10: int = 0

    def plain(self) -> dict[str, Any]:
        """As stored."""
        made: dict[str, Any] = {"kind": self.kind.value}
        if self.key:
            made["key"] = self.key
        for name, at in (("since", self.since), ("until", self.until)):
            if at is not None:
                made[name] = at.isoformat()
        if self.kind is ConditionKind.GRADE:
            made["min_x10"] = self.min_x10
        return made

    @classmethod
    def of(cls, stored: Any) -> Condition:
        """From what is stored."""
        instants = {name: datetime.fromisoformat(stored[name]) for name in ("since", "until") if stored.get(name)}
        return cls(ConditionKind(stored["kind"]), str(stored.get("key", "")), min_x10=int(stored.get("min_x10", 0)), **instants)


@dataclass(frozen=True, slots=True)
class Access:
    """When a part is open: all of its conditions are met, or one of them with `any_suffices`; none: always."""

    conditions: tuple[Condition, ...] = ()
    any_suffices: bool = False

    def plain(self) -> dict[str, Any] | None:
        """As stored; None when there is no condition."""
        return {"any": self.any_suffices, "when": [c.plain() for c in self.conditions]} if self.conditions else None

    @classmethod
    def of(cls, stored: Any) -> Access:
        """From what is stored."""
        return cls(tuple(Condition.of(row) for row in stored["when"]), bool(stored.get("any"))) if stored else cls()


@dataclass(frozen=True, slots=True)
class Known:
    """What conditions are judged by: the instant, what is done (`unit:KEY`), marks out of 1000, the learner's groups, what exists.

    `marked`: the blocks that can give a mark.
    """

    now: datetime
    done: frozenset[str] = frozenset()
    scores: Mapping[str, int] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    present: frozenset[str] | None = None
    marked: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """What is not open for a learner and by which conditions; the sum over section, unit and block."""

    units: Mapping[int, tuple[Condition, ...]] = field(default_factory=dict)
    blocks: Mapping[int, tuple[Condition, ...]] = field(default_factory=dict)

    def block(self, block_id: int, unit_id: int) -> tuple[Condition, ...]:
        """Why a block is closed; nothing when it is open."""
        return self.units.get(unit_id) or self.blocks.get(block_id, ())


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
    today: date | None = None
    """Of several runs of a course, one that takes learners on this day stands for it before one that takes none."""
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
    is_assistant: bool = False


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
    access: dict[str, Any] | None = None
    draft_no: int | None = None


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
    access: dict[str, Any] | None = None
    draft_no: int | None = None


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
    access: dict[str, Any] | None = None
    draft_no: int | None = None


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
    def parts(self) -> tuple[SectionNode | UnitNode | BlockNode, ...]:
        """Every section, unit and block."""
        return (*self.sections, *self.units, *self.blocks)

    @property
    def blocks(self) -> tuple[BlockNode, ...]:
        """Every block in order."""
        return tuple(block for unit in self.units for block in unit.blocks)


class Fate(StrEnum):
    """What becomes of a part when one it waits for goes: it waits for nothing any more, for the rest of its conditions, or for what nobody can meet."""

    OPENS = "opens"
    OTHERS = "others"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class LeftWaiting:
    """A part that waits for another one which is to go, and by which of its conditions it opens afterwards."""

    kind: PartKind
    node: SectionNode | UnitNode | BlockNode
    fate: Fate
    left: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as a page shows it: what is published, or in a preview the changes that wait."""

    id: int
    unit_id: int
    kind: BlockKind
    title: str
    body_html: str
    settings: dict[str, Any]
    is_graded: bool
    is_required: bool
    weight_x10: int
    file: Any = None


@dataclass(frozen=True, slots=True)
class FileLook:
    """What can be shown of a file inside the page. `kind`: image, audio, video, pdf, text, archive or none."""

    kind: str
    lines: tuple[str, ...] = ()
    is_cut: bool = False
