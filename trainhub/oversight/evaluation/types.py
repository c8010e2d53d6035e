"""Values of programme evaluation: the cases that rules judge, the answers, the registers' words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from trainhub.oversight.evaluation.centre_types import CentreCase
from trainhub.oversight.evaluation.plan_types import CourseCase, PointCase, StandardCase
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Clause

Span = tuple[date, date | None]


class CriterionKind(StrEnum):
    """Data decide, or a person does; the same for every programme (requirements.md 9, 4)."""

    COMPUTED = "computed"
    JUDGED = "judged"


class JudgementResult(StrEnum):
    """What a person says about a criterion; not applicable is not an answer the documents know."""

    MET = "met"
    NOT_MET = "not_met"


class SpecialResult(StrEnum):
    """The result of the special requirements (PETOE-P16, 002:645)."""

    NOT_MET = "not_met"
    MET = "met"
    MET_DISTINCTIVE = "met_distinctive"
    MET_EXCELLENT = "met_excellent"


class Verdict(StrEnum):
    """The verdict of the evaluation (PETOE-P12, 002:217)."""

    ACCREDITED_SPECIAL_MET = "ACCREDITED_SPECIAL_MET"
    ACCREDITED_SPECIAL_NOT_MET = "ACCREDITED_SPECIAL_NOT_MET"
    NOT_ACCREDITED = "NOT_ACCREDITED"


class AccreditationStanding(StrEnum):
    """Where the accreditation stands on a day. What has not begun, has expired, or was declared by the programme alone (unconfirmed) carries no verdict."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    EXPIRED = "expired"
    DECLARED = "declared"


class MarkSource(StrEnum):
    """Whose grade says what a student reached in an item of the enterprise training plan (PETOE-6.9, 002:525)."""

    PLACEMENT = "placement"
    CAPSTONE = "capstone"
    NONE = "none"


class Outcome(StrEnum):
    """How an application ended: each has its own clock (PETOE-P6, P15; 002:211, 002:225)."""

    NOT_ACCEPTED = "not_accepted"
    CONCLUDED = "concluded"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the 64 criteria (002:351-631) with its clause; `text` is its whole wording, `text_en` our translation of it."""

    code: str
    requirement: int
    text: str
    text_en: str
    kind: CriterionKind
    clause: Clause


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of the ten special requirements (002:251-287)."""

    no: int
    title: str
    title_en: str
    text: str
    text_en: str
    place: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class SecondmentCase:
    """A plan of a full-time teacher; `months` is the planned length, None when it is open."""

    is_exempt: bool
    is_started: bool
    months: int | None
    is_done: bool = False
    has_report: bool = False
    is_full_time: bool = True
    """脱产: away from teaching for the time of the work (requirements.md 8.2, 22)."""
    reason: str = ""
    """Why none is needed, as somebody wrote it."""


@dataclass(frozen=True, slots=True)
class TeacherCase:
    """A teacher of the programme on the day. `enterprise_days`: verified days in enterprises, each once."""

    label: str
    is_full_time: bool
    is_senior: bool
    enterprise_days: int
    hours_x10: int
    is_foreign: bool
    has_foreign_doctorate: bool
    overseas_months: int
    """Whole months outside the mainland in verified stays, each day once."""
    unverified: tuple[str, ...] = ()
    """What is said of a doctorate from abroad or of time there, and nobody has verified: told, never counted."""
    secondments: tuple[SecondmentCase, ...] = ()
    person_id: int | None = None
    id: int = 0
    once_verified: tuple[bool, int] = (False, 0)
    """The doctorate and the months abroad when all that is entered is verified."""

    @property
    def human(self) -> int | str:
        """Who it is: one human may teach under several numbers."""
        return self.label if self.person_id is None else self.person_id


@dataclass(frozen=True, slots=True)
class PartTimeCase:
    """The file of a part-time teacher. `since`: first day of the appointments, None without one."""

    label: str
    since: date | None
    duties: str
    training_passed_on: date | None
    first_task_on: date | None
    last_appraised_on: date | None
    tasks_of_term: int = 0
    """Task books (教学任务书) of the latest term that is over and has any, of the running one as long as none is (PETOE-4.8, 002:459)."""
    term: tuple[int, int] = (0, 0)
    """That term: academic year and semester; zeros without any task book."""
    ended_on: date | None = None
    """The last day of the latest appointment, when none holds on the day any more."""


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """A teacher's work in an enterprise as entered, verified or not."""

    organisation: str
    span: tuple[date, date | None]
    is_verified: bool


@dataclass(frozen=True, slots=True)
class CandidateCase:
    """A designated course of a cohort. `lead_days`: the lecturer's verified days in enterprises before the first teaching day."""

    label: str
    cohort_year: int
    is_specialty: bool
    importance: str
    lead: str | None
    lead_id: int | None
    lead_days: int
    is_in_window: bool = True
    is_optional: bool = False
    """Who does not choose it does not take it: everybody has the six (002:271)."""
    counted_until: date = date.max
    """The last day of the lecturer's work that counts: the day before the first teaching day, or the day asked for."""
    waiver: str = ""
    person_id: int | None = None

    @property
    def human(self) -> int | None:
        """Who leads: one human may teach under several numbers."""
        return self.lead_id if self.person_id is None else self.person_id


