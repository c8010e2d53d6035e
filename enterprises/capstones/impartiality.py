"""Who may not supervise, judge or decide, and why: one table for every act that names somebody and for every signature. Pure.

A person is tied to a capstone by what the person is to the student and by what the person has done for it already; an office is closed
to who has one of its ties, in whatever order the acts came. Supervisors and judges stay apart (PETOE-8.4 asks both sides to grade,
the reviews and the panel look at what they have done); the secretary of a panel gives no points and is tied by nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Tie(StrEnum):
    """What somebody is to a capstone already."""

    STUDENT = "student"
    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    REVIEWER = "reviewer"
    PANEL = "panel"
    THIRD = "third"
    CONFLICT = "conflict"


class Office(StrEnum):
    """What somebody is named for, or signs as."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    REVIEW = "review"
    PANEL = "panel"
    THIRD = "third"
    DECISION = "decision"
    EXPERT = "expert"


SUPERVISES = (Tie.STUDENT, Tie.SCHOOL, Tie.ENTERPRISE)
JUDGES = (Tie.REVIEWER, Tie.PANEL, Tie.THIRD)

BARS: dict[Office, tuple[Tie, ...]] = {
    Office.SCHOOL: (Tie.STUDENT, Tie.ENTERPRISE, Tie.CONFLICT, *JUDGES),
    Office.ENTERPRISE: (Tie.STUDENT, Tie.SCHOOL, Tie.CONFLICT, *JUDGES),
    Office.REVIEW: (*SUPERVISES, Tie.CONFLICT),
    Office.PANEL: (*SUPERVISES, Tie.CONFLICT),
    Office.THIRD: (*SUPERVISES, Tie.CONFLICT),
    Office.DECISION: (*SUPERVISES, Tie.CONFLICT, *JUDGES),
    Office.EXPERT: (*SUPERVISES, Tie.CONFLICT, *JUDGES),
}
"""By which ties an office is closed, in the order in which they are told."""


def bar(office: Office, ties: Collection[Tie]) -> Tie | None:
    """The tie because of which somebody may not hold an office; None: the office is open."""
    return next((tie for tie in BARS[office] if tie in ties), None)
