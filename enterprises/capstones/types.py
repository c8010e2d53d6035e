"""Values of capstones: sources, states, actions, and the facts that criteria 8.1 to 8.4 ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class TopicSource(StrEnum):
    """Where a topic comes from; requirement 8 asks for engineering practice (002:279)."""

    ENGINEERING_PRACTICE = "engineering_practice"
    RESEARCH = "research"
    TEACHING = "teaching"
    STUDENT = "student"


class EvidenceKind(StrEnum):
    """Accepted evidence that a topic comes from practice (own.capstone.topic_evidence_kinds)."""

    ENTERPRISE_PROJECT = "enterprise_project"
    TASK_ORDER = "task_order"
    CONTRACT = "contract"
    LETTER = "letter"


class TopicState(StrEnum):
    """A topic needs the approval of both sides."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


WITH_EVIDENCE = (TopicState.PROPOSED, TopicState.APPROVED)
"""Where evidence is still added and judged: what was sent back comes anew with it, what is withdrawn needs none."""


class Side(StrEnum):
    """The two sides that approve a topic."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"


class CapstoneState(StrEnum):
    """The stages of a capstone."""

    ASSIGNED = "assigned"
    OPENED = "opened"
    MIDTERM = "midterm"
    SUBMITTED = "submitted"
    GRADED = "graded"
    MODERATION = "moderation"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class SupervisorRole(StrEnum):
    """Dual supervision (002:569)."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"


class Stage(StrEnum):
    """What is handed in, in the order of the work: 任务书, 开题, 中期, 草稿, 论文, 查重报告."""

    TASK_BOOK = "task_book"
    OPENING = "opening"
    MIDTERM = "midterm"
    DRAFT = "draft"
    THESIS = "thesis"
    SIMILARITY = "similarity"


class RubricItem(StrEnum):
    """What both sides grade; the weights are policy data in this order (own.capstone.rubric_weights_percent)."""

    TOPIC = "topic"
    WORK = "work"
    RESULT = "result"
    REPORT = "report"


class TextGrade(StrEnum):
    """The five grades in words, best first: 优秀, 良好, 中等, 及格, 不及格."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"


class Action(StrEnum):
    """What is done to a capstone; who may do it and when stands in `machine.MACHINE`."""

    SUPERVISE = "supervise"
    CHANGE_TOPIC = "change_topic"
    ARRANGE = "arrange"
    WISH = "wish"
    EXTEND = "extend"
    SEND_LINK = "send_link"
    ISSUE_TASK = "issue_task"
    GUIDE = "guide"
    CONFIRM_FOR = "confirm_for"
    HAND_IN = "hand_in"
    COMMENT = "comment"
    OPEN = "open"
    PASS_MIDTERM = "pass_midterm"  # noqa: S105
    RETURN = "return"
    CHECK_REPORT = "check_report"
    SUBMIT = "submit"
    ANONYMISE = "anonymise"
    ASK_REVIEW = "ask_review"
    REVIEW = "review"
    SEND_BACK = "send_back"
    CONCLUDE_FAILED = "conclude_failed"
    PLACE = "place"
    DEFEND = "defend"
    GRADE = "grade"
    CORRECT = "correct"
    ASK_THIRD = "ask_third"
    GRADE_THIRD = "grade_third"
    MODERATE = "moderate"
    SETTLE = "settle"
    FINISH = "finish"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    ARCHIVE = "archive"
    WITHDRAW = "withdraw"


WORKING = (CapstoneState.ASSIGNED, CapstoneState.OPENED, CapstoneState.MIDTERM)
CONCLUDED = (CapstoneState.PASSED, CapstoneState.FAILED)
FINAL = (*CONCLUDED, CapstoneState.WITHDRAWN)
LIVE = tuple(state for state in CapstoneState if state not in FINAL)


class TopicOrigin(StrEnum):
    """Who proposed a topic: the enterprise, a teacher together with an enterprise, or the student."""

    ENTERPRISE = "enterprise"
    TEACHER = "teacher"
    STUDENT = "student"


class WindowStage(StrEnum):
    """Stages with a window: from which to which day something may be done."""

    TASK_BOOK = "task_book"
    OPENING = "opening"
    MIDTERM = "midterm"
    DRAFT = "draft"
    THESIS = "thesis"
    SIMILARITY = "similarity"
    REVIEW = "review"
    DEFENCE = "defence"
    GRADING = "grading"


class ReviewKind(StrEnum):
    """评阅: the reviewer does not know whose work it is (盲评), or supervisors read each other's students (交叉评阅)."""

    BLIND = "blind"
    CROSS = "cross"


class Verdict(StrEnum):
    """The conclusion of a review or a defence; `revise`: back to the student, once more."""

    PASS = "pass"  # noqa: S105
    REVISE = "revise"
    FAIL = "fail"


class ReasonKind(StrEnum):
    """Why a result is looked at again: before publication by the programme, after it by the student."""

    MODERATION = "moderation"
    APPEAL = "appeal"


