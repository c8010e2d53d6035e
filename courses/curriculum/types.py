"""Values of curricula."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CourseCategory(StrEnum):
    """What part of a curriculum a course belongs to; the six designated ones are specialty courses (PETOE-5.1, 002:481)."""

    GENERAL = "general"
    PUBLIC = "public"
    SPECIALTY = "specialty"


class Importance(StrEnum):
    """核心, 主要 or ordinary; the first two may be designated (PETOE-5.1, 002:481)."""

    CORE = "core"
    MAJOR = "major"
    ORDINARY = "ordinary"


class DeliveryMode(StrEnum):
    """How a course is carried out (PETOE-2.3, 002:385)."""

    LECTURE = "lecture"
    LAB = "lab"
    PROJECT = "project"
    SEMINAR = "seminar"
    ONLINE = "online"
    BLENDED = "blended"
    FIELD = "field"


class ResearchMethod(StrEnum):
    """研究性学习 by problems, cases, projects (PETOE-3, 002:263)."""

    PROBLEM = "problem"
    CASE = "case"
    PROJECT = "project"


class Language(StrEnum):
    """The language a course is taught in (PETOE-9.7, 002:599)."""

    CHINESE = "zh"
    ENGLISH = "en"
    BILINGUAL = "bilingual"


class AssessmentKind(StrEnum):
    """How attainment is found out; research-based courses need more than an exam (PETOE-3.7, 002:423)."""

    EXAM = "exam"
    PROJECT = "project"
    PRESENTATION = "presentation"
    LAB = "lab"
    HOMEWORK = "homework"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course of a curriculum with what hangs on it; `objectives` are (id, number, text), `required` (id, name) of what comes before."""

    id: int
    version_id: int
    code: str
    name: str
    category: CourseCategory
    importance: Importance
    hours: int
    credits_x10: int
    term: int
    delivery_modes: tuple[str, ...]
    research_methods: tuple[str, ...]
    language: Language
    revised_on: date | None
    objectives: tuple[tuple[int, int, str], ...] = ()
    assessments: tuple[tuple[AssessmentKind, str, int], ...] = ()
    required: tuple[tuple[int, str], ...] = ()
    is_optional: bool = False

    @property
    def weight(self) -> int:
        """The sum of the weights of the assessment items, percent."""
        return sum(percent for _kind, _title, percent in self.assessments)


@dataclass(frozen=True, slots=True)
class TermSum:
    """A term of study with its courses, and the hours and credits (in tenths) of all of them."""

    term: int
    courses: tuple[CourseRow, ...]
    hours: int
    credits_x10: int
