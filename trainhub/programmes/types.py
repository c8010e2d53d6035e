"""Values of programmes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DegreeLevel(StrEnum):
    """Levels of study (MC2025-5e)."""

    VOCATIONAL = "vocational"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class PointKind(StrEnum):
    """What an indicator point asks for (criterion 2.1, 002:381)."""

    KNOWLEDGE = "knowledge"
    ABILITY = "ability"
    QUALITY = "quality"


class AccreditationResult(StrEnum):
    """The association's conclusion (002:217)."""

    PASSED = "passed"
    FAILED = "failed"


class VersionState(StrEnum):
    """A programme version is a draft until it is published; then it stays as it is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A programme in a list; `students` counts those enrolled or suspended."""

    id: int
    code: str
    name: str
    major_code: str
    degree_level: DegreeLevel
    university_id: int
    university: str
    is_petoe: bool


@dataclass(frozen=True, slots=True)
class ProgrammeFilter:
    """What a list of programmes is narrowed by."""

    text: str = ""
    university_id: int | None = None
    region: str = ""
    is_petoe: bool | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """A graduation requirement with the general standards it covers and its points."""

    id: int
    number: int
    title: str
    text: str
    standards: frozenset[str] = frozenset()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """An indicator point."""

    id: int
    requirement_id: int
    number: str
    kind: PointKind
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which general standards the requirements of a version cover (SUP-1), and which they do not."""

    covered: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """All of them."""
        return not self.missing


COUNTS = "trainhub.programmes.counts"
"""Who counts the students of the cohorts of a programme: (programme id, day) -> {cohort id: (students, of the 卓越计划)}."""
