"""Values of questions, attempts and their grading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class QuestionKind(StrEnum):
    """How a question is answered. `ESSAY` is graded by a person; `MANUAL` too: it came from a format we do not run."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    TEXT = "text"
    NUMERIC = "numeric"
    ESSAY = "essay"
    MANUAL = "manual"


BY_PERSON = frozenset({QuestionKind.ESSAY, QuestionKind.MANUAL})
CHOICES = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.TRUE_FALSE})


class AttemptState(StrEnum):
    """In progress, handed in and waiting for a person, graded."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `html` is sanitised; `key` is what an answer names."""

    key: str
    html: str
    is_correct: bool
    feedback_html: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected answer of a text or numeric question; a wrong one only carries feedback."""

    text: str
    is_correct: bool = True
    feedback_html: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is graded. `tolerance` is absolute ("0.5") or relative ("2%"); a numeric answer may be an interval "[1,2)"."""

    kind: QuestionKind
    options: tuple[Option, ...] = ()
    answers: tuple[Expected, ...] = ()
    tolerance: str = ""
    is_case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What an answer is worth: `share_x1000` of the points (None: a person decides), and the feedback to show."""

    share_x1000: int | None
    feedback_html: str = ""

    @property
    def is_right(self) -> bool | None:
        """Fully right; None while a person has not decided."""
        return None if self.share_x1000 is None else self.share_x1000 == 1000


@dataclass(frozen=True, slots=True)
class QuizSettings:
    """How a quiz is taken. `attempts` and `minutes`: None means no limit. `draw`: how many items are drawn at random (None: all)."""

    attempts: int | None = None
    minutes: int | None = None
    is_shuffled: bool = False
    shows_answers: bool = True
    draw: int | None = None

    @classmethod
    def of(cls, settings: dict[str, Any]) -> QuizSettings:
        """Read a block's settings; what is missing keeps its default."""
        return cls(
            attempts=settings.get("attempts") or None,
            minutes=settings.get("minutes") or None,
            is_shuffled=bool(settings.get("is_shuffled", False)),
            shows_answers=bool(settings.get("shows_answers", True)),
            draw=settings.get("draw") or None,
        )


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt in a list of grading work."""

    attempt_id: int
    block_id: int
    block_title: str
    person_name: str
    number: int
    submitted_at: datetime | None
    state: AttemptState
    score_x10: int | None
