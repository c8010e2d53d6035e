"""Values of credit recognition. Credits are in tenths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ClaimState(StrEnum):
    """An appeal reopens a rejection once; a withdrawn application may be made again."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPEALED = "appealed"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"


class Evidence(StrEnum):
    """What is recognised: a run completed here, or a certificate from elsewhere with an upload."""

    RUN = "run"
    CERTIFICATE = "certificate"


OPEN = frozenset({ClaimState.SUBMITTED, ClaimState.APPEALED})
HOLDING = frozenset({ClaimState.SUBMITTED, ClaimState.APPEALED, ClaimState.APPROVED})
"""States in which evidence is in use: it cannot be used a second time."""


@dataclass(frozen=True, slots=True)
class RecognisedCredit:
    """One recognised course in a student's record."""

    claim_id: int
    code: str
    name: str
    credits_x10: int
    source: str
    decided_on: date | None


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One line of a list of applications."""

    id: int
    student: str
    student_no: str
    course_code: str
    course_name: str
    evidence: Evidence
    source: str
    state: ClaimState
    credits_x10: int | None
    asked_at: datetime