@dataclass(frozen=True, slots=True)
class PlacementCase:
    """A placement of a judged student (`student`) that has begun: who signed the agreement, whether it ended and was graded."""

    label: str
    signed: frozenset[str]
    is_insured: bool
    has_ended: bool
    has_grade: bool
    cohort_year: int = 0
    student: str = ""
    days: int = 0
    """From its first day to its last, both included."""
    is_broken_off: bool = False
    """Withdrawn while it ran: what was learnt counts, the agreement of a placement that goes on is not asked of it."""


@dataclass(frozen=True, slots=True)
class PlanItemCase:
    """An item of the enterprise training plan. `source`: whose grade speaks for it."""

    label: str
    weeks_x10: int
    is_at_enterprise: bool
    has_assessment: bool
    enterprise_mentors: int
    """Persons of enterprises who guide it: on the register of mentors where it is done, or of placements that began there; none where the plan
    names none."""
    source: MarkSource = MarkSource.PLACEMENT


@dataclass(frozen=True, slots=True)
class PlanCase:
    """A plan by which judged cohorts are trained (`cohort_years`, of so many judged students). `name` is empty where all follow one."""

    name: str = ""
    cohort_years: tuple[int, ...] = ()
    students: int = 0
    standards: tuple[StandardCase, ...] = ()
    points: tuple[PointCase, ...] = ()
    unrefined: tuple[int, ...] = ()
    """The numbers of the graduation requirements without an indicator point."""
    courses: tuple[CourseCase, ...] = ()
    items: tuple[PlanItemCase, ...] = ()

    def named(self, text: str) -> str:
        """A text about the plan that says which one is meant, where there is another."""
        return f"{self.name}：{text}" if self.name else text


@dataclass(frozen=True, slots=True)
class StudentCase:
    """A judged student: credited days of enterprise learning."""

    label: str
    cohort_year: int
    credited_days: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class CapstoneCase:
    """What the capstones' own rule finds on the capstone of a judged student (8.1 to 8.4); no findings: there is none."""

    label: str
    findings: tuple[Finding, ...] = ()
    has_ended: bool = False
    has_result: bool = False
    is_supposed: bool = False  # there is none, and it is supposed that it will be as it has to be


@dataclass(frozen=True, slots=True)
class InternationalCase:
    """The students of the programme on the day for shares, and the joint programmes that run."""

    students: int
    foreign: int
    exchanged: int
    programmes: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(mode, label, what its record lacks) of each."""
    named: tuple[tuple[str, bool, bool], ...] = ()
    """(student, took part in an exchange, comes from abroad) of everybody present."""


@dataclass(frozen=True, slots=True)
class Group:
    """Who is judged (see queries.members). Listed apart, never counted: those who withdrew from the school, and those who left the
    卓越计划 or were taken out of it, each with the day and the reason. Those who joined it after their cohort began count and are named (with
    the day). `graduations`: cohorts in which students of the 卓越计划 have graduated and that are registered as graduated no more, or never were.
    """

    cohort_years: tuple[int, ...]
    is_finished: bool
    size: int
    withdrawn: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    graduations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgementCase:
    """The latest judgement of a person about a criterion."""

    result: JudgementResult
    remark: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class DecisionCase:
    """The latest decision about an application."""

    outcome: Outcome
    decided_on: date
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class AccreditationCase:
    """The latest conclusion of the association."""

    is_passed: bool
    concluded_on: date
    valid_from: date | None
    valid_years: int | None
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the computed criteria ask about a programme on a day."""

    on: date
    group: Group
    plans: tuple[PlanCase, ...] = (PlanCase(),)
    teachers: tuple[TeacherCase, ...] = ()
    part_time: tuple[PartTimeCase, ...] = ()
    candidates: Mapping[int, tuple[CandidateCase, ...]] = field(default_factory=dict)
    centres: tuple[CentreCase, ...] = ()
    placements: tuple[PlacementCase, ...] = ()
    students: tuple[StudentCase, ...] = ()
    capstones: tuple[CapstoneCase, ...] = ()
    international: InternationalCase = InternationalCase(0, 0, 0)
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequirementAnswer:
    """A requirement with the findings of its criteria."""

    requirement: Requirement
    status: Status
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer to "does the programme meet the requirements on that day?"; nothing of it is typed, all of it is derived."""

    on: date
    group: Group
    answers: tuple[RequirementAnswer, ...]
    special_result: SpecialResult | None
    accreditation: AccreditationStanding | None
    verdict: Verdict | None
    reapply_from: date | None
    judgements: Mapping[str, JudgementCase]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All 64 in their order."""
        return tuple(finding for answer in self.answers for finding in answer.findings)
