"""Values of awards: rules of the documents, states, transitions, and the facts rules ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from trainhub.policy.findings import Finding


class AwardState(StrEnum):
    """The award's state machine (requirements.md 4, end)."""

    DRAFT = "draft"
    APPLIED = "applied"
    RECOGNISED = "recognised"
    ACCEPTED = "accepted"
    CONFERENCE = "conference"
    DECIDED = "decided"
    PAID = "paid"
    CLOSED = "closed"
    REJECTED = "rejected"
    REVOKED = "revoked"


class Action(StrEnum):
    """What is done to an award."""

    APPLY = "apply"
    RECOGNISE = "recognise"
    ACCEPT = "accept"
    DECIDE = "decide"
    CONFER = "confer"
    PAY = "pay"
    CLOSE = "close"
    REJECT = "reject"
    REVOKE = "revoke"


class Who(StrEnum):
    """Which side does it: who applies, the department that answers for the rule, the departments of the joint conference, or who pays."""

    BASE = "base"
    DEPARTMENT = "department"
    CONFERENCE = "conference"
    PAYER = "payer"


@dataclass(frozen=True, slots=True)
class Transition:
    """In which states an action may happen, what comes out, and who does it; `of_companies`: the states for incentives of
    enterprises where they differ (the documents know no recognition and acceptance of them)."""

    before: tuple[AwardState, ...]
    after: AwardState
    who: Who
    of_companies: tuple[AwardState, ...] | None = None


OPEN = (AwardState.DRAFT, AwardState.APPLIED, AwardState.RECOGNISED, AwardState.ACCEPTED, AwardState.CONFERENCE)
TAKEN = (AwardState.DECIDED, AwardState.PAID, AwardState.CLOSED)
"""States that count as awarded: no second award for the same thing beside them (000:833)."""

TRANSITIONS: dict[Action, Transition] = {
    Action.APPLY: Transition((AwardState.DRAFT,), AwardState.APPLIED, Who.BASE),
    Action.RECOGNISE: Transition((AwardState.APPLIED,), AwardState.RECOGNISED, Who.DEPARTMENT, of_companies=()),
    Action.ACCEPT: Transition((AwardState.RECOGNISED,), AwardState.ACCEPTED, Who.DEPARTMENT, of_companies=()),
    Action.DECIDE: Transition((AwardState.ACCEPTED,), AwardState.DECIDED, Who.DEPARTMENT, of_companies=(AwardState.APPLIED,)),
    Action.CONFER: Transition((AwardState.CONFERENCE,), AwardState.DECIDED, Who.CONFERENCE),
    Action.PAY: Transition((AwardState.DECIDED,), AwardState.PAID, Who.PAYER),
    Action.CLOSE: Transition((AwardState.PAID,), AwardState.CLOSED, Who.PAYER),
    Action.REJECT: Transition(OPEN[1:], AwardState.REJECTED, Who.DEPARTMENT),
    Action.REVOKE: Transition(TAKEN, AwardState.REVOKED, Who.DEPARTMENT),
}


class RuleCode(StrEnum):
    """The incentives of the ten measures that attach to a base (requirements.md 4)."""

    PRACTICE_BASE = "FJ-16b"
    LEADING_FIRM_BASE = "FJ-24a"
    INTERNET_ZONE = "FJ-26a"
    INCUBATOR_NEW = "FJ-26b-new"
    INCUBATOR_EXTENDED = "FJ-26b-ext"
    INCUBATOR_NATIONAL = "FJ-26b-nat"
    INCUBATION_BASE = "FJ-26c"
    RURAL_PARK = "FJ-26d"
    SOFTWARE_PARK_PLATFORM = "FJ-26e"


class CompanyRule(StrEnum):
    """The incentives of the ten measures that attach to an enterprise, project, tenant, investor or person."""

    PLATFORM = "FJ-19"
    TRAINING = "FJ-16d"
    LEADING_TALENT = "FJ-15b"
    HIGH_TALENT = "FJ-15d"
    INCUBATION_PROJECT = "FJ-10a"
    WORKSPACE = "FJ-10b"
    CONTEST = "FJ-10c"
    RESEARCH = "FJ-11"
    LISTING = "FJ-14"
    DATACENTRE = "FJ-18"
    LANDING = "FJ-24b"
    PAYMENT_HQ = "FJ-24c"
    BID = "FJ-25a"
    REVENUE = "FJ-25b"
    BOOTH = "FJ-25c"
    RENT_RELIEF = "FJ-28a"
    RENT = "FJ-28b"
    INVESTOR = "FJ-12"


