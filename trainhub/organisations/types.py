"""Values of organisations and regions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class RegionLevel(StrEnum):
    """Levels of GB/T 2260."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


class OrganisationKind(StrEnum):
    """Organisation types named in the documents (requirements.md 6.7). A base is an organisation too."""

    UNIVERSITY = "university"
    VOCATIONAL_SCHOOL = "vocational_school"
    TECHNICAL_SCHOOL = "technical_school"
    RESEARCH_INSTITUTE = "research_institute"
    ENTERPRISE = "enterprise"
    BASE = "base"
    ASSOCIATION = "association"
    ALLIANCE = "alliance"
    INNOVATION_CENTRE = "innovation_centre"
    DEMO_COLLEGE = "demo_college"
    SOCIAL_EDUCATION = "social_education"
    TALENT_SERVICE = "talent_service"
    EVALUATOR = "evaluator"
    DEPARTMENT = "department"
    EXPERT_GROUP = "expert_group"
    PARK = "park"


SCHOOLS = (OrganisationKind.UNIVERSITY, OrganisationKind.VOCATIONAL_SCHOOL, OrganisationKind.TECHNICAL_SCHOOL)


class EnterpriseSize(StrEnum):
    """Size classes of enterprises (MC2025-6)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


class OrganisationState(StrEnum):
    """Only a verified organisation may publish positions or issue anything (IPLUS-3.3.2)."""

    REGISTERED = "registered"
    VERIFIED = "verified"
    CLOSED = "closed"


class UsccProblem(StrEnum):
    """What can be wrong with a unified social credit code (GB 32100-2015)."""

    LENGTH = "length"
    CHARACTERS = "characters"
    CHECK_DIGIT = "check_digit"


class HostSide(StrEnum):
    """On which side a partner of a base stands."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    INSTITUTE = "institute"
    GOVERNMENT = "government"


@dataclass(frozen=True, slots=True)
class RegionPath:
    """A county with what reports above it: 平潭 350128 stands beside the prefectures, not under 350100."""

    county: str | None
    prefecture: str | None
    province: str

    @property
    def codes(self) -> frozenset[str]:
        """Every code a scope may name."""
        return frozenset(code for code in (self.county, self.prefecture, self.province) if code)


@dataclass(frozen=True, slots=True)
class CountyBook:
    """The counties of today and those abolished since, to resolve many codes without a query each.

    `counties` maps a county code to its reporting code; `abolished` maps an old code to (last day, successor).
    """

    counties: dict[str, str]
    abolished: dict[str, tuple[date, str]]

    @property
    def cities(self) -> frozenset[str]:
        """The codes of the cities that counties belong to: 350100 for 350102."""
        return frozenset(code[:4] + "00" for code in self.counties)

    def resolve(self, code: str, on: date) -> str | None:
        """The county of today for a code that was valid on that day; None when there was no such county then."""
        if code in self.counties:
            return code
        old = self.abolished.get(code)
        return old[1] if old is not None and on <= old[0] else None

    def reporting(self, county: str | None) -> str | None:
        """The prefecture (平潭: itself) under which a county's figures stand."""
        return self.counties.get(county) if county else None


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation in a list."""

    id: int
    code: str
    name: str
    kind: OrganisationKind
    state: OrganisationState
    region_code: str | None
    region_name: str | None
    level: str
    uscc: str | None
    is_demo: bool


@dataclass(frozen=True, slots=True)
class OrganisationFilter:
    """What a list of organisations is narrowed by; an empty text narrows nothing."""

    kind: OrganisationKind | None = None
    state: OrganisationState | None = None
    region: str = ""
    text: str = ""


PANELS = "trainhub.organisations.panels"
"""Rooms above put functions (organisation, identity) -> panel or None here: what they know of an organisation."""
