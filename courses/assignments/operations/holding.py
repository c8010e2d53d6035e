"""Who waits for whom at an assignment: rules and releases stand alone, hand-ins and marks beside each other."""

from __future__ import annotations

from courses.assignments.models import Assignment, Submission
from trainhub.kernel.db import session


def alone(assignment: Assignment) -> None:
    """Let what is being handed in or marked come before or after: read what is there only after this. The assignment is read again."""
    session().refresh(assignment, with_for_update={"key_share": True, "of": Assignment})


def beside(assignment: Assignment) -> None:
    """Let whoever changes the rules or releases the marks come before or after; others who hand in or mark do not wait."""
    session().refresh(assignment, with_for_update={"read": True, "of": Assignment})


def one_work(submission: Submission) -> None:
    """Let whoever writes in the same work come before or after: of two windows, or two members, each sees what the other did. It is read again."""
    session().refresh(submission, with_for_update={"of": Submission})
