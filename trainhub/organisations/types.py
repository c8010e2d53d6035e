"""Values of organisations and regions."""

from __future__ import annotations

from dataclasses import dataclass
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
