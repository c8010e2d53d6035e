"""Values of the workflow: routes, states, events, actors, documents, and the facts the guards ask about (requirements.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from trainhub.oversight.evaluation.types import AccreditationStanding, Verdict


class Route(StrEnum):
    """With the accreditation, or alone while a six-year accreditation is valid (PETOE-P14a, P14b; 002:223)."""

    JOINT = "joint"
    EVALUATION_ONLY = "evaluation_only"


class State(StrEnum):
    """Where an application stands."""

    IMPLEMENTING = "implementing"
    ELIGIBLE = "eligible"
    APPLIED = "applied"
    NOT_ACCEPTED = "not_accepted"
    PREPARING = "preparing"
    SUBMITTED = "submitted"
    VISIT_SCHEDULED = "visit_scheduled"
    VISITED = "visited"
    AT_ASSOCIATION = "at_association"
    ACCREDITATION_CONCLUDED = "accreditation_concluded"
    IN_WORKING_GROUP = "in_working_group"
    CONCLUDED = "concluded"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


CLOSED = frozenset([State.NOT_ACCEPTED, State.CONCLUDED, State.PUBLISHED, State.FAILED, State.WITHDRAWN])
"""States in which another application may be opened; in every other one the application is the open one of its programme."""
IN_VISIT = frozenset([State.VISIT_SCHEDULED, State.VISITED])
"""States in which the group of the visit has the next step, or the association on the route alone."""
HANDLED = frozenset(
    [
        State.APPLIED,
        State.PREPARING,
        State.SUBMITTED,
        State.VISIT_SCHEDULED,
        State.VISITED,
        State.AT_ASSOCIATION,
        State.ACCREDITATION_CONCLUDED,
        State.IN_WORKING_GROUP,
        State.CONCLUDED,
    ]
)
"""From the application to the verdict: the offices handle it, and read the programme's evaluation."""
BEFORE_OFFICES = frozenset([State.IMPLEMENTING, State.ELIGIBLE])
"""Nobody has applied yet: nothing is the offices'."""
TO_DECLARE = frozenset([State.SUBMITTED, State.VISIT_SCHEDULED])
"""While these last an assigned expert opens the page of the application, to declare."""
WITH_EXPERTS = frozenset(
    [State.SUBMITTED, State.VISIT_SCHEDULED, State.VISITED, State.AT_ASSOCIATION, State.ACCREDITATION_CONCLUDED, State.IN_WORKING_GROUP]
)
"""From the submission of the reports to the verdict: experts judge, the programme no longer judges itself."""


class Event(StrEnum):
    """What moves an application on."""

    BECOME_ELIGIBLE = "become_eligible"
    APPLY = "apply"
    APPLY_ALONE = "apply_alone"
    REFUSE = "refuse"
    APPLY_NEXT_YEAR = "apply_next_year"
    ACCEPT = "accept"
    SUBMIT = "submit"
    SCHEDULE_VISIT = "schedule_visit"
    CALL_OFF = "call_off"
    END_VISIT = "end_visit"
    SEND_TO_ASSOCIATION = "send_to_association"
    CONCLUDE_ACCREDITATION = "conclude_accreditation"
    SEND_TO_GROUP = "send_to_group"
    SEND_ALONE = "send_alone"
    CONCLUDE = "conclude"
    PUBLISH = "publish"
    FAIL = "fail"
    APPLY_AGAIN = "apply_again"
    WITHDRAW = "withdraw"


class Actor(StrEnum):
    """Who may cause a transition."""

    SYSTEM = "system"
    PROGRAMME = "programme"
    ASSOCIATION = "association"
    VISIT_GROUP = "visit_group"
    WORKING_GROUP = "working_group"


class Guard(StrEnum):
    """A question that must have no objections before a transition; see `rules.GUARDS`."""

    COHORT_GRADUATED = "cohort_graduated"
    PREREQUISITE = "prerequisite"
    NONE_OPEN = "none_open"
    ROUTE_ALONE = "route_alone"
    CLOCK = "clock"
    REASON = "reason"
    REPORTS = "reports"
    AGENDA = "agenda"
    EXPERTS = "experts"
    NO_FORM_IN = "no_form_in"
    VISIT_OVER = "visit_over"
    FORMS = "forms"
    VISIT_DOCUMENTS = "visit_documents"
    CONCLUSION = "conclusion"
    DOSSIER = "dossier"
    DOSSIER_ALONE = "dossier_alone"
    DERIVABLE = "derivable"
    VERDICT_MET = "verdict_met"
    VERDICT_OTHER = "verdict_other"
    ONE_LIST = "one_list"


class DocumentKind(StrEnum):
    """The named documents of the procedure (002:213-217)."""

    SELF_REPORT = "self_report"
    SUPPLEMENTARY_REPORT = "supplementary_report"
    VISIT_FORM = "visit_form"
    ACCREDITATION_VISIT_REPORT = "accreditation_visit_report"
    ACCREDITATION_CONCLUSION = "accreditation_conclusion"


