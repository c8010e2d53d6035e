"""The neutral course tree every format is read into and written from.

Course > section (chapter) > unit (sequential) > page (vertical) > block. All values are frozen; nothing here knows a
file format. Markup is kept raw as it came: whoever shows it sanitises it. `key` is unique inside one course. Marks are
integers in tenths (`_x10`), shares in thousandths (`_x1000`), durations in seconds, instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from courses.interop.frame_types import NO_GRADING, GradingDoc, NewsDoc


class QuestionKind(StrEnum):
    """How a question is answered. `ESSAY` and `MANUAL` need a person's grade."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    DROPDOWN = "dropdown"
    TEXT = "text"
    NUMERIC = "numeric"
    FORMULA = "formula"
    MATCHING = "matching"
    ORDERING = "ordering"
    ESSAY = "essay"
    MANUAL = "manual"


class BlockKind(StrEnum):
    """What a block of a page is. `UNKNOWN` is kept with its source and named in `CourseDoc.unsupported`."""

    HTML = "html"
    VIDEO = "video"
    PROBLEM = "problem"
    POOL = "pool"
    DISCUSSION = "discussion"
    POLL = "poll"
    SURVEY = "survey"
    OPEN_ASSESSMENT = "open_assessment"
    FILE = "file"
    LTI = "lti"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OptionDoc:
    """One choice; `text` is markup. `feedback_unselected` is shown when a box that matters was left empty.

    `share_x1000`: what choosing it is worth where that is neither everything nor nothing.
    """

    text: str
    is_correct: bool
    feedback: str = ""
    feedback_unselected: str = ""
    share_x1000: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerDoc:
    """One expected answer of a text, numeric or formula question; a wrong one (`is_correct` false) only carries feedback."""

    text: str
    is_correct: bool = True
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class QuestionDoc:
    """One thing to answer. `stem` is markup and holds everything the learner reads before this answer.

    `tolerance`: absolute ("5") or relative ("1%"); empty: none. A numeric answer may be an interval, "[5,7)". `samples` are the
    variables and ranges at which a formula is compared: "x,y@1,1:10,10#10". `is_regexp`: the answers are patterns of
    an untrusted author; match them with a time limit. `source`: what a `MANUAL` question was in its own format, kept
    as text to write it back; code in it is never run. `compound_feedback`: (letters of the options, markup). `pairs` of a
    matching question: (markup of the line, text that belongs to it), without a line a text that belongs to nothing. The
    `options` of an ordering question stand in the right order. `points`: what it is worth beside the other questions of its problem.
    """

    kind: QuestionKind
    stem: str
    options: tuple[OptionDoc, ...] = ()
    answers: tuple[AnswerDoc, ...] = ()
    tolerance: str = ""
    samples: str = ""
    is_regexp: bool = False
    is_case_sensitive: bool = False
    is_shuffled: bool = False
    is_all_or_nothing: bool = False
    compound_feedback: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    explanation: str = ""
    source: str = ""
    points: int = 1

    @property
    def needs_person(self) -> bool:
        """A person grades it."""
        return self.kind in (QuestionKind.ESSAY, QuestionKind.MANUAL)


@dataclass(frozen=True, slots=True)
class HtmlDoc:
    """Markup of the author, unsanitised."""

    html: str


@dataclass(frozen=True, slots=True)
class VideoDoc:
    """A video: files or addresses in `sources`, or `youtube_id`. `transcripts`: (language, path of the asset)."""

    sources: tuple[str, ...] = ()
    youtube_id: str = ""
    transcripts: tuple[tuple[str, str], ...] = ()
    duration: int | None = None
    start_at_second: int | None = None
    end_at_second: int | None = None
    handout: str = ""
    transcript_download: str = ""


@dataclass(frozen=True, slots=True)
class ProblemDoc:
    """Questions answered together. `closing` is markup after the last answer; `script` is code of the source: text, never run.

    `hints` are shown one by one on demand; `explanation` belongs to the whole problem. `weight_x10` and `attempts` are
    None when the source leaves them to the course: without a weight a problem is worth the points of its questions.
    """

    questions: tuple[QuestionDoc, ...]
    closing: str = ""
    hints: tuple[str, ...] = ()
    explanation: str = ""
    weight_x10: int | None = None
    attempts: int | None = None
    show_answer: str = ""
    script: str = ""

    @property
    def needs_person(self) -> bool:
        """At least one of its questions is graded by a person."""
        return any(question.needs_person for question in self.questions)

    @property
    def worth_x10(self) -> int:
        """What it weighs, in tenths: its weight, else a point for each thing to answer."""
        return 10 * sum(question.points for question in self.questions) if self.weight_x10 is None else self.weight_x10


@dataclass(frozen=True, slots=True)
class PoolDoc:
    """Problems of which every learner gets `count` at random (None: all of them); each with its key and title."""

    problems: tuple[ProblemDoc, ...]
    keys: tuple[str, ...]
    titles: tuple[str, ...]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class DiscussionDoc:
    """A discussion topic under a category."""

    category: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class PollDoc:
    """One question without a right answer. `options`: (code, label)."""

    question: str
    options: tuple[tuple[str, str], ...]
    feedback: str = ""
    is_private: bool = False
    max_submissions: int = 1


@dataclass(frozen=True, slots=True)
class SurveyDoc:
    """Several questions on one scale. Both are (code, label)."""

    questions: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    feedback: str = ""
    is_private: bool = False
    max_submissions: int = 1


