"""Grading and drawing: pure functions. Marks are shares in thousandths, rounded half up."""

from __future__ import annotations

from courses.assessment.rules.marking import FULL, is_answered, mark
from courses.assessment.rules.numbers import folded, is_near, number, rounded
from courses.assessment.rules.results import GRACE, due_at, is_in_time, is_open, may_start, moment, result_x10, score_x10, share_of

__all__ = [
    "FULL",
    "GRACE",
    "due_at",
    "folded",
    "is_answered",
    "is_in_time",
    "is_near",
    "is_open",
    "mark",
    "may_start",
    "moment",
    "number",
    "result_x10",
    "rounded",
    "score_x10",
    "share_of",
]
