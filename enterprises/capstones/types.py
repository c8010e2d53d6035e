"""Values of capstones."""

from __future__ import annotations

from enum import StrEnum


class TopicSource(StrEnum):
    """Where a topic comes from; requirement 8 asks for engineering practice (002:279)."""

    ENGINEERING_PRACTICE = "engineering_practice"
    RESEARCH = "research"
    TEACHING = "teaching"
    STUDENT = "student"


class TopicState(StrEnum):
    """A topic needs the approval of both sides."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CapstoneState(StrEnum):
    """The stages of a capstone."""

    ASSIGNED = "assigned"
    OPENED = "opened"
    MIDTERM = "midterm"
    SUBMITTED = "submitted"
    GRADED = "graded"
    PASSED = "passed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class SupervisorRole(StrEnum):
    """Dual supervision (002:569)."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