@dataclass(frozen=True, slots=True)
class LevelDoc:
    """One level of a criterion, in whole points."""

    name: str
    label: str
    points: int
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class CriterionDoc:
    """One criterion of a rubric; `feedback` is "", "optional" or "required"."""

    name: str
    label: str
    prompt: str
    levels: tuple[LevelDoc, ...]
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class StepDoc:
    """One step of an open assessment; `name` as in OLX: peer-assessment, self-assessment, staff-assessment, ..."""

    name: str
    must_grade: int | None = None
    must_be_graded_by: int | None = None
    starts_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenAssessmentDoc:
    """Work handed in and judged by a rubric. `text_response` and `file_response`: "", "optional" or "required"."""

    prompts: tuple[str, ...]
    criteria: tuple[CriterionDoc, ...]
    steps: tuple[StepDoc, ...]
    text_response: str = "required"
    file_response: str = ""
    starts_at: datetime | None = None
    due_at: datetime | None = None
    feedback_prompt: str = ""
    feedback_default: str = ""
    weight_x10: int | None = None
    """What it weighs here, in tenths, where the package went out from here; elsewhere it weighs as many points as its rubric gives."""


@dataclass(frozen=True, slots=True)
class FileDoc:
    """A document to read or download: an asset (`/static/name`) or an address."""

    url: str


@dataclass(frozen=True, slots=True)
class LtiDoc:
    """A tool elsewhere. Keys and secrets of the source are not read. `custom`: lines "name=value"."""

    launch_url: str
    lti_id: str = ""
    custom: tuple[str, ...] = ()
    is_graded: bool = False
    weight_x10: int | None = None
    opens_new_page: bool = True


@dataclass(frozen=True, slots=True)
class UnknownDoc:
    """A block we cannot show: its tag, its own markup as text, and why."""

    tag: str
    source: str
    reason: str


Content = HtmlDoc | VideoDoc | ProblemDoc | PoolDoc | DiscussionDoc | PollDoc | SurveyDoc | OpenAssessmentDoc | FileDoc | LtiDoc | UnknownDoc

KINDS: dict[type[object], BlockKind] = {
    HtmlDoc: BlockKind.HTML, VideoDoc: BlockKind.VIDEO, ProblemDoc: BlockKind.PROBLEM, PoolDoc: BlockKind.POOL,
    DiscussionDoc: BlockKind.DISCUSSION, PollDoc: BlockKind.POLL, SurveyDoc: BlockKind.SURVEY, FileDoc: BlockKind.FILE,
    OpenAssessmentDoc: BlockKind.OPEN_ASSESSMENT, LtiDoc: BlockKind.LTI, UnknownDoc: BlockKind.UNKNOWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BlockDoc:
    """One component of a page. `title` may be empty."""

    key: str
    title: str
    content: Content
    is_published: bool = True

    def __repr__(self) -> str:
        """As before blocks could be hidden: the fingerprint of a package rests on it, and older packages are known by theirs."""
        hidden = "" if self.is_published else ", is_published=False"
        return f"BlockDoc(key={self.key!r}, title={self.title!r}, content={self.content!r}{hidden})"

    @property
    def kind(self) -> BlockKind:
        """The kind that follows from the content."""
        return KINDS[type(self.content)]


@dataclass(frozen=True, slots=True)
class PageDoc:
    """A vertical: blocks shown together."""

    key: str
    title: str
    blocks: tuple[BlockDoc, ...] = ()
    is_published: bool = True


@dataclass(frozen=True, slots=True)
class UnitDoc:
    """A sequential. `assignment` names the grader it counts for when `is_graded`."""

    key: str
    title: str
    pages: tuple[PageDoc, ...] = ()
    is_graded: bool = False
    assignment: str = ""
    starts_at: datetime | None = None
    due_at: datetime | None = None
    is_published: bool = True


@dataclass(frozen=True, slots=True)
class SectionDoc:
    """A chapter. Definitions that no parent points at sit in a section that is not published."""

    key: str
    title: str
    units: tuple[UnitDoc, ...] = ()
    starts_at: datetime | None = None
    is_published: bool = True


@dataclass(frozen=True, slots=True)
class AssetDoc:
    """A file of the package: `name` as the course refers to it (`/static/<name>`), `path` below the course's folder."""

    name: str
    path: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class UnsupportedDoc:
    """A block (`tag/key`) that could not be taken over as it was, and why."""

    block: str
    reason: str


@dataclass(frozen=True, slots=True)
class CountsDoc:
    """Definitions found, each once. `other`: (tag, number), ordered by tag."""

    chapters: int = 0
    sequentials: int = 0
    verticals: int = 0
    problems: int = 0
    videos: int = 0
    html: int = 0
    discussions: int = 0
    other: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CourseDoc:
    """A whole course. `org` and `run` may be empty for a course of our own. `news` oldest first; `handouts` is HTML."""

    code: str
    title: str
    language: str
    sections: tuple[SectionDoc, ...]
    org: str = ""
    run: str = ""
    summary: str = ""
    overview: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enrols_from: datetime | None = None
    enrols_until: datetime | None = None
    image: str = ""
    grading: GradingDoc = NO_GRADING
    news: tuple[NewsDoc, ...] = ()
    handouts: str = ""
    assets: tuple[AssetDoc, ...] = ()
    warnings: tuple[str, ...] = ()
    unsupported: tuple[UnsupportedDoc, ...] = ()
    counts: CountsDoc = CountsDoc()

    def blocks(self) -> Iterator[BlockDoc]:
        """Every block in the order of the course."""
        for section in self.sections:
            for unit in section.units:
                for page in unit.pages:
                    yield from page.blocks