class Decision(StrEnum):
    """How looking again ended: the score stands, or a new one with its reason."""

    UPHELD = "upheld"
    CHANGED = "changed"


class RoundKind(StrEnum):
    """Choice rounds: 首轮、补选、终轮."""

    FIRST = "first"
    SUPPLEMENTARY = "supplementary"
    FINAL = "final"


class ChoiceState(StrEnum):
    """A choice round on its way; nothing of the plan is seen before publication."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PLANNED = "planned"
    PUBLISHED = "published"


class PlanMode(StrEnum):
    """Fill what is missing and leave the rest, or repair the whole with as few changes as possible."""

    FILL = "fill"
    REPAIR = "repair"


class PlanState(StrEnum):
    """A plan of supervisors: asked for, ready to be looked at, applied, thrown away."""

    WAITING = "waiting"
    READY = "ready"
    APPLIED = "applied"
    DISCARDED = "discarded"


class LinkPurpose(StrEnum):
    """The one act that a link of a mentor without an account is for."""

    GRADE = "grade"
    GUIDANCE = "guidance"


class SpotVerdict(StrEnum):
    """What an expert says of a thesis (教督〔2020〕5号)."""

    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"


class SpotOutcome(StrEnum):
    """Where the check of one thesis stands."""

    OPEN = "open"
    MORE_EXPERTS = "more_experts"
    FINE = "fine"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Stay:
    """A placement of the student: from, to (both included) and where."""

    starts_on: date
    ends_on: date
    enterprise_id: int
    is_on_campus: bool = False
    """At a base that stands on a campus: no day of it is done in the enterprise."""


@dataclass(frozen=True, slots=True)
class SupervisorFact:
    """A supervisor in office; on the day asked for `is_of_enterprise`: a mentor of its enterprise, `is_of_school`: a teacher of the student's university."""

    role: SupervisorRole
    person_id: int
    name: str
    is_of_enterprise: bool = False
    is_of_school: bool = True


@dataclass(frozen=True, slots=True)
class CapstoneFacts:
    """Everything criteria 8.1 to 8.4 ask about one capstone. `logs` are confirmed guidances by role."""

    capstone_id: int
    source: TopicSource
    evidence: int
    enterprise_id: int
    topic_enterprise_id: int
    starts_on: date
    ends_on: date
    stays: tuple[Stay, ...]
    supervisors: tuple[SupervisorFact, ...]
    logs: dict[SupervisorRole, int]
    grades: frozenset[SupervisorRole]


@dataclass(frozen=True, slots=True)
class Result:
    """The grade of a capstone: `score_x10` in tenths, whether the two sides lie too far apart, whose grade the third one replaced."""

    score_x10: int
    grade: TextGrade
    is_passed: bool
    difference_x10: int
    is_far_apart: bool
    replaced: str = ""


class EvidenceState(StrEnum):
    """What proves the source of a topic in practice: taken by both sides, added after the approvals and waiting for the school, or nothing."""

    THERE = "there"
    WAITS = "waits"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """What the topic library is narrowed by."""

    text: str = ""
    programme_id: int | None = None
    enterprise_id: int | None = None
    source: TopicSource | None = None
    state: TopicState | None = None
    has_seats: bool = False
    evidence: EvidenceState | None = None


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic in the library."""

    id: int
    title: str
    enterprise_id: int
    enterprise: str
    programme_id: int
    programme: str
    university: str
    source: TopicSource
    state: TopicState
    seats: int
    taken: int
    has_evidence: bool
    evidence_waits: bool
    is_confidential: bool
    created_at: datetime

    @property
    def evidence(self) -> EvidenceState:
        """Whether its source in practice is proven."""
        return EvidenceState.THERE if self.has_evidence else EvidenceState.WAITS if self.evidence_waits else EvidenceState.MISSING


@dataclass(frozen=True, slots=True)
class SimilarTopic:
    """A topic that is alike another one: how much (0 to 1), of which year, by how many students it was taken, whether the reader may open it.

    The title is empty when the topic is confidential and not the reader's.
    """

    id: int
    title: str
    enterprise: str
    programme: str
    year: int
    taken: int
    share: float
    is_visible: bool


@dataclass(frozen=True, slots=True)
class CapstoneRow:
    """A capstone in a list, with the names of both supervisors (empty: none yet); the score once it is published."""

    id: int
    student_id: int
    student_no: str
    student: str
    programme: str
    topic: str
    enterprise: str
    state: CapstoneState
    starts_on: date
    ends_on: date
    score_x10: int | None
    grade_text: str
    school_supervisor: str = ""
    enterprise_supervisor: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """How many live capstones a person supervises on one side, and how many are allowed."""

    person_id: int
    name: str
    note: str
    load: int
    limit: int

    @property
    def is_full(self) -> bool:
        """No further capstone fits."""
        return self.load >= self.limit