class VisitItemKind(StrEnum):
    """What a visit holds: interviews of three groups (hard), a practice centre as far as possible (soft) (002:215)."""

    INTERVIEW_STUDENT = "interview_student"
    INTERVIEW_TEACHER = "interview_teacher"
    INTERVIEW_HEAD = "interview_head"
    CENTRE_VISIT = "centre_visit"
    OTHER = "other"


INTERVIEWS: Mapping[str, VisitItemKind] = {
    "student": VisitItemKind.INTERVIEW_STUDENT,
    "teacher": VisitItemKind.INTERVIEW_TEACHER,
    "programme_head": VisitItemKind.INTERVIEW_HEAD,
}
"""The interview of each group that petoe.interview_groups names."""


class Opinion(StrEnum):
    """What an expert says about a criterion on the visit form."""

    MET = "met"
    NOT_MET = "not_met"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of requirements.md 2: from, event, actor, to, guards, the clock, the documents, the clause with its place."""

    code: str
    event: Event
    sources: tuple[State, ...]
    target: State
    actor: Actor
    guards: tuple[Guard, ...] = ()
    deadline: str = ""
    documents: tuple[DocumentKind, ...] = ()
    clause: str = ""
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit as guards see it."""

    starts_on: date
    ends_on: date
    kinds: frozenset[VisitItemKind]
    outside: tuple[str, ...] = ()
    no_centre_reason: str = ""


@dataclass(frozen=True, slots=True)
class ExpertFacts:
    """An expert of a visit; `answered` is how many of the criteria are judged on the form."""

    name: str
    has_declared: bool
    has_conflict: bool
    is_submitted: bool
    answered: int
    is_leader: bool = False

    @property
    def is_usable(self) -> bool:
        """Declared, and without a conflict."""
        return self.has_declared and not self.has_conflict


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the guards ask about an application on a day."""

    today: date
    route: Route
    state: State
    graduated_on: date | None = None
    has_prerequisite: bool = False
    has_other_open: bool = False
    accreditation: AccreditationStanding | None = None
    accreditation_years: int | None = None
    accreditation_until: date | None = None
    last_verdict: Verdict | None = None
    reapply_from: date | None = None
    reason: str = ""
    documents: frozenset[DocumentKind] = frozenset()
    petoe_passage: str = ""
    visit: VisitFacts | None = None
    experts: tuple[ExpertFacts, ...] = ()
    has_former_form: bool = False
    """The form of somebody was in who was taken off since."""
    open_criteria: tuple[str, ...] = ()
    has_new_conclusion: bool = False
    lacks_term: bool = False
    """The new conclusion is passed and was entered before a term was asked for."""
    uncovered: tuple[str, ...] = ()
    """General standards that no graduation requirement covers, asked before the reports are handed in."""
    undecided: tuple[str, ...] = ()
    """Criteria that keep the result open: nobody outside the programme has judged them since the submission, see `deciding`."""
    is_visit_optional: bool = True
    verdict: Verdict | None = None
    is_listed: bool = False
    numbers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The policy of the day by key, in words: reports, interview groups, documents, the two terms of an accreditation; a switch that is off is empty."""


class Lack(StrEnum):
    """What can stand in the way of a transition; `words.LACKS` has the sentence of each."""

    NOT_GRADUATED = "not_graduated"
    NO_PREREQUISITE = "no_prerequisite"
    OTHER_OPEN = "other_open"
    LAPSED_ALONE = "lapsed_alone"
    NOT_ACCREDITED = "not_accredited"
    NOT_CONFIRMED = "not_confirmed"
    SHORT_TERM = "short_term"
    TOO_EARLY = "too_early"
    NO_REASON = "no_reason"
    NO_DOCUMENT = "no_document"
    NO_PASSAGE = "no_passage"
    UNCOVERED = "uncovered"
    NO_VISIT = "no_visit"
    NO_INTERVIEW = "no_interview"
    NO_CENTRE_VISIT = "no_centre_visit"
    OUTSIDE_VISIT = "outside_visit"
    NOT_DECLARED = "not_declared"
    IN_CONFLICT = "in_conflict"
    NO_EXPERT = "no_expert"
    NO_LEADER = "no_leader"
    VISIT_RUNNING = "visit_running"
    FORM_OPEN = "form_open"
    FORM_IN = "form_in"
    NO_AGREEMENT = "no_agreement"
    NO_CONCLUSION = "no_conclusion"
    NO_TERM = "no_term"
    LAPSED = "lapsed"
    VISIT_PLANNED = "visit_planned"
    VISIT_NEEDED = "visit_needed"
    UNDECIDED = "undecided"
    NO_VERDICT = "no_verdict"
    NOT_MET = "not_met"
    MET = "met"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that stands in the way, with the facts its sentence names; `words.tell` says it to a reader."""

    lack: Lack
    facts: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, lack: Lack, **facts: object) -> Gap:
        """A gap from the facts by the names of its sentence."""
        return cls(lack, facts)


@dataclass(frozen=True, slots=True)
class Next:
    """A transition that starts from the state, with what stands in its way (empty: nothing)."""

    transition: Transition
    gaps: tuple[Gap, ...]