ELSEWHERE = (CompanyRule.TRAINING, CompanyRule.LEADING_TALENT, CompanyRule.HIGH_TALENT)
"""Incentives with a way of their own: training claims are drawn up from the ledger, talent is nominated person by person."""
BY_PROJECT = frozenset({CompanyRule.BID, CompanyRule.WORKSPACE})
"""Incentives that the sentence gives for each project (单个中标合同, 000:787; 每个企业（项目）, 000:717): the key of an award is the project, not the
year alone."""
NUMBERED = frozenset({CompanyRule.BID})
"""Those of them whose projects have a number of their source, and figures of their own."""
SHARED = frozenset({CompanyRule.CONTEST})
"""Incentives whose sum of a year all who get them share (每年安排500万元奖励竞赛优胜者, 000:717)."""
PROJECT_KEYS = frozenset({"contract_fen", "contract_outside"})
"""Figures that belong to one project."""
YEARLY_KEYS = frozenset(
    {
        "rd_fen",
        "sales_fen",
        "revenue_fen",
        "bid_award_paid_fen",
        "booth_fee_fen",
        "datacentre_fee_fen",
        "listed_this_year",
        "equity_financed",
        "rented_m2",
        "rented_months",
        "contest_winner",
        "vc_income",
    }
)
"""Figures that are of one year and say nothing of another."""
TOTAL_KEYS = frozenset({"rd_subsidy_paid_fen", "vc_invested_fen"})
"""Figures added up over the years, as they stood at the end of one: what holds for a year is the latest up to it."""
OFFICE_KEYS = frozenset(
    {
        "platform_recognised",
        "key_internet_firm",
        "key_park_customer",
        "in_government_park",
        "contest_winner",
        "rd_subsidy_paid_fen",
        "bid_award_paid_fen",
    }
)
"""What an office recognised, chose or paid: an office says it, not who applies."""
ASSESSED_KEYS = frozenset({"rd_fen"})
"""What an office assesses (经税务部门核定的研发投入, 000:721): who applies may enter it, and a person looks at it until an office has entered it."""
EITHER_KEYS = PROJECT_KEYS
"""Figures of a contract, which may be told its year. Every other figure is of no year: it holds until it is entered anew."""
ASKED: dict[str, tuple[str, ...]] = {
    "FJ-19": ("platform_investment_fen", "platform_recognised"),
    "FJ-10b": ("incubated",),
    "FJ-10c": ("contest_winner",),
    "FJ-11": ("rd_fen", "sales_fen", "rd_subsidy_paid_fen"),
    "FJ-14": ("listed_this_year", "equity_financed"),
    "FJ-18": ("key_park_customer", "datacentre_fee_fen"),
    "FJ-24b": ("newly_introduced", "paid_in_capital_fen", "segment_rank", "core_technology"),
    "FJ-24c": ("payment_licence", "national_hq"),
    "FJ-25a": ("contract_outside", "contract_fen", "bid_award_paid_fen"),
    "FJ-25b": ("revenue_fen",),
    "FJ-25c": ("booth_fee_fen",),
    "FJ-28a": ("key_internet_firm", "in_government_park"),
    "FJ-28b": ("key_internet_firm", "rented_m2", "rented_months"),
    "FJ-12": ("vc_invested_fen", "vc_income"),
}
"""The entered figures that each incentive asks for."""
Rule = RuleCode | CompanyRule
OF_BASES = frozenset(RuleCode)
"""The codes of the rules that attach to a base."""


def rule_of(code: str) -> Rule:
    """The rule of a code. Raises ValueError."""
    return RuleCode(code) if code in OF_BASES else CompanyRule(code)


