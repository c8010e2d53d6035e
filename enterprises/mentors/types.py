"""Values of mentors."""

from __future__ import annotations

from enum import StrEnum


class AppraisalGrade(StrEnum):
    """How a mentor's year is appraised."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
