"""Who takes a course of a plan without being listed: features above tell who learns in what is graded into it, this one asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask, current_app

_KEY = "courses.teaching.seats"
Seated = Callable[[int, datetime], set[int]]
"""The students who by a moment held a seat in a run whose grades go into a course of a plan."""


def register_seated(app: Flask, seated: Seated) -> None:
    """Tell who they are."""
    app.extensions[_KEY] = seated


def seated_students(course_id: int, until: datetime) -> set[int]:
    """The students who learn in what is graded into a course, although nobody listed them."""
    found: Seated = current_app.extensions[_KEY]
    return found(course_id, until)
