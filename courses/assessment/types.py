"""Values of questions, quizzes, attempts and their grading.

Marks are integers in tenths (`_x10`), shares of a question's points in thousandths (`_x1000`); a share may be negative where a
quiz allows negative marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class QuestionKind(StrEnum):
    """How a question is answered. `ESSAY` and `FILE` are graded by a person; `MANUAL` too: it came from a format we do not run."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    CLOZE = "cloze"
    TEXT = "text"
    NUMERIC = "numeric"
    FORMULA = "formula"
    MATCHING = "matching"
    ORDERING = "ordering"
    ESSAY = "essay"
    FILE = "file"
    MANUAL = "manual"


BY_PERSON = frozenset({QuestionKind.ESSAY, QuestionKind.FILE, QuestionKind.MANUAL})
CHOICES = frozenset({QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.TRUE_FALSE})
MEASURED = frozenset({QuestionKind.NUMERIC, QuestionKind.FORMULA})


class Difficulty(StrEnum):
    """How hard its author thinks a question is; the statistics say how hard it was."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class AttemptState(StrEnum):
    """In progress, handed in and waiting for a person, graded."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"


class Counts(StrEnum):
    """Which of several attempts counts."""

    BEST = "best"
    LAST = "last"
    FIRST = "first"
    AVERAGE = "average"


class When(StrEnum):
    """The three moments at which a learner looks back: during the attempt, after handing in, after the quiz has closed."""

    DURING = "during"
    AFTER = "after"
    CLOSED = "closed"


class Shown(StrEnum):
    """What a review shows."""

    MARKS = "marks"
    ANSWERS = "answers"
    FEEDBACK = "feedback"


class AttemptEventKind(StrEnum):
    """What happened around an attempt; told to the learner before the start, seen by the lecturer."""

    STARTED = "started"
    TAKEN_OVER = "taken_over"
    LEFT = "left"
    CAME_BACK = "came_back"
    REPLACED = "replaced"
    LATE = "late"
    SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice. `html` is sanitised; `key` is what an answer names. `share_x1000` overrides right = full, wrong = nothing."""

    key: str
    html: str
    is_correct: bool
    feedback_html: str = ""
    share_x1000: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected answer of a text or numeric question: what it is worth, and its feedback. A wrong one only carries feedback."""

    text: str
    is_correct: bool = True
    feedback_html: str = ""
    share_x1000: int | None = None

    @property
    def share(self) -> int:
        """What it is worth, in thousandths."""
        return self.share_x1000 if self.share_x1000 is not None else (1000 if self.is_correct else 0)


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank of a fill-in stem, `[[key]]`: `kind` text, numeric or choice (answers are then the options)."""

    key: str
    kind: str
    answers: tuple[Expected, ...]
    tolerance: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A line to match. `stem_html` empty: a distractor that belongs to nothing."""

    key: str
    stem_html: str
    answer: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is accepted: a value in it times `factor` is a value in the unit of the expected answer (factor 1)."""

    name: str
    factor: str = "1"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a formula question, drawn for each attempt from `low` to `high` in steps of 10^-`decimals`."""

    name: str
    low: str
    high: str
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is graded.

    `tolerance` is absolute ("0.5") or relative ("2%"); a numeric answer may be an interval "[1,2)". `unit_share_x1000`: what a
    right number without a known unit is worth (1000: units are not asked for). `is_all_or_nothing` turns partial credit off;
    `penalty_x1000` is taken for a wrong answer where the quiz allows it. `is_pattern`: the answers of a text question are regular
    expressions. `asks_expression`: a formula question asks for the formula itself, not for its value at numbers of one's own.
    """

    kind: QuestionKind
    options: tuple[Option, ...] = ()
    answers: tuple[Expected, ...] = ()
    tolerance: str = ""
    is_case_sensitive: bool = False
    blanks: tuple[Blank, ...] = ()
    pairs: tuple[Pair, ...] = ()
    units: tuple[Unit, ...] = ()
    unit_share_x1000: int = 0
    variables: tuple[Variable, ...] = ()
    expression: str = ""
    is_all_or_nothing: bool = False
    penalty_x1000: int = 0
    is_pattern: bool = False
    asks_expression: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What an answer is worth: `share_x1000` of the points (None: a person decides), and the feedback to show."""

    share_x1000: int | None
    feedback_html: str = ""

    @property
    def is_right(self) -> bool | None:
        """Fully right; None while a person has not decided."""
        return None if self.share_x1000 is None else self.share_x1000 == 1000