LOCAL_GOVERNMENT = "所在地政府"
"""The payer that the sentences name without a name: the government of the place."""
GOOD, BAD = "正常", "失信"
"""What stands as credit status with an organisation; `rules.BLACKLISTED` knows the second."""
UNDATED: tuple[str, ...] = ("region_code", "uscc")
"""Facts that are kept as they are now, without a day, so that an answer for an earlier day rests on today's: where the base lies, and the code by which
its credit is known; `awards check` says so."""


class StepKind(StrEnum):
    """What offices find out about an application beside the steps of the department: before its recognition the prefecture's
    check and the site inspection, after its decision the joint conference."""

    CHECK = "check"
    INSPECTION = "inspection"
    CONFERENCE = "conference"


class PoolKind(StrEnum):
    """Where the money of a pool comes from (FJ-9, 000:713)."""

    INTEGRATED = "integrated"
    NEW = "new"
    DEPARTMENT = "department"


class AmountKind(StrEnum):
    """What the sentence says of the amount."""

    RANGE = "range"
    FIXED = "fixed"
    PER_M2 = "per_m2"
    UP_TO = "up_to"
    NOT_STATED = "not_stated"
    NO_MONEY = "no_money"


class Verdict(StrEnum):
    """What the rules say of one base and one rule."""

    ELIGIBLE = "eligible"
    TO_JUDGE = "to_judge"
    MISSING = "missing"
    AWARDED = "awarded"
    NOT_OF_TYPE = "not_of_type"


@dataclass(frozen=True, slots=True)
class HostFact:
    """A host of the base on the day asked for. `kind` and `side` are the values of organisations."""

    organisation_id: int
    name: str
    kind: str
    side: str
    is_lead: bool = False
    is_leading_internet: bool = False
    credit_status: str = ""
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class AcceptanceFact:
    """A department's step for one type of the base."""

    type: str
    step: str
    department: str
    on: date


@dataclass(frozen=True, slots=True)
class EarlierAward:
    """An award that counts as given."""

    rule: str
    overlap_group: str
    decided_on: date | None = None
    year: int = 0
    amount_fen: int | None = None
    project: str = ""
    project_number: str = ""


@dataclass(frozen=True, slots=True)
class BaseCase:
    """Everything the rules ask of a base; None: not known, never zero."""

    base_id: int
    code: str
    name: str
    types: frozenset[str]
    is_in_fujian: bool | None = True
    hosts: tuple[HostFact, ...] = ()
    acceptances: tuple[AcceptanceFact, ...] = ()
    area_new_m2: int | None = None
    area_extended_m2: int | None = None
    startup_entities: int | None = None
    workers: int | None = None
    earlier: tuple[EarlierAward, ...] = ()
    is_closed: bool = False
    has_code: bool = False
    credit_status: str = ""

    @property
    def credits(self) -> tuple[tuple[str, str], ...]:
        """(name, credit status) of who stands behind the base: itself where it is a legal person (it has a unified social credit code) or
        was looked up, and its hosts."""
        own = ((self.name, self.credit_status),) if self.has_code or self.credit_status else ()
        return (*own, *((host.name, host.credit_status) for host in self.hosts))

    @property
    def standing(self) -> tuple[HostFact, ...]:
        """The hosts that are in use: one that was closed brings nothing any more, though its credit is still asked about."""
        return tuple(host for host in self.hosts if not host.is_closed)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Something of the overlap group of an award: given, applied for (`award_id`), or open to the base; the higher is taken."""

    rule: str
    award_id: int | None
    state: AwardState | None
    amount_fen: int | None
    is_given: bool
    is_higher: bool


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The answer of one rule for one base or enterprise (and project, of `BY_PROJECT`): its conditions, the amount it may bring, who pays."""

    rule: Rule
    verdict: Verdict
    findings: tuple[Finding, ...]
    amount_min_fen: int | None
    amount_max_fen: int | None
    amount_kind: AmountKind
    payer: str | None
    overlap_group: str
    yields_to: tuple[str, ...] = field(default=())
    project: str = ""
    project_number: str = ""
    is_one_off: bool = False

    @property
    def is_eligible(self) -> bool:
        """Every condition is met; what a person has to judge is not met yet."""
        return self.verdict is Verdict.ELIGIBLE

    @property
    def missing(self) -> tuple[Finding, ...]:
        """The conditions that are not met, in their order."""
        return tuple(finding for finding in self.findings if not finding.met)
