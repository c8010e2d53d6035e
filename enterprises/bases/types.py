"""Values of bases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Capacities:
    """How many students a base takes on a day: what it says for a span, else `usual`; None: not known."""

    spans: tuple[tuple[date, date, int], ...]
    """(first day, last day, students); they do not overlap."""
    usual: int | None

    def __call__(self, day: date) -> int | None:
        """The number of a day."""
        return next((capacity for since, until, capacity in self.spans if since <= day <= until), self.usual)

    @property
    def changes(self) -> frozenset[date]:
        """The days from which on another number may hold."""
        after = (until + timedelta(days=1) for _since, until, _capacity in self.spans if until < date.max)
        return frozenset((*(since for since, _until, _capacity in self.spans), *after))


class BaseType(StrEnum):
    """Base types of the documents; a base may carry several. A demonstration college (002:151) is an organisation, see
    `OrganisationKind`: it hosts bases."""

    EPEC = "epec"
    PRACTICE_BASE = "practice_base"
    TRAINING_INSTITUTION = "training_institution"
    TRAINING_BASE = "training_base"
    JOINT_TRAINING_BASE = "joint_training_base"
    INCUBATION_BASE = "incubation_base"
    INCUBATOR = "incubator"
    RURAL_PARK = "rural_park"
    INTERNET_ZONE = "internet_zone"
    MAKER_SPACE = "maker_space"
    INNOVATION_TRAINING_CENTRE = "innovation_training_centre"
    INTERNATIONAL_TRAINING = "international_training"
    ENGINEERING_TRAINING_CENTRE = "engineering_training_centre"
    """综合性工程训练中心 of a school (002:133)."""
    OFF_CAMPUS_TRAINING = "off_campus_training"
    """校外人才培养基地 (002:133)."""
    ENTERPRISE_TRAINING = "enterprise_training"
    """企业教育培训基地 for engineers and managers (002:163, 002:167)."""
    COACHING_STATION = "coaching_station"
    EXPERIENCE_CENTRE = "experience_centre"
    """中小企业信息化辅导站、体验中心 (MIIT-5, 004:101)."""


class BaseLevel(StrEnum):
    """At which level a base was set up."""

    NATIONAL = "national"
    PROVINCIAL = "provincial"
    CITY = "city"
    SCHOOL = "school"
    ENTERPRISE = "enterprise"


class AcceptanceStep(StrEnum):
    """The steps of 认定验收 by a department (FJ-16b, FJ-26)."""

    RECOGNISED = "recognised"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


class AgreementTopic(StrEnum):
    """The four topics every cooperative education agreement must have (PETOE-6.6, 002:519)."""

    OPERATION = "operation"
    TRAINING_MODEL = "training_model"
    DUTIES = "duties"
    TERM = "term"


class LeaderSide(StrEnum):
    """A centre has leaders of both sides (PETOE-6.2)."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"


class InspectionKind(StrEnum):
    """Who looks at what: the unit before students come (cn.*.inspection_required), then its safety and its quality."""

    ON_SITE = "on_site"
    SAFETY = "safety"
    QUALITY = "quality"


class Conclusion(StrEnum):
    """What an inspection concluded."""

    PASSED = "passed"
    CONDITIONAL = "conditional"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why an enterprise takes no students in a year."""

    NO_SEATS = "no_seats"
    NO_MENTORS = "no_mentors"
    NO_PROJECTS = "no_projects"
    SAFETY = "safety"
    COST = "cost"
    PAST = "past"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AgreementSpan:
    """What rules ask of an agreement."""

    signed_on: date
    since: date
    until: date
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BaseFilter:
    """What a list of bases is narrowed by; an empty text narrows nothing."""

    text: str = ""
    type: BaseType | None = None
    region: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class BaseRow:
    """A base in a list."""

    id: int
    code: str
    name: str
    region: str | None
    capacity: int | None
    is_on_campus: bool
    types: tuple[BaseType, ...] = ()
    lead: str = ""
    agreement_until: date | None = None
    placed: int = 0
