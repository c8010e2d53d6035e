"""Values of the talent databases (RESEARCH-4.6, FJ-15a 000:741, IIDG-5.4c 001:358)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from enterprises.awards.types import CompanyRule


class TalentKind(StrEnum):
    """Which database a talent stands in."""

    PART_TIME_MENTOR = "part_time_mentor"
    HIGH_LEVEL = "high_level"
    LEADING = "leading"


AWARD_RULES = {TalentKind.LEADING: CompanyRule.LEADING_TALENT, TalentKind.HIGH_LEVEL: CompanyRule.HIGH_TALENT}
"""The rule that gives money to the talent of a database (000:741); part-time mentors get none."""


class TalentState(StrEnum):
    """The way to a recognition."""

    NOMINATED = "nominated"
    REVIEWED = "reviewed"
    RECOGNISED = "recognised"
    REJECTED = "rejected"
    ENDED = "ended"


class Origin(StrEnum):
    """Where somebody comes from; talent from Taiwan has its own lane (FJ-15a)."""

    FUJIAN = "fujian"
    CHINA = "china"
    TAIWAN = "taiwan"
    ABROAD = "abroad"


class ExamKind(StrEnum):
    """The two examinations whose pass lists the documents name (001:358)."""

    SOFTWARE = "software"
    TELECOM = "telecom"


class ExamLevel(StrEnum):
    """Levels of both examinations."""

    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"


@dataclass(frozen=True, slots=True)
class TalentStepRule:
    """From which states an action leads where."""

    before: tuple[TalentState, ...]
    after: TalentState


STEPS: dict[str, TalentStepRule] = {
    "review": TalentStepRule((TalentState.NOMINATED,), TalentState.REVIEWED),
    "recognise": TalentStepRule((TalentState.REVIEWED,), TalentState.RECOGNISED),
    "reject": TalentStepRule((TalentState.NOMINATED, TalentState.REVIEWED), TalentState.REJECTED),
    "end": TalentStepRule((TalentState.RECOGNISED,), TalentState.ENDED),
}
OPEN_STATES = (TalentState.NOMINATED, TalentState.REVIEWED, TalentState.RECOGNISED)
