"""The neutral form of a question between a file and the bank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from courses.assessment.types import Difficulty, QuestionKind


@dataclass(slots=True)
class Carried:
    """One question of a file. `line` is where it stands (row or line, from 1); `key` names it across systems, or is empty.

    None in what sorts it: the format says nothing about it, and what the bank knows stays.
    """

    line: int
    kind: QuestionKind
    stem: str
    data: dict[str, Any]
    explanation: str = ""
    key: str = ""
    name: str | None = None
    category: str | None = None
    tags: list[str] | None = None
    difficulty: Difficulty | None = None
    body_format: str = "markdown"
    is_survey: bool = False
    """No option has to be right: a survey, or "none of them" is what is right."""


@dataclass(slots=True)
class Trouble:
    """Something at one line that could not be taken, and why. A warning only tells what was left out."""

    line: int
    problem: str
    value: str = ""
    is_warning: bool = False


@dataclass(slots=True)
class Read:
    """What a file holds."""

    questions: list[Carried] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and what it could not carry: (question, why)."""

    text: str
    left_out: tuple[tuple[str, str], ...] = ()


FLAG_DEFAULTS: Mapping[str, Any] = {
    "tolerance": "",
    "is_case_sensitive": False,
    "is_all_or_nothing": False,
    "penalty_x1000": 0,
    "unit_share_x1000": 0,
    "expression": "",
    "asks_expression": False,
    "is_pattern": False,
    "rubric": "",
    "max_files": 3,
}
"""Single values of a question and what they are when nobody says anything."""
