"""Values of the chain: course, enterprise learning, capstone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trainhub.policy.findings import Finding


@dataclass(frozen=True, slots=True)
class Step:
    """One finished thing: a course or a capstone, with the words the certificate will freeze."""

    kind: str
    id: int
    title: str
    reached_on: date


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What is known of a student: finished courses and capstones (the latest first), and the days in enterprises."""

    courses: tuple[Step, ...] = ()
    capstones: tuple[Step, ...] = ()
    credited_days: int = 0
    credited_weeks: Decimal = Decimal(0)
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A student's chain with its three findings and, when there is one, the programme certificate."""

    student_id: int
    person_id: int
    student_no: str
    name: str
    class_name: str
    facts: ChainFacts
    findings: tuple[Finding, ...]
    certificate_number: str | None = None
    certificate_state: str | None = None
    stands_elsewhere: str | None = None
    """The number of another programme certificate that attests this chain: of a programme that was left, or of the same human in this one."""
    revoked_elsewhere: str | None = None
    """The number of a certificate that somebody revoked, of a programme that was left or of another study row of the same human: it bars nothing here,
    but whoever issues is told."""
    is_passed_anew: bool = False
    """Whether a capstone was passed in this programme on which none that was revoked rested."""

    @property
    def is_due(self) -> bool:
        """Whether a rule issues its certificate: whole and without one, and not on the very records on which a revoked one stood."""
        return self.is_complete and self.certificate_number is None and (self.revoked_elsewhere is None or self.is_passed_anew)

    @property
    def is_complete(self) -> bool:
        """Whether all three are met."""
        return bool(self.findings) and all(finding.met for finding in self.findings)

    @property
    def is_certified(self) -> bool:
        """Whether a programme certificate stands: one that waits, is suspended or was revoked attests nothing."""
        return self.certificate_state == "issued"

    @property
    def met_count(self) -> int:
        """How many of the three are met."""
        return sum(finding.met for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Issued:
    """What came out of issuing for many: new certificates, known ones, those that wait for a glyph, incomplete chains."""

    issued: int
    known: int
    waiting: int
    incomplete: int