DEFAULT_REVIEW: Mapping[When, frozenset[Shown]] = {
    When.DURING: frozenset(),
    When.AFTER: frozenset(Shown),
    When.CLOSED: frozenset(Shown),
}


@dataclass(frozen=True, slots=True)
class QuizSettings:
    """How a quiz is taken. `attempts` and `minutes`: None means no limit. `draw`: how many items are drawn at random (None: all).

    `review` says what is shown when; without it, `shows_answers` decides whether right answers and explanations are shown after
    handing in. `is_sequential`: one question after another, no way back. `is_one_session`: one window at a time. `password` is sealed
    (`assessment.passwords`).
    """

    attempts: int | None = None
    minutes: int | None = None
    is_shuffled: bool = False
    shuffles_options: bool = False
    draw: int | None = None
    counts: Counts = Counts.BEST
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    password: str = ""
    review: Mapping[When, frozenset[Shown]] = field(default_factory=lambda: DEFAULT_REVIEW)
    is_sequential: bool = False
    is_paged: bool = False
    is_one_session: bool = False
    logs_focus: bool = False
    allows_negative: bool = False
    feedback: str = ""

    @property
    def shows_answers(self) -> bool:
        """Whether right answers are shown once the attempt is handed in."""
        return Shown.ANSWERS in self.review[When.AFTER]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> QuizSettings:
        """Read a block's settings; what is missing keeps its default."""
        sequential = bool(settings.get("is_sequential", False))
        return cls(
            attempts=settings.get("attempts") or None,
            minutes=settings.get("minutes") or None,
            is_shuffled=bool(settings.get("is_shuffled", False)),
            shuffles_options=bool(settings.get("shuffles_options", False)),
            draw=settings.get("draw") or None,
            counts=Counts(settings.get("counts") or Counts.BEST),
            opens_at=_instant(settings.get("opens_at")),
            closes_at=_instant(settings.get("closes_at")),
            password=str(settings.get("password") or ""),
            review=_review(settings),
            is_sequential=sequential,
            is_paged=sequential or bool(settings.get("is_paged", False)),
            is_one_session=bool(settings.get("is_one_session", False)),
            logs_focus=bool(settings.get("logs_focus", False)),
            allows_negative=bool(settings.get("allows_negative", False)),
            feedback=str(settings.get("feedback") or ""),
        )


def _instant(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _review(settings: Mapping[str, Any]) -> Mapping[When, frozenset[Shown]]:
    stored = settings.get("review")
    if isinstance(stored, Mapping):
        made = {when: frozenset(Shown(name) for name in stored.get(when.value, ())) for when in When}
        # Older content carries a simple switch beside it, which was the later word where the two differ.
        if bool(settings.get("shows_answers", True)) is not (Shown.ANSWERS in made[When.AFTER]) and "shows_answers" in settings:
            made[When.AFTER] = made[When.AFTER] ^ {Shown.ANSWERS}
        return made
    if settings.get("shows_answers", True):
        return DEFAULT_REVIEW
    return {**DEFAULT_REVIEW, When.AFTER: frozenset({Shown.MARKS}), When.CLOSED: frozenset({Shown.MARKS})}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person may do differently: the sum of what was granted to them and to their cohort."""

    extra_minutes: int = 0
    extra_attempts: int = 0
    opens_at: datetime | None = None
    closes_at: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Short:
    """A draw that asks for more questions than it finds: its quiz, the code of the run, how many it should give, how many it finds."""

    title: str
    code: str
    count: int
    found: int


@dataclass(frozen=True, slots=True)
class BankFilter:
    """What a reader of a bank asks for; empty means everything."""

    text: str = ""
    kind: QuestionKind | None = None
    category: str = ""
    tag: str = ""
    difficulty: Difficulty | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that a regrade would change. `is_kept`: a person gave the mark, so it stays."""

    answer_id: int
    attempt_id: int
    run_id: int
    person_name: str
    number: int
    before_x1000: int | None
    after_x1000: int | None
    is_kept: bool = False
